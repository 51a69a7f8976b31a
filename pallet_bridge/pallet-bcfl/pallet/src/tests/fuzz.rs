//! Random calls by random accounts: after each the invariants hold, and one that failed changed
//! nothing (I9).

use proptest::prelude::*;
use sp_runtime::{AccountId32, StateVersion};

use crate::{mock::*, *};

/// One step: who does what, with arguments that are often, not always, right.
#[derive(Clone, Debug)]
enum Step {
    Skip(BlockNumber),
    Create {
        quorum: u32,
        strikes: u32,
    },
    Fund(FederationId, Balance),
    Join(FederationId, Balance),
    AddStake(FederationId, Balance),
    Unbond(FederationId, Balance),
    Withdraw(FederationId, u8),
    OpenRound(FederationId),
    Commit(FederationId, RoundId, u8),
    Batch(FederationId, RoundId, Vec<(u8, u8, bool)>),
    Settle(FederationId, RoundId, Vec<(u8, bool)>),
    Abort(FederationId, RoundId),
    /// The n-th of the offences that wait, or one that is not there.
    Execute(usize),
    Claim(FederationId, u8),
    Close(FederationId),
}

const ACCOUNTS: u8 = 5;

fn step() -> impl Strategy<Value = Step> {
    let federation = || prop_oneof![24 => Just(0_u32), 2 => Just(1), 1 => Just(2)];
    // Counted back from the newest round.
    let round = || prop_oneof![12 => Just(0_u32), 2 => Just(1), 1 => Just(2)];
    let who = || 0..ACCOUNTS;
    let amount = || prop_oneof![4 => 80_u128..600, 1 => 0_u128..5, 1 => Just(ENDOWMENT)];
    let entries = prop::collection::vec((who(), 0_u8..2, prop::bool::weighted(0.9)), 0..7);
    let verdicts = prop::collection::vec((who(), any::<bool>()), 0..7);
    prop_oneof![
        8 => (1_u32..7).prop_map(Step::Skip),
        1 => (7_u32..20).prop_map(Step::Skip),
        1 => (0_u32..4, 1_u32..3).prop_map(|(quorum, strikes)| Step::Create { quorum, strikes }),
        2 => (federation(), amount()).prop_map(|(f, a)| Step::Fund(f, a)),
        3 => (federation(), amount()).prop_map(|(f, a)| Step::Join(f, a)),
        1 => (federation(), amount()).prop_map(|(f, a)| Step::AddStake(f, a)),
        2 => (federation(), amount()).prop_map(|(f, a)| Step::Unbond(f, a)),
        3 => (federation(), who()).prop_map(|(f, w)| Step::Withdraw(f, w)),
        8 => federation().prop_map(Step::OpenRound),
        9 => (federation(), round(), 0_u8..3).prop_map(|(f, r, h)| Step::Commit(f, r, h)),
        8 => (federation(), round(), entries).prop_map(|(f, r, e)| Step::Batch(f, r, e)),
        12 => (federation(), round(), verdicts).prop_map(|(f, r, v)| Step::Settle(f, r, v)),
        1 => (federation(), round()).prop_map(|(f, r)| Step::Abort(f, r)),
        5 => (0_usize..3).prop_map(Step::Execute),
        2 => (federation(), who()).prop_map(|(f, w)| Step::Claim(f, w)),
        1 => federation().prop_map(Step::Close),
    ]
}

fn newest(federation: FederationId, back: RoundId) -> RoundId {
    let next = Federations::<Test>::get(federation).map_or(0, |found| found.next_round);
    next.saturating_sub(1).saturating_sub(back)
}

fn signed(federation: FederationId, round: RoundId, step: (u8, u8, bool)) -> BatchEntry {
    let (index, byte, honest) = step;
    let mut entry = entry(round, index, hash(byte));
    if federation != 0 || !honest {
        entry.num_examples += 1;
    }
    entry
}

