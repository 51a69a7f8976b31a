"""All hospitals in this process, on an embedded chain: ``python -m examples.healthcare``."""

import sys
from pathlib import Path

from examples.one_process import main

HOSPITALS = (
    "university hospital",
    "city hospital",
    "referral centre",
    "poisoned hospital",
    "old device",
    "small clinic",
)

if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent, HOSPITALS, sys.argv[1:]))
