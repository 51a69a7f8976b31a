// SPDX-License-Identifier: Apache-2.0
//! Which call some numbers are.

use sp_runtime::AccountId32;

use super::{
    evidence::{self, committed, equivocation, leaves, misconduct, proven, stated, verdicts, word},
    government::govern,
    refuting::refute,
    world::{change, Dice, World, ACCOUNTS},
};
use crate::{mock::*, *};

#[allow(clippy::large_enum_variant, reason = "one lives at a time")]
pub enum Action {
    Skip(BlockNumber),
    Call(AccountId32, Call<Test>),
}

type Maker = fn(&World, Dice) -> Action;

/// How often each kind of step comes at any time.
const AT_ANY_TIME: [(u16, Maker); 13] = [
    (8, skip_some),
    (6, skip_to_deadline),
    (16, stake),
    (4, open),
    (6, commit),
    (8, settle),
    (16, after),
    (10, attest),
    (16, report),
    (18, dispute),
    (16, govern),
    (6, bond),
    (8, refute),
];
/// What comes more often in a federation that closes, while no round is open, while one takes
/// commitments, and once it is sealed.
const CLOSING: [(u16, Maker); 3] = [(4, leave), (2, end), (1, dispute)];
const BETWEEN: [(u16, Maker); 6] =
    [(8, open), (4, after), (2, skip_to_deadline), (2, dispute), (1, bond), (4, refute)];
const OPEN: [(u16, Maker); 3] = [(8, commit), (1, skip_to_deadline), (1, attest)];
const SEALED: [(u16, Maker); 4] = [(3, settle), (5, attest), (1, report), (1, skip_some)];

fn pick(makers: &[(u16, Maker)], number: u16) -> Maker {
    let all: u16 = makers.iter().map(|(weight, _)| weight).sum();
    let mut left = number % all;
    for (weight, maker) in makers {
        if left < *weight {
            return *maker;
        }
        left -= weight;
    }
    unreachable!("the number is below the sum")
}

pub fn make(world: &World, dice: Dice) -> Action {
    let found = Federations::<Test>::get(0);
    let is_closing = found.as_ref().is_some_and(|found| found.state != FederationState::Active);
    let open = found.and_then(|found| found.open_round).and_then(|id| Rounds::<Test>::get(0, id));
    let number = dice.kind / 2;
    let maker = match open {
        _ if dice.kind.is_multiple_of(2) => pick(&AT_ANY_TIME, number),
        _ if is_closing => pick(&CLOSING, number),
        None => pick(&BETWEEN, number),
        Some(round) if round.is_sealed(System::block_number()) => pick(&SEALED, number),
        Some(_) => pick(&OPEN, number),
    };
    maker(world, dice)
}

fn skip_some(_: &World, dice: Dice) -> Action {
    Action::Skip(1 + u32::from(dice.below(0, 5)))
}

/// The first block after one of the deadlines of a round.
fn skip_to_deadline(_: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    let now = System::block_number();
    let Some(round) = Rounds::<Test>::get(federation, dice.round(federation)) else {
        return Action::Skip(1);
    };
    let settlement = round.settlement;
    let deadline = match dice.below(0, 8) {
        0 | 1 if round.is_sealed(now) => now,
        0..3 => round.commit_until,
        3 if dice.rarely(0, 3) => round.settle_until,
        3..6 => settlement.map_or(now, |settled| settled.dispute_until),
        6 => settlement.map_or(now, |settled| settled.claim_until),
        _ if settlement.is_some() => round.settle_until + terms().retention_blocks,
        _ => now,
    };
    Action::Skip(deadline.saturating_sub(now) + 1)
}

/// Mostly one of the members; now and then someone else.
pub fn anyone(dice: Dice) -> AccountId32 {
    match dice.who {
        0..10 => stranger(),
        10..30 => coordinator(),
        _ => member(dice.who % ACCOUNTS),
    }
}

