// SPDX-License-Identifier: Apache-2.0
//! Keys that cannot move money: which calls each scope has, and that nothing else is taken.

use std::collections::{BTreeMap, BTreeSet};

use codec::Decode;
use frame_support::{
    assert_noop, assert_ok,
    traits::{GetCallMetadata, InstanceFilter},
    unsigned::TransactionValidityError,
};
use sp_keyring::Sr25519Keyring::{self, Alice, Bob, Charlie, Dave, Eve, Ferdie};
use sp_runtime::{
    traits::{Dispatchable, TrailingZeroInput},
    transaction_validity::InvalidTransaction,
    DispatchError, DispatchResult,
};

use super::fees::{apply, federation, free, join, keep, own, plain_terms, validate, Refused};
use crate::{
    scopes::{allows, Error, Event, ProxyType, Scope, Scopes, OUT_OF_SCOPE, TIP_OUT_OF_SCOPE},
    *,
};

const FOR_ANYONE: [&str; 8] =
    ["abort", "apply_leaf", "claim", "execute_slash", "expire", "lapse", "prune", "seal"];
const REPORTS: [&str; 5] = [
    "report_bad_root",
    "report_equivocation",
    "report_misconduct",
    "report_mismatch",
    "report_wrong_verdict",
];
const COORDINATES: [&str; 6] =
    ["commit_batch", "open_round", "pause", "settle", "settle_root", "skip_round"];

/// Each call of the runtime, with arguments of zeros. A call in a call is `System::remark`.
fn all_calls() -> BTreeMap<(String, String), RuntimeCall> {
    let mut found = BTreeMap::new();
    for pallet in 0..=u8::MAX {
        for index in 0..=u8::MAX {
            let bytes = [pallet, index];
            if let Ok(call) = RuntimeCall::decode(&mut TrailingZeroInput::new(&bytes)) {
                let name = call.get_call_metadata();
                found.insert((name.pallet_name.into(), name.function_name.into()), call);
            }
        }
    }
    found
}

#[test]
fn every_call_there_is_is_tried() {
    let tried: BTreeSet<_> = all_calls().into_keys().collect();
    let names = |pallet: &'static str| {
        RuntimeCall::get_call_names(pallet).iter().map(move |name| (pallet.into(), (*name).into()))
    };
    let mut known: BTreeSet<(String, String)> =
        RuntimeCall::get_module_names().iter().flat_map(|pallet| names(pallet)).collect();
    // Their proof is of a type without values: nobody can make these.
    for name in ["report_equivocation", "report_equivocation_unsigned"] {
        assert!(known.remove(&("Grandpa".into(), name.into())));
    }
    assert_eq!(tried, known);
    assert!(known.len() > 100, "{}", known.len());
}

fn allowed(is_allowed: impl Fn(&RuntimeCall) -> bool) -> Vec<String> {
    let taken = all_calls().into_iter().filter(|(_, call)| is_allowed(call));
    taken
        .map(|((pallet, name), _)| if pallet == "Bcfl" { name } else { format!("{pallet}.{name}") })
        .collect()
}

fn sorted(parts: &[&[&str]]) -> Vec<String> {
    let mut all: Vec<_> = parts.concat().into_iter().map(String::from).collect();
    all.sort();
    all
}

/// What is not here is refused: a new call needs a line in `scopes/allowed.rs` and one here.
#[test]
fn scopes_have_these_calls_and_no_others() {
    let node = sorted(&[&FOR_ANYONE, &REPORTS, &["commit"]]);
    let coordinator = sorted(&[&FOR_ANYONE, &REPORTS, &COORDINATES]);
    let attester = sorted(&[&REPORTS, &["attest"]]);
    for (scope, calls) in [
        (Scope::Node, &node),
        (Scope::Coordinator, &coordinator),
        (Scope::Attester, &attester),
        (Scope::Frozen, &Vec::new()),
    ] {
        assert_eq!(&allowed(|call| allows(scope, call)), calls, "{scope:?}");
    }
    for (kind, calls) in [
        (ProxyType::Node, &node),
        (ProxyType::Coordinator, &coordinator),
        (ProxyType::Attester, &attester),
    ] {
        assert_eq!(&allowed(|call| kind.filter(call)), calls, "{kind:?}");
        assert!(ProxyType::Any.is_superset(&kind) && kind.is_superset(&kind));
        assert!(!kind.is_superset(&ProxyType::Any));
    }
    assert!(allowed(|call| ProxyType::Any.filter(call)).len() > 100);
    assert!(!ProxyType::Node.is_superset(&ProxyType::Attester));
}

