"""What organisations agree on before there is a chain: who makes blocks, who decides, who has what.

Everything here is pure: a table goes in, a genesis patch or a refusal comes out.
"""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.cli.network.public_keys import public_keys
from bcfl_plugins.config.tables import read_amount
from bcfl_plugins.errors import ConfigError
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

MOST_VALIDATORS, MOST_COUNCIL = 32, 16
"""What the runtime takes."""

EXISTENTIAL_DEPOSIT = 10**9
MOST_PLANCK = 2**128 - 1
"""What all accounts together can have."""

_KEYS = frozenset({"name", "id", "tolerate", "council", "boot_nodes", "balances", "validators"})
_OF_VALIDATOR = ("account", "aura", "grandpa")
_ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True)
class FoundingValidator:
    """Who makes blocks: an account, and the two public keys of its node."""

    account: AccountId
    aura: AccountId
    grandpa: AccountId

    def session_keys(self) -> list[object]:
        """Return its entry in the genesis."""
        keys = {"aura": str(self.aura), "grandpa": str(self.grandpa)}
        return [str(self.account), str(self.account), keys]


@dataclass(frozen=True, slots=True)
class Consortium:
    """What a chain of several organisations begins with."""

    name: str
    id: str
    validators: tuple[FoundingValidator, ...]
    council: tuple[AccountId, ...]
    balances: Mapping[AccountId, int]
    boot_nodes: tuple[str, ...]

    def patch(self) -> dict[str, object]:
        """Return its genesis, as a patch on what the runtime begins with by itself: no sudo key."""
        balances = [[str(who), amount] for who, amount in self.balances.items()]
        return {
            "balances": {"balances": balances},
            "council": {"members": [str(who) for who in self.council]},
            "session": {"keys": [one.session_keys() for one in self.validators]},
        }


def tolerated(validators: int) -> int:
    """Return how many validators may be away while blocks still become final."""
    return (validators - 1) // 3


def needed(away: int) -> int:
    """Return how many validators it takes so that so many may be away."""
    return 3 * away + 1


def read_consortium(table: Mapping[str, object]) -> Consortium:
    """Read the table of a file.

    Raises
    ------
    ConfigError
        If something is missing, unknown, there twice or public, or too few validators are named
        for blocks to become final while some are away.
    """
    unknown = sorted({*table} - _KEYS)
    if unknown:
        raise ConfigError(
            f"unknown: {', '.join(unknown)}. A consortium's file has {', '.join(sorted(_KEYS))}"
        )
    validators = tuple(_validators(table.get("validators")))
    council = tuple(_accounts(table, "council"))
    balances = _balances(table.get("balances"))
    _refuse_few(len(validators), table.get("tolerate", 1))
    _refuse_twice(validators, council)
    _refuse_public(validators, council, balances)
    identity = _text(table, "id")
    if not _ID.fullmatch(identity):
        raise ConfigError(
            f"id is {identity!r}; it names folders: write lower-case letters, digits, - and _"
        )
    boot_nodes = tuple(_texts(table, "boot_nodes", least=0))
    return Consortium(_text(table, "name"), identity, validators, council, balances, boot_nodes)


def _refuse_few(count: int, away: object) -> None:
    if not isinstance(away, int) or isinstance(away, bool) or away < 0:
        raise ConfigError(f"tolerate is {away!r}; write how many validators may be away, 0 or more")
    if count < needed(away):
        raise ConfigError(
            f"of {count} validators {tolerated(count)} may be away: with more away no block "
            f"becomes final. For {away} away it takes {needed(away)}. Name more validators, or set "
            f"tolerate = {tolerated(count)} if that is what you want"
        )
    if count > MOST_VALIDATORS:
        raise ConfigError(f"{count} validators are named; the runtime takes {MOST_VALIDATORS}")


