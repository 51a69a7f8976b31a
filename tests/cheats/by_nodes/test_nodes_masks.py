"""Nodes that lie about their masks: none gets poison into a sum, and who lies is named."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, RecordDict

from bcfl_plugins.errors import RecordIncomplete
from bcfl_plugins.reasons import Reason
from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.statements import (
    Dealing,
    answer_payload,
    claims_payload,
    key_payload,
    unmask_payload,
)
from pallet_bridge.encoding import update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import REPORTS
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import Outcome
from strategies.messages.masks import (
    ANSWER,
    CLAIMS,
    DEALT,
    KEY,
    KEYS,
    MASKED,
    SHARES,
    SKETCH,
    UNMASK,
    answer_record,
    claims_record,
    dealing_record,
    key_record,
    read_asked,
    read_claims,
    read_dealing,
    read_given,
    read_roster,
)
from strategies.messages.wire import (
    COMMIT,
    commitment_record,
    read_instruction,
    read_question,
)
from strategies.testing import DROP, FIRST_NODE_ID
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat
from tests.e2e.masked.federation import SUMMED, federate

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bcfl_plugins.secure.statements import Roster
    from pallet_bridge.run.reports import ReportEntry
    from tests.e2e.masked.federation import Trained

    Change = Callable[[np.ndarray, Roster, Signer], None]

pytestmark = pytest.mark.slow

LIAR = 0
VOID = "the round is void: a node that lied is in its sum"


def signer_of(node: int) -> Signer:
    return Signer.from_uri(f"//bcfl//node-{node}")


class Liar:
    """Changes the answers of one node to one kind of question, and signs what it made of them."""

    def __init__(self, kind: str, change: Callable[[Message, Message, Any], Message]) -> None:
        self._kind = kind
        self._change = change
        self.roster: Roster | None = None
        self.told = 0

    def __call__(self, node: int, question: Message, reply: Message) -> Message:
        if node != LIAR or reply.has_error():
            return reply
        kind = question.metadata.message_type
        if kind == SHARES:
            self.roster, _ = read_roster(question.content)
        if kind != self._kind:
            return reply
        self.told += 1
        return self._change(question, reply, self)


def claiming(change: Change) -> Liar:
    """Return a liar that changes the sketches of its masks that it claims."""

    def lie(question: Message, reply: Message, liar: Liar) -> Message:
        assert liar.roster is not None
        signer, place = signer_of(LIAR), read_instruction(question.content).opened.key
        claims, _ = read_claims(reply.content, liar.roster)
        change(claims, liar.roster, signer)
        own, *pairs = (one.astype("<u4").tobytes() for one in claims)
        seed = read_asked(question.content).sealed.seed(place)
        said = claims_payload(place, signer.account, seed, own, pairs)
        record = claims_record(claims, signer.sign(said))
        return Message(RecordDict({CLAIMS: record}), reply_to=question)

    return Liar(SKETCH, lie)


def giving(node: int, question: Message, reply: Message, roster: Roster) -> Message:
    """Return an answer that gives back another seed of each pair, and no good share."""
    signer, place = signer_of(node), read_instruction(question.content).opened.key
    asked = read_asked(question.content)
    given, _ = read_given(reply.content, len(roster.members) - 1)
    changed = bytes(one ^ 1 for one in given)
    payload = unmask_payload(place, roster.digest, asked.sealed, asked.accepted)
    signature = signer.sign(answer_payload(place, signer.account, payload, changed))
    return Message(RecordDict({ANSWER: answer_record(changed, signature)}), reply_to=question)


def entries(run: Trained) -> dict[int, ReportEntry]:
    """Return what the last round's report says of each node."""
    line = run.record.rounds[-1]
    assert line.report is not None
    report = ReportStore(run.folder / REPORTS).get(line.report)
    return {entry.node_id - FIRST_NODE_ID: entry for entry in report.entries}


