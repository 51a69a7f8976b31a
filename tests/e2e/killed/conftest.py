"""A chain that outlives its servers, and servers in processes of their own, which may be killed."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass, field
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.config.run_config import TermsConfig
from bcfl_plugins.config.terms import terms_of
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.client.connect import EMBEDDED
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import STATE
from pallet_bridge.types import UNIT, Planck, RoundState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import Federation

SERVER = Path(__file__).with_name("server.py")
ROOT = Path(__file__).parents[3]
BOSS = Signer.from_uri("//Alice")
KEYS = [f"//ward-{number}" for number in range(4)]
ROUNDS = 3


def found_federation(client: ChainClient, **terms: Any) -> None:
    """Make federation 0 with four members."""
    open_to_all: dict[str, Any] = {"admission": "open", "coordinator_bond": Planck(0)}
    written = TermsConfig(**{**open_to_all, "dispute_blocks": 2, **terms})
    signers = [Signer.from_uri(uri) for uri in KEYS]
    client.execute(calls.create_federation(terms_of(written), bytes(32)), BOSS)
    client.execute(calls.fund(0, Planck(1000 * UNIT)), BOSS)
    gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
    client.execute(calls.batch(gifts), BOSS)
    agreed = client.terms_hash(0)
    for signer in signers:
        client.execute(calls.join(0, Planck(100 * UNIT), agreed), signer)


@dataclass
class Place:
    """One machine with its disk, beside a chain; with `EMBEDDED` as its URL, its runs have one."""

    folder: Path
    url: str
    options: dict[str, Any] = field(default_factory=dict)

    def start(self, point: str = "", time: int = 1, **options: Any) -> dict[str, Any] | None:
        """Run a server to its end, or to this point; ``None`` when it was killed there."""
        answer = self.folder / "answer.json"
        answer.unlink(missing_ok=True)
        asked = {
            "url": self.url,
            "runs": str(self.folder / "runs"),
            "rounds": ROUNDS,
            "keys": KEYS,
            "point": [point, time],
            "told": str(self.folder / "told"),
            "answer": str(answer),
            **self.options,
            **options,
        }
        environment = {
            **os.environ,
            "XDG_STATE_HOME": str(self.folder / "state"),
            "PYTHONPATH": str(ROOT),
        }
        command = [sys.executable, str(SERVER), json.dumps(asked)]
        done = subprocess.run(
            command, env=environment, cwd=self.folder, capture_output=True, text=True, check=False
        )
        self.log = done.stderr
        if done.returncode == -signal.SIGKILL:
            return None
        assert done.returncode == 0, done.stderr
        found: dict[str, Any] = json.loads(answer.read_text())
        return found

    def finish(self, **options: Any) -> dict[str, Any]:
        """Run a server to its good end."""
        found = self.start(**options)
        assert found is not None
        assert "error" not in found, (found, self.log)
        return found

    @property
    def runs(self) -> list[Path]:
        return sorted(path.parent for path in (self.folder / "runs").glob("*/run.json"))

    def federation(self) -> Federation:
        with self.client() as client:
            return client.federation(0)

    def ends(self) -> list[RoundState]:
        with self.client() as client:
            rounds = [client.round(0, n) for n in range(client.federation(0).next_round)]
        return [one.state for one in rounds if one is not None]

    def audit(self) -> None:
        """Hold each run's folder against the chain."""
        for run in self.runs:
            report = audit_run(run, chain=None if self.url == EMBEDDED else self.url)
            assert report.ok, (run, report.findings)

    @contextmanager
    def client(self) -> Iterator[ChainClient]:
        """Connect to the chain."""
        state = self.runs[-1] / STATE if self.url == EMBEDDED else None
        with connect(self.url, state=state) as client:
            yield client


@contextmanager
def chain_of_its_own(folder: Path, **terms: Any) -> Iterator[Place]:
    """Give a place beside an embedded chain behind a URL."""
    with EmbeddedNode.start() as node:
        with connect(node.url) as client:
            found_federation(client, **terms)
        yield Place(folder, node.url)


@pytest.fixture(scope="session")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Callable[..., dict[str, Any]]:
    """Return what a run gives that was never cut off."""

    @cache
    def run(strategy: str, chain: str = "") -> dict[str, Any]:
        folder = tmp_path_factory.mktemp("whole")
        if chain == EMBEDDED:
            return Place(folder, EMBEDDED).finish(strategy=strategy)
        with chain_of_its_own(folder) as place:
            return place.finish(strategy=strategy)

    return run


@pytest.fixture
def place(tmp_path: Path) -> Iterator[Place]:
    with chain_of_its_own(tmp_path) as made:
        yield made
