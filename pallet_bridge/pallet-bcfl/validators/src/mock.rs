// SPDX-License-Identifier: Apache-2.0
//! A chain of System, Balances, Session and this pallet, with sessions of five blocks.

use frame_support::{derive_impl, traits::ConstU32};
use frame_system::EnsureRoot;
use sp_runtime::{
    impl_opaque_keys,
    testing::UintAuthorityId,
    traits::{ConvertInto, IdentityLookup},
    BuildStorage,
};

use crate::{self as pallet_validator_set};

type Block = frame_system::mocking::MockBlockU32<Test>;
pub type Account = u64;

pub const SESSION: u32 = 5;

#[frame_support::runtime]
mod runtime {
    #[runtime::runtime]
    #[runtime::derive(
        RuntimeCall,
        RuntimeEvent,
        RuntimeError,
        RuntimeOrigin,
        RuntimeFreezeReason,
        RuntimeHoldReason,
        RuntimeTask
    )]
    pub struct Test;

    #[runtime::pallet_index(0)]
    pub type System = frame_system;

    #[runtime::pallet_index(1)]
    pub type Balances = pallet_balances;

    #[runtime::pallet_index(2)]
    pub type Session = pallet_session;

    #[runtime::pallet_index(3)]
    pub type ValidatorSet = pallet_validator_set;
}

impl_opaque_keys! {
    pub struct Keys {
        pub dummy: UintAuthorityId,
    }
}

impl From<u64> for Keys {
    fn from(key: u64) -> Self {
        Self { dummy: UintAuthorityId(key) }
    }
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountId = Account;
    type Lookup = IdentityLookup<Account>;
    type AccountData = pallet_balances::AccountData<u64>;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type AccountStore = System;
}

impl pallet_session::Config for Test {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = Account;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = pallet_session::PeriodicSessions<ConstU32<SESSION>, ConstU32<0>>;
    type NextSessionRotation = pallet_session::PeriodicSessions<ConstU32<SESSION>, ConstU32<0>>;
    type SessionManager = ValidatorSet;
    type SessionHandler = pallet_session::TestSessionHandler;
    type Keys = Keys;
    type DisablingStrategy = ();
    type WeightInfo = ();
    type Currency = Balances;
    type KeyDeposit = ();
}

impl pallet_validator_set::Config for Test {
    type ChangeOrigin = EnsureRoot<Account>;
    type Session = Session;
    type WeightInfo = pallet_validator_set::weights::SubstrateWeight<Test>;
    type MinValidators = ConstU32<2>;
    type MaxValidators = ConstU32<4>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = Registrar;
}

/// Gives the benchmarks' accounts their keys.
#[cfg(feature = "runtime-benchmarks")]
pub struct Registrar;

#[cfg(feature = "runtime-benchmarks")]
impl pallet_validator_set::benchmarking::BenchmarkHelper<Account> for Registrar {
    fn register(validator: &Account) {
        pallet_session::NextKeys::<Test>::insert(validator, Keys::from(*validator));
    }
}

/// Accounts 1 to 3 validate; account 4 has keys too, account 5 has none.
pub fn new_test_ext() -> sp_io::TestExternalities {
    let balances = (1..=9).map(|account| (account, 100)).collect();
    let key = |account: Account| (account, account, Keys::from(account));
    let genesis = RuntimeGenesisConfig {
        balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
        session: pallet_session::GenesisConfig {
            keys: (1..=3).map(key).collect(),
            non_authority_keys: (4..=4).map(key).collect(),
        },
        ..Default::default()
    };
    let mut ext: sp_io::TestExternalities = genesis.build_storage().expect("genesis").into();
    ext.execute_with(|| System::set_block_number(1));
    ext
}

/// Run the blocks up to the start of the next session.
pub fn next_session() {
    let start = (System::block_number() / SESSION + 1) * SESSION;
    System::run_to_block::<AllPalletsWithSystem>(start);
}
