"""Kill an embedded chain at random points, and see that it reopens with all that it had told.

Run ``python -m scripts.runtime.kill --times 50``. Each time a process serves the chain of one
folder and makes blocks as fast as it can; another one is told of every final block, and kills it
by SIGKILL after a random number of them and a random time more. Then the folder is opened again.
"""

from __future__ import annotations

import argparse
import random
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.chain.kept import kept_chain

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.embedded.chain.chain import Chain

_SERVE: Final = """
import sys
from pathlib import Path

from pallet_bridge.client import connect
from pallet_bridge.calls import Call
from pallet_bridge.keys import Signer

alice = Signer.from_uri("//Alice")
with connect("embedded", state=Path(sys.argv[1])) as chain:
    size = 1
    while True:
        size = size * 7 % 20011
        said = Call("System", "remark_with_event", {"remark": "0x" + "5a" * size})
        block = chain.execute(said, alice).block
        print(block.number, block.hash.hex(), flush=True)
"""


@dataclass(frozen=True, slots=True)
class Killed:
    """What came of one kill: blocks told of, blocks there again, seconds until it was open."""

    told: int
    height: int
    missing: tuple[int, ...]
    seconds: float


def kill(folder: Path, *, times: int, seed: int) -> Iterator[Killed]:
    """Kill the chain in a folder so many times, and tell what came of each."""
    draw = random.Random(seed)  # noqa: S311 - where to kill, not a secret
    told: dict[int, str] = {}
    for _ in range(times):
        blocks = draw.randint(0, 12)
        longest = 0.02 if blocks else 2.0  # without a block: while it starts
        told |= _serve(folder, blocks=blocks, seconds=draw.uniform(0, longest))
        started = time.monotonic()
        chain = kept_chain(folder)
        took = time.monotonic() - started
        missing = [number for number, hash_ in told.items() if _hash(chain, number) != hash_]
        head = chain.header(chain.head)
        chain.close()
        yield Killed(len(told), 0 if head is None else head.number, tuple(missing), took)


def _hash(chain: Chain, number: int) -> str | None:
    found = chain.hash_at(number)
    return None if found is None else found.hex()


def _serve(folder: Path, *, blocks: int, seconds: float) -> dict[int, str]:
    told: dict[int, str] = {}
    command = [sys.executable, "-c", _SERVE, str(folder)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        if process.stdout is None:
            raise AssertionError
        while len(told) < blocks:
            _take(told, process.stdout.readline())
        time.sleep(seconds)
        process.kill()
        for line in process.stdout:  # what it told of in the meantime counts too
            _take(told, line)
    return told


def _take(told: dict[int, str], line: str) -> None:
    if not line.endswith("\n"):
        raise RuntimeError(f"the process ended by itself, after {line!r}")
    number, hash_ = line.split()
    told[int(number)] = hash_


def main() -> None:
    """Print one line a kill, and what is missing."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=50)
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--folder", type=Path, default=None)
    asked = parser.parse_args()
    folder = asked.folder or Path(tempfile.mkdtemp()) / "chain"
    lost = 0
    for number, one in enumerate(kill(folder, times=asked.times, seed=asked.seed), start=1):
        lost += len(one.missing)
        print(
            f"kill {number:3d}: told of {one.told:4d} blocks, height {one.height:4d}, "
            f"missing {len(one.missing)}, open again in {one.seconds:.2f} s"
        )
    print(f"{asked.times} kills, {lost} blocks lost")
    sys.exit(bool(lost))


if __name__ == "__main__":
    main()
