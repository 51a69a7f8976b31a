"""A council without a sudo key: validators, its own members, and the runtime, all by commands."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.council import allowed_upgrade, majority, members_of, validators_of
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import BcflError, CallFailed
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import load_blob
from pallet_bridge.succession import take_over_from
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import Governance, Planck, Succession
from tests.next_runtime import next_runtime
from tests.repo.docs.test_snippets import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.protocol import ChainClient

ALICE, BOB, DAVE = (Signer.from_uri(f"//{name}") for name in ("Alice", "Bob", "Dave"))


class Chain:
    """A chain that the council of the presets governs, and `bcfl council` on it."""

    def __init__(self, client: ChainClient, node: EmbeddedNode) -> None:
        self.client = client
        self.url = node.url
        self._node = node

    def code(self) -> bytes | None:
        """Return the runtime that the next block is written by."""
        return self._node.chain.get(b":code")

    def run(self, *words: object, code: int = 0) -> str:
        line = ["council", *map(str, words), "--chain", self.url]
        done = CliRunner().invoke(app, line)
        if code == 2:
            assert isinstance(done.exception, BcflError), done.output
            return str(done.exception)
        assert done.exit_code == code, (done.output, done.exception)
        return done.stdout

    def said(self, *words: object, code: int = 0) -> dict[str, Any]:
        found: dict[str, Any] = json.loads(self.run(*words, "--json", code=code))
        return found

    def propose(self, *words: object) -> int:
        """Let Alice propose, and Alice and Charlie approve; return the motion's number."""
        sent = self.said("propose", *words, "--key", "//Alice")
        (event,) = (one for one in sent["events"] if one["event"] == "Proposed")
        number: int = event["proposal_index"]
        for who in ("//Alice", "//Charlie"):
            self.run("vote", number, "--approve", "--key", who)
        return number

    def decide(self, *words: object) -> dict[str, Any]:
        return self.said("close", self.propose(*words), "--key", "//Dave")


@pytest.fixture
def chain() -> Iterator[Chain]:
    with (
        EmbeddedNode.start(patch={"sudo": {"key": None}}) as node,
        connect(node.url) as client,
    ):
        yield Chain(client, node)


def test_two_thirds_are_rounded_up() -> None:
    assert [majority(count) for count in range(1, 8)] == [1, 2, 2, 3, 4, 4, 5]


def test_a_motion_from_its_proposal_to_its_end(chain: Chain) -> None:
    shown = chain.said("members")
    assert (len(shown["members"]), shown["needed"]) == (3, 2)
    assert "not in the council" in chain.run(
        "propose", "--remove-validator", ALICE.account, "--key", "//Dave", code=2
    )
    words = ("propose", "--member", ALICE.account, "--member", DAVE.account)
    planned = chain.said(*words, "--key", "//Alice", "--dry-run")
    assert planned["sent"] is False
    assert chain.said("motions") == {"motions": []}
    chain.run(*words, "--key", "//Alice")
    (motion,) = chain.said("motions")["motions"]
    assert (motion["function"], motion["threshold"], motion["ayes"]) == ("set_members", 2, [])
    assert "not decided" in chain.run("close", 0, "--key", "//Dave", code=2)
    assert "no motion 7" in chain.run("vote", 7, "--approve", "--key", "//Alice", code=2)
    chain.run("vote", 0, "--reject", "--key", "//Alice")
    assert "already" in chain.run("vote", 0, "--reject", "--key", "//Alice", code=2)
    chain.run("vote", 0, "--approve", "--key", "//Alice")
    chain.run("vote", 0, "--approve", "--key", "//Bob")
    assert "2 for, 0 against" in chain.run("motions")
    chain.run("close", 0, "--key", "//Dave")
    assert set(members_of(chain.client)) == {ALICE.account, DAVE.account}
    assert "votes on nothing" in chain.run("motions")


def test_a_motion_that_falls_does_nothing(chain: Chain) -> None:
    chain.run("propose", "--member", ALICE.account, "--key", "//Alice")
    for who in ("//Bob", "//Charlie"):
        chain.run("vote", 0, "--reject", "--key", who)
    assert "falls" in chain.run("close", 0, "--key", "//Dave")
    assert len(members_of(chain.client)) == 3


def test_validators_come_and_go_by_motions(chain: Chain) -> None:
    with pytest.raises(CallFailed) as refused:
        chain.client.execute(calls.add_validator(BOB.account), ALICE)
    assert refused.value.name == "BadOrigin"
    number = chain.propose("--add-validator", BOB.account)
    with pytest.raises(AssertionError, match="NoSessionKeys"):
        chain.run("close", number, "--key", "//Dave")
    assert validators_of(chain.client) == (ALICE.account,)
    number = chain.propose("--remove-validator", ALICE.account)
    with pytest.raises(AssertionError, match="TooFewValidators"):
        chain.run("close", number, "--key", "//Dave")


