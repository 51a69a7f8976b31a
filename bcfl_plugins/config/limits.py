# ruff: noqa: RUF009 - key() makes a dataclass field, not a shared value
"""Which terms a node agrees to: its operator's limits, and what is beyond them. Pure."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING, Any

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.errors import ConfigError
from pallet_bridge.errors import EncodingError
from pallet_bridge.types import AccountId, Arbiter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bcfl_plugins.types import Scalar
    from pallet_bridge.types import Perbill, Terms

_U32 = 2**32 - 1


@dataclass(frozen=True, slots=True)
class NodeLimits:
    """The node's limits, named as the keys of ``--node-config``."""

    bcfl_max_slash: Perbill = key(
        "50 %",
        "Most that one offence (cap), or one silent seat of an attester (silence), may take of the "
        "stake.",
        unit="perbill",
    )
    bcfl_max_reporter_share: Perbill = key(
        "20 %", "Most of a slash that may go to who reported it.", unit="perbill"
    )
    bcfl_min_dispute_blocks: int = key(
        1, "Least time to dispute an offence.", low=0, high=_U32, unit="blocks"
    )
    bcfl_max_unbonding_blocks: int = key(
        806_400, "Longest time until stake that leaves is free.", low=0, high=_U32, unit="blocks"
    )
    bcfl_max_lock_blocks: int = key(
        806_400, "Longest time that stake stays after joining.", low=0, high=_U32, unit="blocks"
    )
    bcfl_arbiters: str = key(
        "council, attesters",
        "Who may decide disputes, with commas: council, attesters, or addresses of accounts.",
    )


@dataclass(frozen=True, slots=True)
class _Rule:
    term: str
    key: str
    most: bool


_FRACTIONS = (
    _Rule("slash.cap", "bcfl_max_slash", most=True),
    _Rule("silence", "bcfl_max_slash", most=True),
    _Rule("reporter_share", "bcfl_max_reporter_share", most=True),
)
_BLOCKS = (
    _Rule("dispute_blocks", "bcfl_min_dispute_blocks", most=False),
    _Rule("unbonding_blocks", "bcfl_max_unbonding_blocks", most=True),
    _Rule("lock_blocks", "bcfl_max_lock_blocks", most=True),
)


@dataclass(frozen=True, slots=True)
class BeyondLimit:
    """One term that a node does not agree to.

    Parameters
    ----------
    term : str
        Its name.
    value, limit : str
        What the terms say, and what the node takes.
    key : str
        The key of ``--node-config`` that says so.
    """

    term: str
    value: str
    limit: str
    key: str

    def __str__(self) -> str:
        return f"{self.term} is {self.value}, and {self.key} in --node-config allows {self.limit}"


def limits_of(node_config: Mapping[str, Any]) -> NodeLimits:
    """Read the limits that an operator set; the others have their defaults.

    Raises
    ------
    ConfigError
        If a value is none that its key takes.
    """
    names = {item.name.replace("_", "-") for item in fields(NodeLimits)}
    table: dict[str, Scalar] = {name: node_config[name] for name in names & node_config.keys()}
    limits = read_table(NodeLimits, "--node-config", table)
    _arbiters(limits.bcfl_arbiters)
    return limits


def check_terms(terms: Terms, limits: NodeLimits) -> tuple[BeyondLimit, ...]:
    """Return each term that is beyond the limits; none: the node agrees."""
    return (
        *_beyond(terms, limits, _FRACTIONS, _percent),
        *_beyond(terms, limits, _BLOCKS, _blocks),
        *_arbiter(terms, limits),
    )


def _beyond(
    terms: Terms, limits: NodeLimits, rules: tuple[_Rule, ...], show: Callable[[int], str]
) -> Iterator[BeyondLimit]:
    for rule in rules:
        value: Any = terms
        for part in rule.term.split("."):
            value = getattr(value, part)
        limit = getattr(limits, rule.key)
        if value > limit if rule.most else value < limit:
            bound = "at most" if rule.most else "at least"
            shown = f"{bound} {show(limit)}"
            yield BeyondLimit(rule.term, show(value), shown, rule.key.replace("_", "-"))


def _arbiter(terms: Terms, limits: NodeLimits) -> Iterator[BeyondLimit]:
    if terms.arbiter not in _arbiters(limits.bcfl_arbiters):
        named = terms.arbiter
        value = named.value.lower() if isinstance(named, Arbiter) else f"the account {named}"
        yield BeyondLimit("arbiter", value, limits.bcfl_arbiters or "nobody", "bcfl-arbiters")


def _arbiters(text: str) -> frozenset[AccountId | Arbiter]:
    return frozenset(_one(part.strip()) for part in text.split(",") if part.strip())


def _one(text: str) -> AccountId | Arbiter:
    if text in {"council", "attesters"}:
        return Arbiter(text.capitalize())
    try:
        return AccountId.parse(text)
    except EncodingError as error:
        raise ConfigError(
            f"bcfl-arbiters in --node-config has {text!r}; write council, attesters or addresses, "
            f"with commas ({error})"
        ) from error


def _percent(parts: int) -> str:
    whole, rest = divmod(parts, 10**7)
    return f"{whole}{'.' + str(rest).zfill(7).rstrip('0') if rest else ''} %"


def _blocks(number: int) -> str:
    return f"{number} blocks"
