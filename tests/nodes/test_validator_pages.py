"""Each command of the pages on validators and on watching a node, run at a network of four."""

from __future__ import annotations

import json
import re
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest
import yaml

from bcfl_plugins.cli.network.layout import data, home
from pallet_bridge.client import connect
from pallet_bridge.session_keys import secrets_in, validator
from pallet_bridge.types import AccountId
from tests.conformance.conftest import free_ports
from tests.nodes.pages import HOW_TO, Desk, scripts
from tests.nodes.process import Node, wait
from tests.repo.docs.test_snippets import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.network]

ALERTS = ROOT / "examples" / "network" / "alerts.yaml"


@pytest.fixture
def desk(own_binary: Path, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path, own_binary, {})
    made.run("bcfl chain up --validators 4 --dir net")
    nodes = json.loads((tmp_path / "net/network.json").read_text())["validators"]
    made.names = {
        "ws://VALIDATOR:9944": nodes[3]["url"],
        "ws://127.0.0.1:9944": nodes[3]["url"],
        "ACCOUNT": nodes[3]["account"],
    }
    made.environment |= {"BCFL_CHAIN": nodes[0]["url"], "BCFL_KEY": "file:net/nodes/4/phrase"}
    try:
        yield made
    finally:
        made.run("bcfl chain down --dir net")


def test_a_validator_changes_its_keys_and_leaves_as_its_page_says(desk: Desk) -> None:
    look, join, register, change, leave = scripts("validators.md")
    said = desk.run(look)
    assert "is listed by the council, and validates" in said
    assert "these keys are in force" in said
    desk.run("bcfl transfer ACCOUNT '20 UNIT' --key //Alice")
    desk.run(join)
    assert "nothing was sent" in desk.run(register)
    said = desk.run(change)
    assert "has the secrets of both" in said
    assert "session after the next" in said
    account = AccountId.parse(desk.names["ACCOUNT"])
    with connect(desk.environment["BCFL_CHAIN"]) as client:
        now = validator(client, account, at=client.head().hash)
        assert now.keys is not None
        assert not now.in_force, "the old ones count until two sessions later"
        keystore = data(home(desk.folder / "net", 4)) / "chains/loopback/keystore"
        there = secrets_in(keystore)
        assert {kind: len(keys) for kind, keys in there.items()} == {"aura": 3, "gran": 3}
        assert all(key in there[kind] for kind, key in now.keys.by_kind().items())
        desk.run(leave)
        assert validator(client, account, at=client.head().hash).keys is None
    assert "no session keys" in desk.run(look, 1), "the council lists it still"


def test_a_node_is_watched_as_its_page_says(desk: Desk) -> None:
    terms = "--set 'coordinator_bond=0 UNIT' --set admission=open"
    desk.run(f"bcfl federation create {terms} --key //Alice")
    health, keys, federation = scripts("monitor.md")
    assert desk.run(health).count("ok ") == 4
    assert "has the secrets of both" in desk.run(keys)
    desk.run(federation)
    said = json.loads(desk.run(f"{health} --json --max-lag 0 --min-peers 9", 1))
    assert {one["name"] for one in said["checks"] if not one["ok"]} >= {"peers"}
    desk.run("bcfl chain down --dir net")
    assert "Check that the node runs" in desk.run(health, 2)
    desk.run("bcfl chain up --dir net")


def test_the_metrics_of_page_and_alerts_are_those_of_a_node(
    own_binary: Path, tmp_path: Path
) -> None:
    (port,) = free_ports(1)
    blob = ROOT / "pallet_bridge" / "runtime" / "bcfl_runtime.compact.compressed.wasm"
    node = Node(own_binary, tmp_path, "--dev", "--runtime", blob, "--prometheus-port", str(port))
    node.start()
    try:
        wait(node, lambda: node.final() >= 1, "finality")
        with urlopen(f"http://127.0.0.1:{port}/metrics") as answer:
            served = answer.read().decode()
    finally:
        node.stop()
    rules = [
        rule for group in yaml.safe_load(ALERTS.read_text())["groups"] for rule in group["rules"]
    ]
    assert len(rules) > 5
    text = " ".join(rule["expr"] for rule in rules) + (HOW_TO / "monitor.md").read_text()
    named = set(re.findall(r"substrate_\w+", text))
    assert len(named) == 5
    assert {one for one in named if not re.search(rf"^{one}\b", served, re.MULTILINE)} == set()
