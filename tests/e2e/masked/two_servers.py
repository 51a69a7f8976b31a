"""Federations with a second server: on a chain of their own, with the aggregator beside."""

from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from bcfl_plugins.aggregator.keeping import HalfStore
from bcfl_plugins.aggregator.listening import AggregatorServer
from bcfl_plugins.aggregator.service import Aggregator, AggregatorLimits
from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck
from tests.e2e.masked.federation import SKETCH, federate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.e2e.masked.federation import Trained

NODES = 6
MEMBERS = [f"//clinic-{number}" for number in range(NODES)]
PLUGINS = "secure_aggregation, outliers, round_log"
SECOND = Signer.from_uri("//Dave")
"""The account of the second server."""


@contextmanager
def chain() -> Iterator[EmbeddedNode]:
    """Run a chain with a federation that the nodes are members of."""
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            alice = Signer.from_uri("//Alice")
            terms = terms_of(TermsConfig(admission="open", coordinator_bond=Planck(0), quorum=3))
            signers = [Signer.from_uri(uri) for uri in MEMBERS]
            client.execute(calls.create_federation(terms, bytes(32)), alice)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), alice)
            gifts = [calls.transfer(one.account, Planck(200 * UNIT)) for one in signers]
            client.execute(calls.batch(gifts), alice)
            joining = calls.join(0, Planck(100 * UNIT), client.terms_hash(0))
            client.execute_all([(joining, one) for one in signers], timeout=120)
        yield running


@contextmanager
def serving(
    node: EmbeddedNode, folder: Path, made: type[Aggregator] = Aggregator, port: int = 0
) -> Iterator[str]:
    """Serve an aggregator of the federation; give its URL."""
    with connect(node.url) as client:
        store = HalfStore(folder, SECOND.account)
        folder.mkdir(exist_ok=True)
        service = made(client, 0, SECOND, store, AggregatorLimits())
        with AggregatorServer(service, "127.0.0.1", port) as server:
            thread = threading.Thread(target=server.serve_forever, args=(0.05,))
            thread.start()
            try:
                yield f"http://127.0.0.1:{server.server_address[1]}"
            finally:
                server.shutdown()
                thread.join()


def run(folder: Path, node: EmbeddedNode, url: str, **more: Any) -> Trained:
    """Train with a second server at a URL."""
    settings = {
        "secure.mode": "two_servers",
        "secure.aggregator": url,
        "secure.aggregator_account": str(SECOND.account),
        "secure.answer_s": 20.0,
        **SKETCH,
    }
    configs = [{"bcfl-key-uri": uri} for uri in MEMBERS]
    return federate(
        folder,
        **{
            "nodes": NODES,
            "plugins": PLUGINS,
            "chain": node.url,
            "node_configs": configs,
            **settings,
            **more,
        },
    )


class SecondProcess:
    """``bcfl aggregator`` as a process of its own, which can be killed and started again."""

    def __init__(self, node: EmbeddedNode, folder: Path, tls: tuple[Path, Path]) -> None:
        self._node, self._folder, self._port, self._tls = node, folder, 0, tls
        self._child: subprocess.Popen[str] | None = None

    @property
    def url(self) -> str:
        return f"https://127.0.0.1:{self._port}"

    def start(self) -> None:
        """Start it, and wait until it listens."""
        chosen = ["--chain", self._node.url, "--federation", "0", "--key", "//Dave"]
        chosen += ["--folder", str(self._folder), "--port", str(self._port)]
        chosen += ["--cert", str(self._tls[0]), "--cert-key", str(self._tls[1])]
        command = [sys.executable, "-m", "bcfl_plugins.cli", "aggregator", "--json", *chosen]
        self._child = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert self._child.stdout is not None
        told = json.loads(self._child.stdout.readline())
        assert (told["account"], told["federation"]) == (str(SECOND.account), 0)
        self._port = int(told["url"].removeprefix("https://127.0.0.1:"))

    def kill(self) -> None:
        """Kill it as a loss of power would."""
        if self._child is not None:
            self._child.kill()
            self._child.wait()
            assert self._child.stdout is not None
            self._child.stdout.close()
            self._child = None
