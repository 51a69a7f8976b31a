// SPDX-License-Identifier: Apache-2.0
//! Scenes with attesters, and what attesters and reporters send.

use sp_core::{Pair, H256};
use sp_io::hashing::blake2_256;
use sp_runtime::DispatchResult;

use crate::{
    encoding::{attest_statement, refute_statement, to_sign_attest},
    mock::*,
    *,
};

const CHAIN: u32 = 12;

/// A value of the hash chain of `member(index)`, counted from its end: 0 is what it registers.
pub fn link(index: u8, back: u32) -> H256 {
    (back..CHAIN).fold(hash(0x70 + index), |value, _| blake2_256(value.as_bytes()).into())
}

pub fn register(index: u8) -> DispatchResult {
    let call = Call::register_attester { federation: 0, tip: link(index, 0) };
    send(&member(index), call)
}

pub fn resign(index: u8) -> DispatchResult {
    send(&member(index), Call::resign_attester { federation: 0 })
}

/// Attest with the value that is `back` steps before the end of the chain.
pub fn attest(round: RoundId, index: u8, statement: H256, back: u32) -> DispatchResult {
    let preimage = link(index, back);
    send(&member(index), Call::attest { federation: 0, round, statement, preimage })
}

/// What a settlement with this root says.
pub fn statement(round: RoundId, root: H256) -> H256 {
    let terms_hash = Rounds::<Test>::get(0, round).map_or(H256::zero(), |round| round.terms_hash);
    attest_statement(Bcfl::genesis_hash(), (0, round), terms_hash, (MODEL, REPORT, root))
}

/// That a settlement with this root is not what comes out of its round.
pub fn refutation(round: RoundId, root: H256) -> H256 {
    let terms_hash = Rounds::<Test>::get(0, round).map_or(H256::zero(), |round| round.terms_hash);
    refute_statement(Bcfl::genesis_hash(), (0, round), terms_hash, (MODEL, REPORT, root))
}

/// A root that stands for any: with [`all_accepted`] a settlement takes it.
pub const ROOT: H256 = H256::repeat_byte(0x77);

pub fn all_accepted() -> Totals {
    Totals { accepted: 3, rewards: 300, ..Totals::default() }
}

/// Post [`ROOT`].
pub fn settle_root(round: RoundId) -> DispatchResult {
    settle_root_as_given(&coordinator(), round, ROOT, all_accepted())
}

pub fn attester(index: u8) -> Option<Attester> {
    Attesters::<Test>::get(0, member(index))
}

/// Who sits in the round's committee.
pub fn seated(round: RoundId) -> Vec<u8> {
    let seats = Committees::<Test>::get(0, round).unwrap_or_default();
    let place = |seat: &Seat| (0..20).find(|index| member(*index) == seat.account);
    seats.iter().map(|seat| place(seat).expect("a member")).collect()
}

/// What one member did off chain.
pub fn signed(round: RoundId, index: u8, commitment: H256) -> SignedCommitment {
    let BatchEntry { commitment, num_examples, signature, .. } = entry(round, index, commitment);
    SignedCommitment { commitment, num_examples, signature }
}

pub fn signed_statement(round: RoundId, index: u8, statement: H256) -> SignedStatement {
    let context = Bcfl::context((0, round), &member(index));
    let signature = pair(10 + index).sign(&to_sign_attest(&context, statement));
    SignedStatement { statement, signature }
}

/// Let `member(index)` be reported by `who` for two signed commitments.
pub fn report_two(who: u8, round: RoundId, index: u8) -> DispatchResult {
    let proof = EquivocationProof::Commitments {
        account: member(index),
        first: signed(round, index, hash(0xa0)),
        second: signed(round, index, hash(0xa1)),
    };
    send(&account(who), Call::report_equivocation { federation: 0, round, proof })
}

pub fn dispute(round: RoundId, index: u8) -> DispatchResult {
    send(&member(index), Call::dispute { federation: 0, round })
}

pub fn resolve(who: &sp_runtime::AccountId32, index: u8, uphold: bool) -> DispatchResult {
    let account = member(index);
    send(who, Call::resolve { federation: 0, round: 0, account, uphold })
}

pub fn lapse(round: RoundId, index: u8) -> DispatchResult {
    send(&stranger(), Call::lapse { federation: 0, round, account: member(index) })
}

/// Three members who are attesters, with stakes of 500, 600 and 700, and a round 0 that was
/// opened and sealed in block 2.
pub fn with_committee(change: impl FnOnce(&mut Terms), test: impl FnOnce()) {
    ExtBuilder::default().terms(change).members(3).build_and_execute(|| {
        for index in 0..3 {
            let amount = Balance::from(index) * 100;
            if amount > 0 {
                send(&member(index), Call::add_stake { federation: 0, amount }).expect("stakes");
            }
            register(index).expect("registers");
        }
        skip(1);
        next_sealed();
        test();
    });
}

/// Open a round and seal it by three commitments. Returns its number.
pub fn next_sealed() -> RoundId {
    let round = federation(0).next_round;
    open_round().expect("a round opens");
    three_commit(round);
    round
}

/// Settle a round by [`ROOT`], so that the next committee is drawn anew.
pub fn finish(round: RoundId) {
    settle_root(round).expect("settles");
}

/// End the open round as its coordinator: the next one has the same committee.
pub fn abort(round: RoundId) {
    send(&coordinator(), Call::abort { federation: 0, round }).expect("aborts");
}
