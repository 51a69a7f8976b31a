"""Measure the execution core of the embedded chain.

    python benchmarks/chain_core.py [--quick] [--json]

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

from pallet_bridge.embedded.chain import Chain
from pallet_bridge.embedded.codec import blob, compact
from pallet_bridge.embedded.hashing import blake2_256
from pallet_bridge.ss58 import encode

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

UNIT = 10**12
SPEC_VERSION = TRANSACTION_VERSION = (1).to_bytes(4, "little")
BCFL, CREATE_FEDERATION, JOIN, OPEN_ROUND, COMMIT = b"\x08", b"\x00", b"\x02", b"\x06", b"\x07"
FEDERATION_SIZE = 150

Key = tuple[bytes, bytes]


def u32(number: int) -> bytes:
    """Encode four little-endian bytes."""
    return number.to_bytes(4, "little")


def u128(number: int) -> bytes:
    """Encode sixteen little-endian bytes."""
    return number.to_bytes(16, "little")


def keys(count: int) -> list[Key]:
    """Make deterministic key pairs."""
    return [sr25519.pair_from_seed(blake2_256(u32(index))) for index in range(count)]


def signed(chain: Chain, key: Key, nonce: int, call: bytes) -> bytes:
    """Sign a call with an immortal era and no tip."""
    extra = b"\x00" + compact(nonce) + compact(0)
    implicit = SPEC_VERSION + TRANSACTION_VERSION + chain.genesis_hash * 2
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


def with_open_rounds(federations: int, size: int) -> tuple[Chain, list[Key]]:
    """Make a chain on which `size` members of each federation can commit."""
    members = keys(size)
    chain = Chain.new(patch=funded(members))
    coordinator = members[0]
    terms = b"".join(
        (
            u128(UNIT),  # min_stake
            u32(256),  # max_participants
            u32(0),  # quorum
            *(u32(blocks) for blocks in (100, 100, 10, 300)),  # commit, settle, dispute, unbonding
            u128(0),  # round_reward
            *(u32(3), u32(3)),  # strikes_to_slash, strike_decay_rounds
            *(u32(fraction) for fraction in (10**9, 10**8, 10**9)),  # slash terms
        )
    )
    nonces = [0] * size
    for federation in range(federations):
        create = BCFL + CREATE_FEDERATION + terms + bytes(32)
        author(chain, [signed(chain, coordinator, nonces[0], create)])
        nonces[0] += 1
        join = BCFL + JOIN + u32(federation) + u128(10 * UNIT)
        author(chain, [signed(chain, key, nonces[i], join) for i, key in enumerate(members)])
        nonces = [nonce + 1 for nonce in nonces]
        opening = BCFL + OPEN_ROUND + u32(federation) + bytes(32)
        author(chain, [signed(chain, coordinator, nonces[0], opening)])
        nonces[0] += 1
    return chain, members


def commits(federations: int) -> dict[str, float]:
    """Time one block full of commits that are signed already, and its re-execution."""
    chain, members = with_open_rounds(federations, FEDERATION_SIZE)
    extrinsics = []
    for federation in range(federations):
        call = BCFL + COMMIT + u32(federation) + u32(0) + bytes(32) + (100).to_bytes(8, "little")
        for index, key in enumerate(members):
            nonce = federation + federations + (2 * federations if index == 0 else 0)
            extrinsics.append(signed(chain, key, nonce, call))
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
    done = subprocess.run(
        [sys.executable, __file__, "--only", *arguments], check=True, capture_output=True, text=True
    )
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
