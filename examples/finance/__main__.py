"""All banks in this process, on an embedded chain: ``python -m examples.finance``."""

import sys
from pathlib import Path

from examples.one_process import main

BANKS = ("savings bank", "city bank", "online bank", "misused bank", "private bank")

if __name__ == "__main__":
    sys.exit(main(Path(__file__).parent, BANKS, sys.argv[1:]))
