"""A round whose updates are in two halves: the questions to the aggregator and to the nodes."""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

from bcfl_plugins.aggregator.calling import AggregatorAt
from bcfl_plugins.aggregator.errors import AggregatorUnusable
from bcfl_plugins.aggregator.questions import SealedQuestion
from bcfl_plugins.secure.halves import (
    LEAST_SUMMED,
    HalvesWay,
    checked_payload,
    half_payload,
    total_payload,
)
from bcfl_plugins.secure.statements import key_payload, unmask_payload
from bcfl_plugins.types import NodeId
from pallet_bridge.keys import verify
from strategies._flower import RecordDict, with_content
from strategies.messages.fields import WireError
from strategies.messages.halves import (
    CHECK,
    HALVES,
    AskedHalves,
    SketchedHalves,
    check_record,
    halves_record,
    read_checked,
)
from strategies.messages.masks import SKETCH
from strategies.messages.wire import ROUND, instruction_record
from strategies.server.masked.asking import ask
from strategies.server.masked.rosters import CannotMask, scale_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np

    from bcfl_plugins.secure.halves import Halved
    from bcfl_plugins.secure.service import Masks, SecondServer
    from bcfl_plugins.secure.sizes import MaskScale
    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.types import NodeRef, OpenedRound
    from pallet_bridge.types import AccountId
    from strategies._flower import Grid, Message
    from strategies.messages.wire import Instruction
    from strategies.server.open_run import OpenRun

    NDArray = np.ndarray[Any, np.dtype[Any]]

_log = logging.getLogger("flwr.bcfl")


