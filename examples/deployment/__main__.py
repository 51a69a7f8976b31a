"""Six hospitals, one without a stake and one that poisons: ``python -m examples.deployment``."""

from __future__ import annotations

import argparse
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from examples.deployment.chain import (
    COMMIT_BLOCKS,
    Founded,
    Validators,
    found,
    name_supernodes,
    served,
    settled_rounds,
    validators,
    wait_until,
)
from examples.deployment.flower import Deployment, Run
from examples.deployment.look import fetched, new_identity, tell

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge import ChainClient

APP = Path(__file__).parents[1] / "healthcare"
NODES = 6
POISONER = 3
STRANGER = 5  # the last one: it has a key and no stake
TAKEN_UP = "standby-runs"
IDENTITY = "standby.age"
"""The file by which the standby reads what the server encrypts to it."""
TRAINING_S = 12.0
"""Seconds into the last round after which the server is lost: longer than between two copies."""
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
        if network is None and options.chain is None:
            options.standby = False  # an embedded chain makes no blocks while nobody calls it
        say("a federation, and five hospitals that join it with their stakes")
        founded = found(urls[0], out / "keys", NODES, commit_blocks=options.commit_blocks)
        say("a SuperLink with TLS and authentication")
        flower = stack.enter_context(Deployment(out / "flower"))
        flower.superlink()
        second = None
        if options.standby:
            say("the SuperLink of a standby, at another organisation")
            second = stack.enter_context(Deployment(out / "standby", flower))
            second.superlink()
        reader = new_identity(out / IDENTITY) if second else ""
        site = Site(options, out, urls, founded, network, flower, second, reader)
        say("a SuperNode at each hospital, whose key the member names on chain")
        site.supernodes()
        say("training")
        ended_well = site.train()
        say(f"the run ended {'well' if ended_well else 'badly'}")
        if not ended_well:
            print(site.logs())
        good = ended_well and site.told()
    say(f"everything is in {out}")
    return 0 if good else 1


