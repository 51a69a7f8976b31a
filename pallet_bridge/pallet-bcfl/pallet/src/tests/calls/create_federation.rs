// SPDX-License-Identifier: Apache-2.0

use frame_support::{
    assert_noop, assert_ok,
    traits::{fungible::Mutate, tokens::Preservation},
};
use sp_runtime::{DispatchResult, TokenError};

use crate::{mock::*, *};

fn create(change: impl FnOnce(&mut Terms)) -> DispatchResult {
    let mut terms = terms();
    change(&mut terms);
    send(&coordinator(), Call::create_federation { terms, metadata: hash(7) })
}

#[test]
fn success() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(create(|_| ()));
        let made = federation(0);
        assert_eq!((made.coordinator, made.founder), (coordinator(), coordinator()));
        assert_eq!((made.state, made.terms_version), (FederationState::Active, FIRST_TERMS));
        assert_eq!((made.metadata, made.deposit), (hash(7), DEPOSIT));
        assert_eq!(FederationTerms::<Test>::get(0, FIRST_TERMS), Some(terms()));
        assert_eq!(held(HoldReason::FederationDeposit, &coordinator()), DEPOSIT);
        let escrow = Bcfl::escrow_account(0);
        assert_eq!(Balances::free_balance(&escrow), EXISTENTIAL_DEPOSIT);
        assert_eq!(Bcfl::escrow_funds(0), 0);
        let created = Event::FederationCreated {
            federation: 0,
            coordinator: coordinator(),
            terms_version: FIRST_TERMS,
            escrow,
        };
        assert_eq!(events(), [created]);
    });
}

#[test]
fn success_with_a_second_federation() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(create(|_| ()));
        assert_ok!(create(|_| ()));
        assert_eq!(NextFederationId::<Test>::get(), 2);
        assert_ne!(Bcfl::escrow_account(0), Bcfl::escrow_account(1));
        assert_eq!(held(HoldReason::FederationDeposit, &coordinator()), 2 * DEPOSIT);
    });
}

#[test]
fn fails_for_terms_out_of_range() {
    let changes: [fn(&mut Terms); 47] = [
        |terms| terms.min_stake = 49,
        |terms| terms.max_participants = 0,
        |terms| terms.max_participants = 10_001,
        |terms| terms.quorum = Quorum::Count(5),
        |terms| terms.quorum = Quorum::Count(0),
        |terms| terms.quorum = Quorum::Stake(0),
        |terms| terms.commit_blocks = 0,
        |terms| terms.commit_blocks = 101,
        |terms| terms.settle_blocks = 0,
        |terms| terms.settle_blocks = 101,
        |terms| terms.dispute_blocks = 0,
        |terms| terms.dispute_blocks = 101,
        |terms| terms.unbonding_blocks = 1_001,
        |terms| terms.round_reward = 100_001,
        |terms| terms.strikes_to_slash = 0,
        |terms| terms.strike_decay_rounds = 11,
        |terms| terms.slash.equivocation = percent(61),
        |terms| terms.slash.outlier_base = percent(61),
        |terms| terms.slash.cap = percent(81),
        |terms| terms.slash.mismatch = percent(61),
        |terms| terms.claim_blocks = 0,
        |terms| terms.claim_blocks = 1_001,
        |terms| terms.cooldown_blocks = 1_001,
        |terms| terms.retention_blocks = 12,
        |terms| terms.retention_blocks = 5_001,
        |terms| terms.max_failed_rounds = 0,
        |terms| terms.reporter_share = percent(51),
        |terms| terms.dispute_bond = 1_001,
        |terms| terms.committee_size = 6,
        |terms| full_coupling(terms, 0, 60),
        |terms| full_coupling(terms, 3, 0),
        |terms| (terms.arbiter, terms.committee_size) = (Arbiter::Attesters, 0),
        |terms| terms.governance = members(0, 50, 5, 5),
        |terms| terms.governance = members(10, 49, 5, 5),
        |terms| terms.governance = members(10, 50, 0, 5),
        |terms| terms.governance = members(10, 50, 5, 1_001),
        |terms| terms.notice_blocks = 1_001,
        |terms| terms.lock_blocks = 1_001,
        |terms| terms.aging_blocks = 1_001,
        |terms| terms.max_share = percent(0),
        |terms| terms.max_vote_share = percent(0),
        |terms| terms.coordinator_bond = 10_001,
        |terms| terms.silence = percent(61),
        |terms| terms.tenure_rounds = 11,
        |terms| terms.vesting_rounds = 33,
        |terms| terms.admission = Admission::Vouched(0),
        |terms| terms.admission = Admission::Vouched(17),
    ];
    ExtBuilder::default().build_and_execute(|| {
        for change in changes {
            assert_noop!(create(change), Error::<Test>::TermsOutOfRange);
        }
    });
}

