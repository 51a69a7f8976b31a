"""Four validators without a sudo key: their council changes the runtime while blocks go on."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import MANIFEST
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import Planck, RoundState
from tests.next_runtime import next_runtime
from tests.nodes.process import Node, spec_of, wait

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.network]

NAMES = ("Alice", "Bob", "Charlie", "Dave")
ALICE = Signer.from_uri("//Alice")
# blocks come every three seconds, and the commands take some of them
TERMS = replace(
    DEVELOPMENT,
    round_reward=Planck(0),
    commit_blocks=200,
    settle_blocks=200,
    unbonding_blocks=900,
    notice_blocks=900,
)


def test_the_council_of_four_validators_upgrades_the_runtime(
    own_binary: Path, tmp_path: Path
) -> None:
    spec = spec_of(own_binary, NAMES)
    spec["genesis"]["runtimeGenesis"]["patch"]["sudo"]["key"] = None
    path = tmp_path / "spec.json"
    path.write_text(json.dumps(spec), encoding="utf-8")
    nodes = [
        Node(own_binary, tmp_path / name, "--chain", path, "--validator", f"--{name.lower()}")
        for name in NAMES
    ]
    empty = Node(own_binary, tmp_path / "empty", "--chain", path)
    try:
        for node in nodes:
            node.start(*(peer for peer in nodes if peer is not node))
        alice, bob = nodes[:2]
        wait(alice, lambda: alice.final() >= 1, "the first final block")
        upgrade_in_a_round(bob, tmp_path)
        upgraded = bob.best()
        wait(bob, lambda: all(node.final() > upgraded for node in nodes), "finality after it")
        empty.start(bob)
        wait(bob, lambda: empty.final() > upgraded, "the sync over the upgrade")
        assert versions(empty)["specVersion"] == next_runtime()[0]
    finally:
        for node in (*nodes, empty):
            node.kill()


def upgrade_in_a_round(node: Node, folder: Path) -> None:
    version, code = next_runtime()
    file = folder / "next.wasm"
    file.write_bytes(code)
    with connect(node.url) as client:
        client.execute(calls.create_federation(TERMS, bytes(32)), ALICE)
        client.execute(calls.open_round(0, bytes(32)), ALICE)
        council(node, "propose", "--allow-code", file, "--key", "//Alice")
        for who in ("//Alice", "//Charlie"):
            council(node, "vote", 0, "--approve", "--key", who)
        council(node, "close", 0, "--key", "//Dave")
        assert versions(node)["specVersion"] == MANIFEST["spec_version"]
        council(node, "upgrade", file, "--key", "//Dave")
        before = node.best()
        wait(node, lambda: node.best() > before + 2, "blocks of the new runtime")
        assert versions(node)["specVersion"] == version
        # the client of before goes on with the round of before
        client.execute(calls.abort(0, 0), ALICE)
        ended = client.round(0, 0)
        assert ended is not None
        assert ended.state is RoundState.ABORTED


def council(node: Node, *words: object) -> None:
    done = CliRunner().invoke(app, ["council", *map(str, words), "--chain", node.url])
    assert done.exit_code == 0, (done.output, done.exception)


def versions(node: Node) -> dict[str, Any]:
    found: dict[str, Any] = node.call("state_getRuntimeVersion")
    return found
