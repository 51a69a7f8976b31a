from __future__ import annotations

import http.server
import json
import socket
import sys
import threading
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.network import asking
from bcfl_plugins.cli.network.asking import look
from bcfl_plugins.cli.network.errors import NetworkInUse, NodeEnded, NotFinal, PortTaken
from bcfl_plugins.cli.network.layout import LocalValidator, Network
from bcfl_plugins.cli.network.running import alone, await_finality, start_all, stop_all
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture
def taken() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield server.getsockname()[1]


def network(folder: Path, port: int, peer: str = "peer") -> Network:
    made = Network(folder, "0x00", (LocalValidator(1, "account", port, port, peer),))
    made.home(made.validators[0]).mkdir(parents=True)
    return made


def test_two_commands_do_not_have_one_network(tmp_path: Path) -> None:
    with alone(tmp_path), pytest.raises(NetworkInUse, match="chain status"), alone(tmp_path):
        pass
    with alone(tmp_path):
        pass


def test_a_file_is_no_network(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(ConfigError, match="is no folder"), alone(tmp_path / "file"):
        pass


def test_a_port_of_another_program_is_named(tmp_path: Path, taken: int) -> None:
    with pytest.raises(PortTaken, match=f"port {taken} of node 1"):
        start_all(network(tmp_path, taken), Path(sys.executable))


def test_a_node_that_ends_is_shown_with_its_last_words(tmp_path: Path, taken: int) -> None:
    made = network(tmp_path, taken)
    made.log(made.validators[0]).write_text("first\nno disk\n")
    with pytest.raises(NodeEnded, match="no disk") as caught:
        await_finality(made, 60)
    assert caught.value.last == ["first", "no disk"]
    assert stop_all(made) == []


def test_a_network_that_answers_nothing_is_given_up(
    tmp_path: Path, taken: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "running", lambda _: 1)
    monkeypatch.setattr(asking, "_ANSWER_S", 0.1)
    made = network(tmp_path, taken)
    assert [one.state for one in look(made)] == ["silent"]
    with pytest.raises(NotFinal, match="chain status"):
        await_finality(made, 0)


ANSWERS = {
    "system_localPeerId": "peer",
    "chain_getFinalizedHead": "0xab",
    "chain_getHeader": {"number": "0x1f"},
    "system_health": {"peers": 3},
}


class Node(http.server.BaseHTTPRequestHandler):
    def do_POST(self) -> None:
        asked = json.loads(self.rfile.read(int(self.headers["Content-Length"])))
        self.send_response(200)
        self.end_headers()
        self.wfile.write(json.dumps({"result": ANSWERS[asked["method"]]}).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
        """Say nothing."""


def test_what_answers_counts_only_with_the_nodes_own_key(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(asking, "running", lambda _: 7)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Node) as server:
        thread = threading.Thread(target=server.serve_forever)
        thread.start()
        port = server.server_address[1]
        (mine,) = look(network(tmp_path / "mine", port))
        (other,) = look(network(tmp_path / "other", port, peer="another"))
        server.shutdown()
        thread.join()
    assert (mine.state, mine.best, mine.final, mine.peers) == ("up", 31, 31, 3)
    assert (other.state, other.best) == ("silent", None)
