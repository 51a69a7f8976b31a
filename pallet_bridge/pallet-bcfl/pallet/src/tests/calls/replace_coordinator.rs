// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{mock::votes::*, mock::*, Outcome::Accepted, *};

fn replace(who: &AccountId32) -> DispatchResult {
    send(who, Call::replace_coordinator { federation: 0, account: stranger() })
}

#[test]
fn success_by_the_coordinator_itself() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(replace(&coordinator()));
        let made = federation(0);
        assert_eq!((made.coordinator, made.founder), (stranger(), coordinator()));
        let replaced =
            Event::CoordinatorReplaced { federation: 0, old: coordinator(), new: stranger() };
        assert_eq!(events().last(), Some(&replaced));
        // The deposit stays the founder's.
        assert_eq!(held(HoldReason::FederationDeposit, &coordinator()), DEPOSIT);
    });
}

#[test]
fn success_in_a_round_that_the_new_one_can_only_end() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_ok!(replace(&coordinator()));
        let refused = settle(0, vec![verdict(0, Accepted)]);
        assert_noop!(refused, Error::<Test>::NotCoordinator);
        let mut verdicts: Vec<_> = (0..3).map(|index| verdict(index, Accepted)).collect();
        verdicts.sort_by(|one, other| one.account.cmp(&other.account));
        // It has no bond in this round, and nobody signed a statement for it.
        let refused = settle_as_given(&stranger(), 0, verdicts);
        assert_noop!(refused, Error::<Test>::NotCoordinator);
        assert_ok!(send(&stranger(), Call::abort { federation: 0, round: 0 }));
        // Else a coordinator could hand over and back to call rounds off without a mark.
        assert_eq!(federation(0).failures_in_row, 1);
        assert_noop!(open_round(), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn success_by_the_council_forgives_the_failures_in_a_row() {
    let council_governs = |terms: &mut Terms| terms.governance = Governance::Council;
    ExtBuilder::default().terms(council_governs).members(1).round().build_and_execute(|| {
        skip_to(round(0).settle_until + 1);
        assert_ok!(send(&member(0), Call::abort { federation: 0, round: 0 }));
        assert_eq!(federation(0).failures_in_row, 1);
        assert_ok!(replace(&council()));
        assert_eq!((federation(0).failed_rounds, federation(0).failures_in_row), (1, 0));
    });
}

#[test]
fn a_coordinator_that_governs_does_not_forgive_itself() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for number in 0..2 {
            assert_ok!(open_round());
            skip_to(round(number).settle_until + 1);
            assert_ok!(send(&member(0), Call::abort { federation: 0, round: number }));
        }
        for (who, account) in [(coordinator(), stranger()), (stranger(), coordinator())] {
            let handed_over = Call::replace_coordinator { federation: 0, account };
            assert_ok!(send(&who, handed_over));
            assert_eq!(federation(0).failures_in_row, 2);
        }
        assert_ok!(propose(0, Proposal::Coordinator(member(0))));
    });
}

fn under(governance: Governance) -> ExtBuilder {
    ExtBuilder::default().terms(|terms| terms.governance = governance).members(3)
}

fn all_governances() -> [Governance; 3] {
    let (quorum, threshold) = (percent(50), percent(60));
    let members = Governance::Members { quorum, threshold, voting_blocks: 6, delay_blocks: 4 };
    [Governance::Coordinator, Governance::Council, members]
}

/// Members 0 and 1 name a stranger.
fn vote_for_stranger() {
    let number = federation(0).next_proposal;
    assert_ok!(propose(0, Proposal::Coordinator(stranger())));
    for index in [0, 1] {
        assert_ok!(vote(index, number, true));
    }
    skip_to(motion(number).enact_at);
    assert_ok!(enact(number, 9));
    assert_eq!(federation(0).coordinator, stranger());
}

#[test]
fn failing_coordinator_is_replaced_under_each_governance() {
    for governance in all_governances() {
        under(governance).build_and_execute(|| {
            for number in 0..terms().max_failed_rounds {
                assert_ok!(open_round());
                skip_to(round(number).settle_until + 1);
                assert_ok!(send(&member(0), Call::abort { federation: 0, round: number }));
            }
            vote_for_stranger();
            assert_eq!(federation(0).failures_in_row, 0);
            let open = Call::open_round { federation: 0, base_model: hash(2) };
            assert_ok!(send(&stranger(), open));
        });
    }
}

#[test]
fn idle_coordinator_is_replaced_under_each_governance() {
    for governance in all_governances() {
        under(governance).build_and_execute(|| {
            round_that_rejects_member_0();
            let idle_from = federation(0).liable_until + terms().retention_blocks + 1;
            skip_to(idle_from - 1);
            if !matches!(governance, Governance::Members { .. }) {
                let early = propose(0, Proposal::Coordinator(stranger()));
                assert_noop!(early, Error::<Test>::NotProposable);
            }
            skip_to(idle_from);
            vote_for_stranger();
        });
    }
}

#[test]
fn coordinator_of_a_new_federation_has_time_to_begin() {
    ExtBuilder::default().build().execute_with(|| {
        skip_to(1_000);
        ExtBuilder::default().members(1).set_the_scene();
        assert_eq!(federation(0).liable_until, 1_000);
        let early = propose(0, Proposal::Coordinator(stranger()));
        assert_noop!(early, Error::<Test>::NotProposable);
    });
}

#[test]
fn idle_federation_keeps_its_terms() {
    under(Governance::Council).build_and_execute(|| {
        skip(1_000);
        assert_noop!(propose(0, new_terms()), Error::<Test>::NotProposable);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(replace(&coordinator()), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_while_closing() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_noop!(replace(&coordinator()), Error::<Test>::FederationNotActive);
    });
}

#[test]
fn fails_for_others_than_the_governance() {
    ExtBuilder::default().members(1).build_and_execute(|| {
        for who in [member(0), council(), stranger()] {
            assert_noop!(replace(&who), Error::<Test>::NotGovernance);
        }
    });
}
