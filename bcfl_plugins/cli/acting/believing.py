"""Whom a command believes about its chain, and from when a call counts as done."""

from __future__ import annotations

from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import digest

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.memory.chains import ActedMemory
    from pallet_bridge.trusted.opening import Belief
    from pallet_bridge.types import AccountId, Receipt

GENESIS, WAIT = "BCFL_GENESIS", "BCFL_WAIT"
"""Environment variables that stand for the options of these names."""


class WaitFor(StrEnum):
    """From when a call counts as done."""

    FINAL = "final"
    BLOCK = "block"


Genesis = Annotated[
    str | None,
    typer.Option(
        "--genesis",
        envvar=GENESIS,
        help="Hash of the chain's block 0, from which all proofs begin. Ask somebody you trust. "
        "Default: that of the first time.",
    ),
]
Wait = Annotated[
    WaitFor,
    typer.Option(
        "--wait",
        envvar=WAIT,
        help="final: the call is done once its block is final. block: with the first block that "
        "has it, which another may replace.",
    ),
]

_TIMEOUT_S = 120.0


def belief_of(
    genesis: str | None, key: str | None, account: AccountId | None, where: str = "--genesis"
) -> Belief:
    """Return what the chain of a command is held to.

    Parameters
    ----------
    genesis : str or None
        The hash of the command line.
    key : str or None
        Where the key of the command is. A public development key remembers nothing: the chains
        that it is for begin anew.
    account : AccountId or None
        Whose key it is.
    where : str
        Where the hash was read.

    Raises
    ------
    ConfigError
        If the hash is none.
    ChainsUnusable
        If what is remembered cannot be read.
    """
    from pallet_bridge.memory.chains import FinalMemory  # noqa: PLC0415 (loads the memory)
    from pallet_bridge.memory.files import chains_folder  # noqa: PLC0415
    from pallet_bridge.trusted.opening import Belief  # noqa: PLC0415 (loads the client)

    acted = acted_memory(key, account)
    memory = None if acted is None else FinalMemory(chains_folder())
    if genesis is not None:
        return Belief((digest(genesis, where),), where, memory)
    if acted is None:
        return Belief(memory=memory)
    return Belief(acted.chains(), f"the first time of {account}, which is remembered,", memory)


def acted_memory(key: str | None, account: AccountId | None) -> ActedMemory | None:
    """Return where it is remembered on which chains an account acts; ``None``: nowhere."""
    from pallet_bridge.memory.chains import ActedMemory  # noqa: PLC0415 (loads the memory)
    from pallet_bridge.memory.files import chains_folder  # noqa: PLC0415

    if key is None or account is None or key.startswith("//"):
        return None
    return ActedMemory(chains_folder(), account)


@contextmanager
def checked(url: str, belief: Belief) -> Iterator[ChainClient]:
    """Connect, and say whose word is believed.

    Parameters
    ----------
    url : str
        The nodes that ``--chain`` names.
    belief : Belief
        What the chain is held to.
    """
    from pallet_bridge.trusted.opening import open_checked  # noqa: PLC0415 (loads the client)

    with open_checked(url, belief, say) as client:
        yield client


def say(text: str) -> None:
    """Tell a person, past the output that programs read."""
    typer.echo(f"bcfl: {text}", err=True)


def send_and_wait(
    client: ChainClient, call: Call, signer: Signer, wait: WaitFor, timeout: float = _TIMEOUT_S
) -> Receipt:
    """Send a call, and return its receipt once it counts as done.

    Parameters
    ----------
    client : ChainClient
        The chain. Where it proves, so is the receipt of a final block.
    call, signer
        What is sent, and by whom.
    wait : WaitFor
        From when it counts.
    timeout : float
        Seconds.

    Raises
    ------
    NotFinalYet
        If the call is in a block that is not final in time.
    ChainTimeout
        If it is in no block in time.
    CallFailed
        If it failed.
    """
    from pallet_bridge.errors import ChainTimeout  # noqa: PLC0415 (a command's help is fast)
    from pallet_bridge.errors.proofs import NotFinalYet  # noqa: PLC0415

    submission = client.submit(call, signer)
    if wait is WaitFor.BLOCK:
        return submission.wait(timeout)
    try:
        return submission.wait(timeout, finalized=True)
    except ChainTimeout:
        try:
            block = submission.wait(0.0).block.number
        except ChainTimeout:
            block = None
        if block is None:
            raise
        raise NotFinalYet(f"{call.pallet}.{call.function}", block, timeout) from None
