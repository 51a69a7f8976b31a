"""Measure the execution core of the embedded chain.

    python -m benchmarks.chain.core [--quick] [--json]

Every number is taken in a process of its own where it depends on what ran before (start, memory).
"""

from __future__ import annotations

import argparse
import gc
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

import psutil
import sr25519  # type: ignore[import-untyped]

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import calls
from pallet_bridge.accounts.ss58 import encode
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode, Manual
from pallet_bridge.embedded.chain.chain import Chain
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.encoding import statement_hash
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import MANIFEST
from pallet_bridge.signing import binding_of
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient

UNIT = 10**12
SPEC_VERSION = int(str(MANIFEST["spec_version"])).to_bytes(4, "little")
FEDERATION_SIZE = 150
TERMS = terms_of(TermsConfig(min_stake=Planck(UNIT), max_participants=256, commit_blocks=100,
                             settle_blocks=100, unbonding_blocks=300, notice_blocks=300,
                             admission="open", coordinator_bond=Planck(0),
                             round_reward=Planck(0)))  # fmt: skip

Key = tuple[bytes, bytes]


def u32(number: int) -> bytes:
    """Encode four little-endian bytes."""
    return number.to_bytes(4, "little")


def keys(count: int) -> list[Key]:
    """Make deterministic key pairs."""
    return [sr25519.pair_from_seed(blake2_256(u32(index))) for index in range(count)]


def signed(chain: Chain, key: Key, nonce: int, call: bytes) -> bytes:
    """Sign a call with an immortal era and no tip."""
    extra = b"\x00" + compact(nonce) + compact(0)
    transaction_version = chain.call("Core_version")[-5:-1]  # before the state version's one byte
    implicit = SPEC_VERSION + transaction_version + chain.genesis_hash * 2
    payload = call + extra + implicit
    signature = sr25519.sign(key, payload if len(payload) <= 256 else blake2_256(payload))
    return blob(b"\x84\x00" + key[0] + b"\x01" + signature + extra + call)


def funded(accounts: Sequence[Key], extra: int = 0) -> dict[str, object]:
    """Patch a genesis: money for `accounts` and for `extra` accounts that nobody has the key of."""
    public = [key[0] for key in accounts] + [blake2_256(b"x" + u32(i)) for i in range(extra)]
    return {"balances": {"balances": [[encode(account), 1_000 * UNIT] for account in public]}}


def author(chain: Chain, extrinsics: Sequence[bytes]) -> float:
    """Build a block in which every extrinsic must succeed; return the seconds it took."""
    start = time.perf_counter()
    authored = chain.author(extrinsics)
    seconds = time.perf_counter() - start
    failed = [outcome for outcome in authored.outcomes if not outcome.ok]
    if failed:
        raise SystemExit(f"{len(failed)} extrinsics failed, the first with {failed[0]}")
    return seconds


def with_open_rounds(federations: int, size: int) -> tuple[Chain, list[bytes]]:
    """Make a chain with this many open rounds, and the signed commits of `size` members in each."""
    members = keys(size)
    chain = Chain.new(patch=funded(members))
    with EmbeddedNode.start(chain=chain, sealing=Manual()) as node, connect(node.url) as client:
        everybody = [Signer(key) for key in members]
        for federation in range(federations):
            create = [(everybody[0], calls.create_federation(TERMS, bytes(32)))]
            join = calls.join(federation, Planck(10 * UNIT), hash_of_terms(TERMS))
            opening = [(everybody[0], calls.open_round(federation, bytes(32)))]
            for batch in (create, [(member, join) for member in everybody], opening):
                author(chain, [sign(client, call, signer) for signer, call in batch])
        extrinsics = [
            sign(client, commit(client, federation, member), member, ahead=federation)
            for federation in range(federations)
            for member in everybody
        ]
    return chain, extrinsics


def commit(client: ChainClient, federation: int, member: Signer) -> Call:
    """Return a commit in round 0 of a federation."""
    said = statement_hash(binding_of(client, federation, 0), member.account, bytes(32), 100)
    return calls.commit(federation, 0, bytes(32), 100, said)


def sign(client: ChainClient, call: Call, signer: Signer, *, ahead: int = 0) -> bytes:
    """Sign a call as a transaction, `ahead` of this many others of the account."""
    return client.sign(call, signer, nonce=client.nonce(signer.account) + ahead).extrinsic


