"""Plant many lies: ``python -m scripts.lies --lies 10000``. Exit code 1: one was not seen.

Lies within the stated tolerances of signed sketches are counted by themselves: they may pass.
"""

from __future__ import annotations

import argparse
import logging
import math
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from scripts.lies.federation import honest_run
from scripts.lies.look import plant_one
from scripts.lies.plant import OF_A_REPORT, OF_A_STEP, OF_UPDATES
from scripts.lies.sketches import OF_SKETCHES, OF_STATISTICS, WITHIN
from strategies import FedYogi

if TYPE_CHECKING:
    from collections.abc import Sequence

    from scripts.lies.federation import HonestRun


def main() -> int:
    """Plant lies into runs of several rules and levels, and print what was seen."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lies", type=int, default=10_000)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--minutes", type=float, default=math.inf, help="end by then, with fewer")
    asked = parser.parse_args()
    end = time.monotonic() + 60 * asked.minutes
    logging.disable(logging.INFO)
    rng = np.random.default_rng(asked.seed)
    seen: Counter[str] = Counter()
    unseen: list[str] = []
    with tempfile.TemporaryDirectory() as folder:
        runs: list[tuple[str, Sequence[Any], HonestRun]] = [
            (
                level,
                lies,
                honest_run(Path(folder) / f"{level}-{measured}", level, measured=measured),
            )
            for level, lies in (("updates", OF_UPDATES), ("decision", OF_A_REPORT))
            for measured in (False, True)
        ]
        stepped = honest_run(Path(folder) / "yogi", "updates", strategy=FedYogi)
        runs.append(("updates, FedYogi", OF_A_STEP, stepped))
        borne_out = honest_run(Path(folder) / "multikrum", "sketch", method="multikrum")
        runs.append(("sketch", OF_SKETCHES, honest_run(Path(folder) / "sketch", "sketch")))
        runs.append(("sketch, multikrum", OF_STATISTICS, borne_out))
        made = 0
        for number in range(asked.lies):
            if time.monotonic() > end:
                break
            made += 1
            level, lies, run = runs[number % len(runs)]
            planted = plant_one(run, lies, rng)
            seen[f"{level}: {planted.how:<5} {planted.what}"] += planted.is_seen
            if not planted.is_seen:
                unseen.append(f"{level}: {planted.what}")
        small = [plant_one(borne_out, WITHIN, rng) for _ in range(made // len(runs))]
    for how, count in sorted(seen.items()):
        print(f"{count:>7} {how}")
    for what, count in Counter(unseen).items():
        print(f"UNSEEN {count} {what}")
    print(f"{made} lies, {len(unseen)} unseen")
    passed = sum(not one.is_seen for one in small)
    print(f"{len(small)} more within the tolerances of signed sketches, {passed} unseen, as stated")
    return bool(unseen)


if __name__ == "__main__":
    sys.exit(main())
