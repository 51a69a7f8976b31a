"""A member of a federation with nothing but a stake."""

from __future__ import annotations

from pallet_bridge.types import Participant, Planck


def some_member(stake: int, suspended_until: int = 0) -> Participant:
    return Participant(
        active=Planck(stake),
        unbonding=(),
        strikes=0,
        clean_rounds=0,
        offences=0,
        pending_offences=0,
        suspended_until=suspended_until,
        organisation=None,
        max_examples=0,
        terms_version=1,
        exit_blocks=0,
        liable_until=0,
        joined_at=0,
        held_since=0,
        accepted=0,
        forgiven=0,
        struck=(),
        exits_freely=False,
    )