#[test]
fn a_batch_is_as_good_as_the_worst_of_it() {
    let seal: RuntimeCall = BcflCall::seal { federation: 0, round: 0 }.into();
    let all = |calls: Vec<RuntimeCall>| pallet_utility::Call::batch_all { calls }.into();
    let batch = |calls| pallet_utility::Call::batch { calls }.into();
    let cases: [(RuntimeCall, bool); 6] = [
        (all(vec![seal.clone(), seal.clone()]), true),
        (all(vec![seal.clone(), unbond()]), false),
        (all(vec![unbond(), seal.clone()]), false),
        (all(Vec::new()), false),
        (all(vec![all(vec![seal.clone()])]), false),
        (batch(vec![seal]), false),
    ];
    for (call, is_allowed) in cases {
        for scope in [Scope::Node, Scope::Coordinator] {
            assert_eq!(allows(scope, &call), is_allowed, "{call:?}");
        }
        assert!(!allows(Scope::Frozen, &call));
        assert!(!allows(Scope::Attester, &call));
    }
}

#[test]
fn what_is_stored_is_pinned() {
    use codec::Encode;
    let scopes = [Scope::Node, Scope::Coordinator, Scope::Attester, Scope::Frozen];
    assert_eq!(scopes.encode(), [0, 1, 2, 3]);
    let kinds = [ProxyType::Any, ProxyType::Node, ProxyType::Coordinator, ProxyType::Attester];
    assert_eq!(kinds.encode(), [0, 1, 2, 3]);
}

const REFUSED: Refused =
    Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(OUT_OF_SCOPE)));
const NO_TIP: Refused =
    Err(TransactionValidityError::Invalid(InvalidTransaction::Custom(TIP_OUT_OF_SCOPE)));
const DEPOSIT: Balance = UNIT / 10 + UNIT / 100;

fn restrict(who: Sr25519Keyring, owner: Sr25519Keyring, scope: Scope) -> Refused {
    let call = scopes::Call::restrict { owner: owner.to_account_id(), scope };
    apply(who, call.into(), 0)
}

/// What an owner does for an account.
fn act(owner: Sr25519Keyring, real: Sr25519Keyring, call: RuntimeCall) -> DispatchResult {
    let real = real.to_account_id().into();
    let proxy = pallet_proxy::Call::proxy { real, force_proxy_type: None, call: Box::new(call) };
    apply(owner, proxy.into(), 0).expect("an owner is not restricted")?;
    System::events()
        .into_iter()
        .rev()
        .find_map(|record| match record.event {
            RuntimeEvent::Proxy(pallet_proxy::Event::ProxyExecuted { result }) => Some(result),
            _ => None,
        })
        .expect("executed")
}

fn transfer(to: Sr25519Keyring, value: Balance) -> RuntimeCall {
    BalancesCall::transfer_keep_alive { dest: to.to_account_id().into(), value }.into()
}

fn unbond() -> RuntimeCall {
    BcflCall::unbond { federation: 0, amount: UNIT }.into()
}

/// Dave is a member whose owner is Charlie.
fn restricted(scope: Scope, test: impl FnOnce()) {
    federation(|| {
        let (account, organisation) = (Dave.to_account_id(), Default::default());
        let invite = BcflCall::invite { federation: 0, account, organisation, max_examples: 0 };
        own(Alice, invite);
        own(Dave, join());
        assert_eq!(restrict(Dave, Charlie, scope), Ok(Ok(())));
        test();
    });
}

