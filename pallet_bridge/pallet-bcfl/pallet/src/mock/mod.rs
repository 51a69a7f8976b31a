// SPDX-License-Identifier: Apache-2.0
//! A chain of System, Balances and this pallet, and the scenes that tests start from.

pub mod committee;
mod moves;
pub mod rewards;
mod state;
pub mod successors;
pub mod votes;

use std::sync::LazyLock;

use frame_support::{
    derive_impl, parameter_types,
    traits::{ConstU32, SortedMembers},
    weights::constants::RocksDbWeight,
    PalletId,
};
use frame_system::EnsureSignedBy;
use sp_core::{sr25519, Pair, H256};
use sp_runtime::{traits::IdentityLookup, AccountId32, BuildStorage, Perbill};

use crate::{self as pallet_bcfl, *};
pub use moves::*;
pub use state::*;

type Block = frame_system::mocking::MockBlockU32<Test>;

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
    pub type Bcfl = pallet_bcfl;
}

pub const EXISTENTIAL_DEPOSIT: Balance = 10;
pub const DEPOSIT: Balance = 1_000;
pub const PROPOSAL_DEPOSIT: Balance = 70;
pub const BOND: Balance = 40;
pub const ENDOWMENT: Balance = 1_000_000;
pub const FUNDS: Balance = 2_000;
pub const STAKE: Balance = 500;

parameter_types! {
    pub const BcflPalletId: PalletId = PalletId(*b"py/bcflp");
    pub const ExistentialDeposit: Balance = EXISTENTIAL_DEPOSIT;
    pub const Deposit: Balance = DEPOSIT;
    pub const MinStake: Balance = 50;
    pub const MaxRoundReward: Balance = 100_000;
    pub const MaxSlash: Perbill = Perbill::from_percent(80);
    pub const ProposalDeposit: Balance = PROPOSAL_DEPOSIT;
    pub const MaxReporterShare: Perbill = Perbill::from_percent(50);
    pub const MaxDisputeBond: Balance = 1_000;
    pub const MaxCoordinatorBond: Balance = 10_000;
}

pub struct CouncilAccount;

impl SortedMembers<AccountId32> for CouncilAccount {
    fn sorted_members() -> Vec<AccountId32> {
        vec![council()]
    }
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountId = AccountId32;
    type Lookup = IdentityLookup<AccountId32>;
    type AccountData = pallet_balances::AccountData<Balance>;
    type DbWeight = RocksDbWeight;
}

#[derive_impl(pallet_balances::config_preludes::TestDefaultConfig)]
impl pallet_balances::Config for Test {
    type Balance = Balance;
    type ExistentialDeposit = ExistentialDeposit;
    type AccountStore = System;
}

impl Config for Test {
    type RuntimeHoldReason = RuntimeHoldReason;
    type Currency = Balances;
    type Clock = System;
    type WeightInfo = weights::SubstrateWeight<Test>;
    type PalletId = BcflPalletId;
    type FederationDeposit = Deposit;
    type CouncilOrigin = EnsureSignedBy<CouncilAccount, AccountId32>;
    type ProposalDeposit = ProposalDeposit;
    type MaxParticipants = ConstU32<10_000>;
    type MaxVerdicts = ConstU32<8>;
    type MaxClaims = ConstU32<4>;
    type MaxUnbonding = ConstU32<3>;
    type MinStake = MinStake;
    type MaxRoundReward = MaxRoundReward;
    type MaxWindow = ConstU32<100>;
    type MaxUnbondingBlocks = ConstU32<1_000>;
    type MaxRetentionBlocks = ConstU32<5_000>;
    type MaxStrikes = ConstU32<10>;
    type MaxSlash = MaxSlash;
    type MaxReporterShare = MaxReporterShare;
    type MaxDisputeBond = MaxDisputeBond;
    type MaxCoordinatorBond = MaxCoordinatorBond;
    type MaxCommittee = ConstU32<5>;
    type MaxAttesters = ConstU32<4>;
    type MaxProposals = ConstU32<2>;
    type MaxSponsoredCalls = ConstU32<3>;
    type SponsoredPeriod = ConstU32<100>;
}

pub const MODEL: H256 = H256::repeat_byte(0x0d);
pub const REPORT: H256 = H256::repeat_byte(0x0e);

