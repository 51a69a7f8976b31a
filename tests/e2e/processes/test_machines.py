"""What looks whether a process is there leaves no connection behind: a warning is an error here."""

from __future__ import annotations

import gc
import ssl
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING

import pytest

from examples.deployment.flower import Deployment
from tests.e2e.processes.machines import answers

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


class Health(BaseHTTPRequestHandler):
    """Answers, and keeps the connection open for the next question."""

    protocol_version = "HTTP/1.1"

    def do_GET(self) -> None:
        self.send_response(200)
        self.send_header("Content-Length", "2")
        self.end_headers()
        self.wfile.write(b"ok")

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextmanager
def serving(folder: Path | None = None) -> Iterator[int]:
    with ThreadingHTTPServer(("127.0.0.1", 0), Health) as server:
        if folder is not None:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(folder / "server.pem", folder / "server.key")
            server.socket = context.wrap_socket(server.socket, server_side=True)
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield server.server_address[1]
        finally:
            server.shutdown()
            thread.join()


def test_a_superlink_that_answers_is_there_and_one_that_is_gone_is_not() -> None:
    with serving() as port:
        assert answers(port)
        gc.collect()
    assert not answers(port)
    gc.collect()


@pytest.mark.slow
def test_the_deployment_waits_for_its_superlink_and_lets_go_of_it(tmp_path: Path) -> None:
    flower = Deployment(tmp_path)
    with flower, serving(tmp_path) as port:
        flower.port = port
        flower._wait_for_health()
        gc.collect()