#[test]
fn a_stolen_key_moves_and_burns_nothing() {
    restricted(Scope::Node, || {
        let before = (free(Dave), Balances::total_issuance());
        let account = Dave.to_account_id();
        let batch = pallet_utility::Call::batch_all { calls: vec![unbond()] };
        let (owner, real) = (Ferdie.to_account_id(), account.clone().into());
        let add = pallet_proxy::Call::add_proxy {
            delegate: owner.clone().into(),
            proxy_type: ProxyType::Any,
            delay: 0,
        };
        let itself =
            pallet_proxy::Call::proxy { real, force_proxy_type: None, call: Box::new(unbond()) };
        for call in [
            transfer(Ferdie, UNIT),
            unbond(),
            BcflCall::withdraw { federation: 0, account }.into(),
            BcflCall::set_terms { federation: 0, terms: plain_terms() }.into(),
            BcflCall::fund { federation: 0, amount: UNIT }.into(),
            SystemCall::remark { remark: vec![0; 1000] }.into(),
            batch.into(),
            add.into(),
            itself.into(),
            pallet_proxy::Call::remove_proxies {}.into(),
            scopes::Call::lift {}.into(),
            scopes::Call::set_scope { scope: Scope::Coordinator }.into(),
            scopes::Call::restrict { owner, scope: Scope::Node }.into(),
        ] {
            assert_eq!(apply(Dave, call, 0), REFUSED);
        }
        let seal: RuntimeCall = BcflCall::seal { federation: 0, round: 0 }.into();
        assert_eq!(apply(Dave, seal.clone(), 1), NO_TIP);
        assert_eq!((free(Dave), Balances::total_issuance()), before);
        // What its scope has it does, and pays for.
        assert!(matches!(apply(Dave, seal, 0), Ok(Err(_))));
        assert!(free(Dave) < before.0);
    });
}

#[test]
fn the_owner_does_all_of_it() {
    restricted(Scope::Node, || {
        let before = free(Dave);
        assert_ok!(act(Charlie, Dave, transfer(Ferdie, UNIT)));
        assert_eq!(free(Dave), before - UNIT);
        assert_ok!(act(Charlie, Dave, unbond()));
        assert_ok!(act(Charlie, Dave, scopes::Call::set_scope { scope: Scope::Frozen }.into()));
        let account = Dave.to_account_id();
        let event = Event::ScopeSet { account: account.clone(), scope: Scope::Frozen };
        System::assert_has_event(RuntimeEvent::KeyScopes(event));
        assert_eq!(apply(Dave, BcflCall::seal { federation: 0, round: 0 }.into(), 0), REFUSED);
        assert_ok!(act(Charlie, Dave, scopes::Call::lift {}.into()));
        System::assert_has_event(RuntimeEvent::KeyScopes(Event::Lifted { account }));
        assert_eq!(apply(Dave, transfer(Ferdie, UNIT), 0), Ok(Ok(())));
    });
}

#[test]
fn nobody_else_acts_for_it() {
    restricted(Scope::Node, || {
        for who in [Alice, Bob, Ferdie] {
            let answer = act(who, Dave, transfer(who, UNIT));
            assert_eq!(answer, Err(pallet_proxy::Error::<Runtime>::NotProxy.into()));
        }
    });
}

#[test]
fn restricting_makes_the_owner_the_one_proxy() {
    restricted(Scope::Attester, || {
        let account = Dave.to_account_id();
        assert_eq!(Scopes::<Runtime>::get(&account), Some(Scope::Attester));
        let (proxies, deposit) = pallet_proxy::Proxies::<Runtime>::get(&account);
        assert_eq!(deposit, DEPOSIT);
        let delegates: Vec<_> = proxies.iter().map(|one| one.delegate.clone()).collect();
        assert_eq!(delegates, [Charlie.to_account_id()]);
        let owner = Charlie.to_account_id();
        let event = Event::Restricted { account, owner, scope: Scope::Attester };
        System::assert_has_event(RuntimeEvent::KeyScopes(event));
    });
}

fn dispatch(who: Sr25519Keyring, call: scopes::Call<Runtime>) -> DispatchResult {
    let origin = RuntimeOrigin::signed(who.to_account_id());
    RuntimeCall::from(call).dispatch(origin).map(|_| ()).map_err(|failure| failure.error)
}

