"""Options that several acting commands take."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.config.tables import read_amount
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from pallet_bridge.types import AccountId, Planck, Succession

Amount = Annotated[
    str, typer.Argument(metavar="AMOUNT", help='Such as "100 UNIT", 0.5UNIT, or planck.')
]
MaybeAmount = Annotated[
    str | None,
    typer.Argument(metavar="[AMOUNT]", help='Such as "100 UNIT" or planck. Default: all of it.'),
]
MaybeAccount = Annotated[
    str | None, typer.Option("--account", help="An address, or 0x and hex. Default: your own.")
]
Accused = Annotated[str, typer.Option("--account", help="The accused, as an address.")]
OfRound = Annotated[int, typer.Option("--round", min=0, help="The round's number.")]
IdleBlocks = Annotated[
    int,
    typer.Option("--idle", help="Blocks without an open round after which they may take over."),
]
TurnBlocks = Annotated[
    int, typer.Option("--turn", help="Blocks that each waits for the one before it.")
]
DryRun = Annotated[
    bool,
    typer.Option(
        "--dry-run",
        help="Say what would be sent, its fee and what it changes. Nothing is sent or signed.",
    ),
]
GENESIS, WAIT = "BCFL_GENESIS", "BCFL_WAIT"
"""Environment variables that stand for the options of these names."""


class WaitFor(StrEnum):
    """From when a call counts as done."""

    FINAL = "final"
    BLOCK = "block"


ChainHash = Annotated[
    str | None,
    typer.Option(
        "--genesis",
        envvar=GENESIS,
        help="Hash of the chain's block 0, from which all proofs begin. Ask somebody you trust. "
        "Default: that of the first time.",
    ),
]
WaitOption = Annotated[
    WaitFor,
    typer.Option(
        "--wait",
        envvar=WAIT,
        help="final: the call is done once its block is final. block: with the first block that "
        "has it, which another may replace.",
    ),
]
ActingFor = Annotated[
    str | None,
    typer.Option(
        "--for",
        metavar="ACCOUNT",
        help="Do it in the name of this account, whose owner you are (`bcfl keys restrict`). You "
        "pay the fee; all else is as if the account had sent it.",
    ),
]
USUAL_IDLE, USUAL_TURN = 1200, 20
"""An hour and a minute of blocks of three seconds."""
_HASH_BYTES = 32


def planck(text: str, name: str = "AMOUNT") -> Planck:
    """Read an amount of the command line."""
    plain = text.strip()
    return read_amount(name, int(plain) if plain.isascii() and plain.isdecimal() else plain)


def account(text: str) -> AccountId:
    """Read an address of the command line."""
    from pallet_bridge.types import AccountId  # noqa: PLC0415 (a command without one is fast)

    return AccountId.parse(text)


def digest(text: str, name: str) -> bytes:
    """Read a hash of the command line.

    Raises
    ------
    ConfigError
        If it has not 32 bytes in hex.
    """
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != _HASH_BYTES:
        raise ConfigError(f"{name} is {text!r}; write 32 bytes in hex")
    return raw


def succession_of(accounts: list[str], idle: int, turn: int) -> Succession:
    """Read successors of the command line."""
    from pallet_bridge.types import Succession  # noqa: PLC0415 (loads the mirrors)

    named = tuple(account(one) for one in accounts)
    return Succession(named, idle, turn) if named else Succession((), 0, 0)
