// SPDX-License-Identifier: Apache-2.0

mod ended;
mod refused;

use frame_support::{assert_noop, assert_ok};
use sp_core::{Pair, H256};
use sp_runtime::{AccountId32, DispatchResult};

use crate::{
    encoding::to_sign_instruction,
    mock::{
        committee::{dispute, lapse, resolve},
        *,
    },
    Outcome::*,
    *,
};

fn bonded(terms: &mut Terms) {
    terms.coordinator_bond = 800;
    terms.misconduct = percent(75);
    terms.quorum = Quorum::Window;
}

/// Members 0, 1 and 2 committed in round 0; the bond is 800, and 600 of it are at stake.
fn scene(change: impl FnOnce(&mut Terms), test: impl FnOnce()) {
    let change = |terms: &mut Terms| {
        bonded(terms);
        change(terms);
    };
    ExtBuilder::default().terms(change).members(3).round().build_and_execute(|| {
        three_commit(0);
        test();
    });
}

/// An instruction that the coordinator of the round signed, of another round if so said.
fn instruction_of(number: RoundId, base_model: H256, terms_hash: H256) -> MisconductProof {
    let expires = 1_900_000_000;
    let coordinator = round(0).coordinator;
    let binding = encoding::Binding { coordinator, base_model, terms_hash };
    let message = to_sign_instruction(Bcfl::genesis_hash(), (0, number), &binding, expires);
    let signature = pair(1).sign(&message);
    MisconductProof::Instruction { base_model, terms_hash, expires, signature }
}

fn other_model() -> MisconductProof {
    instruction_of(0, hash(0xbc), round(0).terms_hash)
}

fn report_by(who: &AccountId32, proof: MisconductProof) -> DispatchResult {
    send(who, Call::report_misconduct { federation: 0, round: 0, proof })
}

fn report(proof: MisconductProof) -> DispatchResult {
    report_by(&stranger(), proof)
}

fn bond() -> Option<Balance> {
    Bonds::<Test>::get(0, coordinator()).map(|bond| bond.amount)
}

#[test]
fn coordinator_of_the_scenes_is_who_signs_here() {
    let key = AccountId32::from(pair(1).public().0);
    assert_eq!(key, coordinator());
}

#[test]
fn success_in_an_open_round() {
    scene(
        |_| {},
        || {
            assert_ok!(report(other_model()));
            let ended = round(0);
            assert_eq!((ended.state, ended.ended_at), (RoundState::Aborted, Some(1)));
            // 600 are taken: 100 for each commitment, a fifth for the reporter, the rest burned.
            let compensation = Compensation { each: 100, unpaid: 300, until: 11 };
            assert_eq!(ended.compensation, Some(compensation));
            assert_eq!(held(HoldReason::CoordinatorBond, &coordinator()), 200);
            assert_eq!(bond(), Some(200));
            assert_eq!(Balances::free_balance(stranger()), ENDOWMENT + 120);
            let after = federation(0);
            assert_eq!((after.owed, after.reserved, after.open_round), (300, 0, None));
            assert_eq!((after.failed_rounds, after.last_claim_until), (1, 11));
            assert_eq!(Bcfl::escrow_funds(0), FUNDS + 300);
            let proved = Event::MisconductProved {
                federation: 0,
                round: 0,
                coordinator: coordinator(),
                taken: 600,
                burned: 180,
                shared: 120,
                compensation: 300,
                reporter: Some(stranger()),
            };
            let aborted = Event::RoundAborted { federation: 0, round: 0, by_deadline: false };
            assert_eq!(events()[events().len() - 2..], [proved, aborted]);
            // What is left does not let it open the next.
            assert_noop!(open_round(), Error::<Test>::BondShort);
            assert_ok!(send(&coordinator(), Call::post_bond { federation: 0, amount: 600 }));
            assert_ok!(open_round());
        },
    );
}

#[test]
fn success_for_other_terms() {
    scene(
        |_| {},
        || {
            let Round { base_model, .. } = round(0);
            assert_ok!(report(instruction_of(0, base_model, hash(0x1f))));
            assert_eq!(bond(), Some(200));
        },
    );
}

#[test]
fn compensation_is_claimed_once_by_each_who_committed() {
    scene(
        |_| {},
        || {
            assert_ok!(report(other_model()));
            assert_ok!(claim(1, &[0]));
            assert_eq!(Balances::free_balance(member(1)), ENDOWMENT - STAKE + 100);
            assert_eq!(commitment(0, 1).payout, Payout::Paid);
            assert_eq!(federation(0).owed, 200);
            assert_noop!(claim(1, &[0]), Error::<Test>::NothingToClaim);
            assert_noop!(claim(4, &[0]), Error::<Test>::NothingToClaim);
            // What nobody claims goes to the escrow.
            skip_to(11);
            let expire = || send(&stranger(), Call::expire { federation: 0, round: 0 });
            assert_noop!(expire(), Error::<Test>::ClaimsOpen);
            skip(1);
            assert_ok!(expire());
            let expired = Event::RoundExpired { federation: 0, round: 0, returned: 200 };
            assert_eq!(events().last(), Some(&expired));
            assert_eq!((federation(0).owed, Bcfl::escrow_funds(0)), (0, FUNDS + 200));
            assert_noop!(claim(2, &[0]), Error::<Test>::NothingToClaim);
            assert_noop!(expire(), Error::<Test>::RoundNotSettled);
        },
    );
}

