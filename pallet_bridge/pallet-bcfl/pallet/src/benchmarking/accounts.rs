// SPDX-License-Identifier: Apache-2.0
//! Accounts with money, and what they sign.

use alloc::format;
use frame_benchmarking::account;
use frame_support::{pallet_prelude::*, traits::fungible::Mutate};
use frame_system::RawOrigin;
use sp_core::{crypto::KeyTypeId, sr25519, H256};
use sp_io::crypto::{sr25519_generate, sr25519_sign};
use sp_runtime::AccountId32;

use crate::{
    encoding::{statement, to_sign_attest, Context},
    *,
};

/// A federation and one of its rounds.
pub type Place = (FederationId, RoundId);

/// More than any call moves.
pub const RICH: Balance = 1_000_000_000_000_000_000_000_000_000;
const KEYS: KeyTypeId = KeyTypeId(*b"bcfl");

/// Give an account money.
pub fn rich<T: Config>(who: AccountId32) -> AccountId32 {
    T::Currency::set_balance(&who, RICH);
    who
}

/// An account with money.
pub fn person<T: Config>(kind: &'static str, index: u32) -> AccountId32 {
    rich::<T>(account(kind, index, 0))
}

/// Who makes and coordinates all federations.
pub fn founder() -> AccountId32 {
    account("founder", 0, 0)
}

/// An account with money whose key the benchmark has.
pub fn signer<T: Config>(index: u32) -> AccountId32 {
    let seed = format!("0x{:064x}", index.saturating_add(1)).into_bytes();
    rich::<T>(AccountId32::from(sr25519_generate(KEYS, Some(seed)).0))
}

/// Sign with a key that the benchmark has.
pub fn sign(who: &AccountId32, message: &[u8; 32]) -> sr25519::Signature {
    let key = sr25519::Public::from_raw(who.clone().into());
    sr25519_sign(KEYS, &key, message).expect("the key was made here")
}

fn context<T: Config>((federation, round): Place, account: &AccountId32) -> Context {
    let genesis = Pallet::<T>::genesis_hash();
    Context { genesis, federation, round, account: account.clone() }
}

/// A signed commitment that nobody has made on chain.
pub fn entry<T: Config>(place: Place, who: &AccountId32) -> BatchEntry {
    let commitment = H256::repeat_byte(0xee);
    let message = said::<T>(place, who, commitment);
    let signature = sign(who, &message);
    BatchEntry { account: who.clone(), commitment, num_examples: 1, signature }
}

/// A signed statement.
pub fn stated<T: Config>(place: Place, who: &AccountId32, statement: H256) -> SignedStatement {
    let message = to_sign_attest(&context::<T>(place, who), statement);
    SignedStatement { statement, signature: sign(who, &message) }
}

/// What an account says of one example in a round.
pub fn said<T: Config>(place: Place, who: &AccountId32, commitment: H256) -> [u8; 32] {
    let round = Rounds::<T>::get(place.0, place.1).expect("a round");
    statement(&context::<T>(place, who), &round.binding(), commitment, 1)
}

/// Commit to one example.
pub fn commit_one<T: Config>(place: Place, who: &AccountId32, commitment: H256) {
    let statement = said::<T>(place, who, commitment).into();
    Pallet::<T>::do_commit(who.clone(), place, (commitment, 1, statement)).expect("in");
}

/// Hash of the terms in force.
pub fn terms_hash<T: Config>(id: FederationId) -> H256 {
    let version = Federations::<T>::get(id).expect("a federation").terms_version;
    encoding::terms_hash(&FederationTerms::<T>::get(id, version).expect("terms"))
}

/// Who speaks for the council.
pub fn council<T: Config>() -> T::RuntimeOrigin {
    T::CouncilOrigin::try_successful_origin().expect("a council")
}

/// As signed by this account.
pub fn by<T: Config>(who: &T::AccountId) -> RawOrigin<T::AccountId> {
    RawOrigin::Signed(who.clone())
}

/// As signed by an account without any part in it, and without money.
pub fn anyone<T: Config>() -> RawOrigin<T::AccountId> {
    RawOrigin::Signed(account("anyone", 0, 0))
}

/// A state with a keystore, as the bencher's.
#[cfg(test)]
pub fn new_test_ext() -> sp_io::TestExternalities {
    let genesis = mock::RuntimeGenesisConfig::default();
    let storage = sp_runtime::BuildStorage::build_storage(&genesis);
    let mut ext: sp_io::TestExternalities = storage.expect("genesis").into();
    let keystore = sp_keystore::testing::MemoryKeystore::new();
    ext.register_extension(sp_keystore::KeystoreExt::new(keystore));
    ext.execute_with(|| frame_system::Pallet::<mock::Test>::set_block_number(1));
    ext
}
