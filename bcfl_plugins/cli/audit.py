"""``bcfl audit RUN``: does what the run's files say hold on its chain?"""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, console, print_json

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


def audit(
    run: RunFolder,
    *,
    chain: ChainInstead = None,
    runtime: RuntimeFile = None,
    as_json: AsJson = False,
) -> None:
    """Check each signature, digest, root, reward and slash of a run against chain and reports.

    Exit code 0: every statement holds. 1: at least one does not, each is named. 2: the audit could
    not be made.
    """
    from pallet_bridge.audit.run import audit_run  # noqa: PLC0415 (loads the chain client)

    report = audit_run(run, chain=chain, runtime=runtime)
    if as_json:
        print_json(
            {
                "run": str(run),
                "ok": report.ok,
                "checks": dict(report.checks),
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
        )
    else:
        out = console()
        for name, count in report.checks.items():
            out.print(f"  {count:>5} {name}")
        for note in report.notes:
            out.print(f"[yellow]NOTE[/] {escape(note)}")
        for finding in report.findings:
            out.print(f"[red]FAILS[/] {finding.kind}: {escape(finding.statement)}")
        verdict = (
            "[green]every statement holds[/]" if report.ok else "[red]the run does not hold[/]"
        )
        out.print(f"{run}: {verdict}")
    if not report.ok:
        raise typer.Exit(1)
