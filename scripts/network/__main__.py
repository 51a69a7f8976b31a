"""Train while a network of validators has accidents: ``python -m scripts.network`` writes its page.

Four validators stand at two switches, each in a network namespace of its own. A federation trains
at the first of them. In the middle of the run something happens to the network, and lasts. Then it
has to be true that all rounds were trained, that each is settled once, that the audit finds nothing
at another validator than the run's, and that all validators have the same final blocks. It needs
``bcfl-node``, Linux and root. The page is ``docs/measurements/network.md``.
"""

from __future__ import annotations

import argparse
import logging
import sys
import time
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Final

from benchmarks.pages import write_page
from examples.deployment.chain import found
from scripts.network.accidents import ACCIDENTS, Accident
from scripts.network.lan import in_a_network_of_its_own, lacks
from scripts.network.validators import KEPT, Validators
from scripts.runtime.training import BAD_ROUND, GOOD, NODES, ROUNDS, Training
from tests.nodes.binary import NEEDS_OWN_NODE, own_node

PAGE: Final = Path(__file__).resolve().parents[2] / "docs/measurements/network.md"


def through(accident: Accident, binary: Path, folder: Path) -> str:
    """Train through one accident; say what came of it."""
    with Validators(binary, folder) as network:
        founded = found(network.first.url, folder / "keys", NODES, strangers=0)
        accident.before(network)
        training = Training(network.first.url, founded, folder / "runs")
        with accident.happening(network) as begin:
            said = training.run(begin)
        kept = network.agreed()
        return f"{training.told(network.last.url)}{said}; {kept}"


def page(cells: dict[str, str]) -> str:
    """Return the page with the table."""
    lines = "\n".join(f"| {name} | {cell} |" for name, cell in cells.items())
    return f"""# Accidents of a network while a federation trains

`python -m scripts.network` prints this page. Four validators run `bcfl-node`, two at each of two
switches, each in a network namespace of its own. {NODES} nodes have a stake, and their server knows
the first validator. After round {BAD_ROUND} of {ROUNDS} the accident begins. A cell says how the
rounds ended on chain, what an audit finds that asks the last validator, and whether all validators
have the same final blocks in the end.

| what happens | what became of it |
| -- | -- |
{lines}
"""


def main() -> int:
    """Go through all accidents, write the page, and return 1 when something was lost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--only", default="", help="part of an accident's name; writes no page")
    options = parser.parse_args()
    binary, lacking = own_node(), lacks()
    if binary is None or lacking is not None:
        raise SystemExit(lacking or NEEDS_OWN_NODE)
    in_a_network_of_its_own("scripts.network", sys.argv[1:])
    logging.getLogger("flwr").setLevel(logging.CRITICAL)
    cells = {}
    for accident in ACCIDENTS:
        if options.only in accident.name:
            began = time.monotonic()
            with TemporaryDirectory() as folder:
                cells[accident.name] = told = through(accident, binary, Path(folder))
            print(f"{accident.name}: {told} ({time.monotonic() - began:.0f} s)", flush=True)
    if not options.only:
        write_page(PAGE, page(cells))
    return int(any(cell != f"{GOOD}; {KEPT}" for cell in cells.values()))


if __name__ == "__main__":
    sys.exit(main())
