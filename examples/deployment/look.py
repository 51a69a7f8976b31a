"""What is left of a run, as seen elsewhere: from the chain and the published reports."""

from __future__ import annotations

import re
import shutil
from typing import TYPE_CHECKING

from examples.deployment.chain import rounds_of
from pallet_bridge import audit_run
from pallet_bridge.run import ReportStore, read_run
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from pathlib import Path

    from examples.deployment.chain import Founded

PUBLISHED = ("run.json", "journal.jsonl", "reports")


def taken_along(run: Path, folder: Path) -> Path:
    """Copy what a run publishes into a folder of the auditor."""
    copy = folder / run.name
    copy.mkdir(parents=True)
    for name in PUBLISHED:
        source = run / name
        (shutil.copytree if source.is_dir() else shutil.copyfile)(source, copy / name)
    return copy


def tell(run: Path, url: str, founded: Founded, logs: str) -> tuple[bool, list[int]]:
    """Print who was left out and struck, how rounds ended, and the audit.

    Return whether the audit holds, and which rounds the run settled.
    """
    record, reports = read_run(run), ReportStore(run / "reports")
    numbers = {account: number for number, account in enumerate(founded.accounts)}
    settled = [line for line in record.rounds if line.outcome == "settled"]
    print(f"rounds on chain: {', '.join(rounds_of(url, founded.federation))}")
    print(f"settled in this run: {[line.round for line in settled]}")
    struck, rejected, absent = set(), set(), set()
    for line in settled:
        report = reports.get(line.report)
        struck |= {numbers[one] for one in line.strikes}
        rejected |= {
            numbers[one.account] for one in report.entries if one.outcome is Outcome.REJECTED
        }
        absent |= {numbers[one.account] for one in report.absent if one.account in numbers}
    print(f"rejected: {named(rejected)}; struck: {named(struck)}; left out: {named(absent)}")
    for said in sorted({*re.findall(r"node \d+ may not take part: .*", logs)}):
        print(said)
    audit = audit_run(run, chain=url)
    print(f"audit with {url}: {len(audit.findings)} findings", *audit.findings, sep="\n  ")
    for ground, counted in (("proved", audit.grounds.proved),
                            ("recomputed", audit.grounds.recomputed)):  # fmt: skip
        print(f"{ground}: {', '.join(f'{count} {what}' for what, count in counted.items())}")
    return audit.ok, [line.round for line in settled]


def named(hospitals: set[int]) -> str:
    return ", ".join(f"hospital-{number}" for number in sorted(hospitals)) or "nobody"
