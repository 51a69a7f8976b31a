// SPDX-License-Identifier: Apache-2.0
//! Random calls by random accounts: after each the invariants hold, and one that failed changed
//! nothing (I9).
//!
//! ```text
//! BCFL_FUZZ_CALLS=1000000 cargo test --profile fuzz -p pallet-bcfl fuzz::long -- --nocapture
//! ```
//!
//! runs long and prints what became of the calls. A run of 200,000 calls or more fails when an
//! error of the pallet was not met, besides `Defensive`, which none can meet. Without
//! `--profile fuzz` nothing is compiled anew, and the run is slower. `BCFL_FUZZ_SEED` gives
//! other calls.

mod calls;
mod evidence;
mod government;
mod refuting;
mod tally;
mod world;

use std::time::Instant;

use frame_support::traits::GetCallName;
use proptest::{
    prelude::*,
    strategy::ValueTree,
    test_runner::{RngAlgorithm, TestRng, TestRunner},
};
use sp_runtime::{traits::Dispatchable, AccountId32, StateVersion};

use crate::{mock::*, *};
use calls::{make, Action};
use tally::Tally;
use world::{dice, Dice, World};

/// Calls of one chain of the long run.
const CHAIN: usize = 300;
/// So many calls meet every error.
const ENOUGH: u64 = 200_000;

/// After how many calls the state is looked at as a whole.
#[derive(Clone, Copy)]
struct Pace {
    invariants: usize,
    roots: usize,
}

fn state_root() -> Vec<u8> {
    sp_io::storage::root(StateVersion::V1)
}

/// Run the calls that these numbers give, on a chain of their own.
fn run(setup: Dice, steps: &[Dice], pace: Pace, tally: &mut Tally) {
    let world = World::new(setup);
    ExtBuilder::default().terms(|terms| world.change(terms)).members(4).build_and_execute(|| {
        world.restrict();
        let issuance = Balances::total_issuance();
        for (number, step) in steps.iter().enumerate() {
            let (who, call) = match make(&world, *step) {
                Action::Skip(blocks) => {
                    skip(blocks);
                    continue;
                }
                Action::Call(who, call) => (who, call),
            };
            count_a_fee(&who, number);
            let before = (number % pace.roots == 0).then(state_root);
            let answer = RuntimeCall::from(call.clone()).dispatch(RuntimeOrigin::signed(who));
            if let (Err(_), Some(before)) = (&answer, before) {
                assert_eq!(state_root(), before, "I9: {call:?} failed and changed the state");
            }
            if let (Call::execute_slash { federation, .. }, Ok(_)) = (&call, &answer) {
                check_share(*federation);
            }
            tally.note(call.get_call_name(), answer.map_err(|failure| failure.error));
            if number % pace.invariants == 0 {
                check_invariants(issuance);
            }
        }
    });
}

/// Now and then a federation pays a fee before the call: of a member, or of somebody invited.
fn count_a_fee(who: &AccountId32, number: usize) {
    let invited = Invitations::<Test>::iter_key_prefix(0).next();
    let who = invited.filter(|_| number.is_multiple_of(2)).unwrap_or_else(|| who.clone());
    let is_known =
        Participants::<Test>::contains_key(0, &who) || Invitations::<Test>::contains_key(0, &who);
    if number.is_multiple_of(3) && is_known {
        Bcfl::count_sponsored(0, &who);
    }
}

/// I7: neither the coordinator nor the offender gets a share of a slash.
fn check_share(id: FederationId) {
    let Some(Event::Slashed { account, shared, reporter, amount, burned, .. }) = events().pop()
    else {
        panic!("a slash without its event");
    };
    assert!(burned + shared <= amount, "I5");
    let who = reporter.filter(|_| shared > 0);
    assert!(who.is_some() || shared == 0, "I7: a share for nobody");
    assert!(who.is_none_or(|who| who != account && who != federation(id).coordinator), "I7");
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 32,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn invariants_survive_any_calls(
        setup in dice(),
        steps in prop::collection::vec(dice(), 1..120),
    ) {
        run(setup, &steps, Pace { invariants: 1, roots: 1 }, &mut Tally::default());
    }
}

fn number_from(name: &str, default: u64) -> u64 {
    std::env::var(name).map_or(default, |text| text.parse().expect("a number"))
}

fn runner_of(seed: u64) -> TestRunner {
    let mut bytes = [0; 32];
    bytes[..8].copy_from_slice(&seed.to_le_bytes());
    let rng = TestRng::from_seed(RngAlgorithm::ChaCha, &bytes);
    TestRunner::new_with_rng(ProptestConfig::default(), rng)
}

#[test]
fn long() {
    let calls = number_from("BCFL_FUZZ_CALLS", 3_000);
    let seed = number_from("BCFL_FUZZ_SEED", 0);
    let pace = Pace { invariants: 20, roots: 100 };
    let mut runner = runner_of(seed);
    let chains = prop::collection::vec(dice(), CHAIN);
    let (mut tally, start) = (Tally::default(), Instant::now());
    while tally.calls() < calls {
        let setup = dice().new_tree(&mut runner).expect("numbers").current();
        let steps = chains.new_tree(&mut runner).expect("numbers").current();
        run(setup, &steps, pace, &mut tally);
    }
    println!("{tally}\nseed {seed}, {:?}", start.elapsed());
    let unseen = tally.unseen();
    assert!(calls < ENOUGH || unseen.is_empty(), "not met: {unseen:?}");
    assert!(!tally.has_seen("Defensive"), "a state that the pallet excludes");
}
