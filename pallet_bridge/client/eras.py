"""For how long a signed call can be included, and which calls can end the account that signs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pallet_bridge.errors import BadChainValue, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.calls import Call, Value

ENDING_BLOCKS: Final = 16
"""The era of a call that can end its account: as short as a network's finality allows."""

_SHORTEST = 4
_LONGEST = 1 << 16
_ENDING = frozenset({"transfer_all", "transfer_allow_death", "burn"})


def period_of(wanted: int, remembered: object) -> int:
    """Return the period of an era: a power of two, no more than what the chain remembers.

    Raises
    ------
    ConfigError
        When fewer than four blocks are wanted.
    BadChainValue
        When the chain does not say how many block hashes it remembers.
    """
    if wanted < _SHORTEST:
        raise ConfigError(f"era_blocks is {wanted}: an era has {_SHORTEST} blocks at least")
    if not isinstance(remembered, int) or remembered < _SHORTEST:
        raise BadChainValue(f"the chain's constant System.BlockHashCount is {remembered!r}")
    return 1 << (min(wanted, remembered, _LONGEST).bit_length() - 1)


def ends_account(call: Call) -> bool:
    """Say whether a call, or one within it, can leave its account without money."""
    mine = (call.pallet, call.function, dict(call.args))
    return any(
        pallet == "Balances" and function in _ENDING and args.get("keep_alive") is not True
        for pallet, function, args in (mine, *_within(list(call.args.values())))
    )


def _within(values: list[Value]) -> Iterator[tuple[str, str, dict[str, Value]]]:
    for value in values:
        match value:
            case {"call_module": str(pallet), "call_function": str(name), "call_args": dict(args)}:
                yield pallet, name, args
                yield from _within(list(args.values()))
            case dict():
                yield from _within(list(value.values()))
            case list():
                yield from _within(value)
