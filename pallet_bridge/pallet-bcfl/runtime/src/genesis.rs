// SPDX-License-Identifier: Apache-2.0
//! Genesis presets: the public development keys that every Substrate tool knows.
use alloc::vec::Vec;
use serde_json::{json, Value};
use sp_genesis_builder::{PresetId, DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET};

use crate::{Balance, UNIT};

const ENDOWMENT: Balance = 1_000_000 * UNIT;

/// sr25519 accounts of `//Alice` … `//Ferdie`, then of `//Alice//stash` … `//Ferdie//stash`.
const DEVELOPERS: [&str; 12] = [
    "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694ty",
    "5FLSigC9HGRKVhB9FiEo4Y3koPsNmBmLJbpXg2mp1hXcS59Y",
    "5DAAnrj7VHTznn2AWBemMuyBwZWs6FNFjdyVXUeYum3PTXFy",
    "5HGjWAeFDfFCWPsjFQdVV2Msvz2XtMktvgocEZcCj68kUMaw",
    "5CiPPseXPECbkjWCa6MnjNokrgYjMqmKndv2rSnekmSK2DjL",
    "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY",
    "5HpG9w8EBLe5XCrbczpwq5TSXvedjrBGCwqxK1iQ7qUsSWFc",
    "5Ck5SLSHYac6WFt5UZRSsdJjwmpSZq85fd5TRNAdZQVzEAPT",
    "5HKPmK9GYtE1PSLsS1qiYU9xQ9Si1NcEhdeCq9sw5bqu4ns8",
    "5FCfAonRZgTFrTd9HREEyeJjDpT397KMzizE6T3DvebLFE7n",
    "5CRmqmsiNFExV6VbdmPJViVxrWmkaXXvBrSX8oqBT8R9vmWk",
];
const ALICE: &str = DEVELOPERS[0];
const BOB: &str = DEVELOPERS[1];
/// `//Alice`, `//Bob` and `//Charlie`.
const COUNCIL: [&str; 3] = [ALICE, BOB, DEVELOPERS[2]];
/// ed25519 keys of `//Alice` and `//Bob`.
const ALICE_GRANDPA: &str = "5FA9nQDVg267DEd8m1ZypXLBnvN7SFxYwV7ndqSYGiN9TTpu";
const BOB_GRANDPA: &str = "5GoNkf6WdbxCFnPdAnYYQyCjAKPJgLNxXwPjwTh6DGg6gN3E";

/// Aura and GRANDPA take their authorities from the session's keys: they get none of their own.
fn patch(authorities: &[(&str, &str)]) -> Value {
    let balances: Vec<_> = DEVELOPERS.iter().map(|who| (who, ENDOWMENT)).collect();
    let keys: Vec<_> = authorities
        .iter()
        .map(|(aura, grandpa)| (aura, aura, json!({ "aura": aura, "grandpa": grandpa })))
        .collect();
    json!({
        "balances": { "balances": balances },
        "session": { "keys": keys },
        "council": { "members": COUNCIL },
        "sudo": { "key": ALICE },
    })
}

/// Give the JSON patch of a named preset, or nothing for a name that is not known.
pub fn preset(id: &PresetId) -> Option<Vec<u8>> {
    let json = match id.as_ref() {
        DEV_RUNTIME_PRESET => patch(&[(ALICE, ALICE_GRANDPA)]),
        LOCAL_TESTNET_RUNTIME_PRESET => patch(&[(ALICE, ALICE_GRANDPA), (BOB, BOB_GRANDPA)]),
        _ => return None,
    };
    serde_json::to_vec(&json).ok()
}

/// Names that [`preset`] knows.
pub fn preset_names() -> Vec<PresetId> {
    [DEV_RUNTIME_PRESET, LOCAL_TESTNET_RUNTIME_PRESET].map(PresetId::from).into()
}
