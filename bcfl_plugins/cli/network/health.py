"""``bcfl chain health``: is a node well, for whoever watches it."""

from __future__ import annotations

import time
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, MachineCheck, console, print_json
from bcfl_plugins.cli.places import Url  # noqa: TC001 - typer reads it

if TYPE_CHECKING:
    from collections.abc import Iterator

MaxLag = Annotated[
    int,
    typer.Option("--max-lag", min=0, help="Most blocks between the newest and the newest final."),
]
MaxAge = Annotated[
    float, typer.Option("--max-age", min=0, help="Most seconds since the newest block was made.")
]
MinPeers = Annotated[int, typer.Option("--min-peers", min=0, help="Fewest nodes it is joined to.")]

_ANSWER_S = 30.0
_MS = 1000


@dataclass(frozen=True, slots=True)
class Health:
    """What a node says of itself at one moment."""

    best: int
    final: int
    age_s: float
    peers: int
    syncing: bool


def health(
    *,
    chain: Url,
    max_lag: MaxLag = 10,
    max_age: MaxAge = 60.0,
    min_peers: MinPeers = 1,
    as_json: AsJson = False,
) -> None:
    """Say whether a node follows its chain: its blocks, what is final of them, its peers.

    Exit code 0 when all is well, 1 when something is not, 2 when it does not answer: for whatever
    calls it every minute and tells somebody.
    """
    found = _ask(chain)
    checks = list(judge(found, max_lag, max_age, min_peers))
    ok = all(check.ok for check in checks)
    if as_json:
        print_json({"ok": ok, **asdict(found), "checks": [asdict(check) for check in checks]})
    else:
        out = console()
        for check in checks:
            out.print(f"{'[green]ok[/]' if check.ok else '[red]no[/]'} {escape(check.name)}: "
                      f"{escape(check.found)}")  # fmt: skip
            if not check.ok:
                out.print(f"   {escape(check.advice)}")
    if not ok:
        raise typer.Exit(1)


def judge(found: Health, max_lag: int, max_age: float, min_peers: int) -> Iterator[MachineCheck]:
    """Hold what a node says against what is asked of it."""
    lag = found.best - found.final
    yield MachineCheck(
        "blocks",
        found.age_s <= max_age,
        f"block {found.best} was made {found.age_s:.0f} s ago",
        "no new block comes here: is the node joined to the others, and is its clock right?",
    )
    yield MachineCheck(
        "finality",
        lag <= max_lag,
        f"block {found.final} is final, {lag} behind",
        "more than two thirds of the validators have to be there: ask who is away",
    )
    yield MachineCheck(
        "peers",
        found.peers >= min_peers,
        f"joined to {found.peers} nodes",
        "look at its --bootnodes, and at what closes its port between the machines",
    )
    yield MachineCheck(
        "sync",
        not found.syncing,
        "it catches up with the others" if found.syncing else "it has what the others have",
        "wait until it has caught up; do not let clients ask it before",
    )


def _ask(url: str) -> Health:
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)
    from pallet_bridge.client.fields import Fields  # noqa: PLC0415
    from pallet_bridge.client.rpc import RpcClient  # noqa: PLC0415

    rpc = RpcClient(url, _ANSWER_S)
    try:
        said = Fields("health", rpc.request("system_health"))
    finally:
        rpc.close()
    with connect(url) as client:
        head = client.head()
        now = client.stored("Timestamp", "Now", at=head.hash)
        made = Fields("time", {"now": now}).integer("now") / _MS
        return Health(
            best=head.number,
            final=client.finalized().number,
            age_s=max(time.time() - made, 0.0),
            peers=said.integer("peers"),
            syncing=said.flag("isSyncing"),
        )