#[test]
fn errors_say_what_is_in_the_way() {
    restricted(Scope::Node, || {
        let owner = Charlie.to_account_id();
        let scope = Scope::Node;
        let again = scopes::Call::restrict { owner: owner.clone(), scope };
        assert_noop!(dispatch(Dave, again.clone()), Error::<Runtime>::AlreadyRestricted);
        for call in [scopes::Call::lift {}, scopes::Call::set_scope { scope }] {
            assert_noop!(dispatch(Bob, call), Error::<Runtime>::NotRestricted);
        }
        // A proxy of before, a lesser one, and the account itself are no owners.
        let add = |who: Sr25519Keyring, proxy_type| {
            let delegate = who.to_account_id().into();
            pallet_proxy::Call::add_proxy { delegate, proxy_type, delay: 0 }.into()
        };
        for (delegate, kind) in [(Ferdie, ProxyType::Any), (Charlie, ProxyType::Node)] {
            assert_eq!(apply(Bob, add(delegate, kind), 0), Ok(Ok(())));
            assert_noop!(dispatch(Bob, again.clone()), Error::<Runtime>::OtherProxies);
            assert_eq!(apply(Bob, pallet_proxy::Call::remove_proxies {}.into(), 0), Ok(Ok(())));
        }
        let itself = scopes::Call::restrict { owner: Bob.to_account_id(), scope };
        let no_self: DispatchError = pallet_proxy::Error::<Runtime>::NoSelfProxy.into();
        assert_noop!(dispatch(Bob, itself), no_self);
        // One that is the owner's already is kept as it is.
        assert_eq!(apply(Bob, add(Charlie, ProxyType::Any), 0), Ok(Ok(())));
        assert_ok!(dispatch(Bob, again));
    });
}

#[test]
fn restricting_costs_a_deposit_that_must_be_there() {
    federation(|| {
        keep(Ferdie, EXISTENTIAL_DEPOSIT + DEPOSIT / 2);
        assert!(matches!(restrict(Ferdie, Charlie, Scope::Node), Ok(Err(_))));
        assert_eq!(Scopes::<Runtime>::get(Ferdie.to_account_id()), None);
    });
}

#[test]
fn an_account_that_is_gone_has_no_scope() {
    restricted(Scope::Node, || {
        assert_eq!(restrict(Ferdie, Charlie, Scope::Frozen), Ok(Ok(())));
        let remove = pallet_proxy::Call::remove_proxies {};
        assert_ok!(act(Charlie, Ferdie, scopes::Call::set_scope { scope: Scope::Node }.into()));
        let (to, keep_alive) = (Bob.to_account_id().into(), false);
        // As long as somebody acts for it, the account lives.
        let all = BalancesCall::transfer_all { dest: to, keep_alive };
        assert_ok!(act(Charlie, Ferdie, all.clone().into()));
        assert!(Scopes::<Runtime>::contains_key(Ferdie.to_account_id()));
        let both = vec![remove.into(), all.into()];
        let batch = pallet_utility::Call::batch_all { calls: both };
        assert_ok!(act(Charlie, Ferdie, batch.into()));
        assert!(!System::account_exists(&Ferdie.to_account_id()));
        assert!(!Scopes::<Runtime>::contains_key(Ferdie.to_account_id()));
    });
}

#[test]
fn a_purse_pays_for_a_restricted_member_too() {
    restricted(Scope::Node, || {
        own(Eve, join());
        let account = Eve.to_account_id();
        Scopes::<Runtime>::insert(&account, Scope::Attester);
        let attest = BcflCall::attest {
            federation: 0,
            round: 0,
            statement: Hash::zero(),
            preimage: Hash::zero(),
        };
        assert!(matches!(apply(Eve, attest.into(), 0), Ok(Err(_))));
        assert_eq!(free(Eve), EXISTENTIAL_DEPOSIT);
        assert_eq!(apply(Eve, unbond(), 0), REFUSED);
        assert!(validate(Eve, &unbond(), 0).is_err());
    });
}
