"""Train through a faulty network: ``python -m scripts.runtime.faults`` writes its page.

Between the server and its chain stands toxiproxy, which refuses, drops, delays, cuts or stalls what
goes through it, or the chain's process is killed. Each fault comes in the middle of a run and lasts
some seconds. Then it has to be true that all rounds were trained, that each is settled once, and
that the audit finds nothing. It needs the program ``toxiproxy-server`` (``TOXIPROXY``), and for the
second column a node (``BCFL_NODE``). The page is ``docs/measurements/faults.md``.
"""

from __future__ import annotations

import argparse
import json
import logging
import os
import shutil
import subprocess
import sys
import tempfile
import threading
import time
from contextlib import ExitStack, closing
from dataclasses import dataclass
from http.client import HTTPConnection
from pathlib import Path
from typing import TYPE_CHECKING, Final, Protocol, Self
from urllib.parse import urlsplit

from benchmarks.pages import write_page
from benchmarks.soak import ChainProcess
from examples.deployment.chain import found
from scripts.runtime.training import BAD_ROUND, GOOD, NODES, ROUNDS, Training
from tests.conformance.conftest import free_ports
from tests.conformance.test_killed import Node
from tests.nodes.binary import find_node

if TYPE_CHECKING:
    from collections.abc import Callable

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/measurements/faults.md"
LASTS_S: Final = 20.0
"""How long a fault lasts. A request has ten seconds, so that some of them run out of it."""


class Chain(Protocol):
    """A chain in a process of its own."""

    url: str

    def kill_for(self, seconds: float) -> None:
        """Kill it, and start it again after so many seconds."""


class KilledNode(Node):
    """A real node that comes back by itself."""

    def kill_for(self, seconds: float) -> None:
        """Kill it, and start it again after so many seconds."""
        self.kill()
        threading.Timer(seconds, self.start).start()


