// SPDX-License-Identifier: Apache-2.0

use codec::Encode;
use frame_support::{assert_noop, assert_ok, dispatch::GetDispatchInfo};
use sp_application_crypto::RuntimeAppPublic;
use sp_core::{ed25519, sr25519, Pair};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave};
use sp_runtime::{
    traits::{Dispatchable, Hash as _},
    BuildStorage, DispatchError,
};

use crate::*;

type Outcome = Result<(), DispatchError>;

fn development(test: impl FnOnce()) {
    let name = sp_genesis_builder::DEV_RUNTIME_PRESET.into();
    let storage = super::genesis_of(&name).build_storage().expect("a state");
    sp_io::TestExternalities::new(storage).execute_with(|| {
        System::set_block_number(1);
        test();
    });
}

fn send(who: Sr25519Keyring, call: RuntimeCall) -> Outcome {
    let origin = RuntimeOrigin::signed(who.to_account_id());
    call.dispatch(origin).map(|_| ()).map_err(|failure| failure.error)
}

/// A motion of Alice that needs two votes; Alice and `seconder` vote for it, Alice closes it.
fn decide(call: RuntimeCall, seconder: Sr25519Keyring) -> Outcome {
    let proposal = Box::new(call);
    let hash = BlakeTwo256::hash_of(&*proposal);
    let length_bound = proposal.encoded_size() as u32;
    let proposal_weight_bound = proposal.get_dispatch_info().call_weight;
    let index = pallet_collective::ProposalCount::<Runtime, pallet_collective::Instance1>::get();
    let motion = pallet_collective::Call::propose { threshold: 2, proposal, length_bound };
    send(Alice, RuntimeCall::Council(motion))?;
    for voter in [Alice, seconder] {
        let vote = pallet_collective::Call::vote { proposal: hash, index, approve: true };
        send(voter, RuntimeCall::Council(vote))?;
    }
    let close = pallet_collective::Call::close {
        proposal_hash: hash,
        index,
        proposal_weight_bound,
        length_bound,
    };
    send(Alice, RuntimeCall::Council(close))?;
    let executed = System::events().into_iter().rev().find_map(|record| match record.event {
        RuntimeEvent::Council(pallet_collective::Event::Executed { result, .. }) => Some(result),
        _ => None,
    });
    executed.expect("the motion was executed")
}

fn add(who: Sr25519Keyring) -> RuntimeCall {
    let validator = who.to_account_id();
    RuntimeCall::ValidatorSet(pallet_validator_set::Call::add_validator { validator })
}

/// The session keys of an account, and the proof that it has them.
fn keys_of(who: Sr25519Keyring) -> (SessionKeys, Vec<u8>) {
    let seed = format!("//{who:?}");
    let aura = sr25519::Pair::from_string(&seed, None).expect("a seed");
    let grandpa = ed25519::Pair::from_string(&seed, None).expect("a seed");
    let owner = who.to_account_id().encode();
    let message = [b"POP_".as_slice(), &owner].concat();
    let proof = (aura.sign(&message), grandpa.sign(&message)).encode();
    (SessionKeys { aura: aura.public().into(), grandpa: grandpa.public().into() }, proof)
}

fn set_keys(who: Sr25519Keyring) -> Outcome {
    let (keys, proof) = keys_of(who);
    send(who, RuntimeCall::Session(pallet_session::Call::set_keys { keys, proof }))
}

const AURA: sp_core::crypto::KeyTypeId = sp_core::crypto::key_types::AURA;

fn authors() -> Vec<Vec<u8>> {
    let authorities = pallet_aura::Authorities::<Runtime>::get();
    authorities.iter().map(RuntimeAppPublic::to_raw_vec).collect()
}

fn key(who: Sr25519Keyring) -> Vec<u8> {
    who.public().0.to_vec()
}

#[test]
fn presets_name_the_council() {
    development(|| {
        let members = pallet_collective::Members::<Runtime, pallet_collective::Instance1>::get();
        let mut expected = [Alice, Bob, Charlie].map(|who| who.to_account_id());
        expected.sort();
        assert_eq!(members, expected);
    });
}

