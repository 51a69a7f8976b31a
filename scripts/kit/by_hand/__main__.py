"""Show by plain arithmetic what the testing kit found in Flower's strategies and byzfl's rules.

``python -m scripts.kit.by_hand flower`` or ``... byzfl``. Each row is one call on a few numbers,
without the kit's rounds, checks and tolerances. ``FOUND`` of `on_flower` and `on_byzfl` is the list
"Found besides" that `scripts.kit.findings` prints; ``--known`` shows the failures as well that
were known before. Exit code 1 when a call does not show what it should, or when something has no
call.
"""

from __future__ import annotations

import argparse
import sys

from scripts.kit.by_hand import on_byzfl, on_flower
from scripts.kit.by_hand.shown import pairs, table, wanted
from scripts.kit.findings import LISTED


def main() -> int:
    """Print the tables, and what is wrong with them to stderr."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=("flower", "byzfl"))
    parser.add_argument("--known", action="store_true", help="what was known before as well")
    arguments = parser.parse_args()
    library = on_flower if arguments.library == "flower" else on_byzfl
    text, problems = table(library.SHOWN)
    print(text)
    if library.HELD:
        held, broken = table(library.HELD)
        print(f"\nFound as well, but not broken:\n\n{held}")
        problems += broken
    covered = pairs((*library.SHOWN, *library.HELD))
    missing = wanted(library.FOUND) - covered
    if arguments.known:
        text, kept = table(library.KNOWN)
        print(f"\nKnown before:\n\n{text}")
        problems += kept
        have = pairs(library.KNOWN)
        for tried, checks, names in LISTED[arguments.library]:
            missing |= {
                (n, tried) for n in names if not any((n, check) in have for check in checks)
            }
    problems += [f"{rule}, {check}: not shown" for rule, check in sorted(missing)]
    for problem in problems:
        print(problem, file=sys.stderr)
    return int(bool(problems))


if __name__ == "__main__":
    sys.exit(main())
