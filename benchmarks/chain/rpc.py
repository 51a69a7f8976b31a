"""What a client sees of the embedded node's speed: waiting, streaming, memory, start.

Each figure stands beside that of chopsticks 1.5.1, the development chain that JavaScript users
have, measured with the same runtime: see the constants. The node runs in a process of its own.
"""

from __future__ import annotations

import argparse
import json
import statistics
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import psutil
from substrateinterface import Keypair, SubstrateInterface
from websockets.sync.client import connect

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import calls
from pallet_bridge.client import connect as open_client
from pallet_bridge.encoding import statement_hash
from pallet_bridge.keys import Signer
from pallet_bridge.signing import binding_of
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from websockets.sync.client import ClientConnection

    from pallet_bridge.calls import Call
    from pallet_bridge.types import RoundBinding
# chopsticks 1.5.1 on a genesis of this shape, on two cores; installing it takes 272 MB, 100 s.
CHOPSTICKS_WAIT_MS = 528.0
CHOPSTICKS_RSS_MB = 268.0

UNIT = 10**12
MEGABYTE = 1e6
SERVE = """
import sys
from pallet_bridge.embedded import EmbeddedNode
with EmbeddedNode.start() as node:
    print(node.url, flush=True)
    sys.stdin.read()
"""
TERMS = terms_of(TermsConfig(max_participants=256, commit_blocks=20_000, unbonding_blocks=30_000,
                             notice_blocks=30_000, admission="open",
                             coordinator_bond=Planck(0)))  # fmt: skip


@dataclass(frozen=True, slots=True)
class Report:
    """The measured figures.

    Attributes
    ----------
    start_ms
        From starting a Python process to a node that answers, imports included.
    wait_ms, wait_p95_ms
        One transfer signed, submitted and waited for with substrate-interface: median, 95 %.
    commits_per_second
        Signed `commit` calls of as many accounts, sent without waiting, until the last is in a
        block.
    rss_mb
        Resident memory of the node's process after all that.
    """

    start_ms: float
    waited: int
    wait_ms: float
    wait_p95_ms: float
    commits: int
    commit_blocks: int
    commits_per_second: float
    rss_mb: float
    wait_ratio: float
    rss_ratio: float