/// Mostly who coordinates the federation.
pub fn by_coordinator(dice: Dice, federation: FederationId) -> AccountId32 {
    let found = Federations::<Test>::get(federation);
    match found {
        Some(found) if dice.who > 15 => found.coordinator,
        _ => anyone(dice),
    }
}

pub fn by_anyone(dice: Dice, call: Call<Test>) -> Action {
    Action::Call(anyone(dice), call)
}

/// Who has the longest queue of unbonding chunks takes one planck more on its way out.
fn unbond_again(dice: Dice, federation: FederationId) -> Action {
    let found = |account: &AccountId32| Participants::<Test>::get(federation, account);
    let queue = |account: &_| found(account).map_or(0, |member| member.unbonding.len());
    let account = (0..ACCOUNTS).map(member).max_by_key(queue).unwrap_or_else(|| anyone(dice));
    Action::Call(account, Call::unbond { federation, amount: 1 })
}

fn stake(_: &World, dice: Dice) -> Action {
    let (federation, amount, account) = (dice.federation(), dice.amount(), dice.member());
    if dice.rarely(0, 4) {
        return unbond_again(dice, federation);
    }
    by_anyone(
        dice,
        match dice.below(2, 8) {
            0 if dice.rarely(1, 2) => Call::fund_fees { federation, amount },
            0 => Call::fund { federation, amount },
            1 | 2 => {
                let terms_hash = terms_hash(federation);
                let call = Call::join { federation, stake: amount, terms_hash };
                let invited = Invitations::<Test>::iter_key_prefix(federation).next();
                let invited = invited.filter(|_| !dice.rarely(1, 3));
                return Action::Call(invited.unwrap_or_else(|| anyone(dice)), call);
            }
            3 | 4 => Call::add_stake { federation, amount },
            5 => {
                let found = Participants::<Test>::get(federation, anyone(dice));
                let whole = found.map(|found| found.active).filter(|_| dice.rarely(1, 6));
                Call::unbond { federation, amount: whole.unwrap_or(amount) }
            }
            _ => Call::withdraw { federation, account },
        },
    )
}

/// The last steps of federation 0: its members leave, then it ends.
fn leave(_: &World, dice: Dice) -> Action {
    let is_there = |account: &AccountId32| Participants::<Test>::contains_key(0, account);
    let mut members = (0..ACCOUNTS).map(|index| member((dice.picks[1] % 8 + index) % ACCOUNTS));
    let account = members.find(is_there).unwrap_or_else(|| dice.member());
    by_anyone(dice, Call::withdraw { federation: 0, account })
}

fn end(_: &World, dice: Dice) -> Action {
    let ends = Federations::<Test>::get(0).map(|found| found.state);
    let now = System::block_number();
    match ends {
        Some(FederationState::Closing { ends }) if now < ends && !dice.rarely(0, 3) => {
            Action::Skip(ends - now)
        }
        Some(state) if (state == FederationState::Closed) != dice.rarely(2, 6) => {
            let account = Sponsors::<Test>::iter_key_prefix(0).last();
            let account = account.unwrap_or_else(|| dice.member());
            by_anyone(dice, Call::refund { federation: 0, account })
        }
        _ => by_anyone(dice, Call::close { federation: 0 }),
    }
}

fn open(_: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    let who = by_coordinator(dice, federation);
    let call = match dice.below(0, 100) {
        0 | 3 => {
            let mut terms = terms();
            change(&mut terms, dice);
            return by_anyone(dice, Call::create_federation { terms, metadata: hash(1) });
        }
        1 => Call::close { federation },
        2 => Call::skip_round { federation },
        _ => {
            let model = Federations::<Test>::get(federation).and_then(|found| found.model);
            let base_model = model.filter(|_| !dice.rarely(1, 16)).unwrap_or(hash(2));
            Call::open_round { federation, base_model }
        }
    };
    Action::Call(who, call)
}