def _refuse_twice(
    validators: tuple[FoundingValidator, ...], council: tuple[AccountId, ...]
) -> None:
    for what in _OF_VALIDATOR:
        _unique(f"validators.{what}", (getattr(one, what) for one in validators))
    _unique("council", council)
    if len(council) > MOST_COUNCIL:
        raise ConfigError(f"council has {len(council)} members; the runtime takes {MOST_COUNCIL}")
    for one in validators:
        if one.grandpa in {one.account, one.aura}:
            raise ConfigError(
                f"the grandpa key of validator {one.account} is one of its other keys too; it is "
                f"of ed25519: make it with `bcfl-node key generate --scheme ed25519`"
            )


def _unique(name: str, accounts: Iterable[AccountId]) -> None:
    twice = [str(who) for who, times in Counter(accounts).items() if times > 1]
    if twice:
        raise ConfigError(f"{name} has {', '.join(twice)} more than once; each has its own")


def _refuse_public(
    validators: tuple[FoundingValidator, ...],
    council: tuple[AccountId, ...],
    balances: Mapping[AccountId, int],
) -> None:
    named = [
        *(
            (f"validators.{what}", getattr(one, what))
            for one in validators
            for what in _OF_VALIDATOR
        ),
        *(("council", who) for who in council),
        *(("balances", who) for who in balances),
    ]
    for name, who in named:
        uri = public_keys().get(who)
        if uri is not None:
            raise ConfigError(
                f"{name} has {who}, the public development key {uri}: anybody can sign with it. "
                f"Make a key with `bcfl keys new` or `bcfl-node key generate`"
            )


def _validators(value: object) -> Iterable[FoundingValidator]:
    if not isinstance(value, list) or not value:
        raise ConfigError("no validators: write a table [[validators]] for each of them")
    for number, one in enumerate(value, 1):
        if not isinstance(one, dict) or {*one} != {*_OF_VALIDATOR}:
            raise ConfigError(
                f"validator {number} must have exactly {', '.join(_OF_VALIDATOR)}, each an address"
            )
        keys = (_account(f"{what} of validator {number}", one[what]) for what in _OF_VALIDATOR)
        yield FoundingValidator(*keys)


def _balances(value: object) -> dict[AccountId, int]:
    if not isinstance(value, dict) or not value:
        raise ConfigError(
            "no balances: nobody could pay for anything. Write a table [balances] with lines such "
            'as ADDRESS = "1000 UNIT"'
        )
    balances: dict[AccountId, int] = {}
    for address, amount in value.items():
        who, planck = _account("balances", address), read_amount(f"balances.{address}", amount)
        if who in balances:
            raise ConfigError(f"balances has {who} more than once")
        if planck < EXISTENTIAL_DEPOSIT:
            raise ConfigError(
                f"balances.{address} is {planck} planck; an account with less than "
                f"{EXISTENTIAL_DEPOSIT} is none"
            )
        balances[who] = int(planck)
    if sum(balances.values()) > MOST_PLANCK:
        raise ConfigError(f"balances are more than {MOST_PLANCK} planck together; give less")
    return balances


def _accounts(table: Mapping[str, object], name: str) -> Iterable[AccountId]:
    return (_account(name, text) for text in _texts(table, name, least=1))


def _account(name: str, value: object) -> AccountId:
    try:
        return AccountId.parse(value if isinstance(value, str) else "")
    except (EncodingError, ConfigError) as error:
        raise ConfigError(f"{name} is {value!r}, which is no address: {error}") from None


def _text(table: Mapping[str, object], name: str) -> str:
    value = table.get(name)
    if not isinstance(value, str) or not value.strip():
        raise ConfigError(f"{name} is {value!r}; write a text")
    return value


def _texts(table: Mapping[str, object], name: str, *, least: int) -> list[str]:
    value = table.get(name, [])
    if (
        not isinstance(value, list)
        or len(value) < least
        or not all(isinstance(one, str) for one in value)
    ):
        raise ConfigError(f"{name} is {value!r}; write a list of texts, with at least {least}")
    return value
