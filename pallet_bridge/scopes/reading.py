"""What an account's key is for, and who owns the account."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.client.fields import Fields
from pallet_bridge.types.base import Planck
from pallet_bridge.types.offices import KeyScope

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types.base import AccountId

_OWNER_KIND = "Any"


def proxy_deposit(client: ChainClient) -> Planck:
    """Return what an account has on hold for its one owner."""
    base, each = (client.constant("Proxy", f"ProxyDeposit{name}") for name in ("Base", "Factor"))
    return Planck(base + each)


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


def key_owners(
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
