from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

HERE = Path(__file__).parent
LIBRARY = HERE / "node_modules" / "@polkadot" / "api" / "package.json"


@pytest.fixture(scope="module")
def report() -> dict[str, Any]:
    node = shutil.which("node")
    if node is None or not LIBRARY.is_file():
        pytest.skip("needs Node.js and its packages: run `npm ci` in tests/polkadotjs")
    start = [sys.executable, "-m", "bcfl_plugins.cli", "chain", "start", "--port", "0", "--json"]
    with subprocess.Popen(start, stdout=subprocess.PIPE, text=True) as chain:
        try:
            assert chain.stdout is not None
            said = json.loads(chain.stdout.readline())
            done = subprocess.run(
                [node, "client.mjs", said["url"]],
                cwd=HERE,
                capture_output=True,
                text=True,
                timeout=120,
                check=False,
            )
        finally:
            chain.terminate()
    assert done.returncode == 0, done.stderr
    answer: dict[str, Any] = json.loads(done.stdout)
    assert answer["genesis"] == said["genesis"]
    return answer


def names(extrinsic: dict[str, Any]) -> list[str]:
    return [f"{event['pallet']}.{event['name']}" for event in extrinsic["events"]]


def test_metadata_and_constants_are_read(report: dict[str, Any]) -> None:
    assert report["spec"][0] == "bcfl"
    assert report["ss58"] == 42
    assert int(report["existentialDeposit"]) == 10**9
    assert {"createFederation", "join", "commit", "settle"} <= set(report["calls"])


def test_a_pallet_call_is_signed_submitted_and_final(report: dict[str, Any]) -> None:
    created = report["created"]
    assert created["error"] is None
    assert created["statuses"][0] == "Ready"
    assert created["statuses"][-1] == "Finalized"
    assert "bcfl.FederationCreated" in names(created)
    assert names(created)[-1] == "system.ExtrinsicSuccess"


def test_storage_shows_what_the_call_did(report: dict[str, Any]) -> None:
    (federation,) = report["federations"]
    assert federation["federation"] == 0
    assert federation["metadata"] == "0x" + "42" * 32
    assert report["nonce"] == 2


def test_a_failing_call_is_named(report: dict[str, Any]) -> None:
    assert report["failed"]["error"] == "FederationNotFound"
    assert names(report["failed"])[-1] == "system.ExtrinsicFailed"


def test_a_refused_extrinsic_says_why(report: dict[str, Any]) -> None:
    assert report["refused"] == "1010: Invalid Transaction: Transaction is outdated"


def test_heads_are_followed_without_gaps(report: dict[str, Any]) -> None:
    assert report["heads"] == [0, 1, 2]


def test_the_lock_file_names_no_download_address() -> None:
    lock = json.loads((HERE / "package-lock.json").read_text())
    packages = lock["packages"].values()
    assert not [package for package in packages if "resolved" in package]
    assert lock["packages"]["node_modules/@polkadot/api"]["version"] == "16.5.4"
