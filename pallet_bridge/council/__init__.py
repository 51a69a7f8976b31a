"""The council of a chain: its members, what they vote on, and which upgrade they allowed."""

from pallet_bridge.council.reading import (
    COUNCIL,
    CouncilMotion,
    allowed_upgrade,
    council_motions,
    majority,
    members_of,
    validators_of,
)

__all__ = [
    "COUNCIL",
    "CouncilMotion",
    "allowed_upgrade",
    "council_motions",
    "majority",
    "members_of",
    "validators_of",
]
