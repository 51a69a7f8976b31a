// SPDX-License-Identifier: Apache-2.0
//! Proofs, disputes, committees.

use frame_support::{assert_noop, assert_ok, traits::fungible::Inspect};
use sp_core::H256;

use crate::{mock::committee::*, mock::*, *};

fn full(terms: &mut Terms) {
    terms.coupling = Coupling::Full;
}

/// Who sits after the same reveals, on a chain with these block hashes and this author's digest.
fn seated_under(byte: u8) -> (Vec<u8>, H256) {
    let mut result = None;
    let two = |terms: &mut Terms| terms.committee_size = 2;
    with_committee(two, || {
        let block = System::block_number();
        System::set_parent_hash(hash(byte));
        frame_system::BlockHash::<Test>::insert(block - 1, hash(byte));
        System::deposit_log(sp_runtime::DigestItem::Other(vec![byte]));
        for index in seated(0) {
            assert_ok!(attest(0, index, hash(9), 1));
        }
        finish(0);
        skip(1);
        next_sealed();
        result = Some((seated(1), federation(0).seed));
    });
    result.expect("a committee")
}

#[test]
fn randomness_from_block_hash_or_timestamp() {
    let first = seated_under(1);
    assert!((2..20).all(|byte| seated_under(byte) == first));
}

#[test]
fn seed_depends_on_the_order_that_an_author_chooses() {
    let seed_after = |order: [u8; 3]| {
        let mut seed = None;
        with_committee(
            |_| {},
            || {
                for index in order {
                    assert_ok!(attest(0, index, hash(9), 1));
                }
                seed = Some(federation(0).seed);
            },
        );
        seed.expect("a seed")
    };
    assert_eq!(seed_after([0, 1, 2]), seed_after([2, 0, 1]));
}

#[test]
fn committee_is_ground_by_opening_and_aborting() {
    with_committee(
        |terms| terms.committee_size = 2,
        || {
            for round in 0..6 {
                let before = seated(round);
                if round < 4 {
                    assert_ok!(attest(round, 1, hash(9), round + 1));
                }
                abort(round);
                skip(1);
                next_sealed();
                assert_eq!(seated(round + 1), before);
            }
        },
    );
}

#[test]
fn quorum_counts_one_vote_twice() {
    with_committee(full, || {
        let said = statement(0, ROOT);
        assert_ok!(attest(0, 0, said, 1));
        assert_noop!(attest(0, 0, said, 2), Error::<Test>::AlreadyAttested);
        assert_noop!(settle_root(0), Error::<Test>::NotAttested);
    });
}

#[test]
fn attestation_never_counts_for_the_quorum() {
    with_committee(full, || {
        for index in [0, 1] {
            assert_ok!(attest(0, index, statement(0, ROOT), 1));
        }
        assert_ok!(settle_root(0));
    });
}

#[test]
fn one_proof_is_slashed_twice() {
    let slow = |terms: &mut Terms| terms.settle_blocks = 20;
    let change = |terms: &mut Terms| {
        slow(terms);
        terms.unbonding_blocks = 60;
    };
    ExtBuilder::default().terms(change).members(1).round().build_and_execute(|| {
        equivocate(0);
        skip(3);
        assert_ok!(execute(0, 0));
        // The same second signature once more, by the batch and by a report.
        assert_ok!(commit_batch(0, vec![entry(0, 0, hash(0xa1))]));
        assert_noop!(report_two(2, 0, 0), Error::<Test>::AlreadyReported);
        skip(3);
        assert_noop!(execute(0, 0), Error::<Test>::OffenceNotFound);
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE / 2);
    });
}

#[test]
fn accuser_who_decides_is_paid() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(report_two(1, 0, 0));
        let before = Balances::total_balance(&coordinator());
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(Balances::total_balance(&coordinator()), before);
    });
}

#[test]
fn accusation_on_a_word_costs_stake() {
    ExtBuilder::default().members(2).round().build_and_execute(|| {
        assert_ok!(commit(0, 0));
        // A signature of somebody else, and one over other bytes.
        let forged = SignedCommitment { commitment: hash(9), ..signed(0, 1, hash(9)) };
        let proof = EquivocationProof::Commitments {
            account: member(0),
            first: signed(0, 0, hash(0)),
            second: forged,
        };
        let call = Call::report_equivocation { federation: 0, round: 0, proof };
        assert_noop!(send(&coordinator(), call), Error::<Test>::ProofInvalid);
        assert_eq!(offence(0, 0), None);
    });
}

#[test]
fn silent_arbiter_locks_funds() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        equivocate(0);
        assert_ok!(dispute(0, 0));
        abort(0);
        assert_ok!(send(&coordinator(), Call::close { federation: 0 }));
        skip(40);
        assert_ok!(lapse(0, 0));
        assert_ok!(send(&stranger(), Call::withdraw { federation: 0, account: member(0) }));
        assert_ok!(send(&stranger(), Call::close { federation: 0 }));
        assert_eq!(Balances::free_balance(member(0)), ENDOWMENT);
    });
}

#[test]
fn slashed_stake_leaves_before_the_dispute_ends() {
    ExtBuilder::default().members(1).round().build_and_execute(|| {
        assert_ok!(send(&member(0), Call::unbond { federation: 0, amount: STAKE }));
        skip_to(round(0).settle_until + 3);
        assert_ok!(report_two(2, 0, 0));
        assert_ok!(dispute(0, 0));
        skip(3);
        assert_ok!(resolve(&arbiter(), 0, true));
        assert_ok!(execute(0, 0));
        assert_eq!(held(HoldReason::Stake, &member(0)), STAKE / 2);
    });
}

#[test]
fn mild_offence_shields_a_grave_one() {
    let strict = |terms: &mut Terms| terms.strikes_to_slash = 1;
    ExtBuilder::default().terms(strict).members(3).build_and_execute(|| {
        round_that_rejects_member_0();
        assert_ok!(report_two(2, 0, 0));
        skip(3);
        assert_ok!(execute(0, 0));
        assert_eq!(participant(0).active, STAKE / 2);
    });
}

#[test]
fn reward_is_paid_before_the_offence_is_decided() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        three_commit(0);
        assert_ok!(settle(0, vec![verdict(0, Outcome::Accepted)]));
        skip_to(settlement(0).dispute_until);
        assert_ok!(report_two(2, 0, 0));
        skip(1);
        assert_noop!(claim(0, &[0]), Error::<Test>::OffencePending);
        skip(2);
        assert_ok!(execute(0, 0));
        assert_noop!(claim(0, &[0]), Error::<Test>::NothingToClaim);
    });
}

#[test]
fn score_from_something_unrelated_to_quality() {
    ExtBuilder::default().members(3).round().build_and_execute(|| {
        // More stake, a bolder claim, an earlier block: one verdict on all is one reward for all.
        assert_ok!(send(&member(0), Call::add_stake { federation: 0, amount: 400 }));
        for (index, num_examples) in [(0, 10), (1, u64::MAX), (2, 1)] {
            let (commitment, binding) = (hash(index), round(0).binding());
            let context = Bcfl::context((0, 0), &member(index));
            let said = crate::encoding::statement(&context, &binding, commitment, num_examples);
            let statement = said.into();
            let call =
                Call::commit { federation: 0, round: 0, commitment, num_examples, statement };
            assert_ok!(send(&member(index), call));
            skip(1);
        }
        assert_ok!(settle(0, (0..3).map(|index| verdict(index, Outcome::Accepted)).collect()));
        assert_eq!([0, 1, 2].map(|index| commitment(0, index).reward), [100; 3]);
    });
}
