"""``bcfl chain start``: the embedded chain as a process that any Substrate client can join."""

from __future__ import annotations

import signal
import threading
from typing import Annotated

import typer

from bcfl_plugins.cli.output import AsJson, console, print_json

Port = Annotated[int, typer.Option(min=0, max=65535, help="Loopback port; 0 takes a free one.")]
SealInterval = Annotated[
    float | None,
    typer.Option(
        min=0.05,
        help="Seal a block every this many seconds. Without it, as soon as there is an extrinsic.",
    ),
]
Origins = Annotated[
    list[str] | None,
    typer.Option(
        "--allow-origin",
        metavar="ORIGIN",
        help="A web page's origin, such as https://polkadot.js.org, whose scripts may use this "
        "chain; once for each. Pages of this machine always may.",
    ),
]
WhoMayCall = Annotated[
    str,
    typer.Option(
        "--rpc-methods",
        metavar="auto|safe|unsafe",
        help="Who may call unsafe methods, such as those that seal: auto, programs of this machine "
        "that are no browser; safe, nobody; unsafe, whoever may connect.",
    ),
]

Nonce = Annotated[
    str | None,
    typer.Option(
        help="Hex that the genesis is made with. Without it each chain has a genesis of its own; "
        "give the same one for the same genesis again."
    ),
]


def register(app: typer.Typer) -> None:
    """Add the ``chain`` group to `app`."""
    group = typer.Typer(help="The embedded chain.", no_args_is_help=True)
    group.command("start")(start)
    app.add_typer(group, name="chain")

    # A group of one command would otherwise fold into its parent.
    @group.callback()
    def _group() -> None:
        """Run the embedded chain."""


def start(
    *,
    port: Port = 9944,
    interval: SealInterval = None,
    nonce: Nonce = None,
    allow_origin: Origins = None,
    rpc_methods: WhoMayCall = "auto",
    as_json: AsJson = False,
) -> None:
    """Start the embedded chain and serve Substrate JSON-RPC until interrupted (Ctrl-C).

    The chain is the real runtime, in memory, with the development accounts (//Alice and so on)
    endowed. Nothing of it stays when the process ends.
    """
    from pallet_bridge.embedded import EmbeddedNode, Instant, Interval  # noqa: PLC0415 (wasmtime)
    from pallet_bridge.embedded.rpc.access import methods  # noqa: PLC0415 (wasmtime)

    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    sealing = Instant() if interval is None else Interval(interval)
    given = None if nonce is None else _hex(nonce)
    with EmbeddedNode.start(
        port=port,
        sealing=sealing,
        nonce=given,
        allow_origins=allow_origin or (),
        rpc_methods=methods(rpc_methods),
    ) as node:
        genesis = "0x" + node.chain.genesis_hash.hex()
        if as_json:
            print_json({"url": node.url, "genesis": genesis})
        else:
            out = console()
            out.print(f"[bold]{node.url}[/]")
            out.print(f"genesis {genesis}")
            out.print("Development accounts: //Alice (sudo) //Bob //Charlie //Dave //Eve //Ferdie")
            out.print("Ctrl-C stops it; nothing is kept.")
        stop.wait()


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not hex", param_hint="--nonce") from None