#[test]
fn compensation_that_nobody_claimed_is_pruned_with_its_round() {
    scene(
        |_| {},
        || {
            assert_ok!(report(other_model()));
            assert_ok!(claim(0, &[0]));
            skip_to(round(0).settle_until + terms().retention_blocks + 1);
            let prune = Call::prune { federation: 0, round: 0, limit: 8 };
            assert_ok!(send(&stranger(), prune));
            assert_eq!((federation(0).owed, round(0).stored), (0, 0));
        },
    );
}

#[test]
fn compensation_waits_for_a_pending_offence_and_is_lost_by_its_slash() {
    scene(
        |_| {},
        || {
            assert_ok!(commit_batch(0, vec![entry(0, 2, hash(0xa7))]));
            assert_ok!(report(other_model()));
            assert_noop!(claim(2, &[0]), Error::<Test>::OffencePending);
            skip_to(12);
            let expire = || send(&stranger(), Call::expire { federation: 0, round: 0 });
            assert_noop!(expire(), Error::<Test>::RoundOffencesPending);
            assert_ok!(execute(0, 2));
            assert_noop!(claim(2, &[0]), Error::<Test>::NothingToClaim);
            assert_ok!(expire());
        },
    );
}

#[test]
fn coordinator_that_committed_gets_no_compensation() {
    ExtBuilder::default().terms(bonded).members(2).build_and_execute(|| {
        assert_ok!(join(&coordinator(), 200));
        assert_ok!(open_round());
        let call = commit_call(&coordinator(), (0, 0), hash(5));
        assert_ok!(send(&coordinator(), call));
        assert_ok!(commit(0, 1));
        assert_ok!(report(other_model()));
        // 600 taken, 150 each.
        assert_eq!(round(0).compensation.map(|part| part.each), Some(150));
        let rounds = vec![0].try_into().expect("one");
        let call = Call::claim { federation: 0, account: coordinator(), rounds };
        assert_noop!(send(&coordinator(), call), Error::<Test>::NothingToClaim);
        assert_ok!(claim(1, &[0]));
    });
}

#[test]
fn parts_are_whole_and_no_more_than_the_reward_would_be() {
    // A reward of 100 for three: 33 each. The rest is not theirs.
    scene(
        |terms| terms.round_reward = 100,
        || {
            assert_ok!(report(other_model()));
            let part = Compensation { each: 33, unpaid: 99, until: 11 };
            assert_eq!(round(0).compensation, Some(part));
        },
    );
    // 200 taken for three: 66 each, and of the 2 that are left the reporter's 40 are not there.
    scene(
        |terms| terms.misconduct = percent(25),
        || {
            assert_ok!(report(other_model()));
            let part = Compensation { each: 66, unpaid: 198, until: 11 };
            assert_eq!(round(0).compensation, Some(part));
            assert_eq!(Balances::free_balance(stranger()), ENDOWMENT + 2);
        },
    );
}

#[test]
fn success_without_commitments() {
    ExtBuilder::default().terms(bonded).members(3).round().build_and_execute(|| {
        assert_ok!(report(other_model()));
        assert_eq!(round(0).compensation.map(|part| (part.each, part.unpaid)), Some((0, 0)));
        assert_eq!((federation(0).owed, bond()), (0, Some(200)));
        assert_noop!(claim(0, &[0]), Error::<Test>::RoundNotSettled);
    });
}

#[test]
fn success_with_what_an_earlier_misconduct_left_of_the_bond() {
    scene(
        |_| {},
        || {
            skip_to(7);
            assert_ok!(settle(0, vec![verdict(0, Accepted)]));
            assert_ok!(open_round());
            assert_ok!(commit(1, 1));
            assert_ok!(report(other_model()));
            let proof = || instruction_of(1, hash(0xbd), round(1).terms_hash);
            let call = || Call::report_misconduct { federation: 0, round: 1, proof: proof() };
            assert_ok!(send(&member(2), call()));
            assert_eq!((bond(), held(HoldReason::CoordinatorBond, &coordinator())), (None, 0));
            // 200 for the one who committed; nothing is left for the reporter.
            assert_eq!(round(1).compensation.map(|part| part.each), Some(200));
            assert_eq!(Balances::free_balance(member(2)), ENDOWMENT - STAKE);
            assert_noop!(open_round(), Error::<Test>::BondShort);
        },
    );
}

#[test]
fn reporter_that_coordinates_gets_nothing() {
    scene(
        |_| {},
        || {
            let before = Balances::free_balance(coordinator());
            assert_ok!(report_by(&coordinator(), other_model()));
            assert_eq!(Balances::free_balance(coordinator()), before);
            let Some(Event::MisconductProved { burned, shared, reporter, .. }) =
                events().into_iter().nth_back(1)
            else {
                panic!("an event")
            };
            assert_eq!((burned, shared, reporter), (300, 0, None));
        },
    );
    // Nor does the one that came after.
    scene(
        |_| {},
        || {
            let account = stranger();
            assert_ok!(send(&coordinator(), Call::replace_coordinator { federation: 0, account }));
            assert_ok!(report(other_model()));
            assert_eq!(Balances::free_balance(stranger()), ENDOWMENT);
            assert_eq!(federation(0).failed_rounds, 0);
        },
    );
}

#[test]
fn reporter_that_cannot_be_paid_stops_nothing() {
    scene(
        |terms| terms.reporter_share = sp_runtime::Perbill::from_parts(5_000_000),
        || {
            // 3 are less than an account needs to be.
            assert_ok!(report_by(&account(200), other_model()));
            assert_eq!((bond(), Balances::free_balance(account(200))), (Some(200), 0));
        },
    );
}
