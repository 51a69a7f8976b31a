from __future__ import annotations

from contextlib import contextmanager
from threading import Barrier, Event
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.core import lanes
from bcfl_plugins.defenses.core.arrays.kernel import Kernel, median
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.core.gram import combine, gram, measure, project
from bcfl_plugins.defenses.core.lanes import LANES, each_lane, spans
from bcfl_plugins.defenses.core.select import coordinatewise
from bcfl_plugins.defenses.core.sketch import Signs
from tests.unit.bcfl_plugins.defenses.every_rule.digests import printed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from bcfl_plugins.defenses.base import RowBlock
    from bcfl_plugins.defenses.core.arrays.rows import Rows
    from bcfl_plugins.defenses.core.lanes import Span

N, D = 36, 90_001


def made() -> Rows:
    x = np.random.default_rng(5).standard_normal((N, D), dtype=np.float32)
    model = np.random.default_rng(6).standard_normal(D, dtype=np.float32)
    layers = [{"a": row[:70], "b": row[70:50_000], "c": row[50_000:]} for row in x]
    reference = {"a": model[:70], "b": model[70:50_000], "c": model[50_000:]}
    return parse(layers, Extras(reference=reference, ids=range(N)))


KERNELS: dict[str, Callable[[Rows], Any]] = {
    "gram": gram,
    "combine": lambda rows: combine(rows, np.linspace(0.0, 0.1, N)),
    "project": lambda rows: project(rows, np.linspace(-1.0, 1.0, D)),
    "sketches": lambda rows: np.hstack(measure(rows, Signs.draw(rows.d, 3))[::2]),
    "norms": lambda rows: measure(rows, norms_only=True)[0],
    "norms and sketches": lambda rows: measure(rows, Signs.draw(rows.d, 3), norms_only=True)[2],
    "median": lambda rows: np.concatenate(coordinatewise(rows, median(N))),
    "network": lambda rows: coordinatewise(rows.take(np.arange(21)), median(21))[0],
    "closest": lambda rows: coordinatewise(rows, Kernel("closest", keep=25))[0],
    "mixed": lambda rows: coordinatewise(rows, median(N), np.full((N, N), 1 / N))[0],
}


@pytest.mark.parametrize("name", KERNELS)
@pytest.mark.slow
def test_threads_that_help_change_no_byte(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    rows = made()
    found = set()
    for helpers in (3, 1):
        monkeypatch.setattr(lanes, "HELPERS", helpers)
        found.add(np.asarray(KERNELS[name](rows)).tobytes())
    with busy_helper():
        found.add(np.asarray(KERNELS[name](rows)).tobytes())
    assert len(found) == 1


@contextmanager
def busy_helper() -> Iterator[None]:
    """Keep the helper busy, so that whoever has lanes takes them all."""
    done = Event()
    waiting = lanes._helpers(lanes.HELPERS).submit(done.wait)
    try:
        yield
    finally:
        done.set()
        waiting.result()


def test_a_forked_process_takes_all_lanes_itself() -> None:
    code = """
import os
import numpy as np
from bcfl_plugins.defenses.core.gram import gram
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.base import Extras
rows = parse(np.random.default_rng(1).standard_normal((20, 90_000)), Extras(ids=range(20)))
before = gram(rows).tobytes()
child = os.fork()
if child == 0:
    os._exit(0 if gram(rows).tobytes() == before else 1)
print(os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]))
"""
    assert printed(code, blas_threads=1).strip() == "0"


def test_threads_of_the_blas_library_change_no_byte() -> None:
    code = """
import hashlib
import numpy as np
from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.core.gram import gram
from bcfl_plugins.defenses.core.arrays.parse import parse
from bcfl_plugins.defenses.core.select import coordinatewise
from bcfl_plugins.defenses.core.arrays.kernel import median
x = np.random.default_rng(1).standard_normal((100, 9000), dtype=np.float32)
for n in (20, 50, 100):
    rows = parse(x[:n], Extras(ids=range(n)))
    mixed = coordinatewise(rows, median(n), np.full((n, n), 1 / n))[0]
    print(hashlib.sha256(gram(rows).tobytes() + mixed.tobytes()).hexdigest())
"""
    assert printed(code, blas_threads=1) == printed(code, blas_threads=2)


@pytest.mark.parametrize("size", [0, 1, 9, 10, 11, 1000, 12_345])
def test_blocks_cover_all_columns_once_and_each_lane_has_as_many(size: int) -> None:
    blocks = spans(size, 10)
    assert all(start % 8 == 0 for start, _ in spans(size, 10, 8))
    assert [k for start, stop in spans(size, 10, 8) for k in range(start, stop)] == [*range(size)]
    assert [k for start, stop in blocks for k in range(start, stop)] == list(range(size))
    assert all(stop - start <= 10 for start, stop in blocks)
    rows = parse(np.zeros((2, size)), Extras(ids=range(2)))
    counts = [len(lane) for lane in each_lane(rows, blocks, lambda lane, _: lane)]
    assert len(counts) == (0 if size == 0 else 1 if size <= 10 else LANES)
    assert max(counts, default=0) - min(counts, default=0) <= 1


def test_what_fails_in_a_lane_is_raised() -> None:
    blocks = spans(100, 10)
    with pytest.raises(ZeroDivisionError):
        each_lane(made(), blocks, lambda lane, _: 1 // (lane[0][0] - blocks[1][0]))


def test_overflow_in_a_lane_warns_nobody() -> None:
    big = np.full(100, 1e200)
    found = each_lane(made(), spans(100, 10), lambda lane, _: float((big * big)[lane[0][0]]))
    assert found == [np.inf] * LANES


def test_lanes_that_run_at_once_have_buffers_of_their_own() -> None:
    met = Barrier(2)

    def work(lane: Sequence[Span], buffer: RowBlock) -> tuple[int, int, tuple[int, ...]]:
        met.wait(timeout=60)  # both workers are in a lane now
        buffer[:] = lane[0][0]
        met.wait(timeout=60)
        return lane[0][0], int(buffer.min()), buffer.shape

    found = each_lane(made(), spans(100, 10), work, height=3, unit=8)
    assert all(start == least and shape == (3, 16) for start, least, shape in found)
    assert len({start for start, *_ in found}) == LANES