@cheat(
    Role.NODE,
    "Claims another sketch of its own mask, so that its poison looks like an honest update.",
    Comes.REFUSED,
    "Its seed comes back while the sum is unmasked, and refutes the sketch that it signed. The sum "
    "is not used, and it is left out for the rest of the run. That it lied is the server's word.",
)
def test_a_false_sketch_of_ones_own_mask(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def lie(claims: np.ndarray, roster: Roster, signer: Signer) -> None:
        del roster, signer
        claims[0] += np.uint32(1 << 20)

    liar = claiming(lie)
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        run = federate(tmp_path, rounds=2, twist=liar, **{"round_log.on_missing": "warn"})
    assert liar.told == 1, "it is not asked again"
    assert VOID in caplog.text
    assert f"{signer_of(LIAR).account} is left out for the rest of the run" in caplog.text
    assert set(entries(run)) == {1, 2, 3, 4, 5}


@cheat(
    Role.NODE,
    "Claims another sketch of the mask that it shares with an honest node.",
    Comes.REFUSED,
    "The two claims differ, so both are left out of the sum; the seed of the pair, of which both "
    "signed the hash before the training, shows which of them lied. Only the liar gets a strike. "
    "Which of them that is is the server's word.",
)
def test_a_false_sketch_of_a_pair(tmp_path: Path) -> None:
    def lie(claims: np.ndarray, roster: Roster, signer: Signer) -> None:
        others = [one.account for one in roster.others(signer.account)]
        claims[1 + others.index(signer_of(1).account)] += np.uint32(1 << 20)

    run = federate(tmp_path, nodes=10, twist=claiming(lie))
    assert run.sum_is_of(1, range(2, 10), roster=10)
    found = entries(run)
    assert (found[LIAR].outcome, found[LIAR].reason) == (
        Outcome.REJECTED,
        Reason.DIGEST_MISMATCH,
    )
    assert found[1].outcome is Outcome.EXCLUDED


@cheat(
    Role.TOGETHER,
    "One drops out; another lies about the mask of both, where no second claim contradicts it.",
    Comes.REFUSED,
    "The sketch of the sum is not that of what was judged; the seed of the pair, which the liar "
    "gives back itself, refutes what it signed. The sum is not used.",
)
def test_a_false_sketch_of_a_pair_whose_other_end_is_gone(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    def lie(claims: np.ndarray, roster: Roster, signer: Signer) -> None:
        others = [one.account for one in roster.others(signer.account)]
        claims[1 + others.index(signer_of(1).account)] += np.uint32(1 << 20)

    def fail(message: Message) -> str | None:
        gone = message.metadata.dst_node_id == FIRST_NODE_ID + 1
        return DROP if gone and message.metadata.message_type == SKETCH else None

    with pytest.raises(RecordIncomplete, match=VOID):
        federate(tmp_path, nodes=10, twist=claiming(lie), fail=fail)
    assert f"{signer_of(LIAR).account} is left out for the rest" in caplog.text


@cheat(
    Role.NODE,
    "Gives back false seeds and shares, to spoil the sum.",
    Comes.REFUSED,
    "Each seed and share was hashed and signed before the training: what is false is not used, and "
    "its giver is named. Where nobody else has it, the round is repeated without that node.",
)
def test_false_seeds_are_not_used(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    rosters: list[Roster] = []

    def twist(node: int, question: Message, reply: Message) -> Message:
        if reply.has_error():
            return reply
        kind = question.metadata.message_type
        if kind == SHARES:
            rosters.append(read_roster(question.content)[0])
        if node == LIAR and kind == UNMASK:
            return giving(node, question, reply, rosters[-1])
        return reply

    def fail(message: Message) -> str | None:
        gone = message.metadata.dst_node_id == FIRST_NODE_ID + 1
        return "it was killed" if gone and message.metadata.message_type == "train" else None

    run = federate(tmp_path / "all", twist=twist)
    assert run.sum_is_of(1, range(6), roster=6), "others' shares are enough"
    with pytest.raises(RecordIncomplete, match="gave no seed of its pair"):
        federate(tmp_path / "one gone", nodes=10, twist=twist, fail=fail)
    assert "the seed of a pair that it gave back is not the one that it signed" in caplog.text


@cheat(
    Role.NODE,
    "Deals shares of another seed than it masks with.",
    Comes.REFUSED,
    "The shares that it signed give another seed than it signed: the sum is not used, and it is "
    "left out for the rest of the run.",
)
def test_shares_of_another_seed(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    def lie(question: Message, reply: Message, liar: Liar) -> Message:
        assert liar.roster is not None
        signer, place = signer_of(LIAR), read_instruction(question.content).opened.key
        dealing, _ = read_dealing(reply.content, len(liar.roster.members) - 1)
        false = Dealing(dealing.roster, bytes(32), dealing.pairs, dealing.shares, dealing.sealed)
        record = dealing_record(false, signer.sign(false.payload(place, signer.account)))
        return Message(RecordDict({DEALT: record}), reply_to=question)

    with pytest.raises(RecordIncomplete, match="dealt shares of another seed than it signed"):
        federate(tmp_path, twist=Liar(SHARES, lie))
    assert f"{signer_of(LIAR).account} is left out for the rest of the run" in caplog.text


@cheat(
    Role.NODE,
    "Takes part with a mask key that is not its own, or on which no secret can be agreed.",
    Comes.REFUSED,
    "The server takes a key that the node's account signed and that works; others go on without "
    "this node.",
)
def test_mask_keys_that_are_none(tmp_path: Path) -> None:
    def stolen(question: Message, reply: Message, liar: Liar) -> Message:
        del reply, liar
        record = key_record(signer_of(1).account, MaskKey().public, bytes(64))
        return Message(RecordDict({KEY: record}), reply_to=question)

    def useless(question: Message, reply: Message, liar: Liar) -> Message:
        del reply, liar
        asked, signer = read_question(question.content, FIRST_NODE_ID + LIAR), signer_of(LIAR)
        said = key_payload(asked.genesis, asked.federation, signer.account, bytes(32))
        record = key_record(signer.account, bytes(32), signer.sign(said))
        return Message(RecordDict({KEY: record}), reply_to=question)

    for name, change in (("stolen", stolen), ("useless", useless)):
        run = federate(tmp_path / name, twist=Liar(KEYS, change))
        assert run.sum_is_of(1, range(1, 6), roster=5)


@cheat(
    Role.NODE,
    "Sends something else than a masked update: floats, fewer arrays, or nothing.",
    Comes.REFUSED,
    "A masked update has the model's arrays, as integers of 32 bits; what is none costs its sender "
    "the round.",
)
def test_updates_that_are_not_masked(tmp_path: Path) -> None:
    def unmasked(question: Message, reply: Message, liar: Liar) -> Message:
        del question, liar
        arrays = {
            n: Array(one.numpy().astype(np.float32)) for n, one in reply.content["arrays"].items()
        }
        reply.content["arrays"] = ArrayRecord(arrays)
        return reply

    run = federate(tmp_path, twist=Liar("train", unmasked))
    assert run.sum_is_of(1, range(1, 6), roster=6)


@cheat(
    Role.NODE,
    "Sends integers far beyond what a clipped update gives, where nobody is judged.",
    Comes.OPEN,
    "A sum that honest updates cannot give is not used. In the mode sum nobody can say whose fault "
    "it is, and one node stops the run as long as it takes part.",
)
def test_a_sum_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(RecordIncomplete, match="the sum is beyond what clipped updates can give"):
        federate(
            tmp_path,
            plugins=SUMMED,
            twist=_unclipped(),
            **{"secure.mode": "sum"},
        )


def _unclipped() -> Callable[[int, Message, Message], Message]:
    """Add 2^30 to each masked entry, and sign that."""

    def twist(node: int, question: Message, reply: Message) -> Message:
        if node != LIAR or reply.has_error() or MASKED not in question.content:
            return reply
        bound = read_instruction(question.content).opened.binding
        arrays = {
            name: one.numpy() + np.uint32(1 << 30) for name, one in reply.content["arrays"].items()
        }
        made = sign_commitment(bound, signer_of(node), update_digest(arrays), 10, bytes(32))
        reply.content["arrays"] = ArrayRecord({name: Array(one) for name, one in arrays.items()})
        reply.content[COMMIT] = commitment_record(made)
        return reply

    return twist
