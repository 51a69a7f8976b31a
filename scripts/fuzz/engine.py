"""Fuzz one reader: inputs that reach a new line of ours are changed further.

Hypothesis makes inputs of buffers of bytes (`fuzz_one_input`). This is what drives such a fuzzer:
a pool of buffers, the lines that each reached, and what it cost.
"""

from __future__ import annotations

import contextlib
import math
import random
import resource
import signal
import sys
import time
import traceback
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, given, settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

    from scripts.fuzz.target import Target

ROOT = Path(__file__).parents[2]
OURS = tuple(str(ROOT / name) for name in ("bcfl_plugins", "pallet_bridge", "strategies"))
_TARGETS = str(Path(__file__).parent / "target")
LONGEST_S = 20.0
"""Seconds after which an input hangs."""

_LONGEST_BUFFER = 4_096
_SAMPLES = 200
_SET_UP = 15


class Hangs(BaseException):
    """An input took too long. No reader can take it for an error of its own."""


@dataclass(slots=True)
class Outcome:
    """What a run found, and what it cost.

    Parameters
    ----------
    name : str
        The reader.
    inputs : int
        How many it read.
    seconds : float
        Of processor time.
    lines : int
        Lines of ours that were reached.
    slowest_s : float
        The slowest input.
    peak_mib, growth_mib : float
        The most memory of the process, and how much of it came in the second half.
    findings : dict
        Tracebacks by the place where an input broke the reader, with the input.
    kept : list of bytes
        Inputs that reached something new, in the order in which they did.
    """

    name: str
    inputs: int = 0
    seconds: float = 0.0
    lines: int = 0
    slowest_s: float = 0.0
    peak_mib: float = 0.0
    growth_mib: float = 0.0
    findings: dict[str, tuple[str, bytes]] = field(default_factory=dict)
    kept: list[bytes] = field(default_factory=list)


def fuzz(
    target: Target,
    seconds: float,
    seed: int,
    *,
    most: float = math.inf,
    watched: tuple[str, ...] = OURS,
) -> Outcome:
    """Read changed inputs.

    Parameters
    ----------
    target : Target
        The reader.
    seconds : float
        Of processor time, after which it ends.
    seed : int
        The same seed changes inputs in the same way, as long as they take the same lines.
    most : float
        Inputs after which it ends.
    watched : tuple of str
        The files whose lines count, by the start of their paths.
    """
    rng, outcome = random.Random(seed), Outcome(target.name)  # noqa: S311 - no secret
    latest = b""

    @settings(database=None, deadline=None, suppress_health_check=list(HealthCheck))
    @given(target.inputs)
    def reading(data: bytes) -> None:
        nonlocal latest
        latest = data
        target.check(data)

    feed: Callable[[bytes], Any] = reading.hypothesis.fuzz_one_input  # type: ignore[attr-defined]
    pool = [rng.randbytes(rng.randrange(1, 600)) for _ in range(8)]
    # what the first input sets up is no cost of an input; what it breaks is found again below
    with contextlib.suppress(Exception, Hangs), _limited(_SET_UP * LONGEST_S):
        feed(pool[0])
    seen: set[tuple[str, int]] = set()
    memory: list[float] = []
    began = time.process_time()
    while (spent := time.process_time() - began) < seconds and outcome.inputs < most:
        buffer = _changed(rng, pool)
        reached: set[tuple[str, int]] = set()
        since = time.perf_counter()
        try:
            with _limited(LONGEST_S), _traced(reached, watched):
                feed(buffer)
        except (Exception, Hangs) as error:  # noqa: BLE001 - whatever it is, it is a finding
            place = _place(error)
            outcome.findings.setdefault(place, (traceback.format_exc(limit=-6), latest))
        outcome.inputs += 1
        outcome.slowest_s = max(outcome.slowest_s, time.perf_counter() - since)
        if not reached <= seen:
            seen |= reached
            pool.append(buffer)
            outcome.kept.append(latest)
        if spent > len(memory) * seconds / _SAMPLES:
            memory.append(_resident_mib())
    outcome.seconds = time.process_time() - began
    outcome.lines = len(seen)
    outcome.peak_mib = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    half = memory[len(memory) // 2 :] or [0.0]
    outcome.growth_mib = sum(half[-5:]) / len(half[-5:]) - sum(half[:5]) / len(half[:5])
    return outcome


def _changed(rng: random.Random, pool: list[bytes]) -> bytes:
    """Return a buffer near to one of the pool, or a new one."""
    if rng.random() < 0.1:  # noqa: PLR2004 - one in ten is new
        return rng.randbytes(rng.randrange(1, 900))
    data = bytearray(pool[-1 - int(len(pool) * rng.random() ** 2)])  # late ones more often
    for _ in range(rng.choice((1, 1, 2, 4, 12))):
        place = rng.randrange(len(data) + 1)
        kind = rng.randrange(5)
        if kind == 0:
            data[place:place] = rng.randbytes(rng.randrange(1, 9))
        elif kind == 1:
            del data[place : place + rng.randrange(1, 9)]
        elif kind == 2:  # noqa: PLR2004 - of five kinds
            other = rng.choice(pool)
            data[place:] = other[rng.randrange(len(other) + 1) :]
        elif place < len(data):
            data[place] = rng.randrange(256) if kind == 3 else data[place] ^ (1 << rng.randrange(8))  # noqa: PLR2004
    return bytes(data[:_LONGEST_BUFFER])


@contextlib.contextmanager
def _limited(seconds: float) -> Iterator[None]:
    def late(_number: int, _frame: FrameType | None) -> None:
        raise Hangs(f"an input took over {seconds:g} s")

    before = signal.signal(signal.SIGALRM, late)
    # again and again: what is raised in a callback of a library in C may be lost
    signal.setitimer(signal.ITIMER_REAL, seconds, 1.0)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, before)


@contextlib.contextmanager
def _traced(reached: set[tuple[str, int]], watched: tuple[str, ...]) -> Iterator[None]:
    def local(frame: FrameType, event: str, _: object) -> object:
        if event == "line":
            reached.add((frame.f_code.co_filename, frame.f_lineno))
        return local

    def called(frame: FrameType, _event: str, _: object) -> object:
        return local if frame.f_code.co_filename.startswith(watched) else None

    before = sys.gettrace()
    sys.settrace(called)  # type: ignore[arg-type]
    try:
        yield
    finally:
        sys.settrace(before)


def _place(error: BaseException) -> str:
    """Name what broke, and the last place of ours: the same defect has one name."""
    frames = traceback.extract_tb(error.__traceback__)
    ours = [one for one in frames if one.filename.startswith((*OURS, _TARGETS))]
    last = ours[-1] if ours else frames[-1]
    return f"{type(error).__name__} at {Path(last.filename).name}:{last.lineno}"


def _resident_mib() -> float:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * resource.getpagesize() / 2**20
