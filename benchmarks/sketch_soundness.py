"""How large a lie signed sketches show, and what they tell of an update.

``python -m benchmarks.sketch_soundness`` measures it. Lies are added to an honest
model, or to what a rule read of an update, and looked for by seeds that the liar did not know.
``docs/measurements/sketch-soundness.md`` is written from it.
"""

from __future__ import annotations

import argparse
from dataclasses import dataclass
from hashlib import sha256
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bcfl_plugins.published.sketches import check_sum, inner_products, passing, tolerance
from bcfl_plugins.secure.signed_sketches import SketchedUpdate, fixed, sketched
from bcfl_plugins.secure.sketches import Sketching, SketchSize
from benchmarks.pages import write_page
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    Vector = np.ndarray[Any, np.dtype[np.float64]]

PAGE: Final = Path(__file__).resolve().parents[1] / "docs/measurements/sketch-soundness.md"
LENGTH, NODES = 5_000, 8
SIZES: Final = (SketchSize(1, 64), SketchSize(1, 256), SketchSize(3, 256), SketchSize(3, 2048))
TIMES: Final = (1.0, 2.0, 4.0, 8.0)
KINDS: Final = ("dense", "one entry", "two entries", "a block")
FACTORS: Final = (1.02, 1.05, 1.1, 1.2, 1.5, 2.0)
LEAKED: Final = 4000
LEAK_SIZES: Final = (SketchSize(1, 32), SketchSize(1, 64), SketchSize(3, 64), SketchSize(3, 256))


@dataclass(frozen=True, slots=True)
class HonestRound:
    """A round of updates with a common direction, and the mean as a server makes it."""

    base: dict[str, Vector]
    updates: dict[AccountId, dict[str, Vector]]
    mean: Vector

    @classmethod
    def drawn(cls) -> HonestRound:
        """Return it, in float32."""
        rng = np.random.default_rng(1)
        base = rng.standard_normal(LENGTH).astype(np.float32)
        way = rng.standard_normal(LENGTH)
        moved = [
            (base + 0.01 * (way + rng.standard_normal(LENGTH))).astype(np.float32)
            for _ in range(NODES)
        ]
        mean = np.zeros(LENGTH, np.float32)
        for one in moved:
            mean += one * np.float32(1 / NODES)
        accounts = [AccountId(seed_of(f"account {number}")) for number in range(NODES)]
        told = {who: {"w": one} for who, one in zip(accounts, moved, strict=True)}
        return cls({"w": base}, told, mean)

    def sketches(self, size: SketchSize, seed: bytes) -> dict[AccountId, SketchedUpdate]:
        """Return the updates' sketches by a seed."""
        found = {}
        for who, update in self.updates.items():
            vector = fixed(self.base, update, size.width)
            found[who] = SketchedUpdate(who, vector.bits, sketched(vector, size, seed), b"")
        return found

    @property
    def parts(self) -> dict[AccountId, float]:
        """How much of the mean each update is."""
        return dict.fromkeys(self.updates, 1 / NODES)


def seed_of(purpose: str) -> bytes:
    """Return 32 bytes that are the same each time."""
    return sha256(purpose.encode()).digest()


def lie_of(kind: str, length: int, rng: np.random.Generator) -> Vector:
    """Return a lie of length one."""
    lie = np.zeros(length)
    if kind == "dense":
        lie = rng.standard_normal(length)
    elif kind == "one entry":
        lie[rng.integers(length)] = 1.0
    elif kind == "two entries":
        lie[rng.choice(length, 2, replace=False)] = 1.0
    else:
        start = int(rng.integers(length - 500))
        lie[start : start + 500] = 1.0
    return lie / np.linalg.norm(lie)


