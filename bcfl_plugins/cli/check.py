"""``bcfl check mypkg:MyDefense``: does a defense keep the rules that it should keep?"""

from __future__ import annotations

import sys
from collections import Counter
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from bcfl_plugins.testing import CheckResult

Target = Annotated[
    str, typer.Argument(help="The defense, as package.module:name.", metavar="MODULE:NAME")
]


class Effort(Enum):
    """How hard to try."""

    FAST = "fast"
    THOROUGH = "thorough"


ProfileOption = Annotated[Effort, typer.Option("--profile", help="How hard to try.")]
Only = Annotated[
    list[str] | None, typer.Option("--only", help="Make this check only; may be repeated.")
]

_MARKS = {
    "passed": "[green]ok[/]",
    "failed": "[red]FAILS[/]",
    "expected": "[yellow]known[/]",
    "skipped": "[dim]--[/]",
}


def check(
    target: Target,
    *,
    profile: ProfileOption = Effort.FAST,
    only: Only = None,
    as_json: AsJson = False,
) -> None:
    """Property-test a defense: attacks, broken numbers, ties, overflow, and what it claims.

    The target is a callable (updates, f) -> array, a Defense, a plugin, a Flower strategy, a class
    of one of these, or a function of f that makes one. An attribute `tags` of it says what it
    promises. Exit code 0: it keeps every rule. 1: it breaks at least one, each is shown with the
    smallest round and a test to keep. 2: the check could not be made.
    """
    from bcfl_plugins.testing import check_defense  # noqa: PLC0415 (loads the kit)
    from bcfl_plugins.testing.subjects.loading import load_target, target_source  # noqa: PLC0415

    here = str(Path.cwd())
    if here not in sys.path:
        sys.path.insert(0, here)
    obj = load_target(target)
    results = check_defense(
        obj,
        profile=profile.value,
        checks=only,
        source=target_source(target, obj),
    )
    failed = any(result.status == "failed" for result in results)
    if as_json:
        found = [result.record() for result in results]
        print_json({"defense": target, "ok": not failed, "checks": found})
    else:
        _show(target, results)
    if failed:
        raise typer.Exit(1)


def _show(target: str, results: list[CheckResult]) -> None:
    out = console()
    for result in results:
        line = f"{_MARKS[result.status]} {result.name}"
        if result.reason:
            line += f": {escape(result.reason)}"
        elif result.observed is not None and result.bound is not None:
            line += f": worst {result.observed:.3g} of {result.bound:.3g}"
        out.print(line)
        if result.status == "failed":
            out.print("")
            out.print(escape(_indented(result.text())), soft_wrap=True)
            out.print("")
    count = Counter(result.status for result in results)
    verdict = "[red]breaks" if count["failed"] else "[green]keeps"
    rules = f"{count['failed']} of {count['failed'] + count['passed']} rules[/]"
    kept = f"all {count['passed']} rules that apply[/]"
    out.print(f"{escape(target)}: {verdict} {rules if count['failed'] else kept}")


def _indented(text: str) -> str:
    return "\n".join(f"  {line}".rstrip() for line in text.splitlines())
