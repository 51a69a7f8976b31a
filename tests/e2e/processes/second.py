"""In front of a second server: says what is asked of it, and holds a question while a file asks."""

from __future__ import annotations

import threading
from contextlib import suppress
from http.client import HTTPConnection, HTTPException
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING, Self

if TYPE_CHECKING:
    from pathlib import Path

_ANSWER_S = 60.0


class Front:
    """Hands each request on to a port of this machine. A context manager.

    Parameters
    ----------
    marks : Path
        Where it says ``second-<question>``, and stays while there is ``hold-second-<question>``.
    port : int
        Of the second server, which may be killed and come back.
    """

    def __init__(self, marks: Path, port: int) -> None:
        class Handler(BaseHTTPRequestHandler):
            def do_GET(self) -> None:
                self._hand_on("GET")

            def do_POST(self) -> None:
                self._hand_on("POST")

            def log_message(self, *_: object) -> None:
                """Say nothing."""

            def _hand_on(self, verb: str) -> None:
                body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
                point = f"second-{self.path.rsplit('/', 1)[-1]}"
                (marks / point).touch()
                while (marks / f"hold-{point}").exists():
                    threading.Event().wait(0.1)
                link = HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
                with suppress(OSError, HTTPException):  # who asked sees that it is cut off
                    link.request(verb, self.path, body or None)
                    answer = link.getresponse()
                    data = answer.read()
                    self.send_response(answer.status)
                    self.send_header("Content-Length", str(len(data)))
                    self.end_headers()
                    self.wfile.write(data)
                link.close()

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,))

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()
