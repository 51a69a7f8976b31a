"""An aggregator on a real chain, and the halves that members send it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.aggregator.keeping import HalfStore
from bcfl_plugins.aggregator.questions import SealedQuestion
from bcfl_plugins.aggregator.service import Aggregator, AggregatorLimits
from bcfl_plugins.secure.halves import (
    COMMITTED,
    Halved,
    HalvesWay,
    halve,
    seed_digest,
    vector_digest,
)
from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import Sealed, unmask_payload
from bcfl_plugins.secure.uploads import HEADER_BYTES, Upload, sealed_upload
from pallet_bridge.encoding import blake2_256, update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import RoundKey
from tests.cheats.moves import relay, wait_until

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from pallet_bridge.types import AccountId, CommittedUpdate
    from tests.cheats.moves import OpenRound

SECOND = Signer.from_uri("//bcfl//cheats//second")
LENGTH = 1300
SCALE, SKETCH = MaskScale(1.0, 26), SketchSize(1, 64)


@dataclass
class SecondServer:
    """An honest aggregator of one federation, and a round in which it is used."""

    round_: OpenRound
    folder: Path
    limits: AggregatorLimits = field(default_factory=AggregatorLimits)
    made: type[Aggregator] = Aggregator
    asks: dict[AccountId, int] = field(default_factory=dict)
    """For how many updates in a sum members ask; 3 by default."""

    def __post_init__(self) -> None:
        self.folder.mkdir(exist_ok=True)
        self.start()

    def start(self) -> None:
        """Start it, again from its folder where it was before."""
        self.store = HalfStore(self.folder, SECOND.account)
        chain, number = self.round_.chain, self.round_.binding.federation
        self.service = self.made(chain, number, SECOND, self.store, self.limits)

    @property
    def place(self) -> RoundKey:
        bound = self.round_.binding
        return RoundKey(bound.genesis, bound.federation, bound.round)

    @property
    def way(self) -> HalvesWay:
        return HalvesWay(SECOND.account, self.service.key().key, SCALE, SKETCH, LENGTH)

    def vector(self, member: Signer, seed: int = 1) -> np.ndarray:
        """Return the second half of some update of a member."""
        rng = np.random.default_rng([seed, *member.account.raw[:4]])
        vector = rng.integers(0, 1000, LENGTH).astype(np.uint32)
        halve(vector, self.seed(member))
        return vector

    def seed(self, member: Signer) -> bytes:
        return blake2_256(b"first half" + member.account.raw)

    def half(self, member: Signer, *, seed: int = 1, **changes: Any) -> tuple[bytes, bytes]:
        """Return the header and the rest of an upload."""
        vector, place = self.vector(member, seed), self.place
        halved = self.halved(member, vector)
        salt = blake2_256(halved.vector)
        header = Upload(place, member.account, halved, salt, vector.size, bytes(32))
        blind = blake2_256(b"blind")
        signer = changes.pop("signer", member)
        header = replace(header, **changes)
        body = sealed_upload(header, signer, self.service.key().key, blind, vector)
        return body[:HEADER_BYTES], body[HEADER_BYTES:]

    def halved(self, member: Signer, vector: np.ndarray) -> Halved:
        place = self.place
        return Halved(
            self.way.digest,
            seed_digest(place, member.account, self.seed(member)),
            vector_digest(place, member.account, blake2_256(b"blind"), vector),
            self.asks.get(member.account, 3),
        )

    def send(self, member: Signer, *, seed: int = 1, **changes: Any) -> bytes:
        """Let a member send its half; return the receipt."""
        header, sealed = self.half(member, seed=seed, **changes)
        return self.service.take(self.service.admit(header), sealed)

    def commit(self, member: Signer) -> CommittedUpdate:
        """Let a member commit to its halves."""
        halved = self.halved(member, self.vector(member))
        digest = update_digest({COMMITTED: halved.array()})
        salt = blake2_256(halved.vector)
        made = sign_commitment(self.round_.binding, member, digest, 10, salt)
        relay(self.round_, made)
        return made

    def seal(self) -> Sealed:
        """Wait until nobody can commit any more."""
        chain, place = self.round_.chain, self.round_.place
        stored = chain.round(*place)
        assert stored is not None
        wait_until(chain, stored.seal_block)
        block = chain.block_at(stored.seal_block)
        assert block is not None
        there = {who: one.hash for who, one in chain.commitments(*place).items()}
        return Sealed(block.hash, block.number, there)

    def all_in(self) -> Sealed:
        """Let all members send and commit, and wait for the seal."""
        for member in self.round_.federation.members:
            self.send(member)
            self.commit(member)
        return self.seal()

    def question(
        self,
        sealed: Sealed,
        accepted: Iterable[AccountId] = (),
        signer: Signer | None = None,
        **changes: Any,
    ) -> SealedQuestion:
        """Return a question of the coordinator: for sketches, or for the sum of some."""
        chosen = tuple(accepted)
        place, way = self.place, replace(self.way, **changes)
        payload = sealed.payload(place, way.digest)
        if chosen:
            payload = unmask_payload(place, way.digest, sealed, chosen)
        signature = (signer or self.round_.federation.coordinator).sign(payload)
        return SealedQuestion(place, way.scale, way.sketch, way.length, chosen, signature)