#[test]
fn council_adds_a_validator_for_the_session_after_the_next() {
    development(|| {
        assert_eq!(authors(), [key(Alice)]);
        assert_ok!(set_keys(Dave));
        assert_ok!(decide(add(Dave), Bob));
        Session::rotate_session();
        assert_eq!(authors(), [key(Alice)]);
        Session::rotate_session();
        assert_eq!(authors(), [key(Alice), key(Dave)]);
        // GRANDPA changes with the block that ends.
        let pending = pallet_grandpa::PendingChange::<Runtime>::get().expect("a change");
        assert_eq!(pending.next_authorities.len(), 2);
    });
}

#[test]
fn removed_validator_purges_its_keys_and_has_its_deposit_back() {
    development(|| {
        let free = || Balances::free_balance(Dave.to_account_id());
        let before = free();
        assert_ok!(set_keys(Dave));
        assert_eq!(free(), before - UNIT);
        assert_ok!(decide(add(Dave), Bob));
        Session::rotate_session();
        Session::rotate_session();
        let validator = Dave.to_account_id();
        let remove = pallet_validator_set::Call::remove_validator { validator };
        assert_ok!(decide(RuntimeCall::ValidatorSet(remove), Bob));
        Session::rotate_session();
        Session::rotate_session();
        assert_eq!(authors(), [key(Alice)]);
        // Nobody else can: the keys are its own, and cost nobody else anything.
        let purge = RuntimeCall::Session(pallet_session::Call::purge_keys {});
        assert_noop!(send(Charlie, purge.clone()), pallet_session::Error::<Runtime>::NoKeys);
        assert_ok!(send(Dave, purge));
        assert_eq!(free(), before);
        let (keys, _) = keys_of(Dave);
        let owner = pallet_session::KeyOwner::<Runtime>::get((AURA, keys.aura.to_raw_vec()));
        assert_eq!(owner, None);
    });
}

#[test]
fn council_that_adds_a_stranger_without_keys_is_refused() {
    development(|| {
        let refusal = pallet_validator_set::Error::<Runtime>::NoSessionKeys;
        assert_eq!(decide(add(Dave), Bob), Err(refusal.into()));
    });
}

#[test]
fn no_other_origin_changes_the_validators() {
    development(|| {
        assert_ok!(set_keys(Dave));
        assert_noop!(send(Alice, add(Dave)), DispatchError::BadOrigin);
        let call = Box::new(add(Dave));
        let sudo = pallet_sudo::Call::sudo { call };
        assert_ok!(send(Alice, RuntimeCall::Sudo(sudo)));
        // Sudo was taken, what it carried was not: root is not the council.
        assert_eq!(pallet_validator_set::Validators::<Runtime>::get().len(), 1);
    });
}

#[test]
fn others_than_the_council_make_no_motion() {
    development(|| {
        let answer = send(
            Dave,
            RuntimeCall::Council(pallet_collective::Call::propose {
                threshold: 2,
                proposal: Box::new(add(Dave)),
                length_bound: 1_000,
            }),
        );
        type Error = pallet_collective::Error<Runtime, pallet_collective::Instance1>;
        assert_noop!(answer, Error::NotMember);
    });
}

#[test]
fn session_keys_need_the_proof_of_their_owner() {
    development(|| {
        let (keys, proof) = keys_of(Bob);
        let stolen = pallet_session::Call::set_keys { keys, proof };
        let refusal = pallet_session::Error::<Runtime>::InvalidProof;
        assert_noop!(send(Dave, RuntimeCall::Session(stolen)), refusal);
    });
}

