"""A server that runs one masked round with one honest node, as it likes; the others are its own."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import RecordDict

from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.sizes import MaskScale, bits_for, threshold
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import (
    Member,
    Roster,
    Sealed,
    deal_payload,
    key_payload,
    unmask_payload,
)
from pallet_bridge.keys import Signer
from strategies.messages.masks import (
    GROUPING,
    KEY,
    KEYS,
    MASKED,
    ROSTER,
    SEALED,
    SHARES,
    SKETCH,
    UNMASK,
    Asked,
    asked_record,
    grouping_record,
    masked_record,
    read_key,
    roster_record,
)
from strategies.messages.wire import COMMIT, ROUND, Instruction, instruction_record
from tests.cheats.nodes import question, training
from tests.unit.opened import COORDINATOR, opened

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from bcfl_plugins.secure.groups import Grouping
    from bcfl_plugins.types import OpenedRound
    from pallet_bridge.types import AccountId
    from tests.cheats.nodes import Node

BIG = {"w": np.linspace(0, 1, 1300, dtype=np.float32)}
"""A model that a sketch of 64 numbers does not give away."""
SMALL_SKETCH = SketchSize(1, 64)
OTHERS = [Signer.from_uri(f"//bcfl//masks//{number}") for number in range(5)]


@dataclass
class MaskServer:
    """One round: each step may be called with something else than what is honest."""

    node: Node
    round_: OpenedRound = field(default_factory=lambda: opened(model=BIG))
    keys: Mapping[AccountId, MaskKey] = field(
        default_factory=lambda: {one.account: MaskKey() for one in OTHERS}
    )
    commitment: bytes = b""

    def member(self) -> Member:
        """Ask the node for its mask key."""
        content = self.node.ask(question(federation=self.round_.federation), KEYS)
        assert KEY in content
        return read_key(content)

    def other(self, signer: Signer, key: bytes | None = None) -> Member:
        made = self.keys[signer.account].public if key is None else key
        place = self.round_.genesis, self.round_.federation
        return Member(signer.account, made, signer.sign(key_payload(*place, signer.account, made)))

    def roster(self, members: Iterable[Member] = (), **changes: Any) -> Roster:
        listed = [self.member(), *(members or [self.other(one) for one in OTHERS])]
        ordered = tuple(sorted(listed, key=lambda one: one.account.raw))
        count = len(ordered)
        scale = MaskScale(1.0, bits_for(count, 1.0))
        return replace(Roster(ordered, threshold(count), scale, SMALL_SKETCH), **changes)

    def deal(
        self, roster: Roster, signer: Signer = COORDINATOR, grouping: Grouping | None = None
    ) -> RecordDict:
        signature = signer.sign(deal_payload(self.round_.key, roster.digest))
        asked = {ROSTER: roster_record(roster, signature)}
        if grouping is not None:
            asked[GROUPING] = grouping_record(grouping)
        return self.node.ask(self._asking(asked), SHARES)

    def train(self, digest: bytes | None) -> RecordDict:
        content = training(self.round_, BIG)
        if digest is not None:
            content[MASKED] = masked_record(digest)
        reply = self.node.ask(content)
        self.commitment = reply[COMMIT]["commitment"]
        return reply

    def sealed(self, **changes: Any) -> Sealed:
        """Return the sealed round in which all are with what they committed to."""
        commitments = {one.account: bytes(32) for one in OTHERS}
        commitments[self.member().account] = self.commitment
        return replace(Sealed(b"\x07" * 32, 9, commitments), **changes)

    def sketch(self, roster: Roster, sealed: Sealed, signer: Signer = COORDINATOR) -> RecordDict:
        signature = signer.sign(sealed.payload(self.round_.key, roster.digest))
        asked = Asked(sealed, signature, frozenset(), {})
        return self.node.ask(self._asking({SEALED: asked_record(asked)}), SKETCH)

    def unmask(
        self,
        roster: Roster,
        sealed: Sealed,
        accepted: Iterable[AccountId] | None = None,
        dealers: Iterable[AccountId] = (),
        signer: Signer = COORDINATOR,
    ) -> RecordDict:
        inside = frozenset(roster.accounts if accepted is None else accepted)
        payload = unmask_payload(self.round_.key, roster.digest, sealed, inside)
        shares = dict.fromkeys(dealers, b"sealed")
        asked = Asked(sealed, signer.sign(payload), inside, shares)
        return self.node.ask(self._asking({SEALED: asked_record(asked)}), UNMASK)

    def through(self) -> tuple[Roster, Sealed]:
        """Go through the round honestly, until the masks are sketched."""
        roster = self.roster()
        self.deal(roster)
        self.train(roster.digest)
        sealed = self.sealed()
        self.sketch(roster, sealed)
        return roster, sealed

    def _asking(self, records: dict[str, Any]) -> RecordDict:
        round_ = instruction_record(Instruction(self.round_, "num-examples"))
        return RecordDict({ROUND: round_, **records})
