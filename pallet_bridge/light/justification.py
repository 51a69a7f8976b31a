"""GRANDPA justifications: the signed votes that make a block final.

What `sc-consensus-grandpa` accepts of honest nodes is accepted here, and nothing that it refuses.
One thing is stricter: a vote of a key that is no authority is refused, not left out.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import ed25519_zebra  # type: ignore[import-untyped]

from pallet_bridge.embedded.chain.block import Header
from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import vector
from pallet_bridge.errors.proofs import ProofRefused

if TYPE_CHECKING:
    from pallet_bridge.light.authorities import AuthoritySet

_PRECOMMIT = b"\x01"
_HASH_BYTES, _KEY_BYTES, _SIGNATURE_BYTES = 32, 32, 64


@dataclass(frozen=True, slots=True)
class VotedBlock:
    """A block by hash and number, as a vote names it."""

    hash: bytes
    number: int

    def encode(self) -> bytes:
        """Return the SCALE form."""
        return self.hash + self.number.to_bytes(4, "little")


@dataclass(frozen=True, slots=True)
class Precommit:
    """A signed vote for a block and all before it."""

    target: VotedBlock
    signature: bytes
    authority: bytes

    def encode(self) -> bytes:
        """Return the SCALE form."""
        return self.target.encode() + self.signature + self.authority


@dataclass(frozen=True, slots=True)
class Justification:
    """A commit of one round of votes, and the headers that lead from its target to the votes'."""

    round: int
    target: VotedBlock
    precommits: tuple[Precommit, ...]
    ancestries: tuple[Header, ...]

    def encode(self) -> bytes:
        """Return the SCALE form."""
        return b"".join(
            (
                self.round.to_bytes(8, "little"),
                self.target.encode(),
                vector([vote.encode() for vote in self.precommits]),
                vector([header.encode() for header in self.ancestries]),
            )
        )

    @classmethod
    def decode(cls, data: bytes) -> Justification:
        """Read a justification; `ProofRefused` when the bytes are not exactly one."""
        reader = ScaleReader(data)
        try:
            number, target = reader.uint(8), _target(reader)
            votes = tuple(_precommit(reader) for _ in range(reader.compact()))
            headers = tuple(Header.read(reader) for _ in range(reader.compact()))
            reader.finish()
        except DecodeError as error:
            raise ProofRefused("finality", f"it is no justification: {error}") from None
        return cls(number, target, votes, headers)


def signed_bytes(target: VotedBlock, round_: int, set_id: int) -> bytes:
    """Return what an authority signs when it precommits."""
    numbers = round_.to_bytes(8, "little") + set_id.to_bytes(8, "little")
    return _PRECOMMIT + target.encode() + numbers


def verify(justification: Justification, authorities: AuthoritySet) -> VotedBlock:
    """Return the block that a justification makes final under a set of authorities.

    Raises
    ------
    ProofRefused
        When a signature is not of an authority of this set, when votes of two thirds or less lead
        to the target, or when headers are missing, unused or do not fit.
    """
    what = f"finality of block {justification.target.number}"
    votes = _votes(justification, authorities, what)
    parents = {header.hash: header for header in justification.ancestries}
    if len(parents) != len(justification.ancestries):
        raise ProofRefused(what, "a header stands twice")
    base = min((vote.target for vote in justification.precommits), key=lambda one: one.number)
    used: set[bytes] = set()
    weight = 0
    for authority, targets in votes.items():
        ways = [
            _way(target, base, parents, what) for target in sorted(targets, key=VotedBlock.encode)
        ]
        used.update(*ways)
        # who voted for two blocks counts for both, as in GRANDPA: that is the third it can bear
        if len(targets) > 1 or justification.target.hash in {base.hash, *ways[0]}:
            weight += authorities.weights[authority]
    if used != set(parents):
        raise ProofRefused(what, "it has headers that no vote needs")
    known = {base.hash: base.number} | {hash_: one.number for hash_, one in parents.items()}
    if known.get(justification.target.hash) != justification.target.number:
        raise ProofRefused(what, "the votes are for other blocks")
    if weight < authorities.threshold:
        raise ProofRefused(
            what,
            f"its votes weigh {weight}, authority set {authorities.id} needs "
            f"{authorities.threshold}",
        )
    return justification.target


def _votes(
    justification: Justification, authorities: AuthoritySet, what: str
) -> dict[bytes, set[VotedBlock]]:
    """Return for which blocks each authority voted: for one, or once for another besides."""
    found: dict[bytes, set[VotedBlock]] = {}
    for vote in justification.precommits:
        if vote.authority not in authorities.weights:
            name = vote.authority.hex()
            raise ProofRefused(what, f"{name} is no authority of set {authorities.id}")
        message = signed_bytes(vote.target, justification.round, authorities.id)
        if not ed25519_zebra.ed_verify(vote.signature, message, vote.authority):
            raise ProofRefused(
                what,
                f"the signature of {vote.authority.hex()} is not of this block, round "
                f"{justification.round} and authority set {authorities.id}",
            )
        targets = found.setdefault(vote.authority, set())
        targets.add(vote.target)
        if len(targets) > 2:  # noqa: PLR2004 - as finality-grandpa: more of it proves nothing more
            raise ProofRefused(what, f"{vote.authority.hex()} voted for more than two blocks")
    if not found:
        raise ProofRefused(what, "it has no votes")
    return found


def _way(
    target: VotedBlock, base: VotedBlock, parents: dict[bytes, Header], what: str
) -> list[bytes]:
    """Return the hashes of the blocks from a vote's down to that above the lowest."""
    way: list[bytes] = []
    hash_, number = target.hash, target.number
    while hash_ != base.hash:
        header = parents.get(hash_)
        if header is None or header.number != number or number <= base.number:
            raise ProofRefused(what, f"no headers lead from block {target.number} to the others")
        way.append(hash_)
        hash_, number = header.parent_hash, number - 1
    if number != base.number:
        raise ProofRefused(what, f"block {hash_.hex()} has two numbers")
    return way


def _target(reader: ScaleReader) -> VotedBlock:
    return VotedBlock(reader.take(_HASH_BYTES), reader.uint(4))


def _precommit(reader: ScaleReader) -> Precommit:
    return Precommit(_target(reader), reader.take(_SIGNATURE_BYTES), reader.take(_KEY_BYTES))
