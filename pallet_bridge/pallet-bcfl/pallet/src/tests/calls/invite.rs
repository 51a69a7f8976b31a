// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::DispatchResult;

use crate::{mock::*, *};

/// A federation of so many members that admits others like this from now on.
fn under(admission: Admission, count: u8, test: impl FnOnce()) {
    let many = |terms: &mut Terms| terms.max_participants = 9;
    ExtBuilder::default().terms(many).members(count).build_and_execute(|| {
        put_terms(|terms| terms.admission = admission);
        test();
    });
}

fn name(of: &[u8]) -> Organisation {
    of.to_vec().try_into().expect("a short name")
}

fn invitation(index: u8) -> Invitation {
    Invitations::<Test>::get(0, member(index)).expect("an invitation")
}

fn vouch(by: u8, index: u8) -> DispatchResult {
    invite(&member(by), index, b"lab", 70)
}

#[test]
fn success_by_the_coordinator() {
    under(Admission::Invited, 0, || {
        assert_ok!(invite(&coordinator(), 5, b"clinic", 1_200));
        let expected = Invitation {
            organisation: name(b"clinic"),
            max_examples: 1_200,
            vouchers: Default::default(),
        };
        assert_eq!(invitation(5), expected);
        let invited = Event::Invited {
            federation: 0,
            account: member(5),
            organisation: name(b"clinic"),
            max_examples: 1_200,
            vouchers: 0,
        };
        assert_eq!(events().last(), Some(&invited));
    });
}

#[test]
fn success_by_the_council_in_the_place_of_an_earlier_one() {
    under(Admission::Invited, 0, || {
        assert_ok!(invite(&coordinator(), 5, b"clinic", 1_200));
        assert_ok!(invite(&council(), 5, b"north", 8));
        assert_eq!((invitation(5).organisation, invitation(5).max_examples), (name(b"north"), 8));
    });
}

#[test]
fn success_by_as_many_members_as_the_terms_ask_for() {
    under(Admission::Vouched(2), 3, || {
        assert_ok!(vouch(0, 6));
        assert_noop!(join(&member(6), STAKE), Error::<Test>::NotInvited);
        assert_ok!(vouch(2, 6));
        let invited = Event::Invited {
            federation: 0,
            account: member(6),
            organisation: name(b"lab"),
            max_examples: 70,
            vouchers: 2,
        };
        assert_eq!(events().last(), Some(&invited));
        assert_ok!(join(&member(6), STAKE));
        assert_eq!(participant(6).organisation, Some(name(b"lab")));
        assert_eq!(participant(6).max_examples, 70);
        assert_eq!(Invitations::<Test>::get(0, member(6)), None);
    });
}

#[test]
fn success_by_the_coordinator_while_members_are_too_few() {
    under(Admission::Vouched(2), 0, || {
        for index in 0..2 {
            assert_ok!(invite(&coordinator(), index, b"", 0));
        }
        assert_ok!(invite(&coordinator(), 2, b"", 0));
        for index in 0..2 {
            assert_ok!(join(&member(index), STAKE));
        }
        // From now on there are members to ask, also for whom was invited before.
        assert_noop!(invite(&coordinator(), 3, b"", 0), Error::<Test>::NotParticipant);
        assert_noop!(join(&member(2), STAKE), Error::<Test>::NotInvited);
    });
}

#[test]
fn vouchers_that_left_do_not_count() {
    under(Admission::Vouched(2), 3, || {
        assert_ok!(vouch(0, 6));
        assert_ok!(vouch(1, 6));
        assert_ok!(send(&member(1), Call::unbond { federation: 0, amount: STAKE }));
        assert_noop!(join(&member(6), STAKE), Error::<Test>::NotInvited);
        assert_ok!(vouch(2, 6));
        assert_eq!(invitation(6).vouchers.to_vec(), [member(0), member(2)]);
        assert_ok!(join(&member(6), STAKE));
    });
}

#[test]
fn vouchers_that_all_left_leave_no_invitation_by_the_coordinator() {
    under(Admission::Vouched(2), 2, || {
        assert_ok!(vouch(0, 6));
        for index in 0..2 {
            assert_ok!(send(&member(index), Call::unbond { federation: 0, amount: STAKE }));
        }
        skip(18);
        for index in 0..2 {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
        }
        assert_eq!(federation(0).members, 0);
        assert_noop!(join(&member(6), STAKE), Error::<Test>::NotInvited);
    });
}