@dataclass
class Site:
    """All that runs, and where."""

    options: argparse.Namespace
    out: Path
    urls: list[str]
    founded: Founded
    network: Validators | None
    flower: Deployment
    second: Deployment | None
    reader: str = ""
    runs: list[Run] = field(default_factory=list)

    def supernodes(self) -> None:
        """Start a SuperNode at each hospital, which goes to the SuperLink of who is in office."""
        offices = {self.founded.coordinator: self.flower}
        if self.second is not None:
            offices[self.founded.standby] = self.second
        follow = [*self.where]
        for account, one in offices.items():
            follow += ["--superlink", f"{account}={one.address}"]
        names = [f"hospital-{number}" for number in range(NODES)]
        own = {name: self.flower.new_key(name) for name in names}
        with ThreadPoolExecutor() as links:  # Flower's command takes some seconds each time
            registering = [links.submit(one.register, own) for one in offices.values()]
            name_supernodes(self.urls[0], self.founded, [*own.values()][:STRANGER])
            for one in registering:
                one.result()
        for number, key in enumerate(self.founded.node_keys):
            self.flower.supernode(
                names[number],
                f"partition-id={number} "
                f"bcfl-key-uri='file:{key}' bcfl-genesis='{self.founded.genesis}' "
                f"bcfl-federation={self.founded.federation} "
                f"bcfl-coordinator='{','.join(map(str, offices))}'",
                follow,
                own[names[number]],
            )

    @property
    def where(self) -> tuple[str, ...]:
        """The chain as the hospitals and the standby see it."""
        return ("--chain", self.urls[-1], "--federation", str(self.founded.federation))

    @property
    def published(self) -> str:
        """Where both servers copy their runs to; it outlives their machines."""
        return (self.out / "published").as_uri()

    def config(self, url: str, key: Path, folder: str) -> str:
        readers = f" bcfl.copy.recipients='{self.reader}'" if self.reader else ""
        return (
            f"num-server-rounds={self.options.rounds} min-nodes={NODES - 1} poisoner={POISONER} "
            f"bcfl.chain='{url}' bcfl.federation={self.founded.federation} "
            f"bcfl.run_dir='{self.out / folder}' bcfl.coordinator='file:{key}' "
            f"bcfl.copy.to='{self.published}'{readers} "
            "bcfl.spool.over_mib=0 "  # replies wait on disk, as those of large models do
            "bcfl.outliers.evidence='streak'"  # a rejection is a strike: a few rounds show it
        )

    def train(self) -> bool:
        """Train through all that goes wrong; say whether the last run ended well."""
        own = self.config(self.urls[0], self.founded.coordinator_key, "runs")
        self.runs.append(self.flower.start(APP, own))
        number = self.founded.federation
        self.until(lambda chain: chain.federation(number).next_round > 1)
        if self.network is not None:
            say("round 0 is over: a validator is killed, and does not come back")
            self.network.kill(len(self.urls) - 2)
        self.until(lambda chain: chain.federation(number).open_round is not None)
        say("the hospitals train: the ServerApp is killed in the middle of the round")
        self.flower.kill_serverapp()
        say("the same app is started again")
        self.runs.append(self.flower.start(APP, own))
        if self.second is None:
            return self.flower.ended_well(self.runs[-1], self.options.timeout)
        waiting = self.second.standby(
            *(*self.where, "--key", f"file:{self.founded.standby_key}"),
            *("--from", self.published, "--identity", str(self.out / IDENTITY)),
            *("--run-dir", str(self.out / TAKEN_UP)),
            *("--", "flwr", "run", str(APP), "--stream", "--run-config"),
            self.config(self.urls[-1], self.founded.standby_key, TAKEN_UP),
        )
        before = self.options.rounds - 1

        def is_in_the_last(chain: ChainClient) -> bool:
            is_open = chain.federation(number).open_round is not None
            return is_open and settled_rounds(chain, number) >= before

        self.until(is_in_the_last)
        time.sleep(TRAINING_S)
        say("the last round is trained: the machine of the server is lost for good")
        self.flower.kill()
        (self.out / "runs").rename(self.out / "lost")
        return waiting.wait(self.options.timeout) == 0

    def until(self, seen: Callable[[ChainClient], bool]) -> None:
        wait_until(self.urls[-1], seen, self.options.timeout)

    def logs(self) -> str:
        told = [run.text() for run in self.runs]
        if self.second is not None:
            told.append(self.second.text("standby"))
        return "\n".join(told)

    def told(self) -> bool:
        """Audit from elsewhere, with a node that is not the server's; say whether all is well."""
        holds, settled = True, []
        for copy in fetched(self.published, self.out / "elsewhere"):
            print(f"{copy.name} was fetched from {self.published} into {copy}")
            good, rounds = tell(copy, self.urls[-1], self.founded, self.logs())
            holds &= good
            settled += rounds
        once = len(settled) == len({*settled}) == self.options.rounds
        print(f"rounds {sorted(settled)} are settled, each once: {'yes' if once else 'no'}")
        return holds and once


def say(what: str) -> None:
    print(f"[{time.monotonic() - STARTED:4.0f} s] {what}", flush=True)


def parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m examples.deployment", description=__doc__)
    parser.add_argument("--chain", help="ws:// URL of a node; by default validators are started")
    parser.add_argument("--validators", type=int, default=4, help="0: an embedded chain instead")
    parser.add_argument("--node", type=Path, help="the program bcfl-node, as for bcfl chain up")
    parser.add_argument("--out", type=Path, help="folder for keys, logs and runs")
    parser.add_argument(
        "--commit-blocks",
        type=int,
        default=COMMIT_BLOCKS,
        help="they hold the training of the slowest, and are waited for when the server is lost",
    )
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--timeout", type=float, default=600, help="seconds for each step")
    parser.add_argument(
        "--standby",
        action=argparse.BooleanOptionalAction,
        default=True,
        help="lose the server for good in the last round; never on an embedded chain",
    )
    return parser


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
