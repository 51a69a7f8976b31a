"""The council of a chain: its members, what they vote on, and which upgrade they allowed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.client.fields import Fields

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types.base import AccountId

COUNCIL = "Council"
"""Name of the council's pallet in the runtime."""


@dataclass(frozen=True, slots=True)
class CouncilMotion:
    """What a council votes on.

    Parameters
    ----------
    hash : bytes
        Hash of the call.
    index : int
        Number of the motion on this chain.
    threshold : int
        How many members have to approve.
    ayes, nays : tuple of AccountId
        Who voted so far.
    ends : int
        Last block in which it is voted on.
    pallet, function : str
        The call that is executed.
    args : mapping
        Its arguments, as the chain's metadata names them.
    """

    hash: bytes
    index: int
    threshold: int
    ayes: tuple[AccountId, ...]
    nays: tuple[AccountId, ...]
    ends: int
    pallet: str
    function: str
    args: Mapping[str, object]


def majority(members: int) -> int:
    """Return how many members are two thirds."""
    return -(-2 * members // 3)


def members_of(client: ChainClient, *, at: bytes | None = None) -> tuple[AccountId, ...]:
    """Return who is in the council."""
    return _accounts(client, COUNCIL, "Members", at)


def validators_of(client: ChainClient, *, at: bytes | None = None) -> tuple[AccountId, ...]:
    """Return the accounts that are to validate, in the order in which they were added."""
    return _accounts(client, "ValidatorSet", "Validators", at)


def allowed_upgrade(client: ChainClient, *, at: bytes | None = None) -> bytes | None:
    """Return the hash of the code that may be brought, None when none may."""
    value = client.stored("System", "AuthorizedUpgrade", at=at)
    return None if value is None else Fields("upgrade", value).hash("code_hash")


def council_motions(client: ChainClient, *, at: bytes | None = None) -> tuple[CouncilMotion, ...]:
    """Return what is voted on, in the order of the motions' numbers."""
    at = client.head().hash if at is None else at
    hashes = client.stored(COUNCIL, "Proposals", at=at)
    found = [_motion(client, str(one), at) for one in hashes] if isinstance(hashes, list) else []
    return tuple(sorted((one for one in found if one), key=lambda one: one.index))


def _motion(client: ChainClient, hash_: str, at: bytes) -> CouncilMotion | None:
    votes = client.stored(COUNCIL, "Voting", hash_, at=at)
    call = client.stored(COUNCIL, "ProposalOf", hash_, at=at)
    if votes is None or call is None:
        return None
    said, made = Fields("council motion", votes), Fields("council motion", call)
    args = {part.text("name"): part.value("value") for part in made.structs("call_args")}
    return CouncilMotion(
        hash=bytes.fromhex(hash_.removeprefix("0x")),
        index=said.integer("index"),
        threshold=said.integer("threshold"),
        ayes=said.accounts("ayes"),
        nays=said.accounts("nays"),
        ends=said.integer("end"),
        pallet=made.text("call_module"),
        function=made.text("call_function"),
        args=args,
    )


def _accounts(
    client: ChainClient, pallet: str, item: str, at: bytes | None
) -> tuple[AccountId, ...]:
    value = client.stored(pallet, item, at=at)
    return () if value is None else Fields(item, {"accounts": value}).accounts("accounts")
