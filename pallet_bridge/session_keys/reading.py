"""What a chain says of who validates, and with which keys."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pallet_bridge.client.fields import Fields
from pallet_bridge.errors import BadChainValue
from pallet_bridge.session_keys.keys import AURA, GRANDPA, SessionKeys
from pallet_bridge.types.base import AccountId, Planck

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient


@dataclass(frozen=True, slots=True)
class Validator:
    """An account at one block.

    Parameters
    ----------
    account : AccountId
        Whose.
    listed : bool
        Whether the council has it validate.
    validating : bool
        Whether it does in this session.
    keys : SessionKeys or None
        What it registered last, for the session after the next one on.
    queued : SessionKeys or None
        With what it validates in the next session.
    in_force : bool
        Whether blocks and votes of this session count with the registered keys.
    """

    account: AccountId
    listed: bool
    validating: bool
    keys: SessionKeys | None
    queued: SessionKeys | None
    in_force: bool


def validator(client: ChainClient, account: AccountId, *, at: bytes) -> Validator:
    """Return what the chain has of an account's validating at a block."""
    found = client.stored("Session", "NextKeys", str(account), at=at)
    keys = None if found is None else _keys(Fields("session keys", found))
    return Validator(
        account=account,
        listed=account in _accounts(client, "ValidatorSet", at),
        validating=account in _accounts(client, "Session", at),
        keys=keys,
        queued=_queued(client, account, at),
        in_force=keys is not None
        and keys.aura in _authorities(client, "Aura", at)
        and keys.grandpa in _authorities(client, "Grandpa", at),
    )


def owners_of(client: ChainClient, keys: SessionKeys, *, at: bytes) -> set[AccountId]:
    """Return the accounts that registered one of these keys: no key is two accounts'."""
    found = set()
    for kind, public in keys.by_kind().items():
        name = "0x" + kind.encode().hex()
        owner = client.stored("Session", "KeyOwner", (name, "0x" + public.hex()), at=at)
        if owner is not None:
            found.add(Fields("owner of a key", {"account": owner}).account("account"))
    return found


def key_deposit(client: ChainClient) -> Planck:
    """Return what is on hold of an account as long as it has session keys."""
    return Planck(client.constant("Session", "KeyDeposit"))


def _keys(fields: Fields) -> SessionKeys:
    return SessionKeys(fields.hash("aura"), fields.hash("grandpa"))


def _accounts(client: ChainClient, pallet: str, at: bytes) -> tuple[AccountId, ...]:
    value = client.stored(pallet, "Validators", at=at)
    return () if value is None else Fields(pallet, {"accounts": value}).accounts("accounts")


def _queued(client: ChainClient, account: AccountId, at: bytes) -> SessionKeys | None:
    for who, keys in _pairs(client.stored("Session", "QueuedKeys", at=at)):
        if Fields("queued keys", {"account": who}).account("account") == account:
            return _keys(Fields("queued keys", keys))
    return None


def _authorities(client: ChainClient, pallet: str, at: bytes) -> set[bytes]:
    value = client.stored(pallet, "Authorities", at=at)
    if pallet.lower().startswith(GRANDPA):  # each with its weight
        return {_hash(key) for key, _ in _pairs(value)}
    return {_hash(key) for key in value} if isinstance(value, list) else set()


def _pairs(value: object) -> list[tuple[object, object]]:
    if value is None:
        return []
    found: list[Any] = value if isinstance(value, list) else [()]
    try:
        return [(one, other) for one, other in found]
    except (TypeError, ValueError):
        raise BadChainValue(f"the chain's list of keys is {value!r}") from None


def _hash(value: object) -> bytes:
    return Fields("authority", {AURA: value}).hash(AURA)