/// All keys: to derive one takes longer than most calls.
static PAIRS: LazyLock<Vec<sr25519::Pair>> =
    LazyLock::new(|| (0..=u8::MAX).map(|index| sr25519::Pair::from_seed(&[index; 32])).collect());

/// Key of account `index`.
pub fn pair(index: u8) -> &'static sr25519::Pair {
    &PAIRS[usize::from(index)]
}

pub fn account(index: u8) -> AccountId32 {
    pair(index).public().into()
}

pub fn coordinator() -> AccountId32 {
    account(1)
}

pub fn stranger() -> AccountId32 {
    account(2)
}

/// Whose signature is the council's.
pub fn council() -> AccountId32 {
    account(3)
}

/// Whom the terms name as arbiter.
pub fn arbiter() -> AccountId32 {
    account(4)
}

/// The members of a scene are `member(0)`, `member(1)`, … in no particular order of accounts.
pub fn member(index: u8) -> AccountId32 {
    account(10 + index)
}

pub fn hash(byte: u8) -> H256 {
    H256::repeat_byte(byte)
}

pub fn percent(value: u32) -> Perbill {
    Perbill::from_percent(value)
}

pub fn terms() -> Terms {
    Terms {
        min_stake: 100,
        max_participants: 4,
        quorum: Quorum::Count(3),
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
        slash: SlashTerms {
            equivocation: percent(50),
            mismatch: percent(40),
            outlier_base: percent(20),
            cap: percent(60),
        },
        reporter_share: percent(20),
        dispute_bond: BOND,
        arbiter: Arbiter::Account(arbiter()),
        coupling: Coupling::Loose,
        attest_quorum: percent(60),
        attest_by: Tally::Count,
        committee_size: 3,
        governance: Governance::Coordinator,
        max_failed_rounds: 2,
        notice_blocks: 17,
        admission: Admission::Open,
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
        training: Training::default(),
    }
}

/// Builds the scene of a test.
pub struct ExtBuilder {
    terms: Terms,
    members: Option<u8>,
    round: bool,
}

impl Default for ExtBuilder {
    fn default() -> Self {
        Self { terms: terms(), members: None, round: false }
    }
}

impl ExtBuilder {
    /// Change the terms of federation 0.
    pub fn terms(mut self, change: impl FnOnce(&mut Terms)) -> Self {
        change(&mut self.terms);
        // Who changes the one seldom cares for the other.
        self.terms.notice_blocks = self.terms.notice_blocks.max(self.terms.unbonding_blocks);
        self
    }

    /// Make and fund federation 0, with this many members.
    pub fn members(mut self, count: u8) -> Self {
        self.members = Some(count);
        self
    }

    /// Open its round 0.
    pub fn round(mut self) -> Self {
        self.round = true;
        self
    }

    /// Set the scene on the chain that is there.
    pub fn set_the_scene(&self) {
        let Some(count) = self.members else { return };
        let (terms, metadata) = (self.terms.clone(), hash(0x3e));
        send(&coordinator(), Call::create_federation { terms, metadata }).expect("made");
        send(&coordinator(), Call::fund { federation: 0, amount: FUNDS }).expect("funded");
        for index in 0..count {
            join(&member(index), STAKE).expect("joined");
        }
        if self.round {
            open_round().expect("opened");
        }
    }

    /// A chain with nothing but endowed accounts.
    pub fn build(&self) -> sp_io::TestExternalities {
        let balances = (1..=30).map(|index| (account(index), ENDOWMENT)).collect();
        let genesis = RuntimeGenesisConfig {
            balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
            ..Default::default()
        };
        genesis.build_storage().expect("genesis").into()
    }

    /// Run a test on this scene, then check all invariants.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        self.build().execute_with(|| {
            System::set_block_number(1);
            let issuance = Balances::total_issuance();
            self.set_the_scene();
            test();
            check_invariants(issuance);
        });
    }
}

/// I1 by the events, the others by `do_try_state`.
pub fn check_invariants(issuance: Balance) {
    let burned: Balance = events()
        .iter()
        .map(|event| match event {
            Event::Slashed { burned, .. }
            | Event::OffenceUpheld { burned, .. }
            | Event::MisconductProved { burned, .. } => *burned,
            _ => 0,
        })
        .sum();
    assert_eq!(Balances::total_issuance() + burned, issuance, "I1");
    Bcfl::do_try_state().expect("invariants hold");
}