/// Else one member could bar any account from joining, by naming nonsense first.
#[test]
fn who_stopped_vouching_does_not_fix_what_others_say() {
    under(Admission::Vouched(1), 2, || {
        assert_ok!(invite(&member(0), 6, b"nonsense", 1));
        assert_noop!(vouch(1, 6), Error::<Test>::OrganisationDiffers);
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_ok!(vouch(1, 6));
        assert_eq!(invitation(6).organisation, name(b"lab"));
    });
}

#[test]
fn vouching_does_not_do_where_the_coordinator_invites() {
    under(Admission::Vouched(1), 2, || {
        assert_ok!(vouch(0, 6));
        put_terms(|terms| terms.admission = Admission::Invited);
        assert_noop!(join(&member(6), STAKE), Error::<Test>::NotInvited);
        assert_ok!(invite(&coordinator(), 6, b"lab", 70));
        assert_ok!(join(&member(6), STAKE));
    });
}

#[test]
fn fails_where_anyone_may_join() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for who in [coordinator(), council(), member(0)] {
            assert_noop!(invite(&who, 6, b"lab", 0), Error::<Test>::NotGovernance);
        }
    });
}

#[test]
fn fails_for_others_than_the_coordinator_and_the_council() {
    under(Admission::Invited, 1, || {
        for who in [member(0), stranger()] {
            assert_noop!(invite(&who, 6, b"lab", 0), Error::<Test>::NotGovernance);
        }
    });
}

#[test]
fn fails_for_others_than_members_where_these_vouch() {
    under(Admission::Vouched(1), 1, || {
        for who in [coordinator(), council(), stranger()] {
            assert_noop!(invite(&who, 6, b"lab", 0), Error::<Test>::NotParticipant);
        }
    });
}

#[test]
fn fails_for_the_second_time() {
    under(Admission::Vouched(3), 3, || {
        assert_ok!(vouch(0, 6));
        assert_noop!(vouch(0, 6), Error::<Test>::AlreadyVouched);
    });
}

/// An organisation is one voice, whatever number of accounts it has.
#[test]
fn fails_for_another_account_of_the_same_organisation() {
    under(Admission::Invited, 0, || {
        for (index, of) in [(0, b"one"), (1, b"one"), (2, b"two")] {
            admit(index, of);
            assert_ok!(join(&member(index), STAKE));
        }
        put_terms(|terms| terms.admission = Admission::Vouched(2));
        assert_ok!(vouch(0, 6));
        assert_noop!(vouch(1, 6), Error::<Test>::AlreadyVouched);
        assert_ok!(vouch(2, 6));
        assert_ok!(join(&member(6), STAKE));
    });
}

#[test]
fn fails_for_other_data() {
    under(Admission::Vouched(2), 3, || {
        assert_ok!(vouch(0, 6));
        let other = invite(&member(1), 6, b"Lab", 70);
        assert_noop!(other, Error::<Test>::OrganisationDiffers);
        let other = invite(&member(1), 6, b"lab", 71);
        assert_noop!(other, Error::<Test>::OrganisationDiffers);
    });
}

#[test]
fn fails_for_member() {
    under(Admission::Invited, 1, || {
        let answer = invite(&coordinator(), 0, b"lab", 0);
        assert_noop!(answer, Error::<Test>::AlreadyJoined);
    });
}

#[test]
fn fails_without_active_stake() {
    under(Admission::Vouched(1), 1, || {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_noop!(vouch(0, 6), Error::<Test>::NoActiveStake);
    });
}

#[test]
fn fails_for_suspended_member() {
    under(Admission::Vouched(1), 1, || {
        Participants::<Test>::mutate(0, member(0), |found| {
            found.as_mut().expect("there").suspended_until = 3;
        });
        assert_noop!(vouch(0, 6), Error::<Test>::Suspended);
        skip(2);
        assert_ok!(vouch(0, 6));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        let answer = invite(&coordinator(), 0, b"lab", 0);
        assert_noop!(answer, Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_while_closing() {
    under(Admission::Invited, 0, || {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        let answer = invite(&coordinator(), 0, b"lab", 0);
        assert_noop!(answer, Error::<Test>::FederationNotActive);
    });
}