@dataclass(slots=True)
class HalvesRound:
    """A round whose updates are in two halves.

    Parameters
    ----------
    masks : Masks
        Of the run's plugin.
    grid : Grid
        Where to ask nodes.
    instruction : Instruction
        The round on chain.
    second : SecondServer
        The aggregator.
    way : HalvesWay
        How updates are halved.
    key_signature : bytes
        The aggregator's, over its key.
    nodes : Mapping[AccountId, int]
        The node of each account that is asked.
    """

    masks: Masks
    grid: Grid
    instruction: Instruction
    second: SecondServer
    way: HalvesWay
    key_signature: bytes
    nodes: Mapping[AccountId, int]
    kind: Literal["halves"] = "halves"
    signed_total: bytes = b""
    signed_sketches: dict[AccountId, tuple[bytes, bytes]] = field(default_factory=dict)

    @classmethod
    def begin(  # noqa: PLR0917 - what a round has
        cls,
        masks: Masks,
        second: SecondServer,
        run: OpenRun,
        grid: Grid,
        instruction: Instruction,
        nodes: Sequence[int],
        length: int,
    ) -> Self:
        """Ask the aggregator for its key, and fix how updates are halved.

        Raises
        ------
        CannotMask
            If too few nodes take part, or the aggregator cannot be reached or is another one.
        ConfigError
            If the integers have no room.
        """
        opened, size = instruction.opened, masks.settings.sketch
        if run.identities is None or size is None:
            raise CannotMask("nodes have no accounts without a chain, or nobody sketches")
        known = {node: run.identities.known(node).account for node in nodes}
        accounts = {one: node for node, one in known.items() if one is not None}
        needed = max(LEAST_SUMMED, masks.settings.threshold + 1)
        if len(accounts) < needed:
            raise CannotMask(f"{len(accounts)} nodes take part, and {needed} are needed at least")
        try:
            told = AggregatorAt(second.url, masks.settings.answer_s).key()
        except AggregatorUnusable as error:
            raise CannotMask(str(error)) from error
        said = key_payload(opened.genesis, opened.federation, told.account, told.key)
        if told.account != second.account or not verify(told.account, said, told.signature):
            raise CannotMask(
                f"{second.url} has no key for this federation that {second.account} signed "
                f"(bcfl.secure.aggregator_account)"
            )
        scale = scale_of(masks, len(accounts))
        way = HalvesWay(second.account, told.key, scale, size, length)
        return cls(masks, grid, instruction, second, way, told.signature, accounts)

    @property
    def opened(self) -> OpenedRound:
        """The round on chain."""
        return self.instruction.opened

    @property
    def scale(self) -> MaskScale:
        """How entries become integers."""
        return self.way.scale

    @property
    def needed(self) -> int:
        """How many updates must be in a sum."""
        return max(LEAST_SUMMED, self.masks.settings.threshold + 1)

    def left_out(self, run: OpenRun) -> dict[NodeRef, str]:
        """Return who may not train in the round, with the reasons: nobody is left out."""
        del self, run
        return {}

    def messages(self, messages: Sequence[Message]) -> list[Message]:
        """Return the messages, which say how an update is halved."""
        signature = self.masks.sign(self.way.payload(self.opened.key))
        wait = self.masks.settings.answer_s
        asked = AskedHalves(self.second.url, self.way, self.key_signature, wait, signature)
        record = halves_record(asked)
        contents: dict[int, RecordDict] = {}
        made = []
        for message in messages:
            content = message.content
            contents.setdefault(id(content), RecordDict({**content, HALVES: record}))
            made.append(with_content(message, contents[id(content)]))
        return made

    def second_sketches(
        self, sealed: Sealed, inside: Mapping[AccountId, Halved]
    ) -> dict[AccountId, tuple[NDArray, bytes]]:
        """Ask the aggregator for the sketches of its halves; return those that it signed.

        Raises
        ------
        AggregatorUnusable
            If it cannot be reached, refuses, or signed something else.
        """
        place, way = self.opened.key, self.way
        signature = self.masks.sign(sealed.payload(place, way.digest))
        question = SealedQuestion(place, way.scale, way.sketch, way.length, (), signature)
        made = self._at.sketches(question, len(sealed.commitments))
        seed = sealed.seed(place)
        for who, (sketch, signed) in made.items():
            if who not in inside:
                continue
            said = half_payload(place, who, seed, inside[who].vector, sketch)
            if not verify(self.second.account, said, signed):
                raise AggregatorUnusable(
                    self.second.url, f"its sketch of the half of {who} is not signed by it"
                )
        return {who: one for who, one in made.items() if who in inside}

    def complaints(
        self, sealed: Sealed, inside: Mapping[AccountId, Halved], sketches: Mapping[AccountId, Any]
    ) -> dict[AccountId, int]:
        """Show each node both sketches of its update; return who signed that one is false.

        A node that does not answer has nothing against them.

        Parameters
        ----------
        sealed
            The sealed round.
        inside
            What each node committed to.
        sketches
            By account the sketch of the first half, and that of the second with its signature.
        """
        place, seed = self.opened.key, sealed.seed(self.opened.key)
        questions, payloads = {}, {}
        for who, (first, (second, signed)) in sketches.items():
            of_seed = half_payload(place, who, seed, inside[who].seed, first)
            of_vector = half_payload(place, who, seed, inside[who].vector, second)
            own = self.masks.sign(of_seed)
            self.signed_sketches[who] = own, signed
            shown = SketchedHalves(seed, (first, own), (second, signed))
            questions[self.nodes[who]] = RecordDict(
                {ROUND: instruction_record(self.instruction), CHECK: check_record(shown)}
            )
            payloads[self.nodes[who]] = who, of_seed, of_vector

        def read(node: int, content: RecordDict) -> int:
            who, of_seed, of_vector = payloads[node]
            said, signature = read_checked(content)
            payload = checked_payload(place, who, of_seed, of_vector, said)
            if not verify(who, payload, signature):
                raise WireError("what it says of its sketches is not signed by its account")
            return said

        good, _ = ask(self.grid, SKETCH, questions, read, self.masks.settings.answer_s)
        return {payloads[node][0]: said for node, said in good.items() if said}

    def second_total(self, sealed: Sealed, accepted: frozenset[AccountId]) -> NDArray:
        """Ask the aggregator for the sum of its halves of those that are accepted.

        Raises
        ------
        AggregatorUnusable
            If it cannot be reached, refuses, or signed something else.
        """
        place, way = self.opened.key, self.way
        payload = unmask_payload(place, way.digest, sealed, accepted)
        chosen = tuple(sorted(accepted, key=lambda one: one.raw))
        signature = self.masks.sign(payload)
        question = SealedQuestion(place, way.scale, way.sketch, way.length, chosen, signature)
        signed, total = self._at.total(question, way.length)
        said = total_payload(place, self.second.account, payload, total)
        if not verify(self.second.account, said, signed):
            raise AggregatorUnusable(self.second.url, "its sum is not signed by it")
        self.signed_total = signed
        return total

    def node(self, account: AccountId) -> NodeId:
        """Return the node of an account."""
        return NodeId(self.nodes[account])

    @property
    def _at(self) -> AggregatorAt:
        return AggregatorAt(self.second.url, self.masks.settings.answer_s)
