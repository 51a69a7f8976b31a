"""A server that asks nodes for sketches of what they sent otherwise than the protocol says."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import RecordDict

from bcfl_plugins.secure.signed_sketches import (
    as_numbers,
    question_payload,
    seed_of,
    sketch_payload,
)
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import Sealed
from pallet_bridge.keys import Signer, verify
from pallet_bridge.types import AccountId
from strategies.errors import NothingSigned, NotTheCoordinators
from strategies.messages.fields import WireError
from strategies.messages.sketches import (
    EVIDENCE,
    SKETCH_ASKED,
    SKETCHED,
    SketchQuestion,
    read_sketch_answer,
    sketch_question_record,
    sketched_record,
)
from strategies.messages.wire import COMMIT, ROUND, Instruction, instruction_record
from tests.cheats.nodes import EVE, KEY_NAME, Node, training
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat
from tests.unit.opened import COORDINATOR, opened

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.secure.signed_sketches import SketchedUpdate

SIZE = SketchSize(2, 64)
BIG = {"w": np.linspace(0, 1, 1300, dtype=np.float32)}


class SketchServer:
    """One round: each step may be called with something else than what is honest."""

    def __init__(self, node: Node) -> None:
        self.node = node
        self.round_ = opened(model=BIG)
        self.account = AccountId(bytes(32))
        self.commitment = b""
        self.moved = np.zeros(0)

    def train(self, size: SketchSize | None = SIZE) -> None:
        content = training(self.round_, BIG)
        if size is not None:
            content[SKETCHED] = sketched_record(size)
        reply = self.node.ask(content)
        self.account = AccountId(reply[COMMIT]["account"])
        self.commitment = reply[COMMIT]["commitment"]
        self.moved = reply["arrays"]["w"].numpy().astype(np.float64) - BIG["w"]

    def sealed(self, **changes: Any) -> Sealed:
        commitments = {AccountId(bytes(32)): bytes(32), self.account: self.commitment}
        return replace(Sealed(b"\x07" * 32, 9, commitments), **changes)

    def sketch(
        self, sealed: Sealed, model: bytes | None = None, signer: Signer = COORDINATOR
    ) -> SketchedUpdate:
        payload = question_payload(self.round_.key, sealed, SIZE, model)
        asked = SketchQuestion(sealed, model, signer.sign(payload))
        round_ = instruction_record(Instruction(self.round_, "num-examples"))
        content = RecordDict({ROUND: round_, SKETCH_ASKED: sketch_question_record(asked)})
        return read_sketch_answer(self.node.ask(content, EVIDENCE), self.account, SIZE)


@pytest.fixture
def server(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> SketchServer:
    monkeypatch.setenv(KEY_NAME, "0x" + "5c" * 32)
    return SketchServer(Node(tmp_path / "memory"))


@pytest.mark.parametrize("model", [None, b"m" * 32])
def test_what_a_node_signs_is_the_sketch_of_what_it_sent(
    server: SketchServer, model: bytes | None
) -> None:
    """What each cheat below is refused for is no slip of this test: without it all is answered."""
    server.train()
    sealed = server.sealed()
    made = server.sketch(sealed, model)
    seed = seed_of(sealed, server.round_.key, model)
    said = sketch_payload(
        server.round_.key, server.account, seed, server.commitment, made.bits, made.sketch
    )
    assert verify(server.account, said, made.signature)
    length = float(np.linalg.norm(server.moved))
    shown = np.sqrt(np.square(as_numbers(made.sketch, made.bits)).sum(axis=1))
    assert shown == pytest.approx(length, rel=0.6)
    again = server.sketch(sealed, model)  # the same question, once more
    np.testing.assert_array_equal(again.sketch, made.sketch)


@cheat(
    Role.SERVER,
    "Asks a node for sketches by several seeds, and publishes the one that suits it.",
    Comes.REFUSED,
    "A node answers one question a round about the seal, and one about the model.",
)
def test_another_seed_for_one_round(server: SketchServer) -> None:
    server.train()
    server.sketch(server.sealed())
    server.sketch(server.sealed(), b"m" * 32)
    with pytest.raises(NothingSigned, match="for another question"):
        server.sketch(server.sealed(block=b"\x08" * 32))
    with pytest.raises(NothingSigned, match="for another question"):
        server.sketch(server.sealed(), b"n" * 32)


@cheat(
    Role.SERVER,
    "Asks a node for the sketch of an update before that is in the sealed round.",
    Comes.REFUSED,
    "The node signs for what it committed to only, and the seed depends on all commitments.",
)
def test_a_round_without_what_the_node_sent(server: SketchServer) -> None:
    server.train()
    with pytest.raises(NothingSigned, match="not in the sealed round"):
        server.sketch(server.sealed(commitments={server.account: bytes(32)}))


def test_somebody_else_gets_no_sketch(server: SketchServer) -> None:
    server.train()
    with pytest.raises(NotTheCoordinators, match="for signed sketches"):
        server.sketch(server.sealed(), signer=EVE)


def test_a_node_that_was_not_told_before_holds_nothing(server: SketchServer) -> None:
    server.train(None)
    with pytest.raises(NothingSigned, match="holds no update of round 5"):
        server.sketch(server.sealed())


def test_sketches_of_a_size_that_there_is_not_are_refused(server: SketchServer) -> None:
    with pytest.raises(WireError, match="no sketches of 9 tables of 64"):
        server.train(SketchSize(9, 64))