def seen_of_sums(
    honest: HonestRound, size: SketchSize, trials: int
) -> tuple[dict[tuple[str, float], float], float, float]:
    """Return how often each lie is seen, how often the truth is, and the tolerance.

    The tolerance is a share of how far the model moved.
    """
    rng = np.random.default_rng(2)
    seen: dict[tuple[str, float], int] = {}
    false, room = 0, 0.0
    for trial in range(trials):
        seed = seed_of(f"seed {size} {trial}")
        told = honest.sketches(size, seed)
        truth = check_sum(honest.base, {"w": honest.mean}, honest.parts, told, seed)
        false, room = false + (not truth.holds), truth.tolerance
        for kind in KINDS:
            lie = lie_of(kind, LENGTH, rng)
            for times in TIMES:
                made = (honest.mean + times * room * lie).astype(np.float32)
                check = check_sum(honest.base, {"w": made}, honest.parts, told, seed)
                seen[kind, times] = seen.get((kind, times), 0) + (not check.holds)
    moved = float(np.linalg.norm(honest.mean - honest.base["w"]))
    return {key: count / trials for key, count in seen.items()}, false / trials, room / moved


def seen_of_lengths(
    honest: HonestRound, size: SketchSize, trials: int
) -> tuple[dict[float, float], float]:
    """Return how often a length that is said to be some times the true one is seen."""
    base = honest.base["w"].astype(np.float64)
    rows = np.array([one["w"].astype(np.float64) - base for one in honest.updates.values()])
    squares = np.square(rows).sum(axis=1)
    caught, false = dict.fromkeys(FACTORS, 0.0), 0.0
    room = tolerance(size.width)
    for trial in range(trials):
        told = honest.sketches(size, seed_of(f"seed {size} {trial}"))
        shown = np.diag(inner_products([one.numbers() for one in told.values()]))
        false += float((np.abs(squares - shown) > room * shown).mean())
        for factor in FACTORS:
            said = squares * factor**2
            caught[factor] += float((np.abs(said - shown) > room * shown).mean())
    return {factor: count / trials for factor, count in caught.items()}, false / trials


def leak(size: SketchSize) -> tuple[float, float, float]:
    """Return how alike an update and the best guess at it from both sketches are, as cosines.

    For a dense update; for one of ten entries, by least squares; and the share of its ten entries
    that are among the ten largest of the guess.
    """
    rng = np.random.default_rng(3)
    maps = [matrix(Sketching(size, seed_of(f"leak {number}"))) for number in range(2)]
    both = np.concatenate(maps)
    dense, sparse = rng.standard_normal(LEAKED), np.zeros(LEAKED)
    places = rng.choice(LEAKED, 10, replace=False)
    sparse[places] = rng.choice([-1.0, 1.0], 10)
    guesses = [np.linalg.lstsq(both, both @ one, rcond=None)[0] for one in (dense, sparse)]
    alike = [
        float(guess @ one / np.linalg.norm(guess) / np.linalg.norm(one))
        for guess, one in zip(guesses, (dense, sparse), strict=True)
    ]
    largest = np.argsort(-np.abs(guesses[1]))[:10]
    return alike[0], alike[1], len({*largest.tolist()} & {*places.tolist()}) / 10


def matrix(sketching: Sketching) -> Vector:
    """Return the (cells, d) matrix of a sketch."""
    units = np.zeros(LEAKED, np.uint32)
    columns = []
    for place in range(LEAKED):
        units[place] = 1
        columns.append(sketching.of_vector(units).view(np.int32).reshape(-1))
        units[place] = 0
    return np.array(columns, np.float64).T


def sums_table(honest: HonestRound, trials: int) -> Iterator[str]:
    """Give the table of false models."""
    heads = [f"{times:g} x" for times in TIMES]
    last = "bound of missing, 4 x | truth refused"
    yield f"| sketch | tolerance | lie | {' | '.join(heads)} | {last} |"
    yield "| -- | -: | -- " + "| -: " * (len(heads) + 2) + "|"
    for size in SIZES:
        seen, false, room = seen_of_sums(honest, size, trials)
        for kind in KINDS:
            rates = " | ".join(f"{100 * seen[kind, times]:.1f} %" for times in TIMES)
            yield (
                f"| {size.tables} x {size.width} | {100 * room:.3f} % | {kind} | {rates} | "
                f"{passing(size):.1e} | {100 * false:.1f} % |"
            )


