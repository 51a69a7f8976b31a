"""What is hashed and signed in secure aggregation. Versioned; vectors pin every encoding.

Nodes sign their mask key, what they deal, what they claim and what they give back: a lie is proved
by the liar's own words. The coordinator signs what it asks: two lists for one round are proved too.
"""

from __future__ import annotations

import hashlib
import struct
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.secure.sketches import SketchSize
from pallet_bridge.encoding import blake2_256, round_bytes
from pallet_bridge.scale import hash32, scale_bytes, scale_str, uint

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from bcfl_plugins.secure.sizes import MaskScale
    from pallet_bridge.types import AccountId, RoundKey


@dataclass(frozen=True, slots=True)
class Member:
    """A node in the roster of a round.

    Parameters
    ----------
    account : AccountId
        Whose node.
    key : bytes
        Its public mask key.
    signature : bytes
        The account's, over `key_payload`.
    """

    account: AccountId
    key: bytes
    signature: bytes


@dataclass(frozen=True, slots=True)
class Roster:
    """Who masks with whom in a round, and how: the same for all, and signed by the coordinator.

    Parameters
    ----------
    members : tuple of Member
        Ascending by account.
    needed : int
        How many of the other nodes must give back a share of a node's own seed.
    scale : MaskScale
        How entries become integers.
    sketch : SketchSize or None
        Of the sketches; `None`: nobody sketches, and nothing is judged.
    grouping : bytes
        Digest of what the groups follow from, of which these members are one; empty: they are no
        group, but all of the round.
    """

    members: tuple[Member, ...]
    needed: int
    scale: MaskScale
    sketch: SketchSize | None
    grouping: bytes = b""

    @property
    def accounts(self) -> tuple[AccountId, ...]:
        """The members' accounts."""
        return tuple(member.account for member in self.members)

    def member(self, account: AccountId) -> Member | None:
        """Return a member by its account."""
        return next((one for one in self.members if one.account == account), None)

    def others(self, account: AccountId) -> tuple[Member, ...]:
        """Return all but one, in order: the holders of its shares, numbered from 1."""
        return tuple(one for one in self.members if one.account != account)

    @property
    def digest(self) -> bytes:
        """32 bytes that stand for all of it."""
        size = SketchSize(0, 0) if self.sketch is None else self.sketch
        grouped = hash32("grouping", self.grouping) if self.grouping else b""
        return blake2_256(
            scale_str("bcfl/mask-roster/v2" if grouped else "bcfl/mask-roster/v1")
            + uint(len(self.members), 4)
            + b"".join(one.account.raw + hash32("key", one.key) for one in self.members)
            + uint(self.needed, 4)
            + struct.pack("<d", self.scale.clip)
            + uint(self.scale.bits, 4)
            + uint(size.tables, 4)
            + uint(size.width, 4)
            + grouped
        )


def is_plus(account: AccountId, peer: AccountId) -> bool:
    """Say whether a node adds the mask of a pair; the other one takes it off."""
    return account.raw < peer.raw


def key_payload(genesis: bytes, federation: int, account: AccountId, key: bytes) -> bytes:
    """Return the 32 bytes by which an account says that a mask key is its own."""
    return blake2_256(
        scale_str("bcfl/mask-key/v1")
        + hash32("genesis", genesis)
        + uint(federation, 4)
        + account.raw
        + hash32("key", key)
    )


def seed_hash(place: RoundKey, owner: AccountId, seed: bytes) -> bytes:
    """Return what a node says of its own seed before anybody trains."""
    return _hidden("bcfl/mask-seed-hash/v1", place, owner.raw, seed)


def pair_hash(place: RoundKey, one: AccountId, other: AccountId, seed: bytes) -> bytes:
    """Return what both ends of a pair say of their seed before anybody trains."""
    low, high = sorted((one.raw, other.raw))
    return _hidden("bcfl/mask-pair-hash/v1", place, low + high, seed)


def share_hash(place: RoundKey, dealer: AccountId, holder: AccountId, share: bytes) -> bytes:
    """Return what a dealer says of the share that it gives to a holder."""
    return _hidden("bcfl/mask-share-hash/v1", place, dealer.raw + holder.raw, share)


