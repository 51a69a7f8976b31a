"""All plants in this process, on an embedded chain: ``python -m examples.industry``."""

import sys
from pathlib import Path

from examples.one_process import main

PLANTS = ("north plant", "south plant", "plant with a slow press", "miswired plant", "east plant")

if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent, PLANTS, sys.argv[1:]))
