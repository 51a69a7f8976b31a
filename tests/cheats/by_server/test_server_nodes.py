"""A server, or who stands between, that wants a node's signature under something else."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import Perbill
from strategies.client.consent import SKEW_S
from strategies.errors import (
    InstructionExpired,
    NothingSigned,
    NotPinned,
    NotTheCoordinators,
    OtherModelCame,
    TermsRefused,
)
from strategies.messages.wire import COMMIT, IDENTITY, QUERY
from tests.cheats.nodes import EVE, KEY_NAME, MODEL, Node, question, training
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat
from tests.unit.opened import instructed, opened

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.types import OpenedRound

MakeNode = Callable[..., Node]


@pytest.fixture
def node(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> MakeNode:
    """Make one node as often as there are runs."""
    monkeypatch.setenv(KEY_NAME, "0x" + "5c" * 32)
    return lambda **config: Node(tmp_path / "memory", **config)


def honest(number: int = 5, **place: Any) -> OpenedRound:
    return opened(number, model=MODEL, **place)


def refuses(node: Node, error: type[Exception], round_: OpenedRound, model: Any = MODEL) -> None:
    before = node.trained
    with pytest.raises(error):
        node.ask(training(round_, model))
    assert node.trained == before


@cheat(
    Role.SERVER,
    "Relays the identity question of another federation's server to a node that serves its own.",
    Comes.REFUSED,
    "The question names its coordinator, which signed it; a node answers those that it is pinned "
    "to.",
)
def test_a_relayed_question(node: MakeNode) -> None:
    pinned = node()
    assert IDENTITY in pinned.ask(question(EVE, federation=8), QUERY)
    with pytest.raises(NotPinned):  # signed by its coordinator, for this very node
        pinned.ask(question(), QUERY)
    other_run = node()
    with pytest.raises(NotPinned):
        other_run.ask(question(), QUERY)


@cheat(
    Role.SERVER,
    "Relays another federation's instruction to a node that serves its own, so that the other "
    "federation rejects what comes.",
    Comes.REFUSED,
    "The node is pinned to chain, federation and coordinator; it never trains for the relay.",
)
def test_a_relayed_instruction(node: MakeNode) -> None:
    serves = node()
    assert COMMIT in serves.ask(training(honest(coordinator=EVE, federation=8)))
    for place in ({}, {"federation": 8}, {"coordinator": EVE}, {"genesis": bytes(32)}):
        refuses(serves, NotPinned, honest(6, **place))
    named = node(bcfl_federation=8, bcfl_coordinator=str(EVE.account))
    refuses(named, NotPinned, honest(6))


@cheat(
    Role.SERVER,
    "Asks one node twice for one round, in two Flower runs, to show two signatures.",
    Comes.REFUSED,
    "What was signed is on disk before it leaves: the second update is never signed.",
)
def test_two_runs_for_one_round(node: MakeNode) -> None:
    first, second = node(), node()
    assert COMMIT in first.ask(training(honest()))
    with pytest.raises(NothingSigned, match="another update for round 5"):
        second.ask(training(honest()))
    refuses(node(), NothingSigned, opened(5, model={**MODEL, "b": np.ones(3, np.float32)}),
            {**MODEL, "b": np.ones(3, np.float32)})  # fmt: skip
    assert COMMIT in second.ask(training(honest(6)))


@cheat(
    Role.SERVER,
    "Asks for a round far ahead, so that the node refuses every later round, or has signed for "
    "rounds to come.",
    Comes.REFUSED,
    "A round too far after the last one leaves no mark; nor does a first one keep others out.",
)
@pytest.mark.parametrize("far", [2**32 - 1, 3_000_000])
def test_a_round_far_ahead(node: MakeNode, far: int) -> None:
    asked = node()
    assert COMMIT in asked.ask(training(honest()))
    refuses(asked, NothingSigned, honest(far))
    assert COMMIT in asked.ask(training(honest(6)))


@cheat(
    Role.SERVER,
    "Asks a node that has never signed for the last round of all, to poison what it remembers.",
    Comes.REFUSED,
    "The node remembers round by round: all others are signed as before.",
)
def test_the_last_round_first(node: MakeNode) -> None:
    asked = node()
    asked.ask(training(honest(2**32 - 1)))
    assert all(COMMIT in asked.ask(training(honest(number))) for number in (0, 1, 77))


@cheat(
    Role.SERVER,
    "Keeps an instruction, and sends it again when everybody has forgotten the round.",
    Comes.REFUSED,
    "It says until when it holds, and the coordinator signed that.",
)
def test_an_old_instruction(node: MakeNode) -> None:
    round_ = honest()
    ended = int(time.time()) - SKEW_S - 30
    refuses(
        node(), InstructionExpired, replace(round_, instruction=instructed(round_.binding, ended))
    )
    longer = replace(round_.instruction, expires=round_.instruction.expires + 3600)
    refuses(node(), NotTheCoordinators, replace(round_, instruction=longer))


@cheat(
    Role.SERVER,
    "Sends a model that is not the one in the instruction, to have the instruction look honest.",
    Comes.REFUSED,
    "The node digests what came before it trains.",
)
def test_another_model_than_in_the_instruction(node: MakeNode) -> None:
    nudged = {**MODEL, "w": MODEL["w"] + np.float32(1e-5)}
    refuses(node(), OtherModelCame, honest(), nudged)
    refuses(node(), OtherModelCame, honest(), {"w": MODEL["w"]})


@cheat(
    Role.STRANGER,
    "Changes an instruction on its way: the round, the terms, the model, or who coordinates.",
    Comes.REFUSED,
    "The coordinator's signature is over all of it.",
)
def test_an_instruction_changed_on_its_way(node: MakeNode) -> None:
    round_ = honest()
    for changed in (
        {"round": 9},
        {"federation": 1},
        {"base_model": bytes(32)},
        {"coordinator": EVE.account},
    ):
        forged = replace(round_, binding=replace(round_.binding, **changed))
        refuses(node(), NotTheCoordinators, forged)
    by_eve = replace(round_, instruction=instructed(round_.binding, 2**33, EVE))
    refuses(node(), NotTheCoordinators, by_eve)


@cheat(
    Role.SERVER,
    "Runs a round under terms that take all of a stake, or with a friend as arbiter.",
    Comes.REFUSED,
    "Terms beyond the limits in the node's own config are not signed.",
)
def test_terms_beyond_the_nodes_limits(node: MakeNode) -> None:
    harsh = replace(DEVELOPMENT.slash, cap=Perbill(9 * 10**8), mismatch=Perbill(9 * 10**8))
    for terms in (
        replace(DEVELOPMENT, slash=harsh),
        replace(DEVELOPMENT, arbiter=EVE.account),
        replace(DEVELOPMENT, reporter_share=Perbill(5 * 10**8)),
        replace(DEVELOPMENT, silence=Perbill(9 * 10**8)),
    ):
        refuses(node(), TermsRefused, honest(terms=terms))
    longest = replace(DEVELOPMENT, unbonding_blocks=200, notice_blocks=200)
    refuses(node(bcfl_max_unbonding_blocks=199), TermsRefused, honest(terms=longest))
    assert COMMIT in node(bcfl_max_unbonding_blocks=200).ask(training(honest(terms=longest)))