/// Verdicts in order; now and then one on a member that did not commit.
fn verdicts(federation: FederationId, round: RoundId, choices: Vec<(u8, bool)>) -> Vec<Verdict> {
    let outcome = |accept| {
        if accept {
            Outcome::Accepted
        } else {
            Outcome::Rejected
        }
    };
    let mut verdicts: Vec<Verdict> =
        choices.iter().map(|(index, accept)| verdict(*index, outcome(*accept))).collect();
    if choices.len() != 1 {
        verdicts.retain(|verdict| {
            Commitments::<Test>::contains_key((federation, round, &verdict.account))
        });
    }
    verdicts.sort_by(|one, other| one.account.cmp(&other.account));
    verdicts.dedup_by(|one, other| one.account == other.account);
    verdicts
}

fn call(step: Step) -> Option<Call<Test>> {
    let (metadata, base_model) = (hash(1), hash(2));
    Some(match step {
        Step::Skip(blocks) => {
            skip(blocks);
            return None;
        }
        Step::Create { quorum, strikes } => {
            let terms = Terms { quorum, strikes_to_slash: strikes, ..terms() };
            Call::create_federation { terms, metadata }
        }
        Step::Fund(federation, amount) => Call::fund { federation, amount },
        Step::Join(federation, stake) => Call::join { federation, stake },
        Step::AddStake(federation, amount) => Call::add_stake { federation, amount },
        Step::Unbond(federation, amount) => Call::unbond { federation, amount },
        Step::Withdraw(federation, who) => Call::withdraw { federation, account: member(who) },
        Step::OpenRound(federation) => Call::open_round { federation, base_model },
        Step::Commit(federation, back, byte) => Call::commit {
            federation,
            round: newest(federation, back),
            commitment: hash(byte),
            num_examples: 1,
        },
        Step::Batch(federation, back, entries) => {
            let round = newest(federation, back);
            let entries: Vec<_> =
                entries.into_iter().map(|entry| signed(federation, round, entry)).collect();
            let entries = entries.try_into().expect("within bounds");
            Call::commit_batch { federation, round, entries }
        }
        Step::Settle(federation, back, choices) => {
            let round = newest(federation, back);
            let verdicts = verdicts(federation, round, choices);
            let verdicts = verdicts.try_into().expect("within bounds");
            Call::settle { federation, round, model: hash(3), report: hash(4), verdicts }
        }
        Step::Abort(federation, back) => {
            Call::abort { federation, round: newest(federation, back) }
        }
        Step::Execute(index) => {
            let (federation, round, account) =
                Offences::<Test>::iter_keys().nth(index).unwrap_or((0, 0, member(0)));
            Call::execute_slash { federation, round, account }
        }
        Step::Claim(federation, who) => Call::claim { federation, account: member(who) },
        Step::Close(federation) => Call::close { federation },
    })
}

/// The coordinator's calls come from the coordinator, most of the time.
fn sender(call: &Call<Test>, index: u8) -> AccountId32 {
    match call {
        Call::open_round { .. }
        | Call::commit_batch { .. }
        | Call::settle { .. }
        | Call::close { .. }
        | Call::create_federation { .. }
            if index > 1 =>
        {
            coordinator()
        }
        _ => member(index % ACCOUNTS),
    }
}

fn state_root() -> Vec<u8> {
    sp_io::storage::root(StateVersion::V1)
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 48,
        failure_persistence: None,
        ..ProptestConfig::default()
    })]

    #[test]
    fn invariants_survive_any_calls(
        steps in prop::collection::vec((step(), 0..4 * ACCOUNTS), 1..120),
    ) {
        ExtBuilder::default().members(4).build_and_execute(|| {
            let issuance = Balances::total_issuance();
            for (step, index) in steps {
                let Some(call) = call(step) else { continue };
                let before = state_root();
                let answer = send(&sender(&call, index), call.clone());
                if answer.is_err() {
                    assert_eq!(state_root(), before, "I9: {call:?} failed and changed the state");
                }
                check_invariants(issuance);
            }
        });
    }
}
