"""Six hospitals, one without a stake and one that poisons: ``python -m examples.deployment``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from contextlib import ExitStack
from pathlib import Path

from examples.deployment.chain import COMMIT_BLOCKS, found, served, validators, wait_until
from examples.deployment.flower import Deployment
from examples.deployment.look import taken_along, tell

APP = Path(__file__).parents[1] / "healthcare"
NODES = 6
POISONER = 3
STRANGER = 5  # the last one: it has a key and no stake
STARTED = time.monotonic()


def main(arguments: list[str]) -> int:
    """Start everything, let it go wrong, train, and audit; 0 when all of it ended well."""
    options = parser().parse_args(arguments)
    out = (options.out or Path(tempfile.mkdtemp(prefix="deployment-"))).absolute()
    with ExitStack() as stack:
        network = None
        if options.chain is None and options.validators:
            say(f"{options.validators} validators, each with keys of its own")
            network = stack.enter_context(validators(out / "net", options.validators, options.node))
        urls = network.urls if network else stack.enter_context(served(options.chain))
        say("a federation, and five hospitals that join it with their stakes")
        founded = found(urls[0], out / "keys", NODES, commit_blocks=options.commit_blocks)
        say("a SuperLink with TLS and authentication, and a SuperNode at each hospital")
        flower = stack.enter_context(Deployment(out / "flower"))
        flower.superlink()
        for number, key in enumerate(founded.node_keys):
            flower.supernode(
                f"hospital-{number}",
                f"partition-id={number} "
                f"bcfl-key-uri='file:{key}' bcfl-genesis='{founded.genesis}' "
                f"bcfl-federation={founded.federation} bcfl-coordinator='{founded.coordinator}'",
            )
        config = (
            f"num-server-rounds={options.rounds} min-nodes={NODES - 1} poisoner={POISONER} "
            f"bcfl.chain='{urls[0]}' bcfl.federation={founded.federation} "
            f"bcfl.run_dir='{out / 'runs'}' bcfl.coordinator='file:{founded.coordinator_key}' "
            "bcfl.outliers.evidence='streak'"  # a rejection is a strike: a few rounds show it
        )
        say("training")
        runs = [flower.start(APP, config)]
        number = founded.federation
        wait_until(urls[0], lambda chain: chain.federation(number).next_round > 1, options.timeout)
        if network is not None:
            say("round 0 is over: a validator is killed, and does not come back")
            network.kill(len(urls) - 1)
        wait_until(
            urls[0], lambda chain: chain.federation(number).open_round is not None, options.timeout
        )
        say("the hospitals train: the ServerApp is killed in the middle of the round")
        flower.kill_serverapp()
        say("the same app is started again")
        runs.append(flower.start(APP, config))
        ended_well = flower.ended_well(runs[-1], options.timeout)
        say(f"the run ended {'well' if ended_well else 'badly'}")
        logs = "\n".join(run.text() for run in runs)
        folders = sorted((out / "runs").iterdir())
        if len(folders) != 1 or not ended_well:
            print(logs)
        for folder in folders:
            print(f"this run is recorded in {folder}")
            copy = taken_along(folder, out / "elsewhere")
            last = len(urls) - 2 if network else 0  # another node than the server's
            ended_well &= tell(copy, urls[last], founded, options.rounds, logs)
    say(f"everything is in {out}")
    return 0 if ended_well and len(folders) == 1 else 1


def say(what: str) -> None:
    print(f"[{time.monotonic() - STARTED:4.0f} s] {what}", flush=True)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.deployment", description=__doc__)
    parser.add_argument("--chain", help="ws:// URL of a node; by default validators are started")
    parser.add_argument("--validators", type=int, default=4, help="0: an embedded chain instead")
    parser.add_argument("--node", type=Path, help="the program bcfl-node, as for bcfl chain up")
    parser.add_argument("--out", type=Path, help="folder for keys, logs and runs")
    parser.add_argument("--commit-blocks", type=int, default=COMMIT_BLOCKS)
    parser.add_argument("--rounds", type=int, default=4)
    parser.add_argument("--timeout", type=float, default=600, help="seconds for each step")
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
