"""A chain's node that dies and comes back in time, too late, or empty; and one that pruned."""

from __future__ import annotations

import json
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect as dial
from websockets.sync.server import serve

from bcfl_plugins.errors import RecordIncomplete
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.errors import StateDiscarded
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import RoundState
from tests.tried.stage import Server, found

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from websockets.sync.server import ServerConnection

pytestmark = pytest.mark.slow


class Machine:
    """A node with a disk, at one address, that is switched off and on."""

    def __init__(self, disk: Path) -> None:
        self.disk = disk
        self.node = EmbeddedNode.start(state=disk)
        self.url = self.node.url

    def on(self, disk: Path | None = None) -> None:
        port = int(self.url.rpartition(":")[2])
        self.node = EmbeddedNode.start(port=port, state=disk or self.disk)

    def off(self) -> None:
        self.node.close()


@pytest.fixture
def machine(tmp_path: Path) -> Iterator[Machine]:
    made = Machine(tmp_path / "disk")
    found(made.url)
    yield made
    made.off()


def settled(url: str) -> list[RoundState]:
    with connect(url) as client:
        rounds = [client.round(0, n) for n in range(client.federation(0).next_round)]
    return [one.state for one in rounds if one is not None]


def test_a_node_that_is_back_in_time_has_each_round_once(machine: Machine, tmp_path: Path) -> None:
    server = Server(machine.url, tmp_path / "runs")
    assert server.train(rounds=4, after={1: machine.off, 3: machine.on}) == 4
    (folder,) = server.folders
    assert [line.round for line in read_run(folder).rounds] == [0, 1, 2, 3]
    assert settled(machine.url) == [RoundState.SETTLED] * 4
    assert audit_run(folder, chain=machine.url).findings == ()


def test_a_node_that_is_back_too_late_gets_what_it_missed_by_the_next_start(
    machine: Machine, tmp_path: Path
) -> None:
    server = Server(machine.url, tmp_path / "runs")
    gone = {"after": {2: machine.off}, "round_log.flush_s": 0.1}
    with pytest.raises(RecordIncomplete, match="start the app again") as raised:
        server.train(rounds=3, **gone)  # type: ignore[arg-type]
    assert raised.value.result.arrays["w"].numpy()[0] == 3  # type: ignore[attr-defined]
    machine.on()
    assert server.train(rounds=3) == 3
    (folder,) = server.folders
    assert [line.round for line in read_run(folder).rounds] == [0, 1, 2]
    assert settled(machine.url) == [RoundState.SETTLED] * 3
    assert audit_run(folder, chain=machine.url).findings == ()


def test_a_node_that_is_back_with_an_empty_disk_costs_the_record_and_not_the_model(
    machine: Machine, tmp_path: Path
) -> None:
    def replaced() -> None:
        machine.off()
        machine.on(tmp_path / "another disk")

    server = Server(machine.url, tmp_path / "runs")
    with pytest.raises(RecordIncomplete) as raised:
        server.train(rounds=3, after={1: replaced}, **{"round_log.flush_s": 0.1})
    assert raised.value.result.arrays["w"].numpy()[0] == 3  # type: ignore[attr-defined]
    (folder,) = server.folders
    with np.load(folder / "model.npz") as file:
        assert file["w"].tolist() == [3.0] * 4


@contextmanager
def pruned(upstream: str) -> Iterator[str]:
    """Serve a node that has forgotten the state of all blocks but the newest."""

    def handle(socket: ServerConnection) -> None:
        with dial(upstream, max_size=None) as node, suppress(ConnectionClosed):

            def ask(method: str, *params: Any) -> Any:
                request = {"jsonrpc": "2.0", "id": 0, "method": method, "params": params}
                node.send(json.dumps(request))
                return json.loads(node.recv())

            for text in socket:
                request = json.loads(text)
                head = ask("chain_getFinalizedHead")["result"]
                blocks = {one for one in request["params"] if len(str(one)) == len(head)}
                if request["method"].startswith("state_") and blocks - {head}:
                    message = "Client error: UnknownBlock: State already discarded for 0x00"
                    answer = {"jsonrpc": "2.0", "error": {"code": 4003, "message": message}}
                else:
                    answer = ask(request["method"], *request["params"])
                socket.send(json.dumps({**answer, "id": request["id"]}))

    with serve(handle, "127.0.0.1", 0, max_size=None, compression=None) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"ws://127.0.0.1:{server.socket.getsockname()[1]}"
        finally:
            server.shutdown()
            thread.join()


def test_an_audit_by_a_node_that_pruned_asks_for_an_archive(
    machine: Machine, tmp_path: Path
) -> None:
    server = Server(machine.url, tmp_path / "runs")
    server.train()
    (folder,) = server.folders
    with pruned(machine.url) as url, pytest.raises(StateDiscarded, match="archive"):
        audit_run(folder, chain=url)
