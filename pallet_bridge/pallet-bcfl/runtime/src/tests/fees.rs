// SPDX-License-Identifier: Apache-2.0
//! Whole transactions, with what they cost whom.

use frame_support::{
    assert_ok,
    dispatch::{DispatchInfo, GetDispatchInfo},
    traits::{fungible::Mutate, tokens::Preservation},
    unsigned::TransactionValidityError,
};
use pallet_bcfl::{Admission, FederationState, Terms};
use pallet_transaction_payment::ChargeTransactionPayment;
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Eve, Ferdie};
use sp_runtime::{
    traits::{DispatchTransaction, TransactionExtension as _},
    transaction_validity::{InvalidTransaction, TransactionSource},
    BuildStorage, DispatchResult,
};

use crate::*;

pub type Refused = Result<DispatchResult, TransactionValidityError>;

pub const FEES: Balance = UNIT;
const STAKE: Balance = UNIT;

/// The bytes that `bcfl` sends for terms with nothing special: `pallet-bcfl` tests what they mean.
pub fn plain_terms() -> Terms {
    let percent = sp_runtime::Perbill::from_percent;
    Terms {
        min_stake: STAKE,
        max_participants: 4,
        quorum: pallet_bcfl::Quorum::Count(1),
        commit_blocks: 5,
        settle_blocks: 5,
        dispute_blocks: 3,
        unbonding_blocks: 17,
        claim_blocks: 10,
        retention_blocks: 20,
        cooldown_blocks: 4,
        round_reward: 300,
        strikes_to_slash: 3,
        strike_decay_rounds: 2,
        slash: pallet_bcfl::SlashTerms {
            equivocation: percent(50),
            mismatch: percent(40),
            outlier_base: percent(20),
            cap: percent(60),
        },
        reporter_share: percent(20),
        dispute_bond: 40,
        arbiter: pallet_bcfl::Arbiter::Council,
        coupling: pallet_bcfl::Coupling::Loose,
        attest_quorum: percent(60),
        attest_by: pallet_bcfl::Tally::Count,
        committee_size: 3,
        governance: pallet_bcfl::Governance::Coordinator,
        max_failed_rounds: 2,
        notice_blocks: 17,
        admission: Admission::Invited,
        max_per_organisation: 0,
        max_examples: 0,
        max_share: percent(100),
        coordinator_bond: 0,
        misconduct: percent(0),
        silence: percent(0),
        aging_blocks: 0,
        max_vote_share: percent(100),
        lock_blocks: 0,
        tenure_rounds: 0,
        vesting_rounds: 0,
        strike_cut: percent(0),
        training: Default::default(),
    }
}

fn info_of(call: &RuntimeCall) -> DispatchInfo {
    let mut info = call.get_dispatch_info();
    info.extension_weight = ChargeTransactionPayment::<Runtime>::from(0).weight(call);
    info
}

/// What the pool says.
pub fn validate(
    who: Sr25519Keyring,
    call: &RuntimeCall,
    tip: Balance,
) -> Result<u64, TransactionValidityError> {
    let origin = RuntimeOrigin::signed(who.to_account_id());
    let (source, info) = (TransactionSource::External, info_of(call));
    ChargeTransactionPayment::<Runtime>::from(tip)
        .validate_only(origin, call, &info, 100, source, 0)
        .map(|(valid, ..)| valid.priority)
}

/// Apply a transaction, but for the nonce.
pub fn apply(who: Sr25519Keyring, call: RuntimeCall, tip: Balance) -> Refused {
    let origin = RuntimeOrigin::signed(who.to_account_id());
    let info = info_of(&call);
    let taken = validate(who, &call, tip);
    let applied = ChargeTransactionPayment::<Runtime>::from(tip)
        .dispatch_transaction(origin, call, &info, 100, 0)
        .map(|outcome| outcome.map(|_| ()).map_err(|failure| failure.error));
    // What the pool takes is what a block takes.
    assert_eq!(taken.is_ok(), applied.is_ok());
    applied
}

pub fn free(who: Sr25519Keyring) -> Balance {
    Balances::free_balance(who.to_account_id())
}

/// Leave an account this much, and nothing besides.
pub fn keep(who: Sr25519Keyring, amount: Balance) {
    let rest = free(who) - amount;
    let (from, to) = (who.to_account_id(), Bob.to_account_id());
    assert_ok!(<Balances as Mutate<_>>::transfer(&from, &to, rest, Preservation::Preserve));
}

/// A federation of Alice with money for fees, to which Eve is invited. Eve has the stake, what an
/// account needs to be, and nothing else.
pub fn federation(test: impl FnOnce()) {
    let name = sp_genesis_builder::DEV_RUNTIME_PRESET.into();
    let storage = super::genesis_of(&name).build_storage().expect("a state");
    sp_io::TestExternalities::new(storage).execute_with(|| {
        System::set_block_number(1);
        let (terms, metadata) = (plain_terms(), Hash::zero());
        own(Alice, BcflCall::create_federation { terms, metadata });
        own(Alice, BcflCall::fund_fees { federation: 0, amount: FEES });
        let (account, organisation) = (Eve.to_account_id(), Default::default());
        let invite = BcflCall::invite { federation: 0, account, organisation, max_examples: 0 };
        own(Alice, invite);
        keep(Eve, STAKE + EXISTENTIAL_DEPOSIT);
        test();
    });
}

/// A call that succeeds and is paid by who signs.
pub fn own(who: Sr25519Keyring, call: BcflCall<Runtime>) {
    assert_eq!(apply(who, call.into(), 0), Ok(Ok(())));
}

pub fn join() -> BcflCall<Runtime> {
    let terms_hash = pallet_bcfl::encoding::terms_hash(&plain_terms());
    BcflCall::join { federation: 0, stake: STAKE, terms_hash }
}

