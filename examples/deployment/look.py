"""What is left of a run, as seen elsewhere: from the chain and the published reports."""

from __future__ import annotations

import json
import os
import re
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING

import pyrage

from examples.deployment.chain import rounds_of
from pallet_bridge import audit_run
from pallet_bridge.run import ReportStore, read_run
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from examples.deployment.chain import Founded


def new_identity(path: Path) -> str:
    """Make a key pair of age as `age-keygen` does, and return the public key."""
    made = pyrage.x25519.Identity.generate()
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write(f"# public key: {made.to_public()}\n{made}\n")
    return str(made.to_public())


def fetched(url: str, folder: Path) -> list[Path]:
    """Fetch all runs from a URL as somebody does who is nobody's recipient: what is public."""
    command = [
        sys.executable,
        "-m",
        "bcfl_plugins.cli",
        "copy",
        "fetch",
        url,
        str(folder),
        "--json",
    ]
    done = subprocess.run(command, stdout=subprocess.PIPE, text=True, check=True)
    return [Path(one["folder"]) for _, one in sorted(json.loads(done.stdout)["runs"].items())]


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
