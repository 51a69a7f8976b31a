"""The chain: its validators, the federation on it, and what of a run it shows while it goes on."""

from __future__ import annotations

import json
import os
import secrets
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config import TermsConfig, terms_of
from pallet_bridge import Signer, calls, connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.node_keys import bind, read_private_key
from pallet_bridge.types import UNIT, AccountId, Planck, RoundState, Succession

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from pallet_bridge import ChainClient

STAKE = Planck(100 * UNIT)
IDLE_BLOCKS, TURN_BLOCKS = 40, 5
"""After so many blocks without a round the standby may take over, and later than others before."""
COMMIT_BLOCKS = 24
"""They hold the training of the slowest; a round closes before when all members committed."""
BCFL = (sys.executable, "-m", "bcfl_plugins.cli")


class Validators:
    """A network of validators on this machine, as `bcfl chain up` makes it."""

    def __init__(self, folder: Path, nodes: list[dict]) -> None:
        self.folder = folder
        self._nodes = nodes

    @property
    def urls(self) -> list[str]:
        return [node["url"] for node in self._nodes]

    def kill(self, number: int) -> None:
        """End one as a power cut does."""
        os.kill(self._nodes[number]["process"], signal.SIGKILL)


@contextmanager
def validators(folder: Path, count: int, program: Path | None) -> Iterator[Validators]:
    """Start so many validators, and end them when it is over."""
    node = ("--node", str(program)) if program else ()
    words = ("chain", "up", "--validators", str(count), "--dir", str(folder), "--json", *node)
    up = subprocess.run([*BCFL, *words], stdout=subprocess.PIPE, text=True, check=False)
    if up.returncode:
        raise SystemExit(up.returncode)  # the command has said why
    try:
        yield Validators(folder, json.loads(up.stdout)["nodes"])
    finally:
        down = [*BCFL, "chain", "down", "--dir", str(folder)]
        subprocess.run(down, stdout=subprocess.DEVNULL, check=True)


@contextmanager
def served(url: str | None) -> Iterator[list[str]]:
    """Give the node that was named, or an embedded chain behind a URL."""
    if url is not None:
        yield [url]
        return
    with EmbeddedNode.start() as node:
        yield [node.url]


@dataclass(frozen=True)
class Founded:
    """A federation, and the key files of those in it."""

    genesis: str
    federation: int
    coordinator: AccountId
    coordinator_key: Path
    standby: AccountId
    standby_key: Path
    node_keys: list[Path]
    accounts: list[AccountId]


def new_key(path: Path) -> Signer:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("0x" + secrets.token_hex(32))
    return Signer.from_file(path)


def found(
    url: str, folder: Path, nodes: int, strangers: int = 1, commit_blocks: int = COMMIT_BLOCKS
) -> Founded:
    """Make keys, a federation, and members of it; the last nodes get a key and no stake.

    Who may take over from the coordinator is named before there is a member.
    """
    folder.mkdir(parents=True)
    rich = Signer.from_uri("//Alice")  # the development key that has the money
    coordinator = new_key(folder / "coordinator.key")
    standby = new_key(folder / "standby.key")
    paths = [folder / f"hospital-{number}.key" for number in range(nodes)]
    signers = [new_key(path) for path in paths]
    members = signers[: nodes - strangers]
    terms = TermsConfig(
        commit_blocks=commit_blocks,
        settle_blocks=10,
        quorum=len(members),
        unbonding_blocks=200,
        notice_blocks=200,
    )
    with connect(url) as chain:
        number = chain.next_federation()
        gifts = [calls.transfer(one.account, Planck(2000 * UNIT)) for one in (coordinator, standby)]
        gifts += [calls.transfer(one.account, Planck(STAKE + 10 * UNIT)) for one in members]
        chain.execute(calls.batch(gifts), rich)
        chain.execute(calls.create_federation(terms_of(terms), metadata=bytes(32)), coordinator)
        line = Succession((coordinator.account, standby.account), IDLE_BLOCKS, TURN_BLOCKS)
        chain.execute(calls.name_successors(number, line), coordinator)
        invitations = [
            calls.invite(number, one.account, path.stem.encode(), 0)
            for one, path in zip(members, paths, strict=False)
        ]
        chain.execute(
            calls.batch([calls.fund(number, Planck(500 * UNIT)), *invitations]), coordinator
        )
        agreed = chain.terms_hash(number)
        joining = [chain.submit(calls.join(number, STAKE, agreed), one) for one in members]
        for one in joining:
            one.wait(120)
        return Founded(
            "0x" + chain.genesis_hash.hex(),
            number,
            coordinator.account,
            folder / "coordinator.key",
            standby.account,
            folder / "standby.key",
            paths,
            [one.account for one in signers],
        )


def name_supernodes(url: str, founded: Founded, keys: list[Path]) -> None:
    """Let the members say on chain which SuperNode is their own, as `bcfl node bind` does."""
    with connect(url) as chain:
        said = []
        for file, key in zip(founded.node_keys, keys, strict=False):  # the last have no stake
            member = Signer.from_file(file)
            private = read_private_key(key.read_bytes())
            bound = bind(private, chain.genesis_hash, founded.federation, member.account)
            said.append(chain.submit(calls.bind_node_key(founded.federation, bound), member))
        for one in said:
            one.wait(120)


def wait_until(url: str, seen: Callable[[ChainClient], bool], timeout: float) -> None:
    """Look at the chain until it shows something."""
    end = time.monotonic() + timeout
    with connect(url) as chain:
        while not seen(chain):
            if time.monotonic() > end:
                raise RuntimeError("the chain did not show in time what was waited for")
            time.sleep(0.2)


def rounds_of(url: str, federation: int) -> list[str]:
    """Return how each round of a federation ended, as the chain has it."""
    with connect(url) as chain:
        found = (chain.round(federation, n) for n in range(chain.federation(federation).next_round))
        return [one.state.value for one in found if one is not None]


def settled_rounds(chain: ChainClient, federation: int) -> int:
    """Count the rounds that a federation settled."""
    numbers = range(chain.federation(federation).next_round)
    found = (chain.round(federation, number) for number in numbers)
    return sum(one is not None and one.state is RoundState.SETTLED for one in found)
