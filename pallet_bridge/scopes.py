"""Keys that cannot move money: what each scope has, and who owns a restricted account."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pallet_bridge.client.fields import Fields
from pallet_bridge.metadata import PALLET
from pallet_bridge.types.base import Planck
from pallet_bridge.types.offices import KeyScope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types.base import AccountId

_FOR_ANYONE = frozenset({
    "abort", "apply_leaf", "claim", "execute_slash", "expire", "lapse", "prune", "seal",
})  # fmt: skip
_REPORTS = frozenset({
    "report_bad_root", "report_equivocation", "report_misconduct", "report_mismatch",
})  # fmt: skip
_COORDINATES = frozenset({
    "commit_batch", "open_round", "pause", "settle", "settle_root", "skip_round",
})  # fmt: skip

SCOPES: Final[Mapping[KeyScope, frozenset[str]]] = {
    KeyScope.NODE: _FOR_ANYONE | _REPORTS | {"commit"},
    KeyScope.COORDINATOR: _FOR_ANYONE | _REPORTS | _COORDINATES,
    KeyScope.ATTESTER: _REPORTS | {"attest"},
    KeyScope.FROZEN: frozenset(),
}
"""The calls of pallet-bcfl that a key of each scope may sign; none of any other pallet."""

_OWNER_KIND = "Any"


def proxy_deposit(client: ChainClient) -> Planck:
    """Return what an account has on hold for its one owner."""
    base, each = (client.constant("Proxy", f"ProxyDeposit{name}") for name in ("Base", "Factor"))
    return Planck(base + each)


def in_scope(scope: KeyScope, call: Call) -> bool:
    """Whether a key with this scope may sign a call."""
    return call.pallet == PALLET and call.function in SCOPES[scope]


def scope_of(
    client: ChainClient, account: AccountId, *, at: bytes | None = None
) -> KeyScope | None:
    """Return what an account's key is for; None: for everything, as on chains without scopes.

    Raises
    ------
    BadChainValue
        When the chain names a scope that is none.
    """
    found = client.stored("KeyScopes", "Scopes", "0x" + account.raw.hex(), at=at)
    return None if found is None else Fields("scope", {"scope": found}).choice("scope", KeyScope)


def owners_of(
    client: ChainClient, account: AccountId, *, at: bytes | None = None
) -> tuple[AccountId, ...]:
    """Return who may send any call in the name of an account, and at once."""
    found = client.stored("Proxy", "Proxies", "0x" + account.raw.hex(), at=at)
    if not isinstance(found, list | tuple) or not found:
        return ()
    proxies = Fields("proxies", {"of": found[0]}).structs("of")
    return tuple(
        one.account("delegate")
        for one in proxies
        if one.text("proxy_type") == _OWNER_KIND and one.integer("delay") == 0
    )
