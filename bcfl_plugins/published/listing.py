"""The list of a round's updates, which says who sent which."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcfl_plugins.published.reading import UNREADABLE, raw
from bcfl_plugins.types import NodeId, NodeRef
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

FORMAT = "bcfl-updates/1"


@dataclass(frozen=True, slots=True)
class ListedUpdate:
    """One update that was well formed.

    Parameters
    ----------
    node : NodeRef
        Who sent it.
    claim : int
        The number of examples that it claims.
    digest : bytes
        Of the arrays as they came: their address in the store.
    """

    node: NodeRef
    claim: int
    digest: bytes


def plain_listing(updates: Sequence[ListedUpdate]) -> dict[str, object]:
    """Return what is stored of a list."""
    return {
        "format": FORMAT,
        "updates": [
            (
                int(one.node.node_id),
                None if one.node.account is None else str(one.node.account),
                one.claim,
                one.digest,
            )
            for one in updates
        ],
    }


def read_listing(plain: Any) -> tuple[ListedUpdate, ...]:  # noqa: ANN401 - whatever was stored
    """Read what `plain_listing` returned.

    Raises
    ------
    EncodingError
        If it is something else, or not in ascending order of node.
    """
    try:
        if plain["format"] != FORMAT:
            raise EncodingError(f"its format is {plain['format']!r}, not {FORMAT}")
        found = tuple(_read(*one) for one in plain["updates"])
    except UNREADABLE as error:
        raise EncodingError(f"this is no list of updates: {error}") from error
    nodes = [one.node.node_id for one in found]
    if nodes != sorted({*nodes}):
        raise EncodingError("its nodes are not in ascending order")
    return found


def _read(node: int, account: str | None, claim: int, digest: bytes) -> ListedUpdate:
    if len(digest) != HASH_BYTES:
        raise EncodingError(f"a digest has {HASH_BYTES} bytes, not {len(digest)}")
    whose = None if account is None else AccountId.parse(account)
    return ListedUpdate(NodeRef(NodeId(int(node)), whose), int(claim), raw(digest))
