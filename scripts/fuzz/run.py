"""Fuzz every reader for hours, each in a process of its own, and write down what it cost.

    python -m scripts.fuzz.run --hours 8            # all readers, in equal parts
    python -m scripts.fuzz.run --hours 1 --only array,reply
    python -m scripts.fuzz.run --hours 8 --page     # and write the table of docs/measurements

With ``--page`` each reader's row is written when it is done. Rows of readers that a run has not
got stay as they are, so that a long run can be made in parts.

An input that broke a reader is printed with its traceback and kept in ``tests/data/fuzz``, so that
every later run reads it. Inputs that reached something new are kept with ``--keep``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import platform
import re
import subprocess
import sys
import warnings
from dataclasses import asdict
from typing import Any

from scripts.fuzz import corpus
from scripts.fuzz.engine import ROOT, fuzz
from scripts.fuzz.targets import ALL

PAGE = ROOT / "docs" / "measurements" / "fuzzing.md"
MOST_MIB = 512
"""The memory bound: of a process that reads inputs of up to 70 kB, the reader's own chain and
libraries counted (about 290 MiB)."""

MOST_GROWTH_MIB = 24
"""Of the second half of a run: what grows with the inputs grows more."""


def one(name: str, seconds: float, seed: int) -> None:
    """Fuzz one reader in this process, and print what came of it as JSON."""
    logging.disable(logging.CRITICAL)
    warnings.simplefilter("ignore")
    outcome = fuzz(ALL[name], seconds, seed)
    kept = [data.hex() for data in outcome.kept[-corpus.MOST :]]
    findings = {place: (text, data.hex()) for place, (text, data) in outcome.findings.items()}
    print(json.dumps({**asdict(outcome), "kept": kept, "findings": findings}))


def _in_a_process(name: str, seconds: float, seed: int) -> dict[str, Any]:
    command = [sys.executable, "-m", "scripts.fuzz.run", "--one", name]
    command += ["--seconds", str(seconds), "--seed", str(seed)]
    environment = {**os.environ, "PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True, check=False,
        cwd=ROOT, env=environment,
    )  # fmt: skip
    if done.returncode:
        place = f"the process ended with {done.returncode}"
        return {"name": name, "died": place, "findings": {place: ("", "")}, "kept": []}
    found: dict[str, Any] = json.loads(done.stdout.splitlines()[-1])
    return found


def row(found: dict[str, Any]) -> str:
    """Return a line of the table."""
    if "died" in found:
        return f"| `{found['name']}` | {found['died']} |"
    return (
        f"| `{found['name']}` | {found['inputs']:,} | {found['seconds'] / 60:.1f} | "
        f"{found['lines']:,} | {len(found['findings'])} | {1000 * found['slowest_s']:,.0f} | "
        f"{found['peak_mib']:.0f} | {found['growth_mib']:+.1f} |"
    )


HEAD = (
    "| reader | inputs | minutes | lines reached | broken by | slowest, ms | peak, MiB | "
    "growth, MiB |\n| -- | --: | --: | --: | --: | --: | --: | --: |"
)


def merged(text: str, rows: dict[str, str]) -> dict[str, str]:
    """Return the rows of all readers: these, and of the others those that a page has."""
    before = {found[1]: found[0] for found in re.finditer(r"^\| `(\w+)` .*$", text, re.MULTILINE)}
    known = {**before, **rows}
    return {name: known[name] for name in ALL if name in known}


def page(rows: dict[str, str]) -> str:
    """Return the measured page."""
    return f"""# Fuzzing

<!-- Written by `python -m scripts.fuzz.run --hours HOURS --page`. -->

Each reader of something from outside got changed inputs for the processor time that the table
says: bytes with pieces replaced, repeated and cut, JSON with values of other types. An input that
reached a new line of ours was changed further. A reader may refuse an input by name. Anything else
that it raises breaks it, and so does what its target in `scripts/fuzz/targets` asserts: that numpy
and Flower read the same array, that three honest replies are still averaged, that what is read is
written again as the same bytes, that no error repeats a secret.

{HEAD}
{chr(10).join(rows.values())}

Minutes are of processor time, lines are lines of the three packages. Peak is the memory of the
whole process, with an embedded chain where the reader needs one; the bound is {MOST_MIB} MiB.
Growth is that of the second half of the run; the bound is {MOST_GROWTH_MIB} MiB.

Python {platform.python_version()}, {platform.machine()}. CI reads all kept inputs
(`tests/data/fuzz`) and some changed ones for each reader; what broke a reader is kept there.
"""


def main() -> int:
    """Run; 1 when a reader broke or a bound was passed."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawTextHelpFormatter
    )
    parser.add_argument("--hours", type=float, default=1.0)
    parser.add_argument("--only", default=",".join(ALL))
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--keep", action="store_true")
    parser.add_argument("--page", action="store_true")
    parser.add_argument("--one", choices=[*ALL], help=argparse.SUPPRESS)
    parser.add_argument("--seconds", type=float, help=argparse.SUPPRESS)
    told = parser.parse_args()
    if told.one:
        one(told.one, told.seconds, told.seed)
        return 0
    names, rows, is_well = told.only.split(","), dict[str, str](), True
    print(HEAD)
    for name in names:
        found = _in_a_process(name, told.hours * 3600 / len(names), told.seed)
        rows[name] = row(found)
        print(rows[name], flush=True)
        for place, (text, data) in found["findings"].items():
            print(f"  {place}\n{text}", file=sys.stderr)
            corpus.add(name, [bytes.fromhex(data)])
        if told.keep:
            room = corpus.MOST - len(corpus.read(name))
            corpus.add(name, [bytes.fromhex(data) for data in found["kept"][: max(room, 0)]])
        is_well = is_well and not found["findings"]
        is_well = is_well and found.get("peak_mib", 0) < MOST_MIB
        is_well = is_well and found.get("growth_mib", 0) < MOST_GROWTH_MIB
        if told.page:
            PAGE.write_text(page(merged(PAGE.read_text(), rows)))
    print("all bounds hold" if is_well else "broken")
    return 0 if is_well else 1


if __name__ == "__main__":
    sys.exit(main())
