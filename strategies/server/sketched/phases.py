"""The two questions of a sketched round: once it is sealed, and with the model that it gave."""

from __future__ import annotations

import logging
import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

import numpy as np

from bcfl_plugins.apportion import ONE
from bcfl_plugins.published.sketches import RoundSketches, check_sum
from bcfl_plugins.secure.service import NotSealed
from bcfl_plugins.secure.signed_sketches import (
    SketchedUpdate,
    fixed,
    float_names,
    question_payload,
    seed_of,
    sketch_payload,
    sketched,
)
from bcfl_plugins.secure.sketches import SketchSize
from pallet_bridge.encoding import update_digest
from pallet_bridge.keys import verify
from pallet_bridge.run.content import value_bytes
from pallet_bridge.run.judgements import Level
from strategies._flower import RecordDict, with_content
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
from strategies.messages.wire import ROUND, instruction_record
from strategies.server.masked.asking import ask

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.session.services import ChainServices
    from bcfl_plugins.types import Array, ClientUpdate, JudgedUpdate, RoundContext, RoundResult
    from pallet_bridge.types import AccountId, RoundKey
    from strategies._flower import Grid, Message
    from strategies.messages.wire import Instruction
    from strategies.server.open_run import OpenRun

FALSE = "the sketch that it signed is not that of its update"
_PIECE = 1 << 15
_log = logging.getLogger("flwr.bcfl")


@dataclass(slots=True)
class SketchedRound:
    """A round whose updates are sketched by their nodes.

    Parameters
    ----------
    chain : ChainServices
        Of the run.
    grid : Grid
        Where to ask.
    instruction : Instruction
        The round on chain.
    size : SketchSize
        Of the sketches.
    answer_s : float
        Seconds that nodes have to answer.
    wait : callable
        Waits for the seal of a round, as `Session.sealed`.
    """

    chain: ChainServices
    grid: Grid
    instruction: Instruction
    size: SketchSize
    answer_s: float
    wait: Callable[[RoundKey], Sealed]
    _sealed: Sealed | None = None
    _first: Mapping[AccountId, SketchedUpdate] = field(default_factory=dict)
    _updates: Mapping[AccountId, ClientUpdate] = field(default_factory=dict)

    @classmethod
    def of(cls, run: OpenRun, instruction: Instruction) -> Self | None:
        """Return a round of a run; None: the run's level of evidence asks for no sketches."""
        chain, config = run.session.services.chain, run.session.config.evidence
        if chain is None or run.grid is None or config.level is not Level.SKETCH:
            return None
        size = SketchSize(config.tables, config.width)
        return cls(chain, run.grid, instruction, size, config.answer_s, run.session.sealed)

    def messages(self, messages: Sequence[Message]) -> list[Message]:
        """Return training messages that say which sketches will be asked for."""
        record = sketched_record(self.size)
        contents: dict[int, RecordDict] = {}
        told = []
        for message in messages:
            content = message.content
            contents.setdefault(id(content), RecordDict({**content, SKETCHED: record}))
            told.append(with_content(message, contents[id(content)]))
        return told

    def unsigned(self, ctx: RoundContext, updates: Sequence[ClientUpdate]) -> dict[int, str]:
        """Wait for the seal and ask for sketches; return whose update nobody signed, and why."""
        place = self.instruction.opened.key
        try:
            sealed = self.wait(place)
        except NotSealed as error:
            why = f"the seal of the round was not seen: {error}"
            return {one.node.node_id: why for one in updates}
        self._sealed = sealed
        left: dict[int, str] = {}
        asked: dict[int, AccountId] = {}
        for one in updates:
            who, made = one.node.account, one.commitment
            if who is None or made is None or sealed.commitments.get(who) != made.commitment:
                left[one.node.node_id] = "what it sent is not what is sealed on chain"
            else:
                asked[one.node.node_id] = who
        good, bad = self._ask(sealed, asked, None)
        sent = {int(one.node.node_id): one for one in updates}
        self._updates = {asked[node]: sent[node] for node in good}
        first = {asked[node]: one for node, one in good.items()}
        for who in false_sketches(ctx.reference, self._updates, first, sealed.seed(place)):
            left |= {node: FALSE for node in good if asked[node] == who}
            del first[who]
        self._first = first
        said = {node: f"it signed no sketch of its update: {why}" for node, why in bad.items()}
        return {**left, **said}

    def published(self, result: RoundResult) -> tuple[bytes, bool] | None:
        """Ask again with the model, and keep all sketches; None: there are none.

        Returns
        -------
        bytes, bool
            Their address, and whether they show the model to be the weighted sum.
        """
        sealed, model = self._sealed, result.model
        if sealed is None or model is None:
            return None
        accepted = [one for one in result.judged if one.accepted]
        asked = {int(o.node.node_id): o.node.account for o in accepted if o.node.account}
        digest = update_digest(model)
        good, bad = self._ask(sealed, asked, digest)
        for node, why in bad.items():
            _log.warning(
                "bcfl: round %d: node %d signed no sketch for the model, which is thus checked by "
                "a seed that was known before: %s",
                result.ctx.server_round,
                node,
                why,
            )
        second = {asked[node]: one for node, one in good.items()}
        is_sum = self._is_sum(result, digest, {} if bad else second)
        if not is_sum:
            seed, base = seed_of(sealed, self.instruction.opened.key, digest), result.ctx.reference
            for who in false_sketches(base, self._updates, second, seed):
                _log.warning("bcfl: round %d: %s: %s", result.ctx.server_round, who, FALSE)
                del second[who]
                is_sum = self._is_sum(result, digest, {})
        kept = RoundSketches(
            sealed.block, sealed.number, self.size, _in_order(self._first), _in_order(second)
        )
        address = self.chain.keeper.store.put(value_bytes(kept.plain()))
        return address, is_sum

    def _is_sum(
        self,
        result: RoundResult,
        digest: bytes,
        second: Mapping[AccountId, SketchedUpdate],
    ) -> bool:
        if result.model is None or self._sealed is None:
            return False
        updates, known = (second, digest) if second else (self._first, None)
        seed = seed_of(self._sealed, self.instruction.opened.key, known)
        parts = parts_of(result.judged)
        if not parts or not parts.keys() <= updates.keys():
            return False
        base: Mapping[str, Array] = result.ctx.reference
        try:
            return check_sum(base, result.model, parts, updates, seed).holds
        except ValueError:
            return False  # a strategy that gives another model has made no sum

    def _ask(
        self, sealed: Sealed, accounts: Mapping[int, AccountId], model: bytes | None
    ) -> tuple[dict[int, SketchedUpdate], dict[int, str]]:
        place = self.instruction.opened.key
        signature = self.chain.coordinator.sign(question_payload(place, sealed, self.size, model))
        question = SketchQuestion(sealed, model, signature)
        content = RecordDict(
            {
                ROUND: instruction_record(self.instruction),
                SKETCH_ASKED: sketch_question_record(question),
            }
        )
        seed = seed_of(sealed, place, model)

        def read(node: int, answer: RecordDict) -> SketchedUpdate:
            who = accounts[node]
            signed = read_sketch_answer(answer, who, self.size)
            commitment = sealed.commitments[who]
            said = sketch_payload(place, who, seed, commitment, signed.bits, signed.sketch)
            if not verify(who, said, signed.signature):
                raise WireError("its sketch is not signed by its account")
            return signed

        return ask(self.grid, EVIDENCE, dict.fromkeys(accounts, content), read, self.answer_s)