def commits(federations: int) -> dict[str, float]:
    """Time one block full of commits that are signed already, and its re-execution."""
    chain, extrinsics = with_open_rounds(federations, FEDERATION_SIZE)
    start = time.perf_counter()
    for extrinsic in extrinsics[:FEDERATION_SIZE]:
        chain.validate(extrinsic)
    validated = time.perf_counter() - start
    parent = chain.snapshot()
    seconds = author(chain, extrinsics)
    block = chain.block(chain.head)
    chain.revert(parent)
    start = time.perf_counter()
    if block is None or chain.import_block(block) != block.hash:
        raise SystemExit("the block does not re-execute")
    imported = time.perf_counter() - start
    return {
        "commits_in_block": len(extrinsics),
        "applied_per_second": len(extrinsics) / seconds,
        "re_executed_per_second": len(extrinsics) / imported,
        "validated_per_second": FEDERATION_SIZE / validated,
    }


def large_state(size: int) -> dict[str, float]:
    """Time blocks of one extrinsic on a state of `size` accounts."""
    owner = keys(1)
    start = time.perf_counter()
    chain = Chain.new(patch=funded(owner, size))
    built = time.perf_counter() - start
    transfer = b"\x04\x03\x00"
    times = [
        author(
            chain,
            [
                signed(
                    chain,
                    owner[0],
                    nonce,
                    transfer + blake2_256(b"x" + u32(nonce * 7)) + compact(UNIT),
                )
            ],
        )
        for nonce in range(50)
    ]
    gc.collect()  # the state is measured, not what was left over from building it
    return {
        "keys": size,
        "genesis_seconds": built,
        "one_extrinsic_block_ms": sorted(times)[len(times) // 2] * 1000,
        "one_extrinsic_block_worst_ms": max(times) * 1000,
        "large_state_rss_mb": psutil.Process().memory_info().rss / 1e6,
    }


def growth(blocks: int) -> dict[str, float]:
    """Measure empty blocks, and the memory that their history takes."""
    chain = Chain.new()
    for _ in range(10):
        chain.author()
    before = psutil.Process().memory_info().rss
    start = time.perf_counter()
    for _ in range(blocks):
        chain.author()
    seconds = time.perf_counter() - start
    after = psutil.Process().memory_info().rss
    return {
        "empty_blocks": blocks,
        "empty_block_ms": seconds / blocks * 1000,
        "rss_before_mb": before / 1e6,
        "rss_after_mb": after / 1e6,
        "kb_per_block": (after - before) / blocks / 1e3,
    }


def start(folder: str) -> dict[str, float]:
    """Time the first block of a process, imports included."""
    begin = psutil.Process().create_time()
    Chain.new(cache_dir=Path(folder) if folder else None).author()
    return {
        "seconds": time.time() - begin,
        "cpu_seconds": time.process_time(),
        "rss_mb": psutil.Process().memory_info().rss / 1e6,
    }


def apart(*arguments: str) -> dict[str, float]:
    """Run one measurement in a process of its own."""
    command = [sys.executable, "-m", "benchmarks.chain.core", "--only", *arguments]
    done = subprocess.run(command, check=True, capture_output=True, text=True)
    result: dict[str, float] = json.loads(done.stdout)
    return result


def main() -> None:
    """Run everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--quick", action="store_true", help="smaller sizes")
    parser.add_argument("--only", nargs="+", help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.only:
        name, argument = options.only
        parts: dict[str, Callable[[str], dict[str, float]]] = {
            "start": lambda folder: start("" if folder == "-" else folder),
            "commits": lambda count: commits(int(count)),
            "large_state": lambda count: large_state(int(count)),
            "growth": lambda count: growth(int(count)),
        }
        print(json.dumps(parts[name](argument)))
        return
    apart("start", "-")
    with tempfile.TemporaryDirectory() as folder:
        cold = apart("start", folder)
    warm = apart("start", "-")
    results = {
        "cold_start_seconds": cold["seconds"],
        "warm_start_seconds": warm["seconds"],
        "warm_start_cpu_seconds": warm["cpu_seconds"],
        "rss_after_start_mb": warm["rss_mb"],
        **apart("commits", "1" if options.quick else "2"),
        **apart("large_state", "10000" if options.quick else "100000"),
        **apart("growth", "200" if options.quick else "2000"),
    }
    if options.json:
        print(json.dumps(results))
        return
    for name, value in results.items():
        print(f"{name:30} {value:12.2f}")


if __name__ == "__main__":
    main()
