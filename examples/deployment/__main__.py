"""Five hospitals, one without a stake and one that poisons: ``python -m examples.deployment``."""

from __future__ import annotations

import argparse
import sys
import tempfile
from contextlib import ExitStack
from pathlib import Path

from examples.deployment.chain import COMMIT_BLOCKS, found
from examples.deployment.flower import Deployment
from pallet_bridge import audit_run
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.run import read_run

APP = Path(__file__).parent / "app"
NODES = 5
POISONER = 3
STRANGER = 4  # the last one: it has a key and no stake


def main(arguments: list[str]) -> int:
    """Start everything, train, and audit; 0 when the run ended well and the audit is clean."""
    options = parser().parse_args(arguments)
    out = (options.out or Path(tempfile.mkdtemp(prefix="deployment-"))).absolute()
    with ExitStack() as stack:
        url = options.chain or stack.enter_context(EmbeddedNode.start()).url
        founded = found(url, out / "keys", NODES, commit_blocks=options.commit_blocks)
        flower = stack.enter_context(Deployment(out / "flower"))
        flower.superlink()
        for number, key in enumerate(founded.node_keys):
            flower.supernode(
                f"hospital-{number}",
                f"partition-id={number} poisons={str(number == POISONER).lower()} "
                f"bcfl-key-uri='file:{key}' bcfl-genesis='{founded.genesis}' "
                f"bcfl-federation={founded.federation} bcfl-coordinator='{founded.coordinator}'",
            )
        ended_well, log = flower.run(
            APP,
            f"num-server-rounds={options.rounds} bcfl.chain='{url}' "
            f"bcfl.federation={founded.federation} bcfl.run_dir='{out / 'runs'}' "
            f"bcfl.coordinator='file:{founded.coordinator_key}'",
            timeout=options.timeout,
        )
        print(log)
        for folder in sorted((out / "runs").glob("*")):
            report = audit_run(folder, chain=url)
            ends = [line.outcome for line in read_run(folder).rounds]
            print(f"{folder}: rounds {ends}; findings of the audit: {list(report.findings)}")
            ended_well = ended_well and report.ok
    print(f"everything is in {out}")
    return 0 if ended_well else 1


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.deployment", description=__doc__)
    parser.add_argument("--chain", help="ws:// URL of a node; by default an embedded chain")
    parser.add_argument("--out", type=Path, help="folder for keys, logs and runs")
    parser.add_argument("--commit-blocks", type=int, default=COMMIT_BLOCKS)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=600, help="seconds for the training")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
