"""The two questions of a sketched round: once it is sealed, and with the model that it gave."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Self

from bcfl_plugins.apportion import ONE
from bcfl_plugins.published.sketches import RoundSketches, check_sum
from bcfl_plugins.secure.service import NotSealed
from bcfl_plugins.secure.signed_sketches import (
    SketchedUpdate,
    question_payload,
    seed_of,
    sketch_payload,
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
from strategies.server.sketched.mixture import Mixture, mixing

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
    _mixture: Mixture | None = None

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
        named = {one.node.account: one for one in updates if one.node.account is not None}
        with mixing(ctx.reference, named) as mixture:
            try:
                sealed = self.wait(place)
            except NotSealed as error:
                why = f"the seal of the round was not seen: {error}"
                return {one.node.node_id: why for one in updates}
            return self._asked(sealed, updates, mixture)

    def _asked(
        self, sealed: Sealed, updates: Sequence[ClientUpdate], mixture: Callable[[], Mixture]
    ) -> dict[int, str]:
        """Ask by the first seed; return whose update nobody signed, and why."""
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
        first = {asked[node]: one for node, one in good.items()}
        sent = {asked[node]: one for one in updates if (node := int(one.node.node_id)) in good}
        self._mixture = mixture()
        if any(self._mixture.updates[who] is not one for who, one in sent.items()):
            # An account with two nodes: which update is its own, only the seal says.
            self._mixture = Mixture.of(self._mixture.base, sent)
        seed = sealed.seed(self.instruction.opened.key)
        for who in self._mixture.false_sketches(first, seed):
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
        if not is_sum and self._mixture is not None:
            seed = seed_of(sealed, self.instruction.opened.key, digest)
            for who in self._mixture.false_sketches(second, seed):
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
