"""polkadot-api, which knows the new JSON-RPC groups only, sees the same on both chains."""

from __future__ import annotations

import json
import shutil
import subprocess
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.types import UNIT

if TYPE_CHECKING:
    from tests.conformance.conftest import Target

HERE = Path(__file__).parents[1] / "polkadotjs"
LIBRARY = HERE / "node_modules" / "polkadot-api" / "package.json"


@pytest.fixture(scope="module")
def told(target: Target) -> dict[str, Any]:
    node = shutil.which("node")
    if node is None or not LIBRARY.is_file():
        pytest.skip("needs Node.js and its packages: run `npm ci` in tests/polkadotjs")
    done = subprocess.run(
        [node, "papi.mjs", target.url],
        cwd=HERE,
        capture_output=True,
        text=True,
        timeout=240,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    return answer


def test_chain_runtime_and_constants_are_read(told: dict[str, Any], target: Target) -> None:
    with_prefix = "Embedded " if target.embedded else ""
    assert told["name"] == with_prefix + "Development"
    assert told["version"] == ["bcfl", 3]
    assert told["deposit"] == str(10**9)


def test_a_transaction_is_followed_until_it_is_final(told: dict[str, Any]) -> None:
    transfer = told["transfer"]
    assert transfer["ok"], transfer
    assert transfer["kinds"][:2] == ["signed", "broadcasted"]
    assert {*transfer["kinds"][2:-1]} <= {"txBestBlocksState"}
    assert transfer["kinds"][-1] == "finalized"
    assert "Balances.Transfer" in transfer["events"]
    assert told["received"] == str(7 * UNIT)
    assert int(told["fee"]) > 0


def test_a_call_that_fails_names_the_pallets_error(told: dict[str, Any]) -> None:
    failed = told["failed"]
    assert not failed["ok"]
    assert failed["error"]["value"] == {"type": "Bcfl", "value": {"type": "FederationNotFound"}}
    assert failed["events"][-1] == "System.ExtrinsicFailed"


def test_a_transaction_that_is_refused_says_why(told: dict[str, Any]) -> None:
    assert json.loads(told["refused"]) == {"type": "Invalid", "value": {"type": "Stale"}}


def test_blocks_headers_and_storage_entries_are_read(told: dict[str, Any]) -> None:
    assert told["header"]
    assert told["inherents"]
    assert told["alice"]
    assert told["accounts"] >= 6
