"""A real node, beside which a server is killed, and which loses its pool or its disk.

The chain makes a block every three seconds, so what is left open here stays open for a while.
"""

from __future__ import annotations

import json
import shutil
import subprocess
import threading
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.errors import RecordIncomplete
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.errors import ChainUnavailable
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import UNIT, Planck, RoundState
from tests.conformance.conftest import chain_spec, free_ports
from tests.e2e.killed.conftest import Place, found_federation

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.protocol import ChainClient

pytestmark = [pytest.mark.slow, pytest.mark.waits]

ALICE, BOB = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")
PAY = calls.transfer(BOB.account, Planck(UNIT))
OPTIONS = (
    "--alice --validator --force-authoring --no-mdns --no-prometheus --state-pruning archive "
    "--unsafe-force-node-key-generation"
)


class Node:
    """A node with a disk of its own, which may be killed and started again."""

    def __init__(self, binary: Path, folder: Path, *more: str) -> None:
        self.base = folder / "base"
        spec = folder / "spec.json"
        spec.write_text(json.dumps(chain_spec()))
        rpc, p2p = free_ports(2)
        self.url = f"ws://127.0.0.1:{rpc}"
        self._command = [
            *(str(binary), "--chain", str(spec), "--base-path", str(self.base)),
            *("--rpc-port", str(rpc), "--port", str(p2p), *OPTIONS.split(), *more),
        ]
        self.start()

    def start(self) -> None:
        self._process = subprocess.Popen(
            self._command, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        assert self._process.stderr is not None
        for line in self._process.stderr:
            if "Running JSON-RPC server" in line:
                break
        else:
            pytest.fail("the node ended")
        self._drain = threading.Thread(target=self._process.stderr.read, daemon=True)
        self._drain.start()

    @property
    def pid(self) -> int:
        return self._process.pid

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        self._drain.join()
        assert self._process.stderr is not None
        self._process.stderr.close()

    def lose_disk(self) -> None:
        shutil.rmtree(self.base)


@pytest.fixture
def node(node_binary: Path, tmp_path: Path) -> Iterator[Node]:
    made = Node(node_binary, tmp_path)
    yield made
    made.kill()


def wait_final(client: ChainClient, number: int) -> None:
    client.wait_until_block(number, timeout=120)
    while client.finalized().number < number:
        client.wait_until_block(client.head().number + 1, timeout=120)


def test_calls_go_on_after_a_node_came_back_without_its_pool(node: Node) -> None:
    """What waited in the pool is gone: a nonce behind it would wait for ever."""
    with connect(node.url) as client:
        client.execute(PAY, ALICE)
        for _ in range(3):
            client.submit(PAY, ALICE)
        node.kill()
        node.start()
        for _ in range(2):
            client.execute(PAY, ALICE, timeout=120)


def test_a_node_that_lost_its_disk_is_away_though_its_genesis_is_the_same(node: Node) -> None:
    with connect(node.url) as client:
        client.execute(PAY, ALICE)
        wait_final(client, client.head().number)
        genesis = client.genesis_hash
        node.kill()
        node.lose_disk()
        node.start()
        for _ in range(2):
            with pytest.raises(ChainUnavailable, match=r"lacks block \d+ .* lost its disk"):
                client.nonce(ALICE.account)
    with connect(node.url) as fresh:
        assert fresh.genesis_hash == genesis


def test_a_killed_server_goes_on_beside_a_real_node(node: Node, tmp_path: Path) -> None:
    """Once with commitments on chain and no verdict, and once with the settlement in the pool."""
    with connect(node.url) as client:
        found_federation(client, quorum=4)
    place = Place(tmp_path, node.url)
    step: dict[str, Any] = {"config": {"on_chain_error": "fail"}, "rounds": 2}
    assert place.start("after sending commit_batch", **step) is None
    assert place.start("after sending settle", **step) is None
    found = place.finish(**step)
    assert [*found["train"]] == [*found["server"]][1:] == ["1", "2"]
    ends = place.ends()
    assert ends.count(RoundState.SETTLED) == 2
    assert place.federation().open_round is None
    place.audit()


def test_a_chain_that_is_gone_costs_the_record_and_never_the_model(
    node: Node, tmp_path: Path
) -> None:
    """The training goes on, the error has the result, and what was judged stays on disk."""
    with connect(node.url) as client:
        found_federation(client, quorum=4)
    place = Place(tmp_path, node.url)
    gone = {"config": {"round_log.flush_s": 5.0}, "rounds": 4}
    found = place.start(**gone, away_after=2, pid=node.pid)
    assert found is not None
    assert found["error"].startswith(RecordIncomplete.__name__)
    assert "start the app again" in found["error"]
    assert found["trained"] == 4
    (run,) = place.runs
    assert {"model.npz", "checkpoints"} <= {path.name for path in run.iterdir()}
    kept = [line.round for line in read_run(run).rounds]
    owed = sorted(int(path.stem) for path in (run / "owed").iterdir())
    assert sorted({*kept, *owed}) == [0, 1, 2, 3]
    node.kill()
    node.start()
    finished = place.finish(rounds=4)
    assert [*finished["train"]] == ["1", "2", "3", "4"]
    assert finished["model"] == found["model"]
    place.audit()
