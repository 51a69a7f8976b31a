"""Who may take over, and whose node is whose: plans are sent, and do as they say."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from flwr.supercore.primitives.asymmetric import generate_key_pairs, private_key_to_bytes
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.cli.federation import govern, succession
from bcfl_plugins.cli.member.binding import plan_bind
from pallet_bridge import calls, node_keys
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.succession import take_over_from
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import (
    Admission,
    MembersVote,
    NodeKey,
    NodeProof,
    Perbill,
    Planck,
    Succession,
)
from tests.e2e.commands.stage import ANN, BEN, BOSS, CAT, TERMS, Stage

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.cli.acting.plan import CallPlan

LINE = Succession((ANN.account, BEN.account), 12, 3)


def naming(stage: Stage, who: Signer, line: Succession = LINE) -> CallPlan:
    ranges = stage.client.term_ranges()
    return succession.name_successors(stage.view(), who.account, line, ranges)


def taking(stage: Stage, who: Signer) -> CallPlan:
    view = stage.view()
    office = stage.client.office(stage.number)
    return succession.take_over(
        view,
        who.account,
        take_over_from(stage.client, stage.number, who.account),
        bond=stage.client.bond(stage.number, who.account),
        line=Succession((), 0, 0) if office is None else office.in_force(view.clock.next),
    )


def pausing(stage: Stage, who: Signer, until: int) -> CallPlan:
    office, ranges = stage.client.office(stage.number), stage.client.term_ranges()
    return succession.pause(stage.view(), who.account, until, office, ranges)


def test_successors_are_named_and_take_over_in_their_turn(stage: Stage) -> None:
    assert not stage.agrees(pausing(stage, BOSS, 9), BOSS), "nobody may take over"
    assert not stage.agrees(naming(stage, ANN), ANN)
    for wrong in (
        replace(LINE, accounts=(ANN.account, ANN.account)),
        replace(LINE, idle_blocks=0),
        replace(LINE, turn_blocks=10**9),
    ):
        assert not stage.agrees(naming(stage, BOSS, wrong), BOSS)
    assert stage.agrees(naming(stage, BOSS), BOSS)
    assert not stage.agrees(taking(stage, ANN), ANN), "no round yet"
    number = stage.open()
    assert not stage.agrees(pausing(stage, BOSS, 9), BOSS), "a round is open"
    assert not stage.agrees(pausing(stage, ANN, 9), ANN)
    start = take_over_from(stage.client, stage.number, ANN.account)
    assert start is not None
    stage.go_to(start - 1)
    assert not stage.agrees(taking(stage, ANN), ANN), "the last block of the round"
    assert not stage.agrees(taking(stage, CAT), CAT), "no successor"
    assert not stage.agrees(taking(stage, BEN), BEN), "the second"
    plan = taking(stage, ANN)
    assert f"round {number} ends" in plan.means
    assert stage.agrees(plan, ANN), "with its bond on hold"
    assert not stage.agrees(taking(stage, ANN), ANN), "is in office"
    assert not stage.agrees(pausing(stage, BOSS, 9), BOSS), "deposed"
    block = stage.client.head().number
    too_long = block + 10 * stage.client.term_ranges().max_retention_blocks
    assert not stage.agrees(pausing(stage, ANN, too_long), ANN)
    assert stage.agrees(pausing(stage, ANN, block + 30), ANN)
    lines = list(succession.lines(stage.view(), stage.client.office(stage.number)))
    assert str(ANN.account) in lines[0]
    assert f"block {block + 30}" in lines[-1]


def test_where_members_govern_they_vote_on_successors(stage: Stage) -> None:
    vote = MembersVote(Perbill(3 * 10**8), Perbill(5 * 10**8), voting_blocks=9, delay_blocks=2)
    stage.found(replace(TERMS, governance=vote, admission=Admission.OPEN))
    assert stage.agrees(stage.plan_join(ANN, 40 * 10**12), ANN)
    refused = naming(stage, BOSS)
    assert not stage.agrees(refused, BOSS)
    assert "propose --successor" in refused.refusals[0]
    stage.go_to(stage.client.head().number + 2)

    def propose(line: Succession) -> CallPlan:
        return govern.propose(
            stage.view(),
            ANN.account,
            line,
            member=stage.client.participant(stage.number, ANN.account),
            ranges=stage.client.term_ranges(),
            motions={},
        )

    assert not stage.agrees(propose(replace(LINE, turn_blocks=0)), ANN)
    assert stage.agrees(propose(LINE), ANN)
    motion = stage.client.motion(stage.number, 0)
    assert motion is not None
    assert motion.proposal == LINE


def test_a_node_is_bound_to_its_member(stage: Stage) -> None:
    key = NodeKey(bytes([7]) * 32, NodeProof(b""))

    def binding(who: Signer, bound: NodeKey | None) -> CallPlan:
        member = stage.client.participant(stage.number, who.account)
        before = stage.client.node_key(stage.number, who.account)
        return plan_bind(stage.view(), who.account, bound, member=member, before=before)

    assert not stage.agrees(binding(ANN, key), ANN)
    stage.let_in(ANN)
    assert stage.agrees(binding(ANN, key), ANN)
    again = binding(ANN, replace(key, key=bytes([8]) * 32))
    assert f"0x{key.key.hex()} does no more" in again.means
    assert stage.agrees(again, ANN)
    assert stage.agrees(binding(ANN, None), ANN)


@pytest.mark.slow
def test_the_commands_themselves(tmp_path: Path) -> None:
    terms = replace(DEVELOPMENT, round_reward=Planck(0))
    alice, bob = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")
    private, public = generate_key_pairs()
    file = tmp_path / "node_key"
    file.write_bytes(private_key_to_bytes(private))
    with EmbeddedNode.start() as node, connect(node.url) as client:
        place = ["--chain", node.url, "--federation", "0", "--json"]

        def run(*words: object, key: str = "//Alice") -> dict[str, object]:
            signed = [] if key == "" else ["--key", key]
            done = CliRunner().invoke(app, [*map(str, words), *place, *signed])
            assert done.exit_code == 0, (done.output, done.exception)
            found: dict[str, object] = json.loads(done.stdout)
            return found

        client.execute(calls.create_federation(terms, bytes(32)), alice)
        run("federation", "name-successors", bob.account, "--idle", 9, "--turn", 2)
        shown = run("federation", "show", key="")["succession"]
        assert isinstance(shown, dict)
        assert shown["accounts"] == [str(bob.account)]
        client.execute(calls.join(0, terms.min_stake, client.terms_hash(0)), bob)
        assert run("node", "bind", "--node-key", file, "--dry-run", key="//Bob")["sent"] is False
        run("node", "bind", "--node-key", file, key="//Bob")
        bound = client.node_key(0, bob.account)
        assert bound is not None
        assert node_keys.is_proved(bound, public, client.genesis_hash, 0, bob.account)
        run("node", "bind", "--clear", key="//Bob")
        assert client.node_keys(0) == {}
        client.execute(calls.open_round(0, bytes(32)), alice)
        client.execute(calls.abort(0, 0), alice)
        run("federation", "pause", "--blocks", 15)
        start = take_over_from(client, 0, bob.account)
        assert start is not None
        client.wait_until_block(start - 1, timeout=60)
        run("federation", "take-over", key="//Bob")
        assert client.federation(0).coordinator == bob.account
