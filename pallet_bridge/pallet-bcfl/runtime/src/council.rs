// SPDX-License-Identifier: Apache-2.0
//! The council, and what it decides: terms and disputes of federations, the validator set, and
//! upgrades of the runtime.
use crate::{
    AccountId, Aura, Balances, Grandpa, Runtime, RuntimeCall, RuntimeEvent, RuntimeOrigin, Session,
    SessionKeys, ValidatorSet, DAY, SESSION_BLOCKS, UNIT,
};
use frame_support::{
    parameter_types,
    traits::{ConstU128, ConstU32, EitherOf},
    weights::Weight,
};
use frame_system::{limits::BlockWeights, EnsureRoot};
use pallet_collective::{EnsureProportionAtLeast, Instance1, PrimeDefaultVote};
use sp_runtime::{traits::ConvertInto, Perbill};

/// Two thirds of the council.
pub type CouncilMajority = EnsureProportionAtLeast<AccountId, Instance1, 2, 3>;

type Sessions = pallet_session::PeriodicSessions<ConstU32<SESSION_BLOCKS>, ConstU32<0>>;

parameter_types! {
    /// Half of a block: closing a motion executes its call.
    pub MaxProposalWeight: Weight = Perbill::from_percent(50)
        * <<Runtime as frame_system::Config>::BlockWeights as frame_support::traits::Get<
            BlockWeights,
        >>::get()
        .max_block;
}

impl pallet_session::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type ValidatorId = AccountId;
    type ValidatorIdOf = ConvertInto;
    type ShouldEndSession = Sessions;
    type NextSessionRotation = Sessions;
    type SessionManager = ValidatorSet;
    type SessionHandler = (Aura, Grandpa);
    type Keys = SessionKeys;
    type DisablingStrategy = ();
    type WeightInfo = pallet_session::weights::SubstrateWeight<Runtime>;
    type Currency = Balances;
    type KeyDeposit = ConstU128<UNIT>;
}

impl pallet_validator_set::Config for Runtime {
    type ChangeOrigin = CouncilMajority;
    type Session = Session;
    type WeightInfo = pallet_validator_set::weights::SubstrateWeight<Runtime>;
    type MinValidators = ConstU32<1>;
    type MaxValidators = ConstU32<32>;
    #[cfg(feature = "runtime-benchmarks")]
    type BenchmarkHelper = crate::benchmarks::Registrar;
}

impl crate::upgrades::Config for Runtime {
    type UpgradeOrigin = CouncilMajority;
}

/// The council changes its own members; the sudo key can, so that a lost council is no dead end.
impl pallet_collective::Config<Instance1> for Runtime {
    type RuntimeOrigin = RuntimeOrigin;
    type Proposal = RuntimeCall;
    type RuntimeEvent = RuntimeEvent;
    type MotionDuration = ConstU32<{ 3 * DAY }>;
    type MaxProposals = ConstU32<32>;
    type MaxMembers = ConstU32<16>;
    type DefaultVote = PrimeDefaultVote;
    type WeightInfo = pallet_collective::weights::SubstrateWeight<Runtime>;
    type SetMembersOrigin = EitherOf<EnsureRoot<AccountId>, CouncilMajority>;
    type MaxProposalWeight = MaxProposalWeight;
    type DisapproveOrigin = EnsureRoot<AccountId>;
    type KillOrigin = EnsureRoot<AccountId>;
    type Consideration = ();
}