@contextmanager
def node() -> Iterator[tuple[str, float, psutil.Process]]:
    """Run a node in a process; give its address, its start time in ms and its process."""
    started = time.perf_counter()
    process = subprocess.Popen(
        [sys.executable, "-c", SERVE], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    with process:
        if process.stdout is None or process.stdin is None:
            raise RuntimeError("the node's pipes are not there")
        url = process.stdout.readline().strip()
        with connect(url) as socket:
            ask(socket, "system_chain", [])
        milliseconds = (time.perf_counter() - started) * 1000
        yield url, milliseconds, psutil.Process(process.pid)
        process.stdin.close()


def ask(socket: ClientConnection, method: str, params: list[Any]) -> Any:  # noqa: ANN401 - JSON
    """Send one request and wait for its answer."""
    socket.send(json.dumps({"jsonrpc": "2.0", "id": 0, "method": method, "params": params}))
    answer = json.loads(socket.recv())
    if "error" in answer:
        raise RuntimeError(f"{method}: {answer['error']}")
    return answer["result"]


def waits(substrate: SubstrateInterface, count: int) -> list[float]:
    """Give the milliseconds of `count` transfers, each waited for."""
    alice = Keypair.create_from_uri("//Alice")
    bob = Keypair.create_from_uri("//Bob").ss58_address
    call = substrate.compose_call("Balances", "transfer_keep_alive", {"dest": bob, "value": UNIT})
    times = []
    for _ in range(count):
        start = time.perf_counter()
        extrinsic = substrate.create_signed_extrinsic(call, alice)
        substrate.submit_extrinsic(extrinsic, wait_for_inclusion=True)
        times.append((time.perf_counter() - start) * 1000)
    return times


def commits_of(url: str, count: int) -> list[bytes]:
    """Open a round with `count` funded members; give a signed commit of each."""
    alice = Signer.from_uri("//Alice")
    everybody = [Signer.from_uri(f"//Alice//member//{index}") for index in range(count)]
    with open_client(url) as client:
        client.execute(calls.create_federation(TERMS, bytes(32)), alice)
        client.execute(calls.fund(0, Planck(100 * UNIT)), alice)
        money = [calls.transfer(member.account, Planck(200 * UNIT)) for member in everybody]
        client.execute(calls.batch(money), alice)
        join = calls.join(0, TERMS.min_stake, hash_of_terms(TERMS))
        stream(url, [client.sign(join, member, nonce=0).extrinsic for member in everybody])
        client.execute(calls.open_round(0, bytes(32)), alice)
        binding = binding_of(client, 0, 0)
        return [
            client.sign(commit_of(binding, member), member, nonce=1).extrinsic
            for member in everybody
        ]


def commit_of(binding: RoundBinding, member: Signer) -> Call:
    """Return a member's commit in a round."""
    hidden, examples = bytes([0xAB]) * 32, 600
    said = statement_hash(binding, member.account, hidden, examples)
    return calls.commit(binding.federation, binding.round, hidden, examples, said)


def stream(url: str, extrinsics: list[bytes]) -> tuple[float, int]:
    """Send extrinsics without waiting; give the seconds until all are in blocks, and how many."""
    blocks: set[str] = set()
    requests = [
        json.dumps(
            {
                "jsonrpc": "2.0",
                "id": index,
                "method": "author_submitAndWatchExtrinsic",
                "params": ["0x" + extrinsic.hex()],
            }
        )
        for index, extrinsic in enumerate(extrinsics)
    ]
    with connect(url, compression=None, max_queue=None) as socket:
        start = time.perf_counter()
        for request in requests:
            socket.send(request)
        missing = len(extrinsics)
        while missing:
            message = json.loads(socket.recv())
            if "error" in message:
                raise RuntimeError(f"refused: {message['error']}")
            status = message.get("params", {}).get("result")
            if isinstance(status, dict) and "inBlock" in status:
                blocks.add(status["inBlock"])
                missing -= 1
        return time.perf_counter() - start, len(blocks)


def measure(waited: int, commits: int) -> Report:
    """Run everything against one fresh node."""
    with node() as (url, start_ms, process), SubstrateInterface(url=url) as substrate:
        waits(substrate, 3)
        times = sorted(waits(substrate, waited))
        signed = commits_of(url, commits)
        seconds, blocks = stream(url, signed)
        stored = len(list(substrate.query_map("Bcfl", "Commitments", [0, 0], page_size=1000)))
        if stored != commits:
            raise RuntimeError(f"{stored} of {commits} commitments are on the chain")
        rss_mb = process.memory_info().rss / MEGABYTE
    wait_ms = statistics.median(times)
    return Report(
        start_ms=round(start_ms, 1),
        waited=waited,
        wait_ms=round(wait_ms, 2),
        wait_p95_ms=round(times[int(0.95 * (len(times) - 1))], 2),
        commits=commits,
        commit_blocks=blocks,
        commits_per_second=round(commits / seconds, 1),
        rss_mb=round(rss_mb, 1),
        wait_ratio=round(CHOPSTICKS_WAIT_MS / wait_ms, 1),
        rss_ratio=round(CHOPSTICKS_RSS_MB / rss_mb, 1),
    )


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="a tenth of the work")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    options = parser.parse_args()
    report = measure(*((20, 25) if options.quick else (200, 250)))
    if options.json:
        print(json.dumps(asdict(report)))
        return
    print(f"start to first answer      {report.start_ms:8.0f} ms")
    print(
        f"one extrinsic waited for   {report.wait_ms:8.1f} ms   "
        f"(95 %: {report.wait_p95_ms:.1f} ms; "
        f"chopsticks 1.5.1: {CHOPSTICKS_WAIT_MS:.0f} ms, {report.wait_ratio} times as long)"
    )
    print(
        f"commits sent in a stream   {report.commits_per_second:8.0f} a second "
        f"({report.commits} in {report.commit_blocks} blocks)"
    )
    print(
        f"memory of the node         {report.rss_mb:8.0f} MB   "
        f"(chopsticks 1.5.1: {CHOPSTICKS_RSS_MB:.0f} MB, {report.rss_ratio} times as much)"
    )


if __name__ == "__main__":
    main()