fn unbond(amount: Balance) -> RuntimeCall {
    BcflCall::unbond { federation: 0, amount }.into()
}

const NO_MONEY: Refused = Err(TransactionValidityError::Invalid(InvalidTransaction::Payment));

/// What the last transaction cost, by the event that says so.
fn sponsored() -> Option<(AccountId, Balance)> {
    System::events().into_iter().rev().find_map(|record| match record.event {
        RuntimeEvent::Bcfl(pallet_bcfl::Event::FeeSponsored { federation: 0, account, fee }) => {
            Some((account, fee))
        }
        _ => None,
    })
}

#[test]
fn a_member_comes_and_goes_without_a_planck_for_fees() {
    federation(|| {
        let issuance = Balances::total_issuance();
        own(Eve, join());
        assert_eq!(free(Eve), EXISTENTIAL_DEPOSIT);
        let (account, fee) = sponsored().expect("sponsored");
        assert_eq!(account, Eve.to_account_id());
        assert_eq!(Bcfl::purse_funds(0), FEES - EXISTENTIAL_DEPOSIT - fee);
        // It is burned, as any fee.
        assert_eq!(Balances::total_issuance(), issuance - fee);
        assert_eq!(apply(Eve, unbond(STAKE), 0), Ok(Ok(())));
        System::set_block_number(18);
        let account = Eve.to_account_id();
        own(Eve, BcflCall::withdraw { federation: 0, account });
        assert_eq!(free(Eve), STAKE + EXISTENTIAL_DEPOSIT);
        assert!(!pallet_bcfl::Participants::<Runtime>::contains_key(0, Eve.to_account_id()));
        // Now it pays itself.
        assert_eq!(
            apply(Eve, unbond(1), 0),
            Ok(Err(pallet_bcfl::Error::<Runtime>::NotParticipant.into()))
        );
        assert!(free(Eve) < STAKE + EXISTENTIAL_DEPOSIT);
        assert_eq!(pallet_bcfl::Sponsorships::<Runtime>::iter().count(), 0);
    });
}

#[test]
fn who_can_pay_pays() {
    federation(|| {
        own(Eve, join());
        let purse = Bcfl::purse_funds(0);
        let (bob, eve) = (Bob.to_account_id(), Eve.to_account_id());
        assert_ok!(<Balances as Mutate<_>>::transfer(&bob, &eve, UNIT, Preservation::Preserve));
        assert_eq!(apply(Eve, unbond(STAKE), 0), Ok(Ok(())));
        assert_eq!(Bcfl::purse_funds(0), purse);
        assert!(free(Eve) < UNIT + EXISTENTIAL_DEPOSIT);
    });
}

#[test]
fn a_call_that_fails_costs_the_purse_and_24_a_day_are_all() {
    federation(|| {
        own(Eve, join());
        let mut purse = Bcfl::purse_funds(0);
        for _ in 1..24 {
            assert!(matches!(apply(Eve, unbond(0), 0), Ok(Err(_))));
            assert!(Bcfl::purse_funds(0) < purse);
            purse = Bcfl::purse_funds(0);
        }
        assert_eq!(apply(Eve, unbond(0), 0), NO_MONEY);
        assert_eq!(Bcfl::purse_funds(0), purse);
        System::set_block_number(DAY);
        assert!(matches!(apply(Eve, unbond(0), 0), Ok(Err(_))));
    });
}

#[test]
fn nothing_else_is_paid() {
    federation(|| {
        own(Eve, join());
        let purse = Bcfl::purse_funds(0);
        let remark = RuntimeCall::System(SystemCall::remark { remark: Vec::new() });
        let batch = pallet_utility::Call::batch { calls: vec![unbond(1)] };
        for call in [remark, batch.into(), BcflCall::close { federation: 0 }.into()] {
            assert_eq!(apply(Eve, call, 0), NO_MONEY);
        }
        // A tip is nobody's but the signer's: nobody buys a place with another's money.
        assert_eq!(apply(Eve, unbond(1), 1), NO_MONEY);
        keep(Ferdie, EXISTENTIAL_DEPOSIT);
        assert_eq!(apply(Ferdie, unbond(1), 0), NO_MONEY);
        assert_eq!(Bcfl::purse_funds(0), purse);
    });
}

#[test]
fn priority_is_that_of_others() {
    federation(|| {
        let priority = validate(Eve, &join().into(), 0).expect("sponsored");
        assert_eq!(validate(Alice, &join().into(), 0), Ok(priority));
    });
}

#[test]
fn an_empty_purse_pays_nothing() {
    federation(|| {
        own(Eve, join());
        let purse = Bcfl::purse_account(0);
        let (to, rest) = (Bob.to_account_id(), Bcfl::purse_funds(0));
        assert_ok!(<Balances as Mutate<_>>::transfer(&purse, &to, rest, Preservation::Preserve));
        assert_eq!(apply(Eve, unbond(1), 0), NO_MONEY);
    });
}

#[test]
fn what_is_left_goes_back_with_the_end() {
    federation(|| {
        own(Alice, BcflCall::close { federation: 0 });
        let state = || pallet_bcfl::Federations::<Runtime>::get(0).expect("there").state;
        let FederationState::Closing { ends } = state() else { panic!("it does not close") };
        System::set_block_number(ends);
        let before = free(Alice);
        own(Alice, BcflCall::close { federation: 0 });
        assert_eq!(state(), FederationState::Closed);
        assert_eq!(Balances::free_balance(Bcfl::purse_account(0)), 0);
        // The deposit and the money for fees, less the fee of this call.
        let back = free(Alice) - before;
        assert!(back > 10 * UNIT + FEES * 9 / 10, "{back}");
    });
}
