"""``bcfl chain start``: the embedded chain as a process that any Substrate client can join."""

from __future__ import annotations

import signal
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.network import commands as network
from bcfl_plugins.cli.network import health, specifying
from bcfl_plugins.cli.output import AsJson, console, print_json
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Mapping

_ENDOWMENT = 1_000_000 * 10**12

Host = Annotated[
    str,
    typer.Option(
        help="Address to listen on. Who can reach it may do anything: leave it on this machine, or "
        "put something in front that asks who it is."
    ),
]
Port = Annotated[int, typer.Option(min=0, max=65535, help="Port; 0 takes a free one.")]
BlockTime = Annotated[
    float | None,
    typer.Option(
        min=0.05,
        metavar="SECONDS",
        help="Seal a block every this many seconds. Without it, as soon as there is an extrinsic.",
    ),
]
Preset = Annotated[
    str | None,
    typer.Option(help="The runtime's genesis preset. Default: development, with one author."),
]
Endowed = Annotated[
    int,
    typer.Option(
        min=0,
        max=100_000,
        help="Endow so many accounts of nodes besides: //bcfl//node-0 and so on, with 1,000,000 "
        "UNIT each.",
    ),
]
ForkUrl = Annotated[
    str | None,
    typer.Option(
        metavar="URL",
        help="Go on from the last final block of a live node (ws://HOST:PORT), whose state is read "
        "when it is needed. Nothing is written there.",
    ),
]
DevRpc = Annotated[
    bool,
    typer.Option(
        "--dev-rpc",
        help="Serve dev_*: new blocks, storage, time, snapshots and heads by command, and "
        "signatures of any account.",
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

StateFolder = Annotated[
    Path | None,
    typer.Option(
        metavar="DIR",
        help="Folder that keeps the chain. With a chain there this one goes on from its last "
        "block, whatever ended it. Without the option nothing is kept.",
    ),
]


def register(app: typer.Typer) -> None:
    """Add the ``chain`` group to `app`."""
    group = typer.Typer(
        help="Chains: embedded in a process, as a specification, as a network on this machine.",
        no_args_is_help=True,
    )
    group.command("start")(start)
    group.command("spec")(specifying.spec)
    network.register(group)
    group.command("health")(health.health)
    app.add_typer(group, name="chain")


def start(
    *,
    host: Host = "127.0.0.1",
    port: Port = 9944,
    block_time: BlockTime = None,
    preset: Preset = None,
    accounts: Endowed = 0,
    nonce: Nonce = None,
    state: StateFolder = None,
    fork_url: ForkUrl = None,
    dev_rpc: DevRpc = False,
    allow_origin: Origins = None,
    rpc_methods: WhoMayCall = "auto",
    as_json: AsJson = False,
) -> None:
    """Start the embedded chain and serve Substrate JSON-RPC until interrupted (Ctrl-C).

    The chain is the real runtime, with the development accounts (//Alice and so on) endowed. What
    it was told stays when the process ends if --state names a folder.
    """
    from pallet_bridge.embedded import EmbeddedNode, Instant, Interval  # noqa: PLC0415 (wasmtime)
    from pallet_bridge.embedded.rpc.access import methods  # noqa: PLC0415 (wasmtime)

    if fork_url is not None and (state or preset or accounts or nonce):
        raise typer.BadParameter(
            "a fork has the genesis of its node, and is in memory: leave --state, --preset, "
            "--accounts and --nonce out",
            param_hint="--fork-url",
        )
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    sealing = Instant() if block_time is None else Interval(block_time)
    given = None if nonce is None else _hex(nonce)
    with EmbeddedNode.start(
        host=host,
        port=port,
        sealing=sealing,
        preset=preset,
        patch=_endowed(preset, accounts),
        nonce=given,
        state=state,
        fork_url=fork_url,
        allow_origins=allow_origin or (),
        rpc_methods=methods(rpc_methods),
        dev_rpc=dev_rpc,
    ) as node:
        genesis = "0x" + node.chain.genesis_hash.hex()
        head = node.chain.header(node.chain.head)
        block = 0 if head is None else head.number
        if as_json:
            print_json({"url": node.url, "genesis": genesis, "block": block})
        else:
            out = console()
            out.print(f"[bold]{node.url}[/]")
            out.print(f"genesis {genesis}, block {block}")
            if fork_url is None:
                named = "//Alice (sudo) //Bob //Charlie //Dave //Eve //Ferdie"
                out.print(f"Development accounts: {named}")
            if accounts:
                out.print(f"and {accounts} of nodes: //bcfl//node-0 to //bcfl//node-{accounts - 1}")
            kept = "nothing is kept" if state is None else f"{state} keeps it"
            out.print(f"Ctrl-C stops it; {kept}.")
        stop.wait()


def _endowed(preset: str | None, accounts: int) -> Mapping[str, object] | None:
    """Make the patch of the genesis that endows so many accounts of nodes."""
    if not accounts:
        return None
    from pallet_bridge.embedded.chain.chain import DEFAULT_PRESET  # noqa: PLC0415 (wasmtime)
    from pallet_bridge.embedded.chain.genesis import endowing  # noqa: PLC0415 (wasmtime)
    from pallet_bridge.embedded.executor.executor import Runtime  # noqa: PLC0415 (wasmtime)

    nodes = (Signer.from_uri(f"//bcfl//node-{number}") for number in range(accounts))
    endowed = {str(node.account): _ENDOWMENT for node in nodes}
    return endowing(Runtime(load_blob()), preset or DEFAULT_PRESET, endowed)


def _hex(text: str) -> bytes:
    try:
        return bytes.fromhex(text.removeprefix("0x"))
    except ValueError:
        raise typer.BadParameter(f"{text!r} is not hex", param_hint="--nonce") from None