def lengths_table(honest: HonestRound, trials: int) -> Iterator[str]:
    """Give the table of false statistics."""
    heads = " | ".join(f"{factor:g} x" for factor in FACTORS)
    yield f"| sketch | tolerance | {heads} | truth refused |"
    yield "| -- | -: " + "| -: " * (len(FACTORS) + 1) + "|"
    for size in SIZES:
        caught, false = seen_of_lengths(honest, size, trials)
        rates = " | ".join(f"{100 * caught[factor]:.1f} %" for factor in FACTORS)
        yield (
            f"| {size.tables} x {size.width} | {100 * tolerance(size.width):.0f} % | {rates} | "
            f"{100 * false:.1f} % |"
        )


def leak_table() -> Iterator[str]:
    """Give the table of what is reconstructed."""
    yield "| sketch | both sketches of the model | dense update | ten entries | of the ten found |"
    yield "| -- | -: | -: | -: | -: |"
    for size in LEAK_SIZES:
        dense, sparse, found = leak(size)
        part = 2 * size.cells / LEAKED
        yield (
            f"| {size.tables} x {size.width} | {100 * part:.1f} % | {dense:.2f} | {sparse:.2f} | "
            f"{100 * found:.0f} % |"
        )


def page(trials: int) -> str:
    """Return the page."""
    honest = HonestRound.drawn()
    tables: Mapping[str, str] = {
        "sums": "\n".join(sums_table(honest, trials)),
        "lengths": "\n".join(lengths_table(honest, trials)),
        "leak": "\n".join(leak_table()),
    }
    return _PAGE.format(
        trials=trials, nodes=NODES, length=f"{LENGTH:,}", leaked=f"{LEAKED:,}", **tables
    )


_PAGE: Final = """\
# Soundness of signed sketches

How large a lie of the server has to be before the sketches that nodes sign show it
([evidence level `sketch`](../how-to/decide-again.md)), and what the sketches tell of an update.
`python -m benchmarks.sketch_soundness` measures it and writes this page: {trials} seeds that the
liar did not know, {nodes} nodes, {length} float32 parameters.

## A model that is not the sum

A lie is added to the honest mean. Its length is so many times the tolerance; the tolerance is given
as a share of how far the model moved. The table has the shares of seeds by which the lie is seen.
The bound is that of `published.sketches.passing`: a lie of four tolerances or more
that does not depend on the seed is missed with a probability of `(32 / (9 width)) ^ tables` at
most. Two entries of one size are the hardest: where they meet in one
cell they may cancel.

{sums}

The second seed follows from the model. So a server that tries k models misses k chances: with the
default of 3 x 2048 the bound is k x 6e-9. Of each model it has to compute the digest and a sketch.

## Statistics that are not those of the updates

The length of each update is published as so many times the true one. Tolerances are six standard
deviations of an inner product in one table, as a share of the product of both lengths; the median
over tables is taken. A lie of less than that passes: it stays the server's word.

{lengths}

## What sketches tell

Who has both sketches of an update, and guesses at it by least squares: the cosine of the guess and
the update, in a model of {leaked} parameters. What counts is the share of the second column. With
the default size it is 1.2 % in a model of a million parameters, and everything in one of 12,000 or
fewer.

{leak}

No update was guessed from sketches by other means here: an attack that knows more of the data than
least squares does would find more.
"""


def main() -> None:
    """Write the page."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=500)
    write_page(PAGE, page(parser.parse_args().trials))
    print(PAGE)


if __name__ == "__main__":
    main()