/// What coordinators have on hold.
fn bond(_: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    match dice.below(0, 4) {
        0 => {
            let bonds = Bonds::<Test>::iter_key_prefix(federation);
            let holder = bonds.last().filter(|_| !dice.rarely(0, 6));
            let who = holder.unwrap_or_else(|| anyone(dice));
            Action::Call(who, Call::withdraw_bond { federation })
        }
        1 => {
            let round = dice.round(federation);
            let proof = misconduct((federation, round), dice);
            by_anyone(dice, Call::report_misconduct { federation, round, proof })
        }
        _ => {
            let amount = if dice.rarely(0, 8) { 0 } else { 60 };
            let who = by_coordinator(dice, federation);
            Action::Call(who, Call::post_bond { federation, amount })
        }
    }
}

fn commit(_: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    let place = (federation, dice.round(federation));
    let round = place.1;
    let version = u8::from(dice.rarely(0, 6));
    if dice.below(1, 6) > 0 {
        let index = dice.who % ACCOUNTS;
        let mut call = commit_call(&member(index), place, committed(index, version));
        if let Call::commit { statement, .. } = &mut call {
            *statement = if dice.rarely(2, 16) { hash(3) } else { *statement };
        }
        return Action::Call(member(index), call);
    }
    let last = dice.below(0, ACCOUNTS);
    let entries: Vec<_> = (0..=last)
        .map(|index| evidence::entry(place, index, version, dice.rarely(1, 9) && index == 1))
        .chain(dice.rarely(1, 3).then(|| evidence::entry(place, last, 1, false)))
        .collect();
    let entries = entries.try_into().expect("within bounds");
    let who = by_coordinator(dice, federation);
    Action::Call(who, Call::commit_batch { federation, round, entries })
}

fn settle(_: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    let place = (federation, dice.round(federation));
    let (round, model, report) = (place.1, MODEL, REPORT);
    let who = by_coordinator(dice, federation);
    let version = dice.below(1, 12) % 8;
    let is_late = Rounds::<Test>::get(federation, round)
        .is_some_and(|found| System::block_number() > found.settle_until);
    let call = match dice.below(0, 9) {
        0..6 if is_late => return by_anyone(dice, Call::abort { federation, round }),
        0 => return by_anyone(dice, Call::seal { federation, round }),
        1 => return by_anyone(dice, Call::abort { federation, round }),
        2 if dice.rarely(0, 3) => Call::abort { federation, round },
        2..5 => {
            let mut verdicts = verdicts(place, version % 2);
            if version == 7 {
                verdicts.push(verdict(7, Outcome::Accepted));
            } else if version == 6 {
                verdicts.pop();
            }
            let verdicts = verdicts.try_into().expect("within bounds");
            Call::settle { federation, round, model, report, verdicts }
        }
        _ => {
            let leaves = leaves(place, version);
            let mut totals = stated(&leaves);
            totals.rewards += u128::from(version == 7);
            let root = evidence::root(&leaves);
            Call::settle_root { federation, round, model, report, root, totals }
        }
    };
    Action::Call(who, call)
}

/// What follows a settlement.
fn after(_: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    let round = dice.settled_round(federation);
    let account = dice.member();
    let call = match dice.below(0, 12) {
        0 => Call::expire { federation, round },
        1 => Call::prune { federation, round, limit: u32::from(dice.below(1, 5)) },
        2..6 => {
            let rounds = [round, round.saturating_sub(1)];
            let rounds = rounds[..1 + usize::from(dice.rarely(1, 2))].to_vec();
            let rounds = rounds.try_into().expect("within bounds");
            Call::claim { federation, account, rounds }
        }
        _ => {
            let ProvenLeaf { mut leaf, index, proof } = proven((federation, round), dice.picks[1]);
            leaf.reason = leaf.reason.wrapping_add(u8::from(dice.rarely(0, 16)));
            Call::apply_leaf { federation, round, leaf, index, proof }
        }
    };
    by_anyone(dice, call)
}

