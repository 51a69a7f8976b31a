// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};
use sp_core::H256;

use crate::{
    encoding::{merkle_root, Leaf},
    mock::*,
    Outcome::{Accepted, Excluded, Rejected},
    *,
};

/// Four members; 0, 1 and 2 committed in round 0, which is sealed by its quorum.
fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(4).round().build_and_execute(|| {
        for index in 0..3 {
            assert_ok!(commit(0, index));
        }
        test();
    });
}

#[test]
fn success() {
    scene(|| {
        let verdicts = vec![verdict(0, Accepted), verdict(1, Rejected), verdict(2, Excluded)];
        assert_ok!(settle(0, verdicts));
        let ended = round(0);
        let settlement = ended.settlement.expect("settled");
        assert_eq!(ended.state, RoundState::Settled);
        let totals = Totals { accepted: 1, rejected: 1, excluded: 1, strikes: 1, rewards: 300 };
        assert_eq!((settlement.model, settlement.report), (MODEL, REPORT));
        assert_eq!((settlement.mode, settlement.totals), (SettlementMode::List, totals));
        assert_eq!((settlement.left, settlement.unpaid), (Totals::default(), 300));
        let blocks = (settlement.settled_at, settlement.dispute_until, settlement.claim_until);
        assert_eq!((blocks, ended.ended_at), ((1, 4, 14), Some(1)));
        let federation = federation(0);
        assert_eq!((federation.open_round, federation.owed, federation.reserved), (None, 300, 0));
        assert_eq!((federation.last_claim_until, federation.failures_in_row), (14, 0));
        assert_eq!((federation.model, settlement.by_coordinator), (Some(MODEL), true));
        let (first, second) = (commitment(0, 0), commitment(0, 1));
        assert_eq!((first.judged, first.reward, participant(0).clean_rounds), (true, 300, 1));
        assert_eq!((second.judged, second.reward, participant(1).strikes), (true, 0, 1));
        assert_eq!((commitment(0, 2).judged, commitment(0, 2).reward), (true, 0));
        let settled = Event::RoundSettled {
            federation: 0,
            round: 0,
            model: MODEL,
            report: REPORT,
            root: settlement.root,
            mode: SettlementMode::List,
            totals,
            terms_version: FIRST_TERMS,
            dispute_until: 4,
            claim_until: 14,
        };
        assert_eq!(events().last(), Some(&settled));
    });
}

#[test]
fn success_without_commitments() {
    ExtBuilder::default().members(4).round().build_and_execute(|| {
        skip_to(11);
        assert_ok!(settle_as_given(&coordinator(), 0, vec![]));
        let settlement = round(0).settlement.expect("settled");
        assert_eq!((settlement.root, settlement.totals), (H256::zero(), Totals::default()));
    });
}

#[test]
fn success_after_the_window_without_quorum() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        skip_to(11);
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
    });
}

#[test]
fn root_is_that_of_the_verdicts_in_order() {
    scene(|| {
        assert_ok!(settle(
            0,
            vec![verdict(0, Accepted), verdict(1, Rejected), verdict(2, Accepted)]
        ));
        let mut leaves = [0, 1, 2].map(|index| Leaf {
            account: member(index),
            commitment: hash(index),
            revealed: hash(index),
            outcome: if index == 1 { Rejected } else { Accepted },
            score: 1_500_000,
            strikes: u32::from(index == 1),
            reward: if index == 1 { 0 } else { 150 },
            reason: u8::from(index == 1),
        });
        leaves.sort_by(|one, other| one.account.cmp(&other.account));
        let root = merkle_root(leaves.iter().map(Leaf::hash).collect());
        assert_eq!(round(0).settlement.map(|settlement| settlement.root), Some(root));
    });
}

