"""What is printed when all is done."""

from __future__ import annotations

import os
import shutil
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from rich.table import Table

from examples.byzantine.federation import POISONERS, Variant
from examples.byzantine.live import colour, does
from pallet_bridge.types import UNIT

if TYPE_CHECKING:
    from rich.console import Console

    from examples.byzantine.result import Result


def print_summary(result: Result, picture: Path, console: Console, *, seconds: float) -> None:
    """Print the final table, the promise line by line, and where to look next."""
    console.print()
    console.print(final_table(result))
    console.print()
    for variant in Variant:
        console.print(f"{result.final(variant):6.1%}  {variant.value}", highlight=False)
    console.print(
        f"{result.poisoners_slashed} of {len(POISONERS)} poisoners slashed on chain, "
        f"{result.honest_slashed} of {result.setup.nodes - len(POISONERS)} honest nodes",
        highlight=False,
    )
    console.print(rewards_line(result), highlight=False)
    for promise, kept in result.checks.items():
        answer = "[green]yes[/]" if kept else "[bold red]NO [/]"
        console.print(f"{answer}  {promise}", highlight=False)
    console.print(
        f"\npicture: {picture}\naudit:   {bcfl_command()} audit {result.folder}"
        f"\n[dim]{seconds:.0f} s[/]",
        highlight=False,
        soft_wrap=True,
    )


def rewards_line(result: Result) -> str:
    """What the members still have to claim, and from when on."""
    last = result.looks[-1]
    waits = sum(last.earned.values())
    return (
        f"{waits / UNIT:.2f} UNIT of rewards wait for {len(last.earned)} nodes; they are vested "
        f"after block {last.vested_after}, now is block {last.head.number}"
    )


def bcfl_command() -> str:
    """How to call `bcfl` from this folder: by its name if the shell finds it, else by its path."""
    if shutil.which("bcfl"):
        return "bcfl"
    return os.path.relpath(Path(sys.executable).with_name("bcfl"))


def final_table(result: Result) -> Table:
    """One row a node: what it did, what the rounds said, and what that did to its stake."""
    table = Table(title="after the run, read from the chain", title_justify="left", box=None)
    for heading in ("node", "does", "accepted", "rejected", "rewards", "slashed", "stake"):
        table.add_column(heading, justify="left" if heading == "does" else "right")
    for node in range(result.setup.nodes):
        accepted, rejected = result.verdicts(node)
        slashed = result.slashed(node)
        before, after = result.stakes(node)[0], result.stakes(node)[-1]
        table.add_row(
            str(node),
            f"[{colour(node)}]{does(node)}[/]",
            str(accepted),
            str(rejected),
            f"{result.rewarded(node) / UNIT:.2f}",
            f"[bold red]{slashed / UNIT:.2f}[/]" if slashed else "0",
            f"{before / UNIT:.0f} -> {after / UNIT:.2f}",
        )
    return table
