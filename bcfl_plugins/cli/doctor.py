"""``bcfl doctor``: can this machine run a federation, and if not, what is missing?"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, MachineCheck, console, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.protocol import ChainClient

ChainToTry = Annotated[
    str, typer.Option("--chain", help="Chain to try: embedded, or the ws:// URL of a node.")
]

TrainingSeconds = Annotated[
    float,
    typer.Option(
        "--training-s",
        min=0,
        help="Seconds that one round of training takes, its slowest node included; the commit "
        "windows of the federations on the chain are held against it.",
    ),
]

REQUIRED = ("flwr", "numpy", "pluggy", "substrate-interface", "wasmtime", "websockets")
OPTIONAL = {
    "torch": "pip install 'bcfl-plugins[torch]' for models in PyTorch",
    "ray": "pip install 'bcfl-plugins[simulation]' for Flower's own simulation",
    "hypothesis": "pip install 'bcfl-plugins[testing]' to property-test a defense",
}


_SHOWN = 16


def doctor(
    *, chain: ChainToTry = "embedded", training_s: TrainingSeconds = 0.0, as_json: AsJson = False
) -> None:
    """Look at Python, packages, the runtime blob and the chain; say what to do about each fault.

    Exit code 0 when everything that is required is well.
    """
    checks = [*_packages(), _names(), _blob(), *_chain(chain, training_s)]
    ok = all(check.ok for check in checks if check.required)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(check) for check in checks]})
    else:
        out = console()
        for check in checks:
            mark = "[green]ok[/]" if check.ok else "[red]no[/]" if check.required else "[dim]--[/]"
            out.print(f"{mark:>13} {check.name}: {escape(check.found)}")
            if not check.ok:
                out.print(f"     {escape(check.advice)}")
    if not ok:
        raise typer.Exit(1)


def _packages() -> Iterator[MachineCheck]:
    version = ".".join(map(str, sys.version_info[:3]))
    yield MachineCheck(
        "python", sys.version_info >= (3, 11), version, "install Python 3.11 or newer"
    )
    for name in REQUIRED:
        yield _package(name, f"pip install {name}", required=True)
    for name, advice in OPTIONAL.items():
        yield _package(name, advice, required=False)


def _package(name: str, advice: str, *, required: bool) -> MachineCheck:
    try:
        found = importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return MachineCheck(name, ok=False, found="not installed", advice=advice, required=required)
    return MachineCheck(name, ok=True, found=found, required=required)


def _names() -> MachineCheck:
    """Another distribution on the package index also installs a top-level `strategies`."""
    here = Path(__file__).resolve().parents[2]
    spec = importlib.util.find_spec("strategies")
    origin = None if spec is None or spec.origin is None else Path(spec.origin).resolve()
    ours = origin is not None and origin.parents[1] == here
    advice = "pip uninstall strategies, then reinstall bcfl-plugins: another package took the name"
    return MachineCheck("import strategies", ours, "ours" if ours else str(origin), advice)


def _blob() -> MachineCheck:
    from pallet_bridge.errors import BcflError  # noqa: PLC0415
    from pallet_bridge.runtime import load_blob  # noqa: PLC0415

    try:
        size = len(load_blob())
    except BcflError as error:
        return MachineCheck("runtime", ok=False, found="damaged", advice=str(error))
    return MachineCheck("runtime", ok=True, found=f"{size} bytes, hash as in its manifest")


def _chain(target: str, training_s: float) -> Iterator[MachineCheck]:
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)
    from pallet_bridge.errors import BcflError  # noqa: PLC0415

    try:
        with connect(target) as client:
            slot_s = client.slot_seconds()
            slot = "unknown" if slot_s is None else f"{slot_s:g} s"
            found = (
                f"{client.url}, block {client.head().number}, genesis "
                f"0x{client.genesis_hash.hex()}, slot {slot}"
            )
            checks = [MachineCheck(f"chain {target}", ok=True, found=found)]
            checks += _federations(client, slot_s, training_s)
    except BcflError as error:
        checks = [MachineCheck(f"chain {target}", ok=False, found="no answer", advice=str(error))]
    yield from checks


def _federations(
    client: ChainClient, slot_s: float | None, training_s: float
) -> Iterator[MachineCheck]:
    """Hold the windows of the newest federations against the length of the training."""
    from bcfl_plugins.rounds.windows import (  # noqa: PLC0415 (loads the mirrors of the chain)
        USUAL_SLOT_S,
        blocks_for,
        proposal,
    )

    block_s = slot_s or USUAL_SLOT_S
    last = client.next_federation()
    for number in range(max(0, last - _SHOWN), last):
        terms = client.terms(number)
        fitting = blocks_for(training_s, block_s)
        window = f"{terms.commit_blocks} blocks, {terms.commit_blocks * block_s:g} s by its slots"
        yield MachineCheck(
            f"federation {number}",
            ok=not training_s or terms.commit_blocks >= fitting,
            found=f"nodes commit within {window}, counted from before the training",
            advice=f"the chain refuses what comes later; set {proposal(fitting, terms)}, or for a "
            f"federation that exists by a call of set_terms",
            required=False,
        )