def test_any_other_call_of_the_council_is_read_from_a_file(chain: Chain, tmp_path: Path) -> None:
    client = chain.client
    terms = replace(DEVELOPMENT, governance=Governance.COUNCIL, round_reward=Planck(0))
    client.execute(calls.create_federation(terms, bytes(32)), DAVE)
    client.execute(calls.join(0, terms.min_stake, client.terms_hash(0)), BOB)
    call = calls.name_successors(0, Succession((BOB.account,), 20, 2))
    file = tmp_path / "call.json"
    said = {"pallet": call.pallet, "call": call.function, "args": dict(call.args)}
    file.write_text(json.dumps(said), encoding="utf-8")
    chain.decide("--call", file)
    office = client.office(0)
    assert office is not None
    assert office.pending is not None
    assert office.pending.succession.accounts == (BOB.account,)
    file.write_text("{}", encoding="utf-8")
    assert "no runtime" in chain.run("propose", "--allow-code", file, "--key", "//Alice", code=2)
    assert "needs" in chain.run("propose", "--call", file, "--key", "//Alice", code=2)


@pytest.mark.slow
def test_the_runtime_is_upgraded_in_the_middle_of_a_round(chain: Chain, tmp_path: Path) -> None:
    client = chain.client
    _, code = next_runtime()
    file, other = tmp_path / "next.wasm", tmp_path / "other.wasm"
    file.write_bytes(code)
    other.write_bytes(code + b"\0")
    terms = replace(DEVELOPMENT, round_reward=Planck(0))
    client.execute(calls.create_federation(terms, bytes(32)), ALICE)
    client.execute(calls.name_successors(0, Succession((BOB.account,), 20, 2)), ALICE)
    client.execute(calls.open_round(0, bytes(32)), ALICE)
    assert "allowed no upgrade" in chain.run("upgrade", file, "--key", "//Dave", code=2)
    chain.decide("--allow-code", file)
    assert allowed_upgrade(client) == blake2_256(code)
    assert "bring that one" in chain.run("upgrade", other, "--key", "//Dave", code=2)
    planned = chain.said("upgrade", file, "--key", "//Dave", "--dry-run")
    assert planned["args"]["code"].endswith(f"({len(code)} bytes)")
    chain.run("upgrade", file, "--key", "//Dave")
    client.wait_until_block(client.head().number + 1, timeout=60)
    assert chain.code() == code
    assert allowed_upgrade(client) is None
    # the client that was there before goes on, and so does the round
    start = take_over_from(client, 0, BOB.account)
    assert start is not None
    client.wait_until_block(start - 1, timeout=60)
    client.execute(calls.take_over(0), BOB)


@pytest.mark.slow
def test_a_runtime_that_is_no_newer_one_is_refused_and_that_is_said(
    chain: Chain, tmp_path: Path
) -> None:
    file = tmp_path / "same.wasm"
    file.write_bytes(load_blob())
    assert "version" in str(chain.said("propose", "--allow-code", file, "--key", "//Bob",
                                       "--dry-run")["means"])  # fmt: skip
    chain.decide("--allow-code", file)
    refusal = chain.run("upgrade", file, "--key", "//Dave", code=2)
    assert "SpecVersionNeedsToIncrease" in refusal
    assert allowed_upgrade(chain.client) is None


@pytest.mark.slow
def test_the_page_upgrades_the_runtime(
    chain: Chain, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BCFL_CHAIN", chain.url)
    (tmp_path / "next.wasm").write_bytes(next_runtime()[1])
    call = calls.replace_coordinator(0, BOB.account)
    said = {"pallet": call.pallet, "call": call.function, "args": dict(call.args)}
    (tmp_path / "replace.json").write_text(json.dumps(said), encoding="utf-8")
    page = ROOT / "docs" / "how-to" / "council.md"
    lines = [line for block in blocks(page, "bash") for line in block.splitlines()]
    assert len(lines) > 9
    for line in lines:
        words = line.replace("ACCOUNT", str(BOB.account), 1)
        words = words.replace("ACCOUNT", str(ALICE.account), 1).replace(
            "ACCOUNT", str(DAVE.account)
        )
        voters = ("//Alice", "//Bob") if " vote " in words else ("//Alice",)
        for who in voters:
            monkeypatch.setenv("BCFL_KEY", who)
            done = CliRunner().invoke(app, words.split()[1:])
            assert done.exit_code == 0, (words, done.output, done.exception)
        if " upgrade " in words:  # as the page says
            chain.client.wait_until_block(chain.client.head().number + 1, timeout=60)
    assert chain.code() == next_runtime()[1]
    motions = [one["function"] for one in chain.said("motions")["motions"]]
    assert motions == ["add_validator", "remove_validator", "set_members", "replace_coordinator"]