#[test]
fn budget_is_split_by_weight_to_the_planck() {
    let reward = |terms: &mut Terms| terms.round_reward = 302;
    ExtBuilder::default().terms(reward).members(3).round().build_and_execute(|| {
        three_commit(0);
        let weigh = |index| Verdict { weight: 1 + u32::from(index), ..verdict(index, Accepted) };
        assert_ok!(settle(0, (0..3).map(weigh).collect()));
        let mut parts: Vec<_> = (0..3).map(|index| commitment(0, index).reward).collect();
        assert_eq!((parts.iter().sum::<Balance>(), federation(0).owed), (302, 302));
        parts.sort();
        assert!(parts[0].abs_diff(50) <= 1 && parts[1].abs_diff(100) <= 1);
    });
}

#[test]
fn exclusion_costs_the_reward_and_no_strike() {
    scene(|| {
        assert_ok!(settle(0, vec![verdict(0, Excluded), verdict(1, Accepted)]));
        assert_eq!((commitment(0, 0).judged, commitment(0, 0).reward), (true, 0));
        assert_eq!((participant(0).strikes, settlement(0).totals.excluded), (0, 2));
        assert_eq!(commitment(0, 1).reward, 300);
    });
}

#[test]
fn offender_of_this_round_earns_nothing() {
    let long = |terms: &mut Terms| terms.quorum = Quorum::Window;
    ExtBuilder::default().terms(long).members(3).round().build_and_execute(|| {
        three_commit(0);
        equivocate(0);
        skip(5);
        assert_ok!(execute(0, 0));
        skip(1);
        assert_ok!(settle(0, (0..3).map(|index| verdict(index, Accepted)).collect()));
        assert_eq!((settlement(0).totals.rewards, settlement(0).unpaid), (300, 200));
        assert_eq!(federation(0).owed, 200);
    });
}

#[test]
fn strike_is_forgiven_after_clean_rounds() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        for round in 1..3 {
            assert_eq!(participant(0).strikes, 1);
            assert_ok!(open_round());
            three_commit(round);
            assert_ok!(settle(round, vec![verdict(0, Accepted)]));
        }
        assert_eq!((participant(0).strikes, participant(0).clean_rounds), (0, 0));
        let forgiven =
            Event::StrikeForgiven { federation: 0, round: 2, account: member(0), strikes: 0 };
        assert!(events().contains(&forgiven));
    });
}

#[test]
fn rejection_ends_a_clean_streak() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
        round_that_rejects_member_0();
        assert_eq!((participant(0).strikes, participant(0).clean_rounds), (1, 0));
    });
}

#[test]
fn streak_of_strikes_is_an_offence() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        for _ in 0..3 {
            round_that_rejects_member_0();
        }
        let recorded = Offence {
            kind: OffenceKind::Outlier,
            stake: STAKE,
            amount: 100,
            executable_at: 4,
            reporter: None,
            state: OffenceState::Pending,
        };
        assert_eq!(offence(2, 0), Some(recorded));
        let member = participant(0);
        assert_eq!((member.strikes, member.offences, member.pending_offences), (0, 1, 1));
        assert!(member.is_suspended(System::block_number()));
        assert_eq!(round(2).pending_offences, 1);
    });
}

#[test]
fn later_streaks_cost_more_up_to_the_cap() {
    ExtBuilder::default().terms(|terms| terms.strikes_to_slash = 1).members(3).build_and_execute(
        || {
            // 20 %, 40 %, 60 % of what is at stake, and no more: the cap is 60 %.
            for (round, amount) in [100, 160, 144].into_iter().enumerate() {
                let round = round as RoundId;
                round_that_rejects_member_0();
                assert_eq!(offence(round, 0).map(|offence| offence.amount), Some(amount));
                skip(3);
                assert_ok!(execute(round, 0));
                skip(4);
            }
        },
    );
}

#[test]
fn offence_counts_unbonding_stake() {
    ExtBuilder::default().terms(|terms| terms.strikes_to_slash = 1).members(3).build_and_execute(
        || {
            assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: 400 }));
            round_that_rejects_member_0();
            let offence = Offences::<Test>::get((0, 0, member(0)));
            assert_eq!(offence.map(|offence| offence.stake), Some(STAKE));
        },
    );
}

