"""What a node refuses about masks, before it deals, sketches or gives anything back."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from bcfl_plugins.config.secure import (
    NODE_AGGREGATOR,
    NODE_THRESHOLD,
    THRESHOLD,
    pinned_aggregator,
    threshold_of,
)
from bcfl_plugins.config.terms import training_numbers
from bcfl_plugins.secure.sizes import threshold
from bcfl_plugins.secure.statements import key_payload
from pallet_bridge.keys import verify
from pallet_bridge.terms_codec import decode_terms
from strategies.errors import MasksRefused, NotTheCoordinators

if TYPE_CHECKING:
    from bcfl_plugins.secure.groups import Grouping
    from bcfl_plugins.secure.statements import Roster, Sealed
    from bcfl_plugins.types import OpenedRound
    from pallet_bridge.types import AccountId
    from strategies._flower import Context

_PLUGIN = "secure_aggregation"
_MODE, _SIZE = "bcfl.secure.mode", "bcfl.secure.group"


def least_threshold(opened: OpenedRound, context: Context) -> int:
    """Return the least threshold that the round's terms and the node's operator take; 0: none."""
    voted = training_numbers(decode_terms(opened.terms)).get(THRESHOLD, 0)
    return max(math.ceil(voted), threshold_of(context.node_config))


def must_mask(opened: OpenedRound, context: Context) -> str | None:
    """Return why an update may not leave the node unmasked; None: it may."""
    named = str(context.run_config.get("bcfl.plugins", ""))
    if _PLUGIN in {part.strip() for part in named.split(",")}:
        return f"the run config names {_PLUGIN}"
    if threshold_of(context.node_config):
        return f"{NODE_THRESHOLD} is set in --node-config"
    if pinned_aggregator(context.node_config) is not None:
        return f"{NODE_AGGREGATOR} is set in --node-config"
    if THRESHOLD in decode_terms(opened.terms).training:
        return f"the federation's terms govern {THRESHOLD}"
    return None


def check_signed(opened: OpenedRound, what: str, payload: bytes, signature: bytes) -> None:
    """Refuse a question that the round's coordinator did not sign."""
    if not verify(opened.binding.coordinator, payload, signature):
        raise NotTheCoordinators(
            f"the question {what} for round {opened.round} of federation {opened.federation}",
            opened.binding.coordinator,
        )


def check_roster(
    roster: Roster,
    opened: OpenedRound,
    me: AccountId,
    key: bytes,
    context: Context,
    *,
    drawn: int = 0,
) -> None:
    """Refuse a roster by which this node's update would not stay hidden.

    Of a group the threshold is that of all who were drawn into it: leaving some out gains nothing.

    Raises
    ------
    MasksRefused
        If a key is not signed by its account, this node is not in it, or the threshold is too low.
    """
    for member in roster.members:
        said = key_payload(opened.genesis, opened.federation, member.account, member.key)
        if not verify(member.account, said, member.signature):
            raise MasksRefused(f"the mask key of {member.account} is not signed by that account")
    mine = roster.member(me)
    if mine is None or mine.key != key:
        raise MasksRefused("the roster does not have this node with its own mask key")
    others = len(roster.members) - 1
    least = max(threshold(drawn or len(roster.members)), least_threshold(opened, context))
    if not least <= roster.needed <= others:
        raise MasksRefused(
            f"{roster.needed} of {others} other nodes are to unmask an update, and this node takes "
            f"{least} at least (two thirds of them and one, {THRESHOLD} of the terms, "
            f"{NODE_THRESHOLD} in --node-config). Let more nodes take part in a round"
        )


def check_group(
    roster: Roster, grouping: Grouping | None, opened: OpenedRound, me: AccountId, context: Context
) -> int:
    """Refuse a roster that is not of this node's own group; return how many were drawn into it.

    Returns
    -------
    int
        0 where a round has no groups.

    Raises
    ------
    MasksRefused
        If the roster is of another group than the drawing gives, or of none where the run says
        that there are groups.
    """
    if grouping is None:
        if roster.grouping or str(context.run_config.get(_MODE, "")) == "groups":
            raise MasksRefused(
                f"this node is to mask in a group, and the server does not say what groups follow "
                f"from: it chose the group itself ({_MODE})"
            )
        return 0
    size = context.run_config.get(_SIZE, grouping.size)
    if size != grouping.size:
        raise MasksRefused(
            f"groups of {grouping.size} or more are to be drawn, and the run config says {size} "
            f"({_SIZE}): whoever may choose the size draws as often as there are sizes"
        )
    if roster.grouping != grouping.digest:
        raise MasksRefused("the roster is of another grouping than the one that came with it")
    group = grouping.group_of(opened.key, me)
    if not group:
        raise MasksRefused("this node was not drawn into any group")
    strangers = [one for one in roster.accounts if one not in group]
    if strangers:
        raise MasksRefused(
            f"{strangers[0]} is in the roster, and was not drawn into this node's group: groups "
            f"follow from the block in which the round was opened, and the server chose others"
        )
    return len(group)


def check_sealed(sealed: Sealed, roster: Roster, me: AccountId, commitment: bytes) -> None:
    """Refuse a sealed round that this node is not in with what it sent, or that has too few.

    Raises
    ------
    MasksRefused
        If so.
    """
    if not commitment or sealed.commitments.get(me) != commitment:
        raise MasksRefused("what this node committed to is not in the sealed round")
    inside = sum(one in sealed.commitments for one in roster.accounts)
    if inside < roster.needed + 1:
        raise MasksRefused(f"{inside} of the roster are in the round, and {roster.needed + 1} must")


def check_accepted(
    accepted: frozenset[AccountId], sealed: Sealed, roster: Roster, dealers: set[AccountId]
) -> None:
    """Refuse to unmask a sum of too few, of strangers, or of a node that is in both lists.

    Raises
    ------
    MasksRefused
        If so.
    """
    strangers = [one for one in accepted if one not in sealed.commitments or not roster.member(one)]
    if strangers:
        raise MasksRefused(f"{min(strangers, key=str)} is to be summed and is not in the round")
    if len(accepted) < roster.needed + 1:
        raise MasksRefused(
            f"a sum of {len(accepted)} updates is to be unmasked, and {roster.needed + 1} at least "
            f"must be in it"
        )
    both = dealers - accepted
    if both:
        raise MasksRefused(
            f"{min(both, key=str)} is both among those whose shares are asked for and among those "
            f"whose pair seeds are: with both, its update would be known"
        )
