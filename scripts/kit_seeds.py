"""Run the testing kit with many seeds and compare its verdicts: it must never flake.

``python -m scripts.kit_seeds --seeds 100``. Exit code 1 when a seed gives another verdict.
"""

from __future__ import annotations

import argparse
import sys
from collections import defaultdict

from bcfl_plugins.defenses.registry import ALL, create
from bcfl_plugins.testing import Profile, check_defense


def verdicts(name: str, seed: int | None, examples: int) -> dict[str, str]:
    """Return the status of each check of one rule."""
    profile = Profile("seeded", examples=examples, rounds=50, seed=seed)
    return {r.name: r.status for r in check_defense(create(name), profile=profile)}


def main() -> int:
    """Compare."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--examples", type=int, default=80)
    parser.add_argument("--rules", nargs="*", default=sorted(ALL))
    arguments = parser.parse_args()
    differing: dict[str, list[str]] = defaultdict(list)
    for name in arguments.rules:
        usual = verdicts(name, None, arguments.examples)
        for seed in range(arguments.seeds):
            found = verdicts(name, seed, arguments.examples)
            for check, status in found.items():
                if status != usual[check]:
                    differing[name].append(f"seed {seed}: {check} {usual[check]} -> {status}")
        print(f"{name:20} {arguments.seeds} seeds, {len(differing[name])} other verdicts")
        for line in differing[name]:
            print(f"    {line}")
        sys.stdout.flush()
    return int(any(differing.values()))


if __name__ == "__main__":
    sys.exit(main())
