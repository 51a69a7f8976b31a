// SPDX-License-Identifier: Apache-2.0
//! How each pallet is set up.
use crate::{
    council::CouncilMajority,
    fees::{ChargeWeight, FeePayer},
    Aura, Balance, Balances, Block, BlockNumber, Hash, MultiBlockMigrations, Nonce, OriginCaller,
    PalletInfo, Runtime, RuntimeCall, RuntimeEvent, RuntimeFreezeReason, RuntimeHoldReason,
    RuntimeOrigin, RuntimeTask, System, DAY, EXISTENTIAL_DEPOSIT, SLOT_MILLISECONDS, UNIT, VERSION,
};
use frame_support::{
    derive_impl,
    dispatch::DispatchClass,
    migrations::FreezeChainOnFailedMigration,
    parameter_types,
    traits::{ConstBool, ConstU128, ConstU32, ConstU64, ConstU8, Get, VariantCountOf},
    weights::{
        constants::{RocksDbWeight, WEIGHT_REF_TIME_PER_SECOND},
        ConstantMultiplier, IdentityFee, Weight,
    },
    PalletId,
};
use frame_system::limits::{BlockLength, BlockWeights};
use pallet_transaction_payment::{ConstFeeMultiplier, Multiplier};
use sp_consensus_aura::sr25519::AuthorityId as AuraId;
use sp_runtime::{traits::One, type_with_default::TypeWithDefault, Perbill};
use sp_version::RuntimeVersion;

const NORMAL_DISPATCH_RATIO: Perbill = Perbill::from_percent(75);
/// One second of computation in a slot of three leaves room to pass the block on.
const MAX_BLOCK_WEIGHT: Weight = Weight::from_parts(WEIGHT_REF_TIME_PER_SECOND, u64::MAX);
const MAX_BLOCK_BYTES: u32 = 5 * 1024 * 1024;

parameter_types! {
    pub const BlockHashCount: BlockNumber = 2400;
    pub const Version: RuntimeVersion = VERSION;
    pub RuntimeBlockWeights: BlockWeights =
        BlockWeights::with_sensible_defaults(MAX_BLOCK_WEIGHT, NORMAL_DISPATCH_RATIO);
    pub RuntimeBlockLength: BlockLength =
        BlockLength::builder()
            .max_length(MAX_BLOCK_BYTES)
            .modify_max_length_for_class(DispatchClass::Normal, |bytes| {
                *bytes = NORMAL_DISPATCH_RATIO * MAX_BLOCK_BYTES
            })
            .build();
    pub MigrationWeight: Weight = Perbill::from_percent(50) * RuntimeBlockWeights::get().max_block;
    pub FeeMultiplier: Multiplier = Multiplier::one();
    pub const MaxSlash: Perbill = Perbill::from_percent(100);
    pub const MaxReporterShare: Perbill = Perbill::from_percent(50);
    pub const BcflPalletId: PalletId = PalletId(*b"py/bcflp");
}

/// Nonces that an account has for each block of the chain's age.
const NONCES_A_BLOCK: Nonce = 16;

/// Nonce with which an account begins. It grows with the chain: an account that is removed and
/// comes back later never gets to a nonce that it had, unless it sent more than
/// [`NONCES_A_BLOCK`] transactions for each block of its life, so none of its bytes is valid twice.
#[derive(Debug)]
pub struct FirstNonce;

impl Get<Nonce> for FirstNonce {
    fn get() -> Nonce {
        System::block_number().saturating_mul(NONCES_A_BLOCK)
    }
}

#[derive_impl(frame_system::config_preludes::SolochainDefaultConfig)]
impl frame_system::Config for Runtime {
    type Block = Block;
    type BlockWeights = RuntimeBlockWeights;
    type BlockLength = RuntimeBlockLength;
    type Nonce = TypeWithDefault<Nonce, FirstNonce>;
    type Hash = Hash;
    type BlockHashCount = BlockHashCount;
    type DbWeight = RocksDbWeight;
    type Version = Version;
    type AccountData = pallet_balances::AccountData<Balance>;
    type SS58Prefix = frame_support::traits::ConstU16<42>;
    type MaxConsumers = ConstU32<16>;
    type OnKilledAccount = crate::KeyScopes;
    type MultiBlockMigrator = MultiBlockMigrations;
}

