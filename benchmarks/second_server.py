"""A chain with a federation, and a second server beside: what `benchmarks.masked_costs` needs."""

from __future__ import annotations

import json
import subprocess
import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, NamedTuple

import psutil

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECOND = "//Dave"


class Beside(NamedTuple):
    """A second server as a process of its own.

    Parameters
    ----------
    config : dict
        What the run config says of it and of the chain.
    nodes : list of dict
        What each node's operator says.
    process : psutil.Process
        The second server's.
    """

    config: dict[str, Any]
    nodes: list[dict[str, Any]]
    process: psutil.Process

    def spent(self) -> float:
        """Return the seconds of CPU that it took until now."""
        times = self.process.cpu_times()
        return float(times.user + times.system)


@contextmanager
def second_server(folder: Path, nodes: int) -> Iterator[Beside]:
    """Run a chain with a federation of so many members, and its second server."""
    from bcfl_plugins.config.terms import TermsConfig, terms_of  # noqa: PLC0415 - slow to load
    from pallet_bridge import calls  # noqa: PLC0415
    from pallet_bridge.client import connect  # noqa: PLC0415
    from pallet_bridge.embedded import EmbeddedNode  # noqa: PLC0415
    from pallet_bridge.keys import Signer  # noqa: PLC0415
    from pallet_bridge.types import UNIT, Planck  # noqa: PLC0415

    members = [f"//clinic-{number}" for number in range(nodes)]
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            alice = Signer.from_uri("//Alice")
            terms = TermsConfig(
                admission="open",
                coordinator_bond=Planck(0),
                quorum=nodes,
                max_participants=max(256, nodes),
            )
            client.execute(calls.create_federation(terms_of(terms), bytes(32)), alice)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), alice)
            signers = [Signer.from_uri(uri) for uri in members]
            gifts = [calls.transfer(one.account, Planck(200 * UNIT)) for one in signers]
            client.execute(calls.batch(gifts), alice)
            joining = calls.join(0, Planck(100 * UNIT), client.terms_hash(0))
            client.execute_all([(joining, one) for one in signers], timeout=120)
        command = [sys.executable, "-m", "bcfl_plugins.cli", "aggregator", "--json"]
        command += ["--chain", running.url, "--federation", "0", "--key", SECOND]
        command += ["--folder", str(folder), "--port", "0"]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            try:
                told = json.loads(child.stdout.readline() if child.stdout else "{}")
                config = {
                    "bcfl.chain": running.url,
                    "bcfl.secure.aggregator": told["url"],
                    "bcfl.secure.aggregator_account": told["account"],
                }
                said = [{"bcfl-key-uri": uri} for uri in members]
                yield Beside(config, said, psutil.Process(child.pid))
            finally:
                child.terminate()
