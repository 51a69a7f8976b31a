// SPDX-License-Identifier: Apache-2.0
//! Stakes, slashes, escrows and rewards, and what locks them.

use frame_support::{
    assert_noop, assert_ok, dispatch::GetDispatchInfo, traits::fungible::Inspect,
    weights::constants,
};
use sp_runtime::Perbill;

use crate::{
    mock::*,
    Outcome::{Accepted, Rejected},
    *,
};

fn slash(round: RoundId) {
    assert_ok!(execute(round, 0));
}

#[test]
fn slash_ignores_unbonding() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(0xee))]));
        skip(17);
        let withdraw = Call::withdraw { federation: 0, account: member(0) };
        assert_noop!(send(&member(0), withdraw), Error::<Test>::OffencePending);
        slash(0);
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE / 2);
    });
}

#[test]
fn unbonding_ends_before_the_last_evidence() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        // The last block that takes evidence: the stake is there still.
        skip_to(round(0).settle_until);
        let withdraw = Call::withdraw { federation: 0, account: member(0) };
        assert_noop!(send(&member(0), withdraw), Error::<Test>::NothingToWithdraw);
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(0xee))]));
        skip(3);
        slash(0);
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE / 2);
    });
}

#[test]
fn slash_below_a_guard_always_reverts() {
    let tiny = |terms: &mut Terms| terms.slash.equivocation = Perbill::from_parts(2_000_000);
    ExtBuilder::default().terms(tiny).members(1).round().build_and_execute(|| {
        equivocate(0);
        skip(3);
        slash(0);
        // One planck, less than the existential deposit.
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE - 1);
    });
}

#[test]
fn slash_moves_no_token() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        equivocate(0);
        let before = Balances::total_balance(&member(0));
        skip(3);
        slash(0);
        assert_eq!(Balances::total_balance(&member(0)), before - STAKE / 2);
    });
}

#[test]
fn slashed_money_goes_to_the_accuser() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        equivocate(0);
        let parties = [coordinator(), stranger(), Bcfl::escrow_account(0)];
        let before = parties.clone().map(|who| Balances::total_balance(&who));
        skip(3);
        slash(0);
        assert_eq!(parties.map(|who| Balances::total_balance(&who)), before);
    });
}

#[test]
fn all_are_slashed_together() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        assert_ok!(commit(0, 1));
        assert_ok!(commit(0, 2));
        equivocate(0);
        skip(3);
        slash(0);
        assert_eq!(participant(1).active, STAKE);
        assert_eq!(participant(2).active, STAKE);
    });
}

#[test]
fn slash_without_evidence() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        for root in [RuntimeOrigin::root(), RuntimeOrigin::signed(coordinator())] {
            let answer = Bcfl::execute_slash(root, 0, 0, member(0));
            assert!(answer.is_err());
        }
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE);
    });
}

#[test]
fn one_rejection_costs_stake() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_eq!((participant(0).active, participant(0).pending_offences), (STAKE, 0));
    });
}

#[test]
fn escrow_is_not_tied_to_its_federation() {
    let all = |terms: &mut Terms| terms.round_reward = FUNDS;
    ExtBuilder::default().terms(all).members(3).build_and_execute(|| {
        let call = Call::create_federation { terms: terms(), metadata: hash(1) };
        assert_ok!(send(&coordinator(), call));
        assert_ok!(send(&coordinator(), Call::fund { federation: 1, amount: 5_000 }));
        round_that_rejects_member_0();
        // Federation 0 owes all it has: the coins of federation 1 do not help.
        assert_noop!(open_round(), Error::<Test>::EscrowShort);
        skip(4);
        assert_ok!(claim(1, &[0]));
        assert_eq!(Bcfl::escrow_funds(1), 5_000);
        let rounds = vec![0].try_into().expect("one round");
        let claim = Call::claim { federation: 1, account: member(1), rounds };
        assert_noop!(send(&member(1), claim), Error::<Test>::RoundNotFound);
    });
}