def false_sketches(
    base: Mapping[str, Array],
    updates: Mapping[AccountId, ClientUpdate],
    found: Mapping[AccountId, SketchedUpdate],
    seed: bytes,
) -> list[AccountId]:
    """Return who signed something else than the sketch of its update.

    One such would make the server's honest statistics and model look false. All are looked at in
    one random mixture, and each by itself only where that does not fit.
    """
    accounts = [who for who in found if who in updates]
    if not accounts:
        return []
    drawn = np.random.default_rng(int.from_bytes(os.urandom(16), "little"))
    shares = drawn.uniform(0.5, 1.5, len(accounts))
    parts = dict(zip(accounts, (shares / shares.sum()).tolist(), strict=True))
    mixed = {name: _mixed(name, base[name], updates, parts) for name in float_names(base)}
    if check_sum(base, mixed, parts, found, seed).holds:
        return []
    return [who for who in accounts if not _is_of(base, updates[who], found[who], seed)]


def _mixed(
    name: str,
    like: Array,
    updates: Mapping[AccountId, ClientUpdate],
    parts: Mapping[AccountId, float],
) -> Array:
    """Return the weighted mean of one array, in pieces that fit a cache."""
    rows = [(updates[who].arrays[name].reshape(-1), like.dtype.type(p)) for who, p in parts.items()]
    total = np.zeros(like.size, like.dtype)
    room = np.empty(min(_PIECE, like.size), like.dtype)
    for at in range(0, like.size, _PIECE):
        piece = total[at : at + _PIECE]
        for row, part in rows:
            piece += np.multiply(row[at : at + _PIECE], part, out=room[: piece.size])
    return total.reshape(like.shape)


def _is_of(
    base: Mapping[str, Array], update: ClientUpdate, signed: SketchedUpdate, seed: bytes
) -> bool:
    tables, width = signed.sketch.shape
    vector = fixed(base, update.arrays if update.sent is None else update.sent, width)
    made = sketched(vector, SketchSize(tables, width), seed)
    return vector.bits == signed.bits and bool(np.array_equal(made, signed.sketch))


def parts_of(judged: Sequence[JudgedUpdate]) -> dict[AccountId, float]:
    """Return how much of the sum each accepted update is by its verdict."""
    accepted = [one for one in judged if one.accepted and one.node.account is not None]
    total = sum(one.num_examples for one in accepted)
    return {
        one.node.account: one.num_examples / total if one.share is None else one.share / ONE
        for one in accepted
        if one.node.account is not None
    }


def _in_order(found: Mapping[AccountId, SketchedUpdate]) -> tuple[SketchedUpdate, ...]:
    return tuple(found[who] for who in sorted(found, key=lambda one: one.raw))