/// The shortest terms that the runtime takes, governed by the council.
fn terms() -> pallet_bcfl::Terms {
    use pallet_bcfl::{
        Admission, Arbiter, Coupling, Governance, Quorum, SlashTerms, Tally, Training,
    };
    let tenth = sp_runtime::Perbill::from_percent(10);
    pallet_bcfl::Terms {
        min_stake: UNIT,
        max_participants: 10_000,
        quorum: Quorum::Window,
        commit_blocks: 1,
        settle_blocks: 1,
        dispute_blocks: 1,
        unbonding_blocks: 5,
        claim_blocks: 1,
        retention_blocks: 2,
        cooldown_blocks: 0,
        round_reward: 0,
        strikes_to_slash: 1,
        strike_decay_rounds: 1,
        slash: SlashTerms { equivocation: tenth, mismatch: tenth, outlier_base: tenth, cap: tenth },
        reporter_share: tenth,
        dispute_bond: 0,
        arbiter: Arbiter::Council,
        coupling: Coupling::Loose,
        attest_quorum: tenth,
        attest_by: Tally::Count,
        committee_size: 0,
        governance: Governance::Council,
        max_failed_rounds: 1,
        notice_blocks: 5,
        admission: Admission::Open,
        max_per_organisation: 0,
        max_examples: 0,
        max_share: sp_runtime::Perbill::one(),
        coordinator_bond: UNIT,
        misconduct: tenth,
        silence: tenth,
        aging_blocks: 0,
        max_vote_share: sp_runtime::Perbill::one(),
        lock_blocks: 0,
        tenure_rounds: 0,
        vesting_rounds: 0,
        strike_cut: tenth,
        training: Training::default(),
    }
}

#[test]
fn council_changes_the_terms_and_the_coordinator_of_a_federation() {
    development(|| {
        let create =
            pallet_bcfl::Call::create_federation { terms: terms(), metadata: Hash::zero() };
        assert_ok!(send(Dave, RuntimeCall::Bcfl(create)));
        let set = pallet_bcfl::Call::set_terms { federation: 0, terms: terms() };
        let set = RuntimeCall::Bcfl(set);
        let refusal = pallet_bcfl::Error::<Runtime>::NotGovernance;
        assert_noop!(send(Dave, set.clone()), refusal);
        assert_ok!(decide(set, Charlie));
        // The notice of the terms in force.
        System::set_block_number(System::block_number() + 5);
        let account = Bob.to_account_id();
        let replace = pallet_bcfl::Call::replace_coordinator { federation: 0, account };
        assert_ok!(decide(RuntimeCall::Bcfl(replace), Bob));
        let made = pallet_bcfl::Federations::<Runtime>::get(0).expect("the federation is there");
        assert_eq!((made.terms_version, made.coordinator), (2, Bob.to_account_id()));
    });
}

#[test]
#[should_panic(expected = "Authorities are already initialized")]
fn authorities_besides_the_session_keys_do_not_build() {
    let mut genesis = super::genesis_of(&sp_genesis_builder::DEV_RUNTIME_PRESET.into());
    genesis.aura.authorities = vec![Bob.public().into()];
    let _ = genesis.build_storage();
}

#[test]
fn council_allows_an_upgrade_and_nothing_else_that_root_may() {
    development(|| {
        let code_hash = Hash::repeat_byte(7);
        let allow = upgrades::Call::authorize_upgrade { code_hash };
        let allow = RuntimeCall::Upgrades(allow);
        assert_noop!(send(Alice, allow.clone()), DispatchError::BadOrigin);
        assert_ok!(decide(allow, Charlie));
        // With a check that it is this runtime in a higher version.
        let allowed = frame_system::Event::UpgradeAuthorized { code_hash, check_version: true };
        let has_allowed = |record: &frame_system::EventRecord<RuntimeEvent, Hash>| {
            record.event == RuntimeEvent::System(allowed.clone())
        };
        assert!(System::events().iter().any(has_allowed));
        // Any code that is brought is not that one.
        let bring = SystemCall::apply_authorized_upgrade { code: vec![1, 2, 3] };
        assert!(send(Dave, RuntimeCall::System(bring)).is_err());
        let set = SystemCall::set_code { code: vec![1, 2, 3] };
        assert_eq!(decide(RuntimeCall::System(set), Bob), Err(DispatchError::BadOrigin));
    });
}
