"""With `--rpc-methods safe` both refuse the same methods in the same words."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.embedded.rpc.access import UNSAFE
from pallet_bridge.embedded.rpc.dispatch import METHODS
from tests.conformance.conftest import PRESET, Client, running

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

GENESIS = "genesis"
PARAMS: dict[str, list[Any]] = {
    "author_hasKey": ["0x00", "aura"],
    "author_hasSessionKeys": ["0x00"],
    "author_insertKey": ["aura", "//A", "0x00"],
    "author_removeExtrinsic": [[]],
    "author_rotateKeys": [],
    "author_rotateKeysWithOwner": ["0x00"],
    "offchain_localStorageClear": ["PERSISTENT", "0x00"],
    "offchain_localStorageGet": ["PERSISTENT", "0x00"],
    "offchain_localStorageSet": ["PERSISTENT", "0x00", "0x00"],
    "state_getPairs": ["0x"],
    "state_queryStorage": [["0x00"], GENESIS],
    "state_traceBlock": [GENESIS, None, None, None],
    "system_addLogFilter": ["x"],
    "system_addReservedPeer": ["x"],
    "system_dryRun": ["0x00"],
    "system_dryRunAt": ["0x00"],
    "system_peers": [],
    "system_removeReservedPeer": ["x"],
    "system_resetLogFilter": [],
    "system_unstable_networkState": [],
}
SAFE: dict[str, list[Any]] = {
    "author_pendingExtrinsics": [],
    "state_queryStorageAt": [["0x00"]],
    "state_getStorageSize": ["0x00"],
    "system_health": [],
}


def refusals(client: Client) -> dict[str, Any]:
    genesis = client.call("chain_getBlockHash", 0)
    found = {}
    for name, params in {**PARAMS, **SAFE}.items():
        if name in METHODS:
            given = [genesis if one == GENESIS else one for one in params]
            found[name] = client.send(name, *given).get("error")
    return found


@pytest.mark.slow
def test_what_is_unsafe_is_unsafe_on_a_node_too(
    node_binary: Path, tmp_path: Path, connect_to: Callable[[str], Client]
) -> None:
    with running(node_binary, tmp_path, more="--rpc-methods safe") as url:
        theirs = refusals(connect_to(url))
    with EmbeddedNode.start(preset=PRESET, nonce=b"", rpc_methods="safe") as node:
        ours = refusals(connect_to(node.url))
    assert ours == theirs
    assert {name for name, error in ours.items() if error} == PARAMS.keys() & METHODS.keys()


def test_all_that_is_called_unsafe_is_compared_once_it_is_served() -> None:
    """Those that seal are of no node."""
    assert {name for name in UNSAFE if not name.startswith("engine_")} == PARAMS.keys()