fn full_coupling(terms: &mut Terms, committee_size: u32, quorum: u32) {
    terms.coupling = Coupling::Full;
    terms.committee_size = committee_size;
    terms.attest_quorum = percent(quorum);
}

fn members(
    quorum: u32,
    threshold: u32,
    voting_blocks: BlockNumber,
    delay_blocks: BlockNumber,
) -> Governance {
    let (quorum, threshold) = (percent(quorum), percent(threshold));
    Governance::Members { quorum, threshold, voting_blocks, delay_blocks }
}

#[test]
fn fails_for_unbonding_that_ends_before_the_vote() {
    ExtBuilder::default().build_and_execute(|| {
        let vote = |terms: &mut Terms| terms.governance = members(10, 50, 17, 1);
        assert_noop!(create(vote), Error::<Test>::UnbondingTooShort);
    });
}

#[test]
fn fails_for_unbonding_that_ends_before_the_last_slash() {
    ExtBuilder::default().build_and_execute(|| {
        let too_short = |terms: &mut Terms| terms.unbonding_blocks = 16;
        assert_noop!(create(too_short), Error::<Test>::UnbondingTooShort);
    });
}

#[test]
fn success_at_the_ends_of_the_ranges() {
    let changes: [fn(&mut Terms); 9] = [
        |terms| terms.notice_blocks = 1_000,
        |terms| terms.lock_blocks = 1_000,
        |terms| terms.aging_blocks = 1_000,
        |terms| terms.coordinator_bond = 10_000,
        |terms| terms.silence = percent(60),
        |terms| terms.tenure_rounds = 10,
        |terms| terms.vesting_rounds = 32,
        |terms| terms.admission = Admission::Vouched(16),
        |terms| terms.admission = Admission::Vouched(1),
    ];
    ExtBuilder::default().build_and_execute(|| {
        for change in changes {
            assert_ok!(create(change));
        }
    });
}

#[test]
fn fails_for_a_notice_shorter_than_unbonding() {
    ExtBuilder::default().build_and_execute(|| {
        let short = |terms: &mut Terms| terms.unbonding_blocks = 18;
        assert_noop!(create(short), Error::<Test>::NoticeTooShort);
    });
}

#[test]
fn fails_for_deposit_above_balance() {
    ExtBuilder::default().build_and_execute(|| {
        let poor = account(99);
        let call = Call::create_federation { terms: terms(), metadata: hash(7) };
        assert_noop!(send(&poor, call), TokenError::FundsUnavailable);
    });
}

#[test]
fn success_with_a_bond() {
    ExtBuilder::default().build_and_execute(|| {
        assert_ok!(create(|terms| terms.coordinator_bond = 640));
        let bond = Bond { amount: 640, free_at: None };
        assert_eq!(Bonds::<Test>::get(0, coordinator()), Some(bond));
        assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 640);
        let posted = Event::BondPosted { federation: 0, account: coordinator(), amount: 640 };
        assert_eq!(events().last(), Some(&posted));
    });
}

#[test]
fn fails_for_a_bond_above_balance() {
    ExtBuilder::default().build_and_execute(|| {
        let rest = DEPOSIT + EXISTENTIAL_DEPOSIT + 640;
        let gift = ENDOWMENT - rest;
        let moved = <Balances as Mutate<_>>::transfer(
            &coordinator(),
            &stranger(),
            gift,
            Preservation::Preserve,
        );
        assert_ok!(moved);
        let answer = create(|terms| terms.coordinator_bond = 640);
        assert_noop!(answer, TokenError::FundsUnavailable);
    });
}