class Proxy:
    """toxiproxy, with one proxy before the chain."""

    def __init__(self, program: str, upstream: str) -> None:
        self._control, listen = free_ports(2)
        self.url = f"ws://127.0.0.1:{listen}"
        self._healing = threading.Timer(LASTS_S, self.heal)
        self._process = subprocess.Popen(
            [program, "-port", str(self._control)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        address = urlsplit(upstream).netloc
        proxy = {"name": "chain", "listen": f"127.0.0.1:{listen}", "upstream": address}
        for _ in range(100):
            try:
                self.ask("POST", "/proxies", proxy | {"enabled": True})
            except ConnectionRefusedError:
                time.sleep(0.1)
            else:
                return
        raise SystemExit("toxiproxy does not answer")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._healing.cancel()
        self._process.terminate()
        self._process.wait(timeout=30)

    def heal_later(self) -> None:
        """Let everything through again when the fault has lasted."""
        self._healing.start()

    def ask(self, verb: str, path: str, body: object) -> None:
        """Ask its control API for something."""
        link = HTTPConnection("127.0.0.1", self._control, timeout=10)
        with closing(link):
            link.request(verb, path, json.dumps(body), {"Content-Type": "application/json"})
            answer = link.getresponse()
            if answer.status >= 300:  # noqa: PLR2004 - of HTTP
                raise SystemExit(f"toxiproxy: {path}: {answer.status} {answer.read()!r}")

    def toxic(self, kind: str, stream: str, attributes: dict[str, int]) -> None:
        """Add a toxic to what goes up to the chain, or down from it."""
        toxic = {"type": kind, "stream": stream, "attributes": attributes}
        self.ask("POST", "/proxies/chain/toxics", toxic)

    def refuse(self) -> None:
        """Close all connections, and take no new one."""
        self.ask("POST", "/proxies/chain", {"enabled": False})

    def heal(self) -> None:
        """Let everything through again."""
        self.ask("POST", "/reset", {})


@dataclass(frozen=True)
class Fault:
    """What goes wrong, in words, and how."""

    name: str
    begin: Callable[[Proxy, Chain], None]
    at_start: bool = False


def _toxic(kind: str, stream: str = "downstream", **attributes: int) -> Callable[..., None]:
    return lambda proxy, _: proxy.toxic(kind, stream, attributes)


FAULTS: Final = (
    Fault("nothing", lambda *_: None),
    Fault("refuses connections at the start", lambda proxy, _: proxy.refuse(), at_start=True),
    Fault("refuses connections, and drops those it has", lambda proxy, _: proxy.refuse()),
    Fault("drops each connection after 2,000 bytes", _toxic("limit_data", bytes=2000)),
    Fault("resets each connection after half a second", _toxic("reset_peer", timeout=500)),
    Fault("half-open: takes all, and nothing comes back", _toxic("timeout", timeout=0)),
    Fault("half-open: nothing arrives there", _toxic("timeout", "upstream", timeout=0)),
    Fault("slow: two seconds each way, give or take one",
          _toxic("latency", latency=2000, jitter=1000)),
    Fault("thin: 20 KB a second", _toxic("bandwidth", rate=20)),
    Fault("in pieces of 100 bytes",
          _toxic("slicer", average_size=100, size_variation=50, delay=50)),
    Fault("the chain's process is killed, and comes back",
          lambda _, chain: chain.kill_for(LASTS_S / 2)),
)  # fmt: skip


def through(fault: Fault, chain: Chain, program: str, folder: Path) -> str:
    """Train through one fault; say what came of it."""
    founded = found(chain.url, folder / "keys", NODES, strangers=0)
    with Proxy(program, chain.url) as proxy:

        def begin() -> None:
            fault.begin(proxy, chain)
            proxy.heal_later()

        training = Training(proxy.url, founded, folder / "runs")
        said = ""
        if fault.at_start:
            begin()
            said = AT_START if training.is_refused() else "; a run started without its chain"
            time.sleep(LASTS_S)
        said += training.run(None if fault.at_start else begin)
        proxy.heal()
        return training.told(chain.url) + said


AT_START: Final = "; the run ended before it trained, and was started again"
NOT_RUN: Final = "not run: no node"


def page(rows: dict[str, list[str]]) -> str:
    """Return the page with the table."""
    lines = "\n".join(f"| {name} | {' | '.join(cells)} |" for name, cells in rows.items())
    return f"""# Faults between a server and its chain

`python -m scripts.runtime.faults` prints this page. Between a server and its chain stands
toxiproxy. After round {BAD_ROUND} of {ROUNDS} something goes wrong for {LASTS_S:.0f} s. {NODES}
nodes have a stake. A cell says how the rounds ended on chain, and what the audit finds.

| what the network or the chain does | embedded chain behind a URL | a real node |
| -- | -- | -- |
{lines}

Garbage in place of an answer, answers out of order, and a node that comes back without its pool or
its disk are tests: `tests/unit/pallet_bridge/client/test_rpc.py` and
`tests/conformance/test_killed.py`. A killed server is in [kill points](kill-points.md).
"""


def column(kind: str, binary: Path | None, program: str, only: str) -> dict[str, str]:
    """Go through all faults on one kind of chain."""
    cells: dict[str, str] = {}
    if kind == "node" and binary is None:
        return dict.fromkeys((fault.name for fault in FAULTS), NOT_RUN)
    for fault in FAULTS:
        if only not in fault.name:
            continue
        with ExitStack() as stack:
            folder = Path(stack.enter_context(tempfile.TemporaryDirectory()))
            chain: Chain
            if binary is not None and kind == "node":
                # a proxy has another port than the node: it is another host
                chain = node = KilledNode(binary, folder, "--rpc-cors", "all")
                stack.callback(node.kill)
            else:
                chain = stack.enter_context(ChainProcess(folder / "chain", 0))
            began = time.monotonic()
            cells[fault.name] = through(fault, chain, program, folder)
            print(f"{kind}: {fault.name}: {cells[fault.name]} ({time.monotonic() - began:.0f} s)")
    return cells


def main() -> int:
    """Go through all faults, write the page, and return 1 when something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of a fault's name; writes no page")
    parser.add_argument("--no-node", action="store_true", help="the embedded chain only")
    options = parser.parse_args()
    program = os.environ.get("TOXIPROXY") or shutil.which("toxiproxy-server")
    if program is None:
        raise SystemExit("needs toxiproxy-server: set TOXIPROXY to its program")
    logging.getLogger("flwr").setLevel(logging.CRITICAL)
    with tempfile.TemporaryDirectory() as unpacked:
        binary = None if options.no_node else find_node(Path(unpacked))
        columns = [column(kind, binary, program, options.only) for kind in ("embedded", "node")]
    rows = {name: [cells[name] for cells in columns] for name in columns[0]}
    if not options.only:
        write_page(PAGE, page(rows))
    good = (GOOD, GOOD + AT_START, NOT_RUN)
    return int(any(cell not in good for cells in rows.values() for cell in cells))


if __name__ == "__main__":
    sys.exit(main())
