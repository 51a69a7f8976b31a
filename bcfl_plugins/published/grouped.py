"""What is kept of a round whose updates were masked in groups, read again without trust."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcfl_plugins.published.reading import UNREADABLE, raw
from bcfl_plugins.secure.groups import LEAST_GROUP, MOST_DRAWN, Grouping
from bcfl_plugins.secure.sizes import threshold
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, Rejection, Verdict
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from bcfl_plugins.types import JudgedUpdate
    from pallet_bridge.types import RoundKey

FORMAT = "bcfl-mask-groups/1"
RULE, VERSION = "mask_groups", 1
"""By which the plugin that masks says in a report that there is such a record."""


@dataclass(frozen=True, slots=True)
class SummedGroup:
    """A group whose sum was unmasked.

    Parameters
    ----------
    members : tuple of AccountId
        Whose updates are in the sum, ascending.
    needed : int
        How many had to be at least.
    digest : bytes
        BLAKE2-256 of the sum: (d,) uint32, little-endian.
    """

    members: tuple[AccountId, ...]
    needed: int
    digest: bytes


@dataclass(frozen=True, slots=True)
class GroupRecord:
    """One round that was masked in groups.

    Parameters
    ----------
    grouping : Grouping
        What the groups follow from, as the server says.
    groups : tuple of SummedGroup
        Those that were unmasked.
    clip : float
        An entry moved no farther.
    bits : int
        Fractional bits of the sums.
    sealed : (int, bytes)
        Number and hash of the block in which the round was sealed.
    sent : tuple of (NodeRef, int)
        Who sent a well formed update, with the number of examples that it claims; ascending by
        node.
    rejections : tuple of Rejection
        What there is against nodes by what was said about masks.
    note : str
        The plugin's note of the round.
    """

    grouping: Grouping
    groups: tuple[SummedGroup, ...]
    clip: float
    bits: int
    sealed: tuple[int, bytes]
    sent: tuple[tuple[NodeRef, int], ...]
    rejections: tuple[Rejection, ...]
    note: str

    def plain(self) -> dict[str, object]:
        """Return what is stored."""
        grouping = self.grouping
        return {
            "format": FORMAT,
            "opened": (grouping.number, grouping.block),
            "size": grouping.size,
            "drawn": tuple(str(one) for one in grouping.accounts),
            "groups": tuple(
                (tuple(str(who) for who in one.members), one.needed, one.digest)
                for one in self.groups
            ),
            "clip": self.clip,
            "bits": self.bits,
            "sealed": self.sealed,
            "sent": tuple((int(n.node_id), str(n.account), claim) for n, claim in self.sent),
            "rejections": tuple(
                (int(one.node_id), int(one.reason), one.detail, one.score, one.strike)
                for one in self.rejections
            ),
            "note": self.note,
        }

    @classmethod
    def read(cls, plain: object) -> GroupRecord:
        """Read what `plain` returned.

        Raises
        ------
        EncodingError
            If it is something else.
        """
        try:
            return cls._read(plain)
        except UNREADABLE as error:
            raise EncodingError(f"this is no record of groups: {error}") from error

    @classmethod
    def _read(cls, plain: Any) -> GroupRecord:  # noqa: ANN401 - whatever was stored
        if plain["format"] != FORMAT:
            raise EncodingError(f"its format is {plain['format']!r}, not {FORMAT}")
        (opened, block), (sealed, seal) = plain["opened"], plain["sealed"]
        if len(plain["drawn"]) > MOST_DRAWN:
            raise EncodingError(f"{len(plain['drawn'])} were drawn, and {MOST_DRAWN} can be")
        drawn = tuple(AccountId.parse(str(one)) for one in plain["drawn"])
        return cls(
            Grouping(raw(block), int(opened), max(1, int(plain["size"])), drawn),
            tuple(
                SummedGroup(
                    tuple(AccountId.parse(str(who)) for who in members), int(needed), raw(digest)
                )
                for members, needed, digest in plain["groups"]
            ),
            float(plain["clip"]),
            int(plain["bits"]),
            (int(sealed), raw(seal)),
            tuple(
                (NodeRef(NodeId(int(node)), AccountId.parse(str(account))), int(claim))
                for node, account, claim in plain["sent"]
            ),
            tuple(
                Rejection(NodeId(int(node)), int(reason), str(detail), int(score), bool(strike))
                for node, reason, detail, score, strike in plain["rejections"]
            ),
            str(plain["note"]),
        )

    def updates(self) -> tuple[ClientUpdate, ...]:
        """Return who sent what, without what was sent."""
        return tuple(ClientUpdate(node, {}, claim) for node, claim in self.sent)

    def verdict(self, plugin: str) -> Verdict:
        """Return the verdict of the plugin that masks."""
        return Verdict(plugin, self.rejections, note=self.note)

    def problems(self, place: RoundKey) -> Iterator[tuple[AccountId | None, str]]:
        """Give what of the groups does not follow from the drawing, by account."""
        accounts = [node.account for node, _ in self.sent]
        if [node.node_id for node, _ in self.sent] != sorted({n.node_id for n, _ in self.sent}):
            yield None, "who sent an update is not in ascending order"
        if self.grouping.size < LEAST_GROUP:
            yield None, f"groups of {self.grouping.size} hide no update"
        drawn = {who: group for group in self.grouping.groups(place) for who in group}
        seen: set[tuple[AccountId, ...]] = set()
        for number, one in enumerate(self.groups):
            group = drawn.get(one.members[0], ()) if one.members else ()
            if group in seen:
                yield None, f"group {number} was unmasked twice"
            seen.add(group)
            for who in one.members:
                if who not in group:
                    yield who, f"it is in group {number}, into which it was not drawn"
                if who not in accounts:
                    yield who, f"it is in the sum of group {number}, and sent nothing"
            least = max(one.needed, threshold(len(group)) + 1) if group else one.needed
            if len({*one.members}) < least:
                yield None, f"the sum of group {number} is of {len(one.members)}, not {least}"

    def split_problems(self, judged: Sequence[JudgedUpdate]) -> Iterator[str]:
        """Give each group of which some members are counted and others are not."""
        accepted = {one.node.account for one in judged if one.accepted}
        for number, one in enumerate(self.groups):
            if accepted & {*one.members} and not {*one.members} <= accepted:
                yield f"some of group {number} are counted, and others are not"
        summed = {who for one in self.groups for who in one.members}
        if accepted - summed:
            yield f"{len(accepted - summed)} are counted that are in no sum of a group"

    def is_judged(self, nodes: Sequence[NodeRef], groups: Sequence[int]) -> bool:
        """Say whether these are the members of the groups, each in its own."""
        of = {who: number for number, one in enumerate(self.groups) for who in one.members}
        told = {node.account: group for node, group in zip(nodes, groups, strict=False)}
        split = {(of[who], told[who]) for who in of.keys() & told.keys()}
        return (
            told.keys() == of.keys()
            and len(nodes) == len(groups) == len(told)
            and len(split) == len({one for one, _ in split}) == len({one for _, one in split})
        )
