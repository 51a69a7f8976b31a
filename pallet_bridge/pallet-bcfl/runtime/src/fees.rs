// SPDX-License-Identifier: Apache-2.0
//! Who pays the fee of a transaction: who signed it, or the federation that it is a member of; and
//! whether the key that signed it may send it at all.
//!
//! The choice is made where fees are taken, and not by an extension of its own: what a transaction
//! looks like does not change, so that every client goes on working. It is made anew at each step
//! from the state alone, so that what the pool takes is what a block takes.
use crate::{
    scopes::{allows, Scopes, OUT_OF_SCOPE, TIP_OUT_OF_SCOPE},
    AccountId, Balance, Balances, Bcfl, Runtime, RuntimeCall,
};
use frame_support::{
    dispatch::{DispatchInfo, PostDispatchInfo},
    unsigned::TransactionValidityError,
    weights::Weight,
};
use pallet_bcfl::FederationId;
use pallet_transaction_payment::{FungibleAdapter, OnChargeTransaction, TxCreditHold, WeightInfo};
use sp_runtime::transaction_validity::InvalidTransaction;

/// Takes a fee of an account, and burns it.
type Taker = FungibleAdapter<Balances, ()>;
type Taken = <Taker as OnChargeTransaction<Runtime>>::LiquidityInfo;

/// Takes fees of who signed, or of the purse of its federation.
pub struct FeePayer;

impl FeePayer {
    /// Refuse what the account's key is not for, before anything is taken for it. A tip burns money
    /// as a transfer does.
    fn ensure_in_scope(
        who: &AccountId,
        call: &RuntimeCall,
        tip: Balance,
    ) -> Result<(), TransactionValidityError> {
        let Some(scope) = Scopes::<Runtime>::get(who) else { return Ok(()) };
        if !allows(scope, call) {
            return Err(InvalidTransaction::Custom(OUT_OF_SCOPE).into());
        }
        if tip > 0 {
            return Err(InvalidTransaction::Custom(TIP_OUT_OF_SCOPE).into());
        }
        Ok(())
    }

    /// The federation that pays, and its purse. A tip is nobody's but the signer's.
    fn sponsor(
        who: &AccountId,
        call: &RuntimeCall,
        fee: Balance,
        tip: Balance,
    ) -> Option<(FederationId, AccountId)> {
        let RuntimeCall::Bcfl(call) = call else { return None };
        if fee == 0 || tip > 0 {
            return None;
        }
        Bcfl::sponsor_of(who, call, fee).map(|id| (id, Bcfl::purse_account(id)))
    }
}

impl TxCreditHold<Runtime> for FeePayer {
    type Credit = <Taker as TxCreditHold<Runtime>>::Credit;
}

impl OnChargeTransaction<Runtime> for FeePayer {
    type Balance = Balance;
    type LiquidityInfo = (Option<(FederationId, AccountId)>, Taken);

    fn can_withdraw_fee(
        who: &AccountId,
        call: &RuntimeCall,
        info: &DispatchInfo,
        fee: Balance,
        tip: Balance,
    ) -> Result<(), TransactionValidityError> {
        Self::ensure_in_scope(who, call, tip)?;
        match Self::sponsor(who, call, fee, tip) {
            // There is enough in the purse: the pallet has looked.
            Some(_) => Ok(()),
            None => {
                <Taker as OnChargeTransaction<Runtime>>::can_withdraw_fee(who, call, info, fee, tip)
            }
        }
    }

    fn withdraw_fee(
        who: &AccountId,
        call: &RuntimeCall,
        info: &DispatchInfo,
        fee: Balance,
        tip: Balance,
    ) -> Result<Self::LiquidityInfo, TransactionValidityError> {
        Self::ensure_in_scope(who, call, tip)?;
        let sponsor = Self::sponsor(who, call, fee, tip);
        let payer = sponsor.as_ref().map_or(who, |(_, purse)| purse);
        let taken =
            <Taker as OnChargeTransaction<Runtime>>::withdraw_fee(payer, call, info, fee, tip)?;
        if let Some((federation, _)) = &sponsor {
            Bcfl::count_sponsored(*federation, who);
        }
        Ok((sponsor, taken))
    }

    fn correct_and_deposit_fee(
        who: &AccountId,
        info: &DispatchInfo,
        post_info: &PostDispatchInfo,
        fee: Balance,
        tip: Balance,
        (sponsor, taken): Self::LiquidityInfo,
    ) -> Result<(), TransactionValidityError> {
        let Some((federation, purse)) = sponsor else {
            return <Taker as OnChargeTransaction<Runtime>>::correct_and_deposit_fee(
                who, info, post_info, fee, tip, taken,
            );
        };
        <Taker as OnChargeTransaction<Runtime>>::correct_and_deposit_fee(
            &purse, info, post_info, fee, tip, taken,
        )?;
        Bcfl::note_sponsored(federation, who.clone(), fee);
        Ok(())
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn endow_account(who: &AccountId, amount: Balance) {
        <Taker as OnChargeTransaction<Runtime>>::endow_account(who, amount);
    }

    #[cfg(feature = "runtime-benchmarks")]
    fn minimum_balance() -> Balance {
        <Taker as OnChargeTransaction<Runtime>>::minimum_balance()
    }
}

/// What charging a fee costs, with what a choice of the payer adds: the scope of the key is read,
/// and the count of sponsored fees read and written. What else it reads the sponsored calls read
/// too, and pay for; the purse is in the place of the signer's account.
pub struct ChargeWeight;

impl WeightInfo for ChargeWeight {
    fn charge_transaction_payment() -> Weight {
        pallet_transaction_payment::weights::SubstrateWeight::<Runtime>::charge_transaction_payment(
        )
        .saturating_add(pallet_bcfl::weights::unmeasured::<Runtime>(2, 1))
    }
}
