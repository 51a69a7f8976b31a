"""Who masks with whom in a round: all with all, or in groups that are drawn from the chain."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from bcfl_plugins.errors import ConfigError
from bcfl_plugins.secure.service import NotSealed
from bcfl_plugins.secure.sizes import LEAST_NODES, MOST_NODES
from bcfl_plugins.secure.statements import Roster

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from bcfl_plugins.secure.groups import Grouping
    from bcfl_plugins.secure.service import Masks
    from bcfl_plugins.secure.sizes import MaskScale
    from bcfl_plugins.secure.statements import Member
    from pallet_bridge.types import AccountId, RoundKey

_LEAST_BITS = 8


class CannotMask(Exception):
    """A round cannot be masked: too few nodes take part. Nobody is asked to train in it."""


@dataclass(frozen=True, slots=True)
class Rosters:
    """Who masks with whom.

    Parameters
    ----------
    rosters : tuple of Roster
        One of all, or one for each group that has enough members.
    grouping : Grouping or None
        What the groups follow from; `None`: there are none.
    why : Mapping[AccountId, str]
        Why members are in no roster.
    """

    rosters: tuple[Roster, ...]
    grouping: Grouping | None = None
    why: Mapping[AccountId, str] = field(default_factory=lambda: MappingProxyType({}))


def rosters_of(masks: Masks, place: RoundKey, members: Sequence[Member]) -> Rosters:
    """Return who masks with whom of those that take part.

    Parameters
    ----------
    masks : Masks
        Of the run's plugin.
    place : RoundKey
        The round.
    members : sequence of Member
        Who takes part, in any order.

    Raises
    ------
    CannotMask
        If too few take part, or the chain does not say when the round was opened.
    ConfigError
        If there are too many, or the integers have no room.
    """
    ordered = sorted(members, key=lambda one: one.account.raw)
    settings = masks.settings
    if not settings.group:
        needed = settings.needed(len(ordered))
        if len(ordered) < LEAST_NODES or needed >= len(ordered):
            raise CannotMask(
                f"{len(ordered)} nodes take part, and {max(LEAST_NODES, needed + 1)} are needed at "
                f"least (bcfl.secure.threshold)"
            )
        return Rosters((_roster(masks, ordered, needed, scale_of(masks, len(ordered))),))
    try:
        grouping = masks.grouping(place)
    except NotSealed as error:
        raise CannotMask(f"no groups can be drawn: {error}") from error
    scale, rosters = scale_of(masks, len(ordered)), []
    why = {one.account: "it was not drawn into a group: no member, or suspended" for one in ordered}
    for group in grouping.groups(place):
        there = [one for one in ordered if one.account in group]
        needed = settings.needed(len(group))
        if len(there) > needed:
            rosters.append(_roster(masks, there, needed, scale, grouping.digest))
            continue
        few = f"{len(there)} of {len(group)} nodes of its group take part, and {needed + 1} must"
        why |= {one.account: few for one in there}
    return Rosters(tuple(rosters), grouping, MappingProxyType(why))


def _roster(
    masks: Masks, members: Sequence[Member], needed: int, scale: MaskScale, grouping: bytes = b""
) -> Roster:
    if len(members) > MOST_NODES:
        raise ConfigError(
            f"{len(members)} nodes are to mask with each other, and {MOST_NODES} can: lower "
            f"fraction_train"
        )
    return Roster(tuple(members), needed, scale, masks.settings.sketch, grouping)


def scale_of(masks: Masks, count: int) -> MaskScale:
    """Return how entries become integers among so many nodes.

    Raises
    ------
    ConfigError
        If the integers have no room.
    """
    scale = masks.settings.scale(count)
    if scale.bits < _LEAST_BITS:
        raise ConfigError(
            f"bcfl.secure.clip is {masks.settings.clip:g}, which leaves {scale.bits} fractional "
            f"bits for the sum of {count} nodes: lower it"
        )
    return scale
