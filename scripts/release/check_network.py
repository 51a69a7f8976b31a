"""Both wheels in one clean environment are all that a network with a federation needs.

Run as ``python -m scripts.release.check_network NODE_WHEEL``, with what ``make node-wheel`` built.
The wheel of this project is built and installed beside it. Then their commands alone start four
validators, found a federation on them, pay into it, lose a validator, change the keys of another,
let a member leave and the federation close, and end the network.
"""

from __future__ import annotations

import argparse
import json
import os
import shlex
import signal
import sys
import tempfile
from pathlib import Path
from typing import Any, Final

from scripts.release.check_artifacts import LOCK, build, expect, run

VALIDATORS: Final = 4
NAMES: Final = ("ben", "cleo")
TERMS: Final = """
[tool.flwr.app.config.bcfl.terms]
min_stake = "50 UNIT"
commit_blocks = 4
"""


class Desk:
    """An environment in which a user types commands, in a folder of their own."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder / "desk"
        self.folder.mkdir()
        self._commands = folder / "venv" / "bin"
        self.python = self._commands / "python"
        self.environment = {
            "PATH": f"{self._commands}:/usr/bin:/bin",
            "HOME": str(self.folder),
            "BCFL_KEY_PASSWORD": "correct horse battery staple",
        }

    def install(self, *wheels: Path) -> None:
        """Make the environment, with these wheels and what they name."""
        uv = (sys.executable, "-m", "uv")
        run(*uv, "venv", "--quiet", self._commands.parent)
        pins = ("--constraint", LOCK, "--build-constraint", LOCK)
        run(*uv, "pip", "install", "--quiet", "--python", self.python, *pins, *wheels)
        run(*uv, "pip", "check", "--python", self.python)

    def type(self, line: str, code: int = 0) -> str:
        """Run one command; return what it printed."""
        program, *words = shlex.split(line)
        command: tuple[str | Path, ...] = (self._commands / program, *words)
        return run(*command, cwd=self.folder, env=self.environment, code=code)

    def status(self, code: int = 0) -> list[dict[str, Any]]:
        """Return what is said of each node of the network."""
        said = json.loads(self.type("bcfl chain status --dir net --json", code))
        return list(said["nodes"])

    def new_account(self, name: str, money: str) -> str:
        """Make a key, and give it money; return its address."""
        address = self.type(f"bcfl keys new {name}.json").split(maxsplit=1)[0]
        self.type(f"bcfl transfer {address} '{money}' --key //Alice")
        return address


def use(desk: Desk) -> None:
    """Start a network, found a federation on it, lose a validator, go on, and end it."""
    desk.type(f"bcfl chain up --validators {VALIDATORS} --dir net")
    nodes = desk.status()
    expect(len(nodes) == VALIDATORS, f"{len(nodes)} nodes are up")
    desk.environment |= {"BCFL_CHAIN": nodes[0]["url"], "BCFL_FEDERATION": "0"}
    desk.new_account("anna", "700 UNIT")
    (desk.folder / "pyproject.toml").write_text(TERMS)
    desk.type("bcfl federation create --terms pyproject.toml --key file:anna.json")
    terms = desk.type("bcfl federation terms").rsplit(maxsplit=1)[-1]
    for name in NAMES:
        address = desk.new_account(name, "100 UNIT")
        desk.type(f"bcfl federation invite {address} --organisation {name} --key file:anna.json")
        if name == NAMES[-1]:
            os.kill(nodes[-1]["process"], signal.SIGKILL)
            expect(desk.status(code=1)[-1]["state"] != "up", "a killed node is said to be up")
        desk.type(f"bcfl join --stake '60 UNIT' --terms {terms} --key file:{name}.json")
    desk.type("bcfl chain up --dir net")
    expect(all(node["state"] == "up" for node in desk.status()), "a killed node does not come back")
    members = json.loads(desk.type("bcfl federation show --json"))["members"]
    expect(len(members) == len(NAMES), f"{len(members)} members are in the federation")
    desk.type("bcfl federation fund '30 UNIT' --key file:anna.json")
    change_keys(desk, desk.status()[1])
    desk.type(f"bcfl unbond --key file:{NAMES[0]}.json")
    status = json.loads(desk.type(f"bcfl status --key file:{NAMES[0]}.json --json"))
    expect("bcfl withdraw" in json.dumps(status), "a member who leaves is not told of its stake")
    desk.type("bcfl federation close --yes --key file:anna.json")
    expect("closing" in desk.type("bcfl federation show"), "the federation does not close")
    desk.type("bcfl chain down --dir net")


def change_keys(desk: Desk, node: dict[str, Any]) -> None:
    """Let a validator make other session keys, and register them."""
    account, key = node["account"], f"file:net/nodes/{node['node']}/phrase"
    desk.type(f"bcfl transfer {account} '20 UNIT' --key //Alice")
    desk.type(f"bcfl validator new-keys session.json --node {node['url']} --account {account}")
    desk.type(f"bcfl validator set-keys session.json --key {key}")
    desk.type(f"bcfl validator show --account {account} --node {node['url']}")
    desk.type(f"bcfl chain health --chain {node['url']}")


def main() -> None:
    """Build, install, use."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("node_wheel", type=Path, help="what `make node-wheel` built")
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="bcfl-network-") as name:
        wheel, _ = build(Path(name) / "dist")
        desk = Desk(Path(name))
        desk.install(wheel, asked.node_wheel)
        use(desk)
    print("both wheels together start a network and found a federation on it")


if __name__ == "__main__":
    main()