#[test]
fn first_offence_of_a_round_stands() {
    let change = |terms: &mut Terms| {
        terms.strikes_to_slash = 1;
        terms.quorum = Quorum::Count(1);
    };
    ExtBuilder::default().terms(change).members(1).round().build_and_execute(|| {
        equivocate(0);
        assert_ok!(settle(0, vec![verdict(0, Rejected)]));
        let offence = Offences::<Test>::get((0, 0, member(0)));
        assert_eq!(offence.map(|offence| offence.kind), Some(OffenceKind::Equivocation));
        // The streak is not used up: the next rejection finds it.
        assert_eq!((participant(0).strikes, participant(0).pending_offences), (1, 1));
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(settle(0, vec![]), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_for_other_than_coordinator() {
    scene(|| {
        assert_noop!(settle_as_given(&member(0), 0, vec![]), Error::<Test>::NotCoordinator);
    });
}

#[test]
fn fails_for_unknown_round() {
    scene(|| {
        assert_noop!(settle(1, vec![]), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_for_second_settlement() {
    scene(|| {
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
        assert_noop!(settle(0, vec![verdict(0, Accepted)]), Error::<Test>::RoundNotOpen);
    });
}

#[test]
fn fails_before_the_seal() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        skip(5);
        assert_noop!(settle(0, vec![verdict(0, Accepted)]), Error::<Test>::RoundNotSealed);
        skip(1);
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
    });
}

#[test]
fn fails_after_the_deadline() {
    scene(|| {
        skip_to(12);
        assert_noop!(settle(0, vec![]), Error::<Test>::SettleWindowClosed);
    });
}

#[test]
fn fails_for_unsorted_verdicts() {
    scene(|| {
        let mut verdicts = vec![verdict(0, Accepted), verdict(1, Accepted)];
        verdicts.sort_by(|one, other| other.account.cmp(&one.account));
        let answer = settle_as_given(&coordinator(), 0, verdicts);
        assert_noop!(answer, Error::<Test>::VerdictsNotSorted);
    });
}

#[test]
fn fails_for_account_named_twice() {
    scene(|| {
        let twice = vec![verdict(0, Accepted), verdict(0, Accepted)];
        assert_noop!(settle(0, twice), Error::<Test>::VerdictsNotSorted);
    });
}

#[test]
fn fails_for_account_without_commitment() {
    scene(|| {
        let verdicts = vec![verdict(0, Accepted), verdict(3, Accepted)];
        assert_noop!(settle(0, verdicts), Error::<Test>::NotCommitted);
    });
}

#[test]
fn fails_for_each_one_that_is_left_out() {
    scene(|| {
        for missing in 0..3 {
            let named = (0..3).filter(|index| *index != missing);
            let mut verdicts: Vec<_> = named.map(|index| verdict(index, Accepted)).collect();
            verdicts.sort_by(|one, other| one.account.cmp(&other.account));
            let answer = settle_as_given(&coordinator(), 0, verdicts);
            assert_noop!(answer, Error::<Test>::VerdictMissing);
        }
        let nobody = settle_as_given(&coordinator(), 0, vec![]);
        assert_noop!(nobody, Error::<Test>::VerdictMissing);
    });
}

#[test]
fn nobody_gets_more_than_the_greatest_share() {
    let change = |terms: &mut Terms| {
        terms.max_share = percent(40);
        terms.round_reward = 305;
    };
    ExtBuilder::default().terms(change).members(3).round().build_and_execute(|| {
        three_commit(0);
        let weigh = |(index, weight)| Verdict { weight, ..verdict(index, Accepted) };
        let verdicts = [(0, 98), (1, 1), (2, 1)].map(weigh);
        assert_ok!(settle(0, verdicts.to_vec()));
        // 40 % of 305, and about 3 for each of the others. The rest stays in the escrow.
        assert_eq!(commitment(0, 0).reward, 122);
        let all: Balance = (0..3).map(|index| commitment(0, index).reward).sum();
        assert!((127..=129).contains(&all), "{all}");
        assert_eq!((settlement(0).totals.rewards, federation(0).owed), (all, all));
    });
}
