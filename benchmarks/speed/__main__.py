"""Time and memory of the defenses, next to one Gram matrix and to Flower's own strategies.

    python -m benchmarks.speed --cache runs/speed.jsonl --write docs/measurements/speed.md

Run it on a machine that does nothing else: a rule is timed again while other processes take more
than a twentieth of a core. The cache keeps what was measured, a line each, so that an interrupted
run goes on where it stopped, and sizes and rules can be measured apart. Delete it when the code has
changed.
"""

from __future__ import annotations

import argparse
import gc
import json
import sys
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING

from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.defenses.registry import create_rule
from benchmarks.pages import write_page
from benchmarks.speed import report
from benchmarks.speed.rounds import Round, Wire, bulyan_f, flower, make, served

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.defenses.base import Defense

MILLION = 1_000_000
NODES = (20, 50, 100)
ENTRIES = (MILLION, 10 * MILLION)
QUICK = ((20, 200_000), (50, 100_000))
RULES = (
    *("mean", "median", "trimmed_mean", "meamed", "krum", "multikrum", "bulyan"),
    *("geometric_median", "centered_clipping", "norm_clipping", "arc", "nnm+trimmed_mean"),
    *("nnm+krum", "bucketing+median", "mda", "smea", "caf", "dnc", "flame", "cluster_guard"),
)
LARGEST = {"mda": 50, "smea": 20}
"""Updates up to which a rule that searches subsets is run."""
MOST_FLOWER, FLOWER_RUNS = 200 * MILLION, 3
"""Entries of a round up to which Flower's own strategies are run, and how often, at most."""
RUNS, BUDGET = 7, 8.0
"""Runs of each rule, fewer (but three) when they take more seconds than that."""
WARM, SHORT = 0.03, 0.1
"""Seconds for which a call that takes less than `SHORT` is repeated before it is timed: threads of
a library that has just been used go on spinning that long, and caches are warm or cold."""
BUSY, TRIES = 0.05, 4
"""Cores that others may use, on average, while a rule is timed; and how often it is tried."""


def seconds(call: Callable[[], object]) -> float:
    """Time one call."""
    start = time.perf_counter()
    call()
    return time.perf_counter() - start


def warm_seconds(call: Callable[[], object]) -> float:
    """Time one call among others of the same kind."""
    start = time.perf_counter()
    last = seconds(call)
    while last < SHORT and time.perf_counter() < start + WARM:
        last = seconds(call)
    return last


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
        right.append(warm_seconds(other))
        left.append(warm_seconds(call))
        spent += left[-1] + right[-1]
    return left, right


def quietly(
    call: Callable[[], tuple[list[float], list[float]]], tries: int
) -> tuple[list[float], list[float], float]:
    """Time until others leave the machine alone; return the quietest, and the cores they took."""
    tried = []
    for _ in range(tries):
        start, ours, others = time.perf_counter(), time.process_time(), report.cpu_seconds()
        left, right = call()
        used = report.cpu_seconds() - others - (time.process_time() - ours)
        tried.append((max(0.0, used) / (time.perf_counter() - start), left, right))
        if tried[-1][0] <= BUSY:
            break
    busy, left, right = min(tried)
    return left, right, busy


def rule_for(name: str, n: int) -> Defense:
    """Return a rule with f a fifth of n, or what it tolerates if that is less."""
    rule = create_rule(name)
    f = bulyan_f(n) if "bulyan" in name else n // 5
    return create_rule(name, f=min(f, rule.max_byzantine(n)))


def measure(name: str, data: Round, tries: int) -> report.Measured:
    """Measure one rule on one round."""
    n, d = data.matrix.shape
    rule = rule_for(name, n)
    extras = Extras(ids=range(n))

    def ours() -> object:
        return rule.aggregate(data.updates, extras)

    taken, grams, busy = quietly(lambda: pairs(ours, data.gram), tries)
    extra = peak(ours) / data.bytes
    theirs: list[float] = []
    from_messages: list[float] = []
    if flower(name, n) is not None and n * d <= MOST_FLOWER:
        with Wire(data) as wire:
            while len(theirs) < FLOWER_RUNS and sum(theirs) < BUDGET:
                strategy, replies = flower(name, n), wire.replies()
                theirs.append(seconds(lambda s=strategy, r=replies: s.aggregate_train(1, r)))
            while len(from_messages) < FLOWER_RUNS:
                replies = wire.replies()
                from_messages.append(seconds(lambda r=replies: served(rule, r, extras)))
    return report.Measured(
        name, n, d, tuple(taken), tuple(grams), extra, tuple(theirs), tuple(from_messages), busy
    )


def main(arguments: list[str]) -> int:
    """Measure what the cache does not have, and print it."""
    options = _options(arguments)
    known = report.read(options.cache)
    end = time.perf_counter() + options.seconds
    if options.json:
        print(json.dumps({"machine": report.machine()}), flush=True)
    for n, d in QUICK if options.quick else [(n, d) for d in options.d for n in options.n]:
        names = [name for name in options.rules if n <= LARGEST.get(name, n)]
        if not options.json:
            print(f"\nn = {n}, d = {d:,}\n{report.HEAD}\n{report.RULE}", flush=True)
        data = None
        for name in names:
            one = known.get((name, n, d))
            if one is None:
                if options.report_only or time.perf_counter() > end:
                    continue
                data = make(n, d) if data is None else data
                one = known[name, n, d] = measure(name, data, 1 if options.quick else TRIES)
                report.append(options.cache, one)
            print(json.dumps(one.record()) if options.json else report.line(one), flush=True)
    if options.write:
        wanted = [(rule, n, d) for d in options.d for n in options.n for rule in options.rules]
        write_page(options.write, report.page(known, wanted))
    return 0


def _options(arguments: list[str]) -> argparse.Namespace:
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--quick", action="store_true", help="small sizes instead of --n and --d")
    parser.add_argument("--n", type=int, nargs="+", default=NODES, help="updates in a round")
    parser.add_argument("--d", type=int, nargs="+", default=ENTRIES, help="entries of an update")
    parser.add_argument("--rules", nargs="+", default=RULES, help="names, such as krum nnm+median")
    parser.add_argument("--cache", type=Path, help="file of what has been measured")
    parser.add_argument(
        "--seconds", type=float, default=float("inf"), help="begin no rule after this many"
    )
    parser.add_argument("--report-only", action="store_true", help="only what is in the cache")
    parser.add_argument("--json", action="store_true", help="print one JSON object for each line")
    parser.add_argument("--write", type=Path, help="also write the page here")
    return parser.parse_args(arguments)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