/// Half a block a migration may take: what must be done in every block has the other half.
impl pallet_migrations::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    #[cfg(not(feature = "runtime-benchmarks"))]
    type Migrations = (
        pallet_bcfl::migrations::MigrateV2ToV3<Runtime>,
        pallet_bcfl::migrations::MigrateV3ToV4<Runtime>,
    );
    #[cfg(feature = "runtime-benchmarks")]
    type Migrations = pallet_migrations::mock_helpers::MockedMigrations;
    type CursorMaxLen = ConstU32<256>;
    type IdentifierMaxLen = ConstU32<64>;
    type MigrationStatusHandler = ();
    // A chain half of whose records cannot be read must move no money: it stays without calls.
    type FailedMigrationHandler = FreezeChainOnFailedMigration;
    type MaxServiceWeight = MigrationWeight;
    type WeightInfo = pallet_migrations::weights::SubstrateWeight<Runtime>;
}

impl pallet_timestamp::Config for Runtime {
    type Moment = u64;
    type OnTimestampSet = Aura;
    type MinimumPeriod = ConstU64<{ SLOT_MILLISECONDS / 2 }>;
    type WeightInfo = ();
}

impl pallet_aura::Config for Runtime {
    type AuthorityId = AuraId;
    type DisabledValidators = ();
    type MaxAuthorities = ConstU32<32>;
    type AllowMultipleBlocksPerSlot = ConstBool<false>;
    type SlotDuration = ConstU64<SLOT_MILLISECONDS>;
}

impl pallet_grandpa::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type WeightInfo = ();
    type MaxAuthorities = ConstU32<32>;
    type MaxNominators = ConstU32<0>;
    type MaxSetIdSessionEntries = ConstU64<0>;
    type KeyOwnerProof = sp_core::Void;
    type EquivocationReportSystem = ();
}

impl pallet_balances::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeHoldReason = RuntimeHoldReason;
    type RuntimeFreezeReason = RuntimeFreezeReason;
    type WeightInfo = pallet_balances::weights::SubstrateWeight<Runtime>;
    type Balance = Balance;
    type DustRemoval = ();
    type ExistentialDeposit = ConstU128<EXISTENTIAL_DEPOSIT>;
    type AccountStore = System;
    type ReserveIdentifier = [u8; 8];
    type FreezeIdentifier = RuntimeFreezeReason;
    type MaxLocks = ConstU32<50>;
    type MaxReserves = ();
    type MaxFreezes = VariantCountOf<RuntimeFreezeReason>;
    type DoneSlashHandler = ();
}

/// A fee is burned: no author could gain by filling blocks. `TransactionFeePaid` reports it.
impl pallet_transaction_payment::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type OnChargeTransaction = FeePayer;
    type WeightToFee = IdentityFee<Balance>;
    type LengthToFee = ConstantMultiplier<Balance, ConstU128<1_000_000>>;
    type FeeMultiplierUpdate = ConstFeeMultiplier<FeeMultiplier>;
    type OperationalFeeMultiplier = ConstU8<5>;
    type WeightInfo = ChargeWeight;
}

impl pallet_utility::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type PalletsOrigin = OriginCaller;
    type WeightInfo = pallet_utility::weights::SubstrateWeight<Runtime>;
}

impl pallet_sudo::Config for Runtime {
    type RuntimeEvent = RuntimeEvent;
    type RuntimeCall = RuntimeCall;
    type WeightInfo = pallet_sudo::weights::SubstrateWeight<Runtime>;
}

impl pallet_bcfl::Config for Runtime {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Clock = System;
    type WeightInfo = pallet_bcfl::weights::SubstrateWeight<Runtime>;
    type CouncilOrigin = CouncilMajority;
    type PalletId = BcflPalletId;
    type FederationDeposit = ConstU128<{ 10 * UNIT }>;
    type ProposalDeposit = ConstU128<UNIT>;
    type MaxParticipants = ConstU32<100_000>;
    type MaxVerdicts = ConstU32<256>;
    type MaxClaims = ConstU32<64>;
    type MaxUnbonding = ConstU32<16>;
    type MinStake = ConstU128<{ 10 * EXISTENTIAL_DEPOSIT }>;
    type MaxRoundReward = ConstU128<{ 1_000_000 * UNIT }>;
    type MaxWindow = ConstU32<DAY>;
    type MaxUnbondingBlocks = ConstU32<{ 28 * DAY }>;
    type MaxRetentionBlocks = ConstU32<{ 365 * DAY }>;
    type MaxStrikes = ConstU32<1_000>;
    type MaxSlash = MaxSlash;
    type MaxReporterShare = MaxReporterShare;
    type MaxDisputeBond = ConstU128<{ 1_000 * UNIT }>;
    type MaxCoordinatorBond = ConstU128<{ 1_000_000 * UNIT }>;
    type MaxCommittee = ConstU32<32>;
    type MaxAttesters = ConstU32<64>;
    type MaxProposals = ConstU32<16>;
    type MaxSponsoredCalls = ConstU32<24>;
    type SponsoredPeriod = ConstU32<DAY>;
}
