"""``bcfl chain up``, ``status``, ``logs`` and ``down``: a network of validators on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, console, print_json, printable
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Sequence

    from bcfl_plugins.cli.network.asking import NodeState
    from bcfl_plugins.cli.network.layout import Network

NetworkFolder = Annotated[Path, typer.Option("--dir", metavar="NET", help="The network's folder.")]
HowMany = Annotated[
    int | None,
    typer.Option(
        "--validators", min=1, max=32, help="How many validators a new network has. Default: 4."
    ),
]
NodeProgram = Annotated[
    Path | None,
    typer.Option(
        "--node",
        envvar="BCFL_NODE",
        metavar="FILE",
        help="The program bcfl-node. Default: BCFL_NODE, else that of its wheel, else on PATH.",
    ),
]
Wait = Annotated[
    float,
    typer.Option("--wait", min=0, metavar="SECONDS", help="How long to wait for a final block."),
]
OneNode = Annotated[
    int | None, typer.Option("--node", min=1, metavar="N", help="This node's only.")
]
Lines = Annotated[int, typer.Option("--lines", min=0, help="How many of the last lines, of each.")]
FollowLogs = Annotated[
    bool, typer.Option("--follow", help="Go on with what is added, until Ctrl-C.")
]

_USUAL = 4


def register(group: typer.Typer) -> None:
    """Add the commands to the group ``chain``."""
    group.command("up")(up)
    group.command("status")(status)
    group.command("logs")(logs)
    group.command("down")(down)


def up(
    *,
    folder: NetworkFolder,
    validators: HowMany = None,
    node: NodeProgram = None,
    wait: Wait = 600.0,
    as_json: AsJson = False,
) -> None:
    """Start a network of validators on this machine, and wait until blocks become final.

    The first time it makes keys, ports and the chain, in the folder. Later it starts what does not
    run, on the data that is there. The nodes go on when the command has ended, and listen on this
    machine only. The development accounts have money, and //Alice is sudo: it is for tests.
    """
    from bcfl_plugins.cli.network.founding import found  # noqa: PLC0415 (wasmtime)
    from bcfl_plugins.cli.network.layout import FILE, network_in  # noqa: PLC0415
    from bcfl_plugins.cli.network.program import node_program  # noqa: PLC0415
    from bcfl_plugins.cli.network.running import alone, await_finality, start_all  # noqa: PLC0415

    program = node_program(node)
    with alone(folder):
        if (folder / FILE).exists():
            network = network_in(folder)
            _refuse_other(network, validators)
        else:
            network = found(folder, validators or _USUAL, program)
        started = start_all(network, program)
        if not as_json:
            names = ", ".join(one.name for one in started) or "none: all of them run"
            console().print(f"started nodes {names}; waiting for a final block")
        states = await_finality(network, wait)
    _say(network, states, as_json=as_json)


def status(*, folder: NetworkFolder, as_json: AsJson = False) -> None:
    """Show each node of a network: whether it runs, its newest and newest final block, its peers.

    Exit code 0 when every node is up, else 1.
    """
    from bcfl_plugins.cli.network.asking import look  # noqa: PLC0415
    from bcfl_plugins.cli.network.layout import network_in  # noqa: PLC0415

    network = network_in(folder)
    states = look(network)
    _say(network, states, as_json=as_json)
    if any(one.state != "up" for one in states):
        raise typer.Exit(1)


def logs(
    *,
    folder: NetworkFolder,
    node: OneNode = None,
    lines: Lines = 20,
    follow: FollowLogs = False,
    as_json: AsJson = False,
) -> None:
    """Show the last lines of the nodes' logs; with --json each is an object."""
    from bcfl_plugins.cli.network.layout import network_in  # noqa: PLC0415
    from bcfl_plugins.cli.network.logs import following, last_lines  # noqa: PLC0415

    network = network_in(folder)
    wanted = [one for one in network.validators if node in {None, one.number}]
    if not wanted:
        raise ConfigError(f"--node is {node}; the network has nodes 1 to {len(network.validators)}")
    paths = {one.name: network.log(one) for one in wanted}
    with following(paths) as added:
        for name, path in paths.items():
            for line in last_lines(path, lines):
                _log_line(name, line, as_json=as_json)
        for name, line in added if follow else ():
            _log_line(name, line, as_json=as_json)


def _log_line(name: str, line: str, *, as_json: bool) -> None:
    if as_json:
        print_json({"node": int(name), "line": line})
    else:
        typer.echo(f"{name} {printable(line)}")


def down(*, folder: NetworkFolder, as_json: AsJson = False) -> None:
    """End the nodes of a network. Its folder stays: `bcfl chain up` goes on from there."""
    from bcfl_plugins.cli.network.layout import network_in  # noqa: PLC0415
    from bcfl_plugins.cli.network.running import alone, stop_all  # noqa: PLC0415

    network = network_in(folder)
    with alone(folder):
        ended = stop_all(network)
    if as_json:
        print_json({"ended": [one.number for one, _ in ended]})
        return
    out = console()
    for one, killed in ended:
        out.print(f"node {one.name} {'did not end, and was killed' if killed else 'ended'}")
    out.print(f"{escape(str(network.folder))} keeps the chain" if ended else "no node ran")


def _refuse_other(network: Network, validators: int | None) -> None:
    count = len(network.validators)
    if validators not in {None, count}:
        raise ConfigError(
            f"the network in {network.folder} has {count} validators, not {validators}; leave "
            f"--validators out, or name a new folder"
        )


def _say(network: Network, states: Sequence[NodeState], *, as_json: bool) -> None:
    from bcfl_plugins.cli.network.consortium import tolerated  # noqa: PLC0415 (loads the crypto)

    away = tolerated(len(states))
    if as_json:
        print_json(
            {
                "dir": str(network.folder),
                "genesis": network.genesis,
                "nodes": [one.fields() for one in states],
                "tolerates": away,
                "up": sum(one.state == "up" for one in states),
            }
        )
        return
    out = console()
    out.print(f"genesis {network.genesis}")
    for one in states:
        found = (
            f"best {one.best}, final {one.final}, {one.peers} peers"
            if one.peers is not None
            else ""
        )
        out.print(f"{one.node:>3} {one.state:<6} {one.url} {found}".rstrip())
    out.print(f"{away} of {len(states)} may be away while blocks become final")
