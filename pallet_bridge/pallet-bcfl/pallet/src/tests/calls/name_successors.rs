// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{
    mock::{successors::*, votes::*, *},
    *,
};

fn office() -> Office {
    Offices::<Test>::get(0).expect("an office")
}

#[test]
fn success_at_once_while_nobody_is_a_member() {
    let members_govern = |terms: &mut Terms| {
        let (quorum, threshold) = (percent(50), percent(60));
        terms.governance =
            Governance::Members { quorum, threshold, voting_blocks: 6, delay_blocks: 4 };
    };
    ExtBuilder::default().terms(members_govern).members(0).build_and_execute(|| {
        assert_ok!(name(&coordinator(), succession(2)));
        assert_eq!(*office().in_force(1), succession(2));
        let named = Event::SuccessorsNamed { federation: 0, count: 2, from: 1 };
        assert_eq!(events().last(), Some(&named));
        assert_ok!(join(&member(0), STAKE));
        assert_noop!(name(&coordinator(), succession(1)), Error::<Test>::NotGovernance);
    });
}

#[test]
fn success_after_the_notice_once_there_are_members() {
    with_successors(
        1,
        |_| (),
        || {
            assert_ok!(name(&coordinator(), succession(3)));
            let from = 1 + terms().notice_blocks;
            assert_eq!(office().pending.map(|pending| pending.from), Some(from));
            assert_eq!(*office().in_force(from - 1), succession(1));
            assert_eq!(*office().in_force(from), succession(3));
            // Another one takes the place of that which waits, and waits as long.
            skip_to(from - 1);
            assert_ok!(name(&coordinator(), succession(2)));
            assert_eq!(*office().in_force(from), succession(1));
            skip_to(from);
            assert_ok!(name(&coordinator(), succession(3)));
            assert_eq!(*office().in_force(from - 1 + terms().notice_blocks), succession(1));
        },
    );
}

#[test]
fn success_by_a_vote_where_members_govern() {
    members_govern(3).build_and_execute(|| {
        skip(1);
        assert_ok!(propose(0, Proposal::Succession(succession(2))));
        for index in [0, 1] {
            assert_ok!(vote(index, 0, true));
        }
        skip_to(motion(0).enact_at);
        assert_ok!(enact(0, 9));
        let from = System::block_number() + terms().notice_blocks;
        assert_eq!(*office().in_force(from - 1), Succession::default());
        assert_eq!(*office().in_force(from), succession(2));
    });
}

#[test]
fn success_by_the_council_where_it_governs() {
    let council_governs = |terms: &mut Terms| terms.governance = Governance::Council;
    ExtBuilder::default().terms(council_governs).members(1).build_and_execute(|| {
        assert_noop!(name(&coordinator(), succession(1)), Error::<Test>::NotGovernance);
        assert_ok!(name(&council(), succession(1)));
    });
}

#[test]
fn fails_for_a_vote_where_members_do_not_govern() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        skip(1);
        let proposed = propose(0, Proposal::Succession(succession(2)));
        assert_noop!(proposed, Error::<Test>::NotProposable);
    });
}

#[test]
fn fails_for_others_than_the_governance() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        for who in [successor(0), council(), stranger()] {
            assert_noop!(name(&who, succession(1)), Error::<Test>::NotGovernance);
        }
    });
}

#[test]
fn fails_out_of_range() {
    let of = |change: fn(&mut Succession)| {
        let mut made = succession(2);
        change(&mut made);
        made
    };
    ExtBuilder::default().members(0).build_and_execute(|| {
        for made in [
            of(|made| made.idle_blocks = 0),
            of(|made| made.turn_blocks = 0),
            of(|made| made.idle_blocks = BlockNumber::MAX),
            of(|made| made.turn_blocks = BlockNumber::MAX),
            of(|made| made.accounts.force_push(successor(0))),
        ] {
            let refused = name(&coordinator(), made);
            assert_noop!(refused, Error::<Test>::SuccessionOutOfRange);
        }
        // Nobody needs no times.
        assert_ok!(name(&coordinator(), Succession::default()));
    });
}

#[test]
fn fails_once_it_closes_and_nothing_is_kept() {
    with_successors(
        1,
        |_| (),
        || {
            assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
            assert!(!Offices::<Test>::contains_key(0));
            assert_noop!(name(&coordinator(), succession(1)), Error::<Test>::FederationNotActive);
            assert_noop!(take_over(0), Error::<Test>::FederationNotActive);
        },
    );
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(name(&coordinator(), succession(1)), Error::<Test>::FederationNotFound);
    });
}
