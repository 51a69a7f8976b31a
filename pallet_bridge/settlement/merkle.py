"""What a settlement commits to: leaves, their rewards, the root over them, and inclusion proofs.

The chain computes all of this itself for a list of verdicts. Whoever posts a root, attests one, or
checks one, computes it here; vectors hold both sides together.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.encoding import blake2_256, leaf_hash
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import PERBILL_ONE, Leaf, Outcome, Planck, ProvenLeaf, Totals
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from pallet_bridge.types import AccountId, MemberVerdict, Terms

EMPTY_ROOT = bytes(HASH_BYTES)
"""The settlement root of a round without verdicts."""


def split_rewards(budget: Planck, weights: Sequence[int]) -> tuple[Planck, ...]:
    """Return each share of a budget by weight; the shares sum to the budget to the planck.

    The i-th gets the difference of two floors, of the budget times the summed weights up to it and
    before it, over the sum of all. Without any weight nobody gets anything.
    """
    total = sum(weights)
    shares, before, paid = [], 0, 0
    for weight in weights:
        before += weight
        reached = budget * before // total if total else 0
        shares.append(Planck(reached - paid))
        paid = reached
    return tuple(shares)


def greatest_reward(terms: Terms) -> Planck:
    """Return the most of a round's reward that one account gets; the rest stays in the escrow."""
    return Planck(terms.round_reward * terms.max_share // PERBILL_ONE)


def leaves_of(
    verdicts: Iterable[MemberVerdict],
    commitments: Mapping[AccountId, bytes],
    budget: Planck,
    most: Planck | None = None,
) -> tuple[Leaf, ...]:
    """Return the leaves of a round, in ascending order of account.

    Parameters
    ----------
    verdicts : iterable of MemberVerdict
        One an account, in any order.
    commitments : Mapping[AccountId, bytes]
        The commitment hash of each account.
    budget : Planck
        The round's reward.
    most : Planck or None
        The most that one account gets of it (`greatest_reward`); ``None``: all.

    Raises
    ------
    EncodingError
        If an account has no commitment.
    """
    ordered = sorted(verdicts, key=lambda verdict: verdict.account)
    weights = [v.weight if v.outcome is Outcome.ACCEPTED else 0 for v in ordered]
    leaves = []
    for verdict, reward in zip(ordered, split_rewards(budget, weights), strict=True):
        if verdict.account not in commitments:
            raise EncodingError(f"{verdict.account} has a verdict and no commitment; leave it out")
        leaves.append(
            Leaf(
                account=verdict.account,
                commitment=commitments[verdict.account],
                revealed=verdict.revealed,
                outcome=verdict.outcome,
                score=verdict.score,
                strikes=int(verdict.outcome is Outcome.REJECTED),
                reward=reward if most is None else min(reward, most),
                reason=verdict.reason,
            )
        )
    return tuple(leaves)


def totals_of(leaves: Iterable[Leaf]) -> Totals:
    """Return what leaves come to."""
    listed = list(leaves)
    return Totals(
        accepted=sum(leaf.outcome is Outcome.ACCEPTED for leaf in listed),
        rejected=sum(leaf.outcome is Outcome.REJECTED for leaf in listed),
        excluded=sum(leaf.outcome is Outcome.EXCLUDED for leaf in listed),
        strikes=sum(leaf.strikes for leaf in listed),
        rewards=Planck(sum(leaf.reward for leaf in listed)),
    )


def settlement_root(leaves: Iterable[Leaf], hashed: Callable[[Leaf], bytes] = leaf_hash) -> bytes:
    """Return the Merkle root over verdicts, put in ascending order of account.

    Parameters
    ----------
    leaves : iterable of Leaf
        In any order.
    hashed : callable
        Hashes one leaf. Roots of the first protocol need that of `encoding_v1`.
    """
    return merkle_root(hashed(leaf) for leaf in sorted(leaves, key=lambda leaf: leaf.account))


def merkle_root(hashes: Iterable[bytes]) -> bytes:
    """Return the root of a binary tree over leaf hashes in this order.

    A node is the hash of 0x01 and its two children; an odd last node moves up unchanged; the root
    of nothing is 32 zero bytes.
    """
    level = list(hashes)
    if not level:
        return EMPTY_ROOT
    while len(level) > 1:
        level = _parents(level)
    return level[0]


def prove(leaves: Iterable[Leaf]) -> tuple[ProvenLeaf, ...]:
    """Return each leaf with the proof that it is under the root over all of them.

    In ascending order of account, as the root has them.
    """
    ordered = sorted(leaves, key=lambda leaf: leaf.account)
    levels = [[leaf_hash(leaf) for leaf in ordered]]
    while len(levels[-1]) > 1:
        levels.append(_parents(levels[-1]))
    return tuple(
        ProvenLeaf(leaf, index, _siblings(levels, index)) for index, leaf in enumerate(ordered)
    )


def is_proven(root: bytes, proven: ProvenLeaf, count: int) -> bool:
    """Say whether a leaf is at its index of `count` leaves under the root."""
    if not 0 <= proven.index < count:
        return False
    siblings = iter(proven.proof)
    found, place, last = leaf_hash(proven.leaf), proven.index, count - 1
    while last > 0:
        if place % 2 or place < last:
            sibling = next(siblings, None)
            if sibling is None:
                return False
            found = _node(sibling, found) if place % 2 else _node(found, sibling)
        place, last = place // 2, last // 2
    return next(siblings, None) is None and found == root


def _siblings(levels: Sequence[Sequence[bytes]], index: int) -> tuple[bytes, ...]:
    found = []
    for level in levels[:-1]:
        if index ^ 1 < len(level):
            found.append(level[index ^ 1])
        index //= 2
    return tuple(found)


def _parents(level: list[bytes]) -> list[bytes]:
    paired = [_node(left, right) for left, right in zip(level[::2], level[1::2], strict=False)]
    return paired + level[len(paired) * 2 :]


def _node(left: bytes, right: bytes) -> bytes:
    return blake2_256(b"\x01" + left + right)
