"""Run the Flower app of a folder in this process, and print what its record says of each site."""

from __future__ import annotations

import argparse
import importlib
import logging
import sys
import tempfile
import tomllib
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING

from pallet_bridge import audit_run
from pallet_bridge.run import ReportStore, read_run
from pallet_bridge.types import UNIT, Outcome
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


def config_of(app: Path) -> dict[str, bool | float | int | str]:
    """Return the run config of an app, with the names of its tables before the keys."""
    text = (app / "pyproject.toml").read_text(encoding="utf-8")
    return _flat(tomllib.loads(text)["tool"]["flwr"]["app"]["config"])


def _flat(table: Mapping[str, object], before: str = "") -> dict:
    found = {}
    for name, value in table.items():
        inner = _flat(value, f"{before}{name}.") if isinstance(value, dict) else None
        found |= {f"{before}{name}": value} if inner is None else inner
    return found


def main(app: Path, sites: Sequence[str], arguments: Sequence[str]) -> int:
    """Train without the plugins and with them; print what came of each site; audit the record."""
    parser = argparse.ArgumentParser(prog=f"python -m examples.{app.name}")
    parser.add_argument("--rounds", type=int, help="rounds of training; by default the app's own")
    parser.add_argument("--out", type=Path, help="folder for the run's record")
    options = parser.parse_args(arguments)
    out = options.out or Path(tempfile.mkdtemp(prefix=f"{app.name}-"))
    config = config_of(app) | {"bcfl.run_dir": str(out / "runs")}
    if options.rounds is not None:
        config["num-server-rounds"] = options.rounds
    logging.getLogger("flwr").setLevel(logging.ERROR)
    print("-- FedAvg alone")
    train(app, sites, config | {"bcfl.plugins": ""})
    print(f"-- with the plugins {config['bcfl.plugins']}")
    train(app, sites, config)
    (folder,) = (out / "runs").iterdir()
    print(*table(folder, sites), sep="\n")
    report = audit_run(folder)
    print(f"audit of {folder}: {len(report.findings)} findings", *report.findings, sep="\n  ")
    return 0 if report.ok else 1


def train(app: Path, sites: Sequence[str], config: Mapping[str, object]) -> None:
    """Run the app with a node for each site."""
    if str(app) not in sys.path:
        sys.path.insert(0, str(app))
    server = importlib.import_module(f"{app.name}.server_app").app
    client = importlib.import_module(f"{app.name}.client_app").app
    with InProcessGrid(client, len(sites), run_config=config) as grid:
        grid.serve(server, config)


def table(folder: Path, sites: Sequence[str]) -> list[str]:
    """Return a line for each site: its updates, strikes, rewards, and what a slash took."""
    record, store = read_run(folder), ReportStore(folder / "reports")
    kept, rejected, rewards, slashed = Counter(), Counter(), Counter(), Counter()
    accounts, strikes = {}, Counter()
    for line in record.rounds:
        rewards.update(line.rewards)
        strikes |= Counter(line.strikes)
        for entry in store.get(line.report).entries if line.report else ():
            accounts[entry.node_id - FIRST_NODE_ID] = entry.account
            (kept if entry.outcome is Outcome.ACCEPTED else rejected)[entry.account] += 1
    for slash in record.slashes:
        slashed[slash.account] += slash.amount
    width = max(map(len, sites))
    lines = [f"{'':{width}}  averaged  rejected  strikes  reward (UNIT)  slashed (UNIT)"]
    for number, site in enumerate(sites):
        who = accounts[number]
        lines.append(
            f"{site:{width}}  {kept[who]:8}  {rejected[who]:8}  {strikes[who]:7}"
            f"  {rewards[who] / UNIT:13.2f}  {slashed[who] / UNIT:14.2f}"
        )
    return lines
