// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::TokenError;

use crate::{mock::*, *};

#[test]
fn success() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(join(&member(0), 100));
        assert_eq!(held(HoldReason::Stake, &member(0)), 100);
        assert_eq!(participant(0), newcomer(100));
        assert_eq!(federation(0).members, 1);
        let joined = Event::Joined { federation: 0, account: member(0), stake: 100 };
        assert_eq!(events().last(), Some(&joined));
    });
}

#[test]
fn success_for_the_coordinator() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(join(&coordinator(), 100));
        assert_eq!(held(HoldReason::Stake, &coordinator()), 100);
        assert_eq!(held(HoldReason::FederationDeposit, &coordinator()), DEPOSIT);
    });
}

/// A federation to which only the invited come, with room for many.
fn by_invitation(change: impl FnOnce(&mut Terms), test: impl FnOnce()) {
    let invited = |terms: &mut Terms| {
        terms.admission = Admission::Invited;
        terms.max_participants = 9;
        change(terms);
    };
    ExtBuilder::default().terms(invited).members(0).build_and_execute(test);
}

fn members_of(of: &[u8]) -> u32 {
    let name: Organisation = of.to_vec().try_into().expect("a short name");
    Organisations::<Test>::get(0, name)
}

/// Let a member leave at once, with what it has on record.
fn leave(index: u8) {
    let account = member(index);
    let amount = participant(index).active;
    assert_ok!(send(&account, Call::unbond { federation: 0, amount }));
    skip(17);
    assert_ok!(send(&account, Call::withdraw { federation: 0, account: account.clone() }));
    assert!(!Participants::<Test>::contains_key(0, account));
}

fn change(index: u8, change: impl FnOnce(&mut Participant<<Test as Config>::MaxUnbonding>)) {
    Participants::<Test>::mutate(0, member(index), |found| {
        change(found.as_mut().expect("the member is there"));
    });
}

#[test]
fn success_by_an_invitation_that_is_used_up() {
    by_invitation(
        |_| (),
        || {
            assert_ok!(invite(&coordinator(), 0, b"east", 640));
            assert_ok!(join(&member(0), 100));
            let expected = Participant {
                organisation: Some(b"east".to_vec().try_into().expect("short")),
                max_examples: 640,
                ..participant(0)
            };
            assert_eq!(participant(0), expected);
            assert_eq!(members_of(b"east"), 1);
            leave(0);
            assert_eq!(members_of(b"east"), 0);
            assert_noop!(join(&member(0), 100), Error::<Test>::NotInvited);
        },
    );
}

#[test]
fn success_for_an_account_of_nobody() {
    by_invitation(
        |terms| terms.max_per_organisation = 1,
        || {
            for index in 0..2 {
                admit(index, b"");
                assert_ok!(join(&member(index), 100));
            }
            assert_eq!(participant(1).organisation, None);
            assert_eq!(Organisations::<Test>::iter_prefix(0).count(), 0);
        },
    );
}

#[test]
fn success_without_organisation_where_anyone_joins() {
    by_invitation(
        |_| (),
        || {
            assert_ok!(invite(&coordinator(), 0, b"east", 640));
            put_terms(|terms| terms.admission = Admission::Open);
            assert_ok!(join(&member(0), 100));
            assert_eq!((participant(0).organisation, participant(0).max_examples), (None, 0));
        },
    );
}

/// Leaving with strikes and joining anew was how nobody was ever slashed.
#[test]
fn what_counts_against_an_account_is_there_again() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for _ in 0..10 {
            assert_ok!(send(&coordinator(), Call::skip_round { federation: 0 }));
        }
        let struck: Struck = vec![4, 9].try_into().expect("few");
        let known = struck.clone();
        change(0, |member| {
            (member.strikes, member.clean_rounds, member.offences) = (2, 1, 3);
            (member.forgiven, member.struck) = (5, known);
        });
        leave(0);
        assert_ok!(join(&member(0), STAKE));
        let back = participant(0);
        assert_eq!((back.strikes, back.clean_rounds, back.offences), (2, 1, 3));
        assert_eq!((back.forgiven, back.struck), (5, struck));
        // What is the member's again is not stored twice.
        assert_eq!(Records::<Test>::iter_prefix(0).count(), 0);
        assert_eq!((back.joined_at, back.accepted), (System::block_number(), 0));
    });
}

