"""``bcfl node``: what a node remembers, what it signed and for whom, and how to reset it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.site import check
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from pallet_bridge.memory.pins import PinMemory
    from pallet_bridge.memory.signed import SignedMemory

Account = Annotated[str, typer.Argument(help="The node's account, as an address.")]
Folder = Annotated[
    Path | None,
    typer.Option("--memory", help="The node's bcfl-memory. Default: the user's state directory."),
]
Genesis = Annotated[str | None, typer.Option(help="Forget this chain only: its genesis, in hex.")]
OneFederation = Annotated[
    int | None, typer.Option(min=0, help="Forget this federation of the chain only.")
]
Everything = Annotated[
    bool, typer.Option("--all", help="Forget all chains: remove the file, also a damaged one.")
]
Yes = Annotated[bool, typer.Option("--yes", help="Do not ask.")]

_GENESIS_BYTES = 32


def register(app: typer.Typer) -> typer.Typer:
    """Add the ``node`` group to `app`, and return it."""
    group = typer.Typer(
        help="A node: whether it can take part, what it signed, and for whom.",
        no_args_is_help=True,
    )
    group.command("check")(check)
    group.command("signed")(signed)
    group.command("forget")(forget)
    group.command("pins")(pins)
    group.command("unpin")(unpin)
    app.add_typer(group, name="node")
    return group


def signed(account: Account, *, memory: Folder = None, as_json: AsJson = False) -> None:
    """List the federations that an account signed in, with the first and last round of each."""
    file = _memory(account, memory)
    found = file.summary()
    if as_json:
        rows = [
            {
                "genesis": "0x" + one.genesis.hex(),
                "federation": one.federation,
                "rounds": one.rounds,
                "first": one.first,
                "last": one.last,
            }
            for one in found
        ]
        print_json({"file": str(file.path), "federations": rows})
        return
    out = console()
    out.print(str(file.path))
    for one in found:
        place = f"chain 0x{one.genesis.hex()} federation {one.federation}"
        out.print(f"{place}: {one.rounds} rounds, from {one.first} to {one.last}")
    if not found:
        out.print("nothing was signed")


def forget(
    account: Account,
    *,
    genesis: Genesis = None,
    federation: OneFederation = None,
    everything: Everything = False,
    memory: Folder = None,
    yes: Yes = False,
    as_json: AsJson = False,
) -> None:
    """Forget what an account signed in one federation, or everywhere (--all).

    A node that forgot can be made to sign a second update for a round that is still open, which
    costs its stake. Do it for a federation that has ended, or that the account has left.
    """
    file = _memory(account, memory)
    if everything == (genesis is not None or federation is not None):
        raise ConfigError("say what to forget: --genesis with --federation, or --all")
    if everything:
        _ask(f"Forget all that {account} signed?", yes=yes)
        file.remove()
        _forgot({"forgot": "all"}, f"forgot all that {account} signed", as_json=as_json)
        return
    if genesis is None or federation is None:
        raise ConfigError("a federation is named by --genesis and --federation together")
    _ask(f"Forget what {account} signed in federation {federation}?", yes=yes)
    count = file.forget(_hash(genesis), federation)
    _forgot({"forgot": count}, f"forgot {count} rounds", as_json=as_json)


def pins(account: Account, *, memory: Folder = None, as_json: AsJson = False) -> None:
    """List for whom an account signs: the chains, federations and coordinators that came first.

    What the node's configuration names (bcfl-genesis, bcfl-federation, bcfl-coordinator) is not
    remembered, and comes before.
    """
    file = _pins(account, memory)
    found = file.pins()
    if as_json:
        rows = [
            {
                "genesis": "0x" + one.genesis.hex(),
                "federation": one.federation,
                "coordinator": str(one.coordinator),
            }
            for one in found
        ]
        print_json({"file": str(file.path), "pins": rows})
        return
    out = console()
    out.print(str(file.path))
    for one in found:
        place = f"chain 0x{one.genesis.hex()} federation {one.federation}"
        out.print(f"{place} coordinator {one.coordinator}")
    if not found:
        out.print("nothing is pinned")


def unpin(
    account: Account, *, memory: Folder = None, yes: Yes = False, as_json: AsJson = False
) -> None:
    """Forget for whom an account signs: who asks next is remembered in their place.

    What it signed stays remembered. Name the three in the node's configuration instead, where you
    know them.
    """
    file = _pins(account, memory)
    _ask(f"Forget for whom {account} signs? It will sign for whoever asks next", yes=yes)
    file.remove()
    _forgot({"forgot": "pins"}, f"forgot for whom {account} signs", as_json=as_json)


def _forgot(fields: dict[str, object], words: str, *, as_json: bool) -> None:
    if as_json:
        print_json(fields)
    else:
        console().print(words)


def _memory(account: str, folder: Path | None) -> SignedMemory:
    from pallet_bridge.memory.files import nodes_folder  # noqa: PLC0415 (loads numpy)
    from pallet_bridge.memory.signed import SignedMemory  # noqa: PLC0415
    from pallet_bridge.types import AccountId  # noqa: PLC0415

    return SignedMemory(folder or nodes_folder(), AccountId.parse(account))


def _pins(account: str, folder: Path | None) -> PinMemory:
    from pallet_bridge.memory.files import nodes_folder  # noqa: PLC0415 (loads numpy)
    from pallet_bridge.memory.pins import PinMemory  # noqa: PLC0415
    from pallet_bridge.types import AccountId  # noqa: PLC0415

    return PinMemory(folder or nodes_folder(), AccountId.parse(account))


def _ask(question: str, *, yes: bool) -> None:
    if not yes:
        typer.confirm(question, abort=True)


def _hash(text: str) -> bytes:
    try:
        raw = bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) != _GENESIS_BYTES:
        raise ConfigError(f"--genesis is {text!r}: 32 bytes in hex are needed")
    return raw
