// SPDX-License-Identifier: Apache-2.0
//! What changes terms, coordinators and models, and who admits whom.

use sp_runtime::AccountId32;

use super::{
    calls::{anyone, by_anyone, by_coordinator, Action},
    world::{renew, Dice, World, ACCOUNTS},
};
use crate::{mock::*, *};

fn in_force(federation: FederationId) -> Option<Terms> {
    let version = Federations::<Test>::get(federation)?.terms_version;
    FederationTerms::<Test>::get(federation, version)
}

/// Blocks until the terms that are announced are due.
fn wait_for_terms(federation: FederationId) -> BlockNumber {
    let pending = Federations::<Test>::get(federation).and_then(|found| found.pending_terms);
    pending.map_or(1, |pending| pending.from.saturating_sub(System::block_number()).max(1))
}

/// Mostly who may admit accounts, or vouch for them.
fn inviter(dice: Dice, federation: FederationId) -> AccountId32 {
    match in_force(federation).map(|terms| terms.admission) {
        Some(Admission::Vouched(_)) if dice.who > 15 => member(dice.who % ACCOUNTS),
        _ if dice.rarely(2, 8) => council(),
        _ => by_coordinator(dice, federation),
    }
}

fn invitation(dice: Dice, federation: FederationId) -> Call<Test> {
    let is_member = |account: &AccountId32| Participants::<Test>::contains_key(federation, account);
    let known = (0..ACCOUNTS).map(member).chain([coordinator(), stranger()]);
    let mut others = known.filter(|account| !is_member(account));
    let account = others.next().filter(|_| !dice.rarely(1, 8)).unwrap_or_else(|| dice.member());
    let name: &[u8] = if dice.rarely(2, 6) { b"two" } else { b"one" };
    let organisation = name.to_vec().try_into().expect("a short name");
    Call::invite { federation, account, organisation, max_examples: 0 }
}

/// A few accounts; now and then one of them twice, or no time.
fn succession(dice: Dice) -> Succession {
    let count = 1 + dice.picks[1] % 3;
    let mut accounts: Vec<_> =
        (0..count).map(|one| member((dice.who % ACCOUNTS + one) % ACCOUNTS)).collect();
    if dice.rarely(1, 8) {
        accounts.push(accounts[0].clone());
    }
    let idle_blocks = if dice.rarely(1, 9) { 0 } else { 8 };
    let accounts = accounts.try_into().expect("few accounts");
    Succession { accounts, idle_blocks, turn_blocks: 2 }
}

fn name_successors(dice: Dice, federation: FederationId) -> Call<Test> {
    Call::name_successors { federation, succession: succession(dice) }
}

/// Mostly one that is named, when it may be its turn.
fn take_over(dice: Dice, federation: FederationId) -> Action {
    let named = Offices::<Test>::get(federation).and_then(|office| {
        let accounts = office.in_force(System::block_number()).accounts.to_vec();
        accounts.get(usize::from(dice.picks[1] % 3)).cloned()
    });
    let who = named.filter(|_| !dice.rarely(1, 9)).unwrap_or_else(|| anyone(dice));
    Action::Call(who, Call::take_over { federation })
}

pub fn govern(_: &World, dice: Dice) -> Action {
    let federation = dice.federation();
    let next = Federations::<Test>::get(federation).map_or(0, |found| found.next_proposal);
    let number = next.saturating_sub(1 + u32::from(dice.rarely(0, 4)));
    let mut terms = terms();
    renew(&mut terms, dice);
    match dice.picks[2] / 8 {
        0 => terms.unbonding_blocks = 1,
        1 => terms.commit_blocks = 0,
        2 => terms.notice_blocks = 16,
        // What a coordinator may change alone.
        3..24 => terms = in_force(federation).unwrap_or(terms),
        _ => {}
    }
    if dice.rarely(1, 2) {
        terms.round_reward = 280;
    }
    let governor = match dice.who % 4 {
        0 => council(),
        1 => anyone(dice),
        _ => by_coordinator(dice, federation),
    };
    let account = if dice.rarely(2, 2) { coordinator() } else { dice.member() };
    match dice.below(0, 20) {
        15 => Action::Call(governor, name_successors(dice, federation)),
        16..18 => take_over(dice, federation),
        18 => {
            let until = System::block_number() + u32::from(dice.picks[1]) * 40;
            Action::Call(by_coordinator(dice, federation), Call::pause { federation, until })
        }
        19 => {
            let key = NodeKey { key: hash(dice.picks[1]), proof: NodeProof::default() };
            let bound = Some(key).filter(|_| !dice.rarely(2, 3));
            by_anyone(dice, Call::bind_node_key { federation, bound })
        }
        10 => Action::Skip(wait_for_terms(federation)),
        11 => Action::Call(governor, Call::rebase { federation, model: hash(2) }),
        12..15 => Action::Call(inviter(dice, federation), invitation(dice, federation)),
        0 => Action::Call(governor, Call::set_terms { federation, terms }),
        1 => Action::Call(governor, Call::replace_coordinator { federation, account }),
        2 | 3 => {
            let proposer = if dice.who > 10 { member(dice.who % ACCOUNTS) } else { anyone(dice) };
            let proposal = match dice.below(1, 2) {
                0 if dice.rarely(1, 3) => Proposal::Rebase(hash(2)),
                0 if dice.rarely(2, 3) => Proposal::Succession(succession(dice)),
                0 => Proposal::Coordinator(account),
                _ => Proposal::Terms(Box::new(terms)),
            };
            Action::Call(proposer, Call::propose { federation, proposal })
        }
        4..8 => {
            let approve = !dice.rarely(1, 4);
            by_anyone(dice, Call::vote { federation, proposal: number, approve })
        }
        _ => {
            let limit = u32::from(dice.below(1, 4));
            by_anyone(dice, Call::enact { federation, proposal: number, limit })
        }
    }
}
