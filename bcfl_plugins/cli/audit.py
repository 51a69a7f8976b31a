"""``bcfl audit RUN``: does what the run's files say hold on its chain, and on what does it rest?"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, console, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pallet_bridge.audit.run import AuditReport

RunFolder = Annotated[
    Path, typer.Argument(help="The folder of one run, such as runs/20260101-120000.")
]
ChainInstead = Annotated[
    str | None,
    typer.Option("--chain", help="ws:// URL to read instead of the chain that the run names."),
]

RuntimeFile = Annotated[
    Path | None,
    typer.Option(
        "--runtime",
        exists=True,
        dir_okay=False,
        help="The runtime that an embedded run was made with, where it is not in the run's folder.",
    ),
]


Again = Annotated[
    bool,
    typer.Option(
        "--replay",
        help="Decide every round again from what the run published, and compare bit for bit.",
    ),
]


def audit(
    run: RunFolder,
    *,
    chain: ChainInstead = None,
    runtime: RuntimeFile = None,
    again: Again = False,
    as_json: AsJson = False,
) -> None:
    """Check each signature, digest, root, reward and slash of a run against chain and reports.

    It says how many statements are proved, how many are recomputed, and how many are taken on
    whose word. Exit code 0: nothing is wrong. 1: at least one statement does not hold, each is
    named. 2: the audit could not be made.
    """
    from pallet_bridge.audit.run import audit_run  # noqa: PLC0415 (loads the chain client)

    replayer = None
    if again:
        from bcfl_plugins.replay.run import Replayer  # noqa: PLC0415 (loads the rules)

        replayer = Replayer()
    report = audit_run(run, chain=chain, runtime=runtime, replay=replayer)
    if as_json:
        print_json(as_record(run, report))
    else:
        out = console()
        for line in as_lines(run, report):
            out.print(line)
    if not report.ok:
        raise typer.Exit(1)


def as_record(run: Path, report: AuditReport) -> dict[str, object]:
    """Return an audit as JSON says it.

    Parameters
    ----------
    run
        The folder.
    report
        What was found.
    """
    grounds = report.grounds
    proved, recomputed, believed = grounds.totals
    return {
        "run": str(run),
        "ok": report.ok,
        "totals": {"proved": proved, "recomputed": recomputed, "on_a_word": believed},
        "proved": dict(grounds.proved),
        "recomputed": dict(grounds.recomputed),
        "on_a_word": {whose: dict(counts) for whose, counts in grounds.words.items()},
        "notes": list(report.notes),
        "findings": [
            {
                "kind": finding.kind,
                "round": finding.round,
                "account": None if finding.account is None else str(finding.account),
                "statement": finding.statement,
            }
            for finding in report.findings
        ],
    }


def as_lines(run: Path, report: AuditReport) -> Iterator[str]:
    """Give an audit as text with markup, line by line.

    Parameters
    ----------
    run
        The folder.
    report
        What was found.
    """
    grounds = report.grounds
    yield from _block("PROVED, by signatures and by executing the chain again", grounds.proved)
    yield from _block("RECOMPUTED, from what is published", grounds.recomputed)
    for whose, counts in grounds.words.items():
        yield from _block(f"ON THE WORD of {whose}", counts)
    for note in report.notes:
        yield f"[yellow]NOTE[/] {escape(note)}"
    for finding in report.findings:
        yield f"[red]FAILS[/] {finding.kind}: {escape(finding.statement)}"
    proved, recomputed, believed = grounds.totals
    rests = f"{proved} proved, {recomputed} recomputed, {believed} taken on a word"
    wrong = len(report.findings)
    verdict = f"[red]{wrong} wrong[/]" if wrong else "[green]nothing wrong[/]"
    yield f"{escape(str(run))}: {rests}; {verdict}"


def _block(title: str, counts: Mapping[str, int]) -> Iterator[str]:
    if counts:
        yield escape(title)
        for what, count in counts.items():
            yield f"  {count:>5} {escape(what)}"