#[test]
fn payment_reaps_the_escrow_with_what_others_are_owed() {
    let tiny = |terms: &mut Terms| terms.round_reward = 4;
    ExtBuilder::default().terms(tiny).members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_ok!(settle(0, vec![verdict(1, Accepted), verdict(2, Accepted)]));
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(17);
        for index in 0..3 {
            let account = member(index);
            assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account }));
        }
        assert_ok!(claim(1, &[0]));
        assert_ok!(claim(2, &[0]));
        assert_eq!(Balances::free_balance(member(2)), ENDOWMENT + 2);
    });
}

#[test]
fn silent_coordinator_locks_funds() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        skip(17);
        assert_ok!(send(&member(0), Call::abort { federation: 0, round: 0 }));
        assert_ok!(send(&member(0), Call::withdraw { federation: 0, account: member(0) }));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT);
    });
}

#[test]
fn vanished_coordinator_locks_funds() {
    ExtBuilder::default().members(0).build_and_execute(|| {
        // No round was ever opened. Whoever comes may name another coordinator, who closes.
        skip_to(2 + terms().retention_blocks);
        assert_ok!(join(&member(0), STAKE));
        skip(1);
        let proposal = Proposal::Coordinator(stranger());
        assert_ok!(send(&member(0), Call::propose { federation: 0, proposal }));
        assert_ok!(send(&member(0), Call::vote { federation: 0, proposal: 0, approve: true }));
        skip(20);
        assert_ok!(send(&member(0), Call::enact { federation: 0, proposal: 0, limit: 9 }));
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        skip(17);
        assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account: member(0) }));
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT);
        assert_eq!(Balances::free_balance(coordinator()), ENDOWMENT);
    });
}

#[test]
fn silent_member_blocks_closing() {
    ExtBuilder::default().members(2).build_and_execute(|| {
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(17);
        for index in 0..2 {
            let account = member(index);
            assert_ok!(send(&coordinator(), Call::withdraw { federation: 0, account }));
        }
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        assert_eq!(federation(0).state, FederationState::Closed);
    });
}

#[test]
fn commitment_is_not_bound_to_its_account() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        let mut copied = entry(0, 0, hash(1));
        copied.account = member(1);
        assert_ok!(commit_batch(0, vec![copied]));
        assert_eq!(Commitments::<Test>::get((0, 0, member(1))), None);
    });
}

#[test]
fn score_is_public_before_the_close() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        // No verdict before the seal, and no commitment after it.
        assert_noop!(settle(0, vec![verdict(0, Accepted)]), Error::<Test>::RoundNotSealed);
        assert_ok!(commit(0, 1));
        assert_ok!(commit(0, 2));
        assert_ok!(settle(0, vec![verdict(0, Rejected)]));
        assert_noop!(commit(0, 1), Error::<Test>::RoundNotOpen);
    });
}

#[test]
fn quorum_never_counts_the_vote() {
    let one = |terms: &mut Terms| terms.quorum = Quorum::Count(1);
    ExtBuilder::default().terms(one).members(1).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        assert!(round(0).is_sealed(System::block_number()));
        assert_ok!(settle(0, vec![verdict(0, Accepted)]));
    });
}

#[test]
fn lists_are_unbounded() {
    use codec::{Decode, Encode};
    type Entries = frame_support::BoundedVec<BatchEntry, <Test as Config>::MaxVerdicts>;
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        let too_many = vec![entry(0, 0, hash(1)); 9].encode();
        assert!(Entries::decode(&mut &too_many[..]).is_err());
    });
}

#[test]
fn iteration_is_unbounded() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip(40);
        // What a caller asks for is done and paid for, not what there is.
        let prune = |limit| Call::<Test>::prune { federation: 0, round: 0, limit };
        assert_ok!(send(&stranger(), prune(1)));
        assert_eq!(Commitments::<Test>::iter().count(), 2);
        let time = |limit| prune(limit).get_dispatch_info().call_weight.ref_time();
        assert!(time(1) < time(2));
        assert!(time(u32::MAX) > constants::WEIGHT_REF_TIME_PER_SECOND);
    });
}

#[test]
fn double_claim() {
    ExtBuilder::default().members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        skip(4);
        assert_ok!(claim(1, &[0, 0]));
        assert_noop!(claim(1, &[0]), Error::<Test>::NothingToClaim);
        assert_eq!(Balances::free_balance(member(1)), ENDOWMENT - STAKE + 150);
    });
}