fn attest(world: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    let round = dice.round(federation);
    let index = dice.who % ACCOUNTS;
    let account = member(index);
    let call = match dice.below(0, 6) {
        0 | 1 => Call::register_attester { federation, tip: world.link(index, 0) },
        2 if dice.rarely(0, 4) => Call::resign_attester { federation },
        _ => {
            let tip = Attesters::<Test>::get(federation, &account).map(|attester| attester.tip);
            let known = tip.filter(|_| !dice.rarely(2, 16));
            let preimage = known.map_or(hash(0), |tip| world.opening(index, tip));
            let statement = word((federation, round), dice);
            Call::attest { federation, round, statement, preimage }
        }
    };
    Action::Call(account, call)
}

fn report(_: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    if dice.below(1, 4) == 0 {
        let round = dice.round(federation);
        let proof = equivocation((federation, round), dice);
        return by_anyone(dice, Call::report_equivocation { federation, round, proof });
    }
    let round = dice.settled_round(federation);
    let place = (federation, round);
    let call = match dice.below(1, 5) {
        3 => {
            let before = Some(proven(place, 0));
            let account = dice.member();
            let proof = match dice.rarely(0, 2) {
                true => BadRoot::Omitted { account, before, after: None },
                false => BadRoot::Unsound(proven(place, dice.picks[0])),
            };
            Call::report_bad_root { federation, round, proof }
        }
        1 => {
            let ProvenLeaf { leaf, index, proof } = proven(place, dice.picks[0]);
            Call::report_mismatch { federation, round, leaf, index, proof }
        }
        2 => {
            let proof = BadRoot::NotCommitted(proven(place, dice.picks[0]));
            Call::report_bad_root { federation, round, proof }
        }
        _ => {
            let second = if dice.rarely(0, 2) { dice.picks[0] } else { u8::MAX };
            let (first, second) = (proven(place, 0), proven(place, second));
            let proof = BadRoot::OutOfOrder { first, second };
            Call::report_bad_root { federation, round, proof }
        }
    };
    by_anyone(dice, call)
}

/// An offence in such a state, if there is one.
fn offence_with(
    dice: Dice,
    is_wanted: impl Fn(&OffenceState) -> bool,
) -> (FederationId, RoundId, AccountId32) {
    let all = Offences::<Test>::iter().filter(|(_, offence)| is_wanted(&offence.state));
    let keys: Vec<_> = all.map(|(key, _)| key).collect();
    let known = keys.get(usize::from(dice.picks[0]) % (keys.len() + 1));
    known.or(keys.first()).cloned().unwrap_or((0, 0, member(0)))
}

fn dispute(_: &World, dice: Dice) -> Action {
    let is_any = dice.rarely(3, 8);
    let is_disputed = |state: &OffenceState| matches!(state, OffenceState::Disputed(_));
    let waits = |state: &OffenceState| is_any || (state.waits() && !is_disputed(state));
    let disputed = |state: &OffenceState| is_any || is_disputed(state);
    match dice.below(1, 8) {
        0..3 => {
            let (federation, round, account) = offence_with(dice, waits);
            let who = if dice.who > 20 { account } else { anyone(dice) };
            Action::Call(who, Call::dispute { federation, round })
        }
        3 | 4 => {
            let (federation, round, account) = offence_with(dice, disputed);
            let who = match dice.below(2, 4) {
                0 if dice.who > 20 => arbiter(),
                1 if dice.who > 20 => council(),
                _ => anyone(dice),
            };
            let uphold = dice.rarely(2, 2);
            Action::Call(who, Call::resolve { federation, round, account, uphold })
        }
        5 => {
            let (federation, round, account) = offence_with(dice, disputed);
            by_anyone(dice, Call::lapse { federation, round, account })
        }
        _ => {
            let (federation, round, account) = offence_with(dice, waits);
            by_anyone(dice, Call::execute_slash { federation, round, account })
        }
    }
}
