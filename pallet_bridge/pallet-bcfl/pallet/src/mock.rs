//! A chain of System, Balances and this pallet, and the scenes that tests start from.

use frame_support::{derive_impl, parameter_types, traits::ConstU32, PalletId};
use sp_core::{sr25519, Pair, H256};
use sp_runtime::{
    traits::{Dispatchable, IdentityLookup},
    AccountId32, BuildStorage, DispatchResult, Perbill,
};

use crate::{self as pallet_bcfl, *};

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
}

#[derive_impl(frame_system::config_preludes::TestDefaultConfig)]
impl frame_system::Config for Test {
    type Block = Block;
    type AccountId = AccountId32;
    type Lookup = IdentityLookup<AccountId32>;
    type AccountData = pallet_balances::AccountData<Balance>;
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
    type WeightInfo = weights::EstimatedWeight<Test>;
    type PalletId = BcflPalletId;
    type FederationDeposit = Deposit;
    type MaxParticipants = ConstU32<8>;
    type MaxUnbonding = ConstU32<3>;
    type MinStake = MinStake;
    type MaxRoundReward = MaxRoundReward;
    type MaxWindow = ConstU32<100>;
    type MaxUnbondingBlocks = ConstU32<1_000>;
    type MaxStrikes = ConstU32<10>;
    type MaxSlash = MaxSlash;
}

/// Key of account `index`.
pub fn pair(index: u8) -> sr25519::Pair {
    sr25519::Pair::from_seed(&[index; 32])
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
        quorum: 3,
        commit_blocks: 5,
        settle_blocks: 5,
        dispute_blocks: 3,
        unbonding_blocks: 14,
        round_reward: 300,
        strikes_to_slash: 3,
        strike_decay_rounds: 2,
        slash: SlashTerms {
            equivocation: percent(50),
            outlier_base: percent(20),
            cap: percent(60),
        },
    }
}

/// Dispatch a call as the runtime does, with its storage layer.
pub fn send(who: &AccountId32, call: Call<Test>) -> DispatchResult {
    RuntimeCall::from(call)
        .dispatch(RuntimeOrigin::signed(who.clone()))
        .map(|_| ())
        .map_err(|failure| failure.error)
}

/// Commit for `member(index)`, with its own index as hash.
pub fn commit(round: RoundId, index: u8) -> DispatchResult {
    let commitment = hash(index);
    send(&member(index), Call::commit { federation: 0, round, commitment, num_examples: 10 })
}

/// Commit for members 0, 1 and 2.
pub fn three_commit(round: RoundId) {
    for index in 0..3 {
        commit(round, index).expect("a member commits");
    }
}

pub fn open_round() -> DispatchResult {
    send(&coordinator(), Call::open_round { federation: 0, base_model: hash(0xba) })
}

/// An entry signed by `member(index)` for federation 0.
pub fn entry(round: RoundId, index: u8, commitment: H256) -> BatchEntry {
    let context = encoding::Context {
        genesis: Bcfl::genesis_hash(),
        federation: 0,
        round,
        account: member(index),
    };
    let message = encoding::to_sign(&context, commitment, 10);
    let signature = pair(10 + index).sign(&message);
    BatchEntry { account: member(index), commitment, num_examples: 10, signature }
}

pub fn commit_batch(round: RoundId, entries: Vec<BatchEntry>) -> DispatchResult {
    let entries = entries.try_into().expect("a batch within bounds");
    send(&coordinator(), Call::commit_batch { federation: 0, round, entries })
}

/// A verdict on `member(index)`.
pub fn verdict(index: u8, outcome: Outcome) -> Verdict {
    let reason = u8::from(outcome == Outcome::Rejected);
    Verdict { account: member(index), outcome, score: 1_500_000, reason }
}

pub fn settle(round: RoundId, mut verdicts: Vec<Verdict>) -> DispatchResult {
    verdicts.sort_by(|one, other| one.account.cmp(&other.account));
    settle_as_given(&coordinator(), round, verdicts)
}

pub fn settle_as_given(
    who: &AccountId32,
    round: RoundId,
    verdicts: Vec<Verdict>,
) -> DispatchResult {
    let verdicts = verdicts.try_into().expect("verdicts within bounds");
    let (model, report) = (hash(0x0d), hash(0x0e));
    send(who, Call::settle { federation: 0, round, model, report, verdicts })
}

pub fn skip_to(block: BlockNumber) {
    System::set_block_number(block);
}

pub fn skip(blocks: BlockNumber) {
    skip_to(System::block_number() + blocks);
}

/// Run one round in which member 0 is rejected and members 1 and 2 are accepted.
pub fn round_that_rejects_member_0() {
    let round = federation(0).next_round;
    open_round().expect("a round opens");
    three_commit(round);
    settle(
        round,
        vec![
            verdict(0, Outcome::Rejected),
            verdict(1, Outcome::Accepted),
            verdict(2, Outcome::Accepted),
        ],
    )
    .expect("the round settles");
}

/// Two signed commitments of member 0 in the open round.
pub fn equivocate(round: RoundId) {
    commit_batch(round, vec![entry(round, 0, hash(0xa0)), entry(round, 0, hash(0xa1))])
        .expect("the batch is taken");
}

pub fn federation(id: FederationId) -> Federation {
    Federations::<Test>::get(id).expect("the federation is there")
}

pub fn participant(index: u8) -> Participant<<Test as Config>::MaxUnbonding> {
    Participants::<Test>::get(0, member(index)).expect("the member is there")
}

/// Amounts and blocks of what `member(index)` has on its way out.
pub fn chunks(index: u8) -> Vec<(Balance, BlockNumber)> {
    participant(index).unbonding.iter().map(|chunk| (chunk.amount, chunk.until)).collect()
}

pub fn round(id: RoundId) -> Round {
    Rounds::<Test>::get(0, id).expect("the round is there")
}

pub fn held(reason: HoldReason, who: &AccountId32) -> Balance {
    use frame_support::traits::fungible::InspectHold;
    Balances::balance_on_hold(&reason.into(), who)
}

/// All events of this pallet since the start of the test.
pub fn events() -> Vec<Event<Test>> {
    System::events()
        .into_iter()
        .filter_map(|record| match record.event {
            RuntimeEvent::Bcfl(event) => Some(event),
            _ => None,
        })
        .collect()
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

    fn set_the_scene(&self) {
        let Some(count) = self.members else { return };
        let (terms, metadata) = (self.terms, hash(0x3e));
        send(&coordinator(), Call::create_federation { terms, metadata }).expect("made");
        send(&coordinator(), Call::fund { federation: 0, amount: FUNDS }).expect("funded");
        for index in 0..count {
            send(&member(index), Call::join { federation: 0, stake: STAKE }).expect("joined");
        }
        if self.round {
            open_round().expect("opened");
        }
    }

    /// Run a test on this scene, then check all invariants.
    pub fn build_and_execute(self, test: impl FnOnce()) {
        let balances = (1..=30).map(|index| (account(index), ENDOWMENT)).collect();
        let genesis = RuntimeGenesisConfig {
            balances: pallet_balances::GenesisConfig { balances, ..Default::default() },
            ..Default::default()
        };
        let mut ext: sp_io::TestExternalities = genesis.build_storage().expect("genesis").into();
        ext.execute_with(|| {
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
            Event::Slashed { burned, .. } => *burned,
            _ => 0,
        })
        .sum();
    assert_eq!(Balances::total_issuance() + burned, issuance, "I1");
    Bcfl::do_try_state().expect("invariants hold");
}
