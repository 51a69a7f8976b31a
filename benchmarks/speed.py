"""Time and memory of the defenses, next to one Gram matrix and to Flower's own strategies.

    python -m benchmarks.speed [--quick] [--json] [--rules krum,nnm+cwtm] [--write docs/speed.md]

Run it on a machine that does nothing else.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
import tracemalloc
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create
from benchmarks import _speed_report as report
from benchmarks._speed_rounds import Round, Wire, bulyan_f, decode, flower, make

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.defenses.base import Defense

MILLION = 1_000_000
SIZES = ((20, MILLION), (50, MILLION), (100, MILLION), (20, 10 * MILLION))
QUICK = ((20, 200_000), (50, 100_000))
RULES = (
    *("mean", "median", "trimmed_mean", "meamed", "krum", "multikrum", "bulyan"),
    *("geometric_median", "centered_clipping", "norm_clipping", "arc", "nnm+trimmed_mean"),
    *("nnm+krum", "bucketing+median", "mda", "smea", "caf", "dnc", "flame", "cluster_guard"),
)
LARGEST = {"mda": 50, "smea": 20}
"""Updates up to which a rule that searches subsets is run."""
RUNS, BUDGET = 7, 20.0
"""Runs of each rule, fewer (but three) when they take more seconds than that."""


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def peak(call: Callable[[], object]) -> int:
    """Return the peak of new memory, in bytes, that a call takes."""
    gc.collect()
    tracemalloc.start()
    call()
    most = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    return most


def pairs(
    call: Callable[[], object], other: Callable[[], object]
) -> tuple[list[float], list[float]]:
    """Time two calls in turn after one warm-up of each."""
    spent = seconds(call) + seconds(other)
    left, right = [], []
    while len(left) < RUNS and (len(left) < 3 or spent < BUDGET):
        right.append(seconds(other))
        left.append(seconds(call))
        spent += left[-1] + right[-1]
    return left, right


def rule_for(name: str, n: int) -> Defense:
    """Return a rule with f a fifth of n, or what it tolerates if that is less."""
    rule = create(name)
    f = bulyan_f(n) if "bulyan" in name else n // 5
    return create(name, f=min(f, rule.max_byzantine(n)))


def measure(name: str, data: Round) -> report.Measured:
    """Measure one rule on one round."""
    n, d = data.matrix.shape
    rule = rule_for(name, n)
    extras = Extras(ids=range(n))

    def ours() -> object:
        return rule.aggregate(data.updates, extras)

    taken, grams = pairs(ours, data.gram)
    extra = peak(ours) / data.bytes
    theirs: list[float] = []
    decoded: list[float] = []
    if flower(name, n) is not None:
        with Wire(data) as wire:
            for _ in range(3 if median(taken) < 1 else 1):
                strategy, replies = flower(name, n), wire.replies()
                theirs.append(seconds(lambda s=strategy, r=replies: s.aggregate_train(1, r)))
                replies = wire.replies()
                decoded.append(seconds(lambda r=replies: rule.aggregate(decode(r), extras)))
    return report.Measured(
        name, n, d, tuple(taken), tuple(grams), extra, tuple(theirs), tuple(decoded)
    )


def main(arguments: list[str]) -> int:
    """Measure everything and print it."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--quick", action="store_true", help="small sizes, fewer rules")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each line")
    parser.add_argument("--rules", default="", help="names, with commas between them")
    parser.add_argument("--write", type=Path, help="also write the page here")
    options = parser.parse_args(arguments)
    names = tuple(filter(None, options.rules.split(","))) or RULES
    results: list[report.Measured] = []
    if options.json:
        print(json.dumps({"machine": report.machine()}), flush=True)
    for n, d in QUICK if options.quick else SIZES:
        data = make(n, d)
        if not options.json:
            print(f"\nn = {n}, d = {d:,}\n{report.HEAD}\n{report.RULE}", flush=True)
        for name in names:
            if n > LARGEST.get(name, n):
                continue
            results.append(measure(name, data))
            last = results[-1]
            print(json.dumps(last.record()) if options.json else report.line(last), flush=True)
    if options.write:
        options.write.write_text(report.page(results))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