@dataclass(frozen=True, slots=True)
class Dealing:
    """What a node deals before anybody trains; each tuple is in the order of its others.

    Parameters
    ----------
    roster : bytes
        Digest of the roster.
    seed : bytes
        Hash of its own seed.
    pairs : tuple of bytes
        Hash of each pair seed.
    shares : tuple of bytes
        Hash of each share.
    sealed : tuple of bytes
        Each share, sealed for its holder.
    """

    roster: bytes
    seed: bytes
    pairs: tuple[bytes, ...]
    shares: tuple[bytes, ...]
    sealed: tuple[bytes, ...]

    def payload(self, place: RoundKey, dealer: AccountId) -> bytes:
        """Return the 32 bytes that the dealer signs."""
        return blake2_256(
            scale_str("bcfl/mask-dealing/v1")
            + round_bytes(place)
            + dealer.raw
            + hash32("roster", self.roster)
            + hash32("seed", self.seed)
            + _list(self.pairs)
            + _list(self.shares)
            + _list(self.sealed)
        )


def claims_payload(
    place: RoundKey, account: AccountId, seed: bytes, own: bytes, pairs: Sequence[bytes]
) -> bytes:
    """Return the 32 bytes by which a node stands by the sketches of its masks.

    Parameters
    ----------
    place, account
        The round, and who claims.
    seed
        Of the sketches.
    own
        The bytes of the sketch of its own mask.
    pairs
        Those of the masks with each other node, in order.
    """
    return blake2_256(
        scale_str("bcfl/mask-claims/v1")
        + round_bytes(place)
        + account.raw
        + hash32("seed", seed)
        + _digest(own)
        + _list([_digest(pair) for pair in pairs])
    )


def answer_payload(place: RoundKey, account: AccountId, asked: bytes, given: bytes) -> bytes:
    """Return the 32 bytes by which a node stands by the shares and seeds that it gives back.

    Parameters
    ----------
    place, account
        The round, and who answers.
    asked
        The payload of what was asked.
    given
        32 bytes for each other node, in order, with zeros where it gives nothing.
    """
    return blake2_256(
        scale_str("bcfl/mask-answer/v1")
        + round_bytes(place)
        + account.raw
        + hash32("asked", asked)
        + _digest(given)
    )


def deal_payload(place: RoundKey, roster: bytes) -> bytes:
    """Return what the coordinator signs to let nodes deal."""
    return blake2_256(
        scale_str("bcfl/mask-ask-deal/v1") + round_bytes(place) + hash32("roster", roster)
    )


@dataclass(frozen=True, slots=True)
class Sealed:
    """Who is in a sealed round, as the chain has it.

    Parameters
    ----------
    block : bytes
        Hash of the block in which the round was sealed, of which the seed is drawn.
    number : int
        Its number.
    commitments : Mapping[AccountId, bytes]
        What each member of the round committed to.
    """

    block: bytes
    number: int
    commitments: Mapping[AccountId, bytes]

    def seed(self, place: RoundKey) -> bytes:
        """Return the seed of the sketches.

        No node knows it before its own salted commitment is made, whoever made the block.
        """
        return blake2_256(scale_str("bcfl/sketch-seed/v1") + round_bytes(place) + self._written())

    def payload(self, place: RoundKey, roster: bytes) -> bytes:
        """Return what the coordinator signs to let nodes sketch their masks."""
        return blake2_256(
            scale_str("bcfl/mask-ask-sketch/v1")
            + round_bytes(place)
            + hash32("roster", roster)
            + self._written()
        )

    def _written(self) -> bytes:
        return (
            hash32("block", self.block)
            + uint(self.number, 4)
            + uint(len(self.commitments), 4)
            + b"".join(
                account.raw + hash32("commitment", self.commitments[account])
                for account in sorted(self.commitments, key=lambda one: one.raw)
            )
        )


def unmask_payload(
    place: RoundKey, roster: bytes, sealed: Sealed, accepted: Iterable[AccountId]
) -> bytes:
    """Return what the coordinator signs to let nodes unmask the sum of those that are accepted."""
    return blake2_256(
        scale_str("bcfl/mask-ask-unmask/v1")
        + sealed.payload(place, roster)
        + _list(sorted(one.raw for one in accepted))
    )


def _hidden(purpose: str, place: RoundKey, names: bytes, secret: bytes) -> bytes:
    written = scale_str(purpose) + round_bytes(place) + names + secret
    return hashlib.sha256(written).digest()


def _list(items: Sequence[bytes]) -> bytes:
    return uint(len(items), 4) + b"".join(scale_bytes(item) for item in items)


def _digest(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()
