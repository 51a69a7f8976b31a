// SPDX-License-Identifier: Apache-2.0

use frame_support::{assert_noop, assert_ok};

use crate::{mock::*, Outcome::*, *};

/// Four members; 0, 1 and 2 committed in round 0, which is sealed by its quorum.
fn scene(test: impl FnOnce()) {
    ExtBuilder::default().members(4).round().build_and_execute(|| {
        three_commit(0);
        test();
    });
}

fn of(accepted: u32, rejected: u32, rewards: Balance) -> Totals {
    Totals { accepted, rejected, excluded: 0, strikes: rejected, rewards }
}

fn settle_with(totals: Totals) -> sp_runtime::DispatchResult {
    settle_root_as_given(&coordinator(), 0, hash(9), totals)
}

#[test]
fn success() {
    scene(|| {
        assert_ok!(settle_with(of(2, 1, 300)));
        let ended = settlement(0);
        assert_eq!((ended.mode, ended.root), (SettlementMode::Merkle, hash(9)));
        assert_eq!((ended.totals, ended.left, ended.unpaid), (of(2, 1, 300), of(2, 1, 300), 300));
        assert_eq!((federation(0).owed, federation(0).reserved), (300, 0));
        assert_eq!((participant(0).strikes, participant(0).clean_rounds), (0, 0));
        assert_eq!(federation(0).model, Some(MODEL));
        let settled = Event::RoundSettled {
            federation: 0,
            round: 0,
            model: MODEL,
            report: REPORT,
            root: hash(9),
            mode: SettlementMode::Merkle,
            totals: of(2, 1, 300),
            terms_version: FIRST_TERMS,
            dispute_until: 4,
            claim_until: 14,
        };
        assert_eq!(events().last(), Some(&settled));
    });
}

#[test]
fn success_below_the_budget_frees_the_rest() {
    scene(|| {
        assert_ok!(settle_with(of(3, 0, 100)));
        assert_eq!(federation(0).obligations(), Ok(100));
    });
}

#[test]
fn extrinsic_is_the_same_size_for_any_number() {
    use codec::Encode;
    let call = |count, rewards| {
        let totals = of(count, 0, rewards);
        let (federation, round, model, report, root) = (0, 0, hash(1), hash(2), hash(3));
        Call::<Test>::settle_root { federation, round, model, report, root, totals }.encode().len()
    };
    assert_eq!(call(10, 300), call(10_000, 300_000));
}

#[test]
fn fails_for_impossible_totals() {
    scene(|| {
        for totals in [
            of(2, 1, 301),
            of(3, 1, 300),
            of(0, 3, 1),
            Totals { strikes: 0, ..of(2, 1, 300) },
            Totals { excluded: 2, ..of(1, 1, 300) },
            // One of the three has no verdict.
            of(1, 1, 300),
            of(0, 0, 0),
            Totals { excluded: 1, ..of(1, 0, 0) },
        ] {
            assert_noop!(settle_with(totals), Error::<Test>::TotalsImpossible);
        }
    });
}

#[test]
fn fails_for_other_than_coordinator() {
    scene(|| {
        let answer = settle_root_as_given(&member(0), 0, hash(9), of(1, 0, 0));
        assert_noop!(answer, Error::<Test>::NotCoordinator);
    });
}

#[test]
fn fails_before_the_seal_and_after_the_deadline() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert_noop!(settle_with(of(1, 0, 0)), Error::<Test>::RoundNotSealed);
        skip_to(12);
        assert_noop!(settle_with(of(1, 0, 0)), Error::<Test>::SettleWindowClosed);
    });
}

#[test]
fn fails_for_ended_and_unknown_rounds() {
    scene(|| {
        assert_ok!(settle_with(of(3, 0, 0)));
        assert_noop!(settle_with(of(3, 0, 0)), Error::<Test>::RoundNotOpen);
        let unknown = settle_root_as_given(&coordinator(), 7, hash(9), of(1, 0, 0));
        assert_noop!(unknown, Error::<Test>::RoundNotFound);
    });
}

#[test]
fn fails_for_unknown_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_noop!(settle_with(of(0, 0, 0)), Error::<Test>::FederationNotFound);
    });
}

#[test]
fn fails_without_attestations_under_full_coupling() {
    let full = |terms: &mut Terms| terms.coupling = Coupling::Full;
    ExtBuilder::default().terms(full).members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_noop!(settle_with(of(3, 0, 0)), Error::<Test>::NotAttested);
    });
}

#[test]
fn fails_without_attestations_of_a_strike_under_flexible_coupling() {
    let flexible = |terms: &mut Terms| terms.coupling = Coupling::Flexible;
    ExtBuilder::default().terms(flexible).members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_noop!(settle_with(of(2, 1, 0)), Error::<Test>::NotAttested);
        assert_noop!(settle(0, vec![verdict(0, Rejected)]), Error::<Test>::NotAttested);
        assert_ok!(settle_with(of(3, 0, 0)));
    });
}