#[test]
fn nothing_is_stored_of_who_leaves_clean() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        leave(0);
        assert_eq!(Records::<Test>::iter_prefix(0).count(), 0);
    });
}

#[test]
fn what_counts_against_an_organisation_is_there_for_all_its_accounts() {
    by_invitation(
        |_| (),
        || {
            for (index, of) in [(0, b"east"), (1, b"east"), (2, b"west")] {
                admit(index, of);
                assert_ok!(join(&member(index), STAKE));
            }
            change(0, |member| (member.strikes, member.offences) = (2, 1));
            change(1, |member| (member.strikes, member.forgiven) = (1, 4));
            leave(0);
            leave(1);
            for index in [3, 4] {
                admit(index, b"east");
                assert_ok!(join(&member(index), STAKE));
                let taken = participant(index);
                assert_eq!((taken.strikes, taken.offences, taken.forgiven), (2, 1, 4));
            }
            // Nor does another name help the account itself.
            admit(1, b"west");
            assert_ok!(join(&member(1), STAKE));
            assert_eq!((participant(1).strikes, participant(1).forgiven), (1, 4));
            admit(5, b"west");
            assert_ok!(join(&member(5), STAKE));
            assert_eq!(participant(5).strikes, 0);
        },
    );
}

#[test]
fn cool_down_goes_on_for_the_organisation() {
    by_invitation(
        |_| (),
        || {
            admit(0, b"east");
            admit(1, b"east");
            assert_ok!(join(&member(0), STAKE));
            change(0, |member| member.offences = 1);
            leave(0);
            let name: Organisation = b"east".to_vec().try_into().expect("short");
            Records::<Test>::mutate(0, Subject::Organisation(name), |found| {
                found.as_mut().expect("a record").suspended_until = 90;
            });
            assert_ok!(join(&member(1), STAKE));
            assert!(participant(1).is_suspended(89));
        },
    );
}

#[test]
fn fails_without_invitation() {
    by_invitation(
        |_| (),
        || {
            assert_noop!(join(&member(0), 100), Error::<Test>::NotInvited);
        },
    );
}

#[test]
fn fails_for_one_too_many_of_an_organisation() {
    by_invitation(
        |terms| terms.max_per_organisation = 2,
        || {
            for index in 0..3 {
                admit(index, b"east");
            }
            assert_ok!(join(&member(0), 100));
            assert_ok!(join(&member(1), 100));
            assert_noop!(join(&member(2), 100), Error::<Test>::OrganisationFull);
            admit(3, b"west");
            assert_ok!(join(&member(3), 100));
            leave(1);
            assert_ok!(join(&member(2), 100));
        },
    );
}

#[test]
fn fails_for_other_terms_than_those_in_force() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        let call = Call::join { federation: 0, stake: 100, terms_hash: hash(0x21) };
        assert_noop!(send(&member(0), call), Error::<Test>::TermsDiffer);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(join(&member(0), 100), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_closing_federation() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(join(&member(0), 100), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_member() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        assert_noop!(join(&member(0), 100), Error::<Test>::AlreadyJoined);
    });
}

#[test]
fn fails_for_full_federation() {
    ExtBuilder::default().members(4).build_and_execute(|| {
        assert_noop!(join(&member(4), 100), Error::<Test>::FederationFull);
    });
}

#[test]
fn fails_for_small_stake() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(join(&member(0), 99), Error::<Test>::StakeTooLow);
    });
}

#[test]
fn fails_for_stake_above_balance() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_noop!(join(&member(0), ENDOWMENT), TokenError::FundsUnavailable);
    });
}
