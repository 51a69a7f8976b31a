"""The commands that make a network and a chain of several organisations, as their page shows them.

Each command line of the page's two sections is run here, in its order.
"""

from __future__ import annotations

import json
import os
import shlex
import signal
import stat
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.cli.network.founding import found
from bcfl_plugins.cli.network.layout import DRAFT, network_in
from bcfl_plugins.cli.network.public_keys import NAMES, public_keys
from pallet_bridge.client import connect
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import Signer
from pallet_bridge.types import AccountId
from tests.nodes.process import PATIENCE, address, said
from tests.repo.docs.test_snippets import ROOT, blocks

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

PAGE = ROOT / "docs" / "how-to" / "run-a-node.md"
SHOWN = [
    line for block in blocks(PAGE, "bash") for line in block.splitlines() if "bcfl chain " in line
]
BOB = Signer.from_uri("//Bob").account


class Shell:
    """Runs `bcfl` in a folder, as a user whose node is named by the environment."""

    def __init__(self, folder: Path, binary: Path) -> None:
        self.folder = folder
        own = {"BCFL_NODE": str(binary), "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1"}
        self._environment = {**os.environ, **own}

    def start(self, line: str) -> subprocess.Popen[str]:
        return subprocess.Popen(
            [sys.executable, "-m", "bcfl_plugins.cli", *shlex.split(line)[1:]],
            cwd=self.folder,
            env=self._environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )

    def run(self, line: str, code: int = 0) -> str:
        with self.start(line) as process:
            out, err = process.communicate()
        assert process.returncode == code, out + err
        return out + err

    def nodes(self, code: int = 0) -> list[dict[str, Any]]:
        return list(json.loads(self.run("bcfl chain status --dir net --json", code))["nodes"])


@pytest.mark.network
def test_a_network_goes_up_loses_a_node_goes_down_and_comes_back(
    own_binary: Path, tmp_path: Path
) -> None:
    up, status, logs, down = (line for line in SHOWN if "--dir" in line)
    shell = Shell(tmp_path, own_binary)
    try:
        first = shell.start(up)
        assert first.stdout is not None
        assert "started nodes 1, 2, 3, 4" in first.stdout.readline()
        assert "another command starts or stops the network" in shell.run(up, code=2)
        out, err = first.communicate()
        assert first.returncode == 0, err
        assert "1 of 4 may be away" in out
        assert shell.run(status).count(" up ") == 4
        assert "Imported #1" in shell.run(f"{logs} --lines 1000")
        kept = tmp_path / "net" / "nodes"
        for secret in ("phrase", "node.key", "data/chains/loopback/keystore/*"):
            files = [*kept.glob(f"*/{secret}")]
            assert len(files) == (8 if "*" in secret else 4)
            assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}

        nodes = shell.nodes()
        written = json.loads((tmp_path / "net" / "network.json").read_text())
        assert [one["url"] for one in written["validators"]] == [one["url"] for one in nodes]
        with connect(nodes[0]["url"]) as chain:
            assert "0x" + chain.genesis_hash.hex() == written["genesis"]

            os.kill(nodes[3]["process"], signal.SIGKILL)
            assert "4 down" in shell.run(status, code=1)
            for _ in range(PATIENCE):
                if chain.finalized().number > nodes[0]["best"]:
                    break
                chain.wait_until_block(chain.head().number + 1, timeout=600)
            states = shell.nodes(code=1)
            assert [one["state"] for one in states] == ["up", "up", "up", "down"]
            assert states[0]["final"] > nodes[0]["best"], "three of four finalize"

        assert "started nodes 4;" in shell.run(up)
        back = shell.nodes()
        assert [one["state"] for one in back] == ["up"] * 4
        assert [one["process"] for one in back[:3]] == [one["process"] for one in nodes[:3]]
        with connect(back[3]["url"]) as chain:
            old = chain.block_at(back[3]["final"])
            assert old is not None

        assert shell.run(down).count("ended") == 4
        assert [one["state"] for one in shell.nodes(code=1)] == ["down"] * 4
        assert "no node ran" in shell.run(down)

        shell.run(up)
        again = shell.nodes()
        assert min(one["final"] for one in again) >= back[3]["final"]
        with connect(again[0]["url"]) as chain:
            assert chain.block_at(back[3]["final"]) == old
    finally:
        if (tmp_path / "net" / "network.json").exists():
            shell.run("bcfl chain down --dir net")


def test_a_folder_is_made_whole_or_left_alone(own_binary: Path, tmp_path: Path) -> None:
    broken_off, taken = tmp_path / "broken-off", tmp_path / "taken"
    (broken_off / DRAFT / "nodes").mkdir(parents=True)
    network = found(broken_off, 1, own_binary)
    assert network_in(broken_off) == network
    assert {path.name for path in broken_off.iterdir()} == {"network.json", "nodes", "spec.json"}

    taken.mkdir()
    (taken / "mine").touch()
    with pytest.raises(ConfigError, match="holds mine already"):
        found(taken, 1, own_binary)
    assert [path.name for path in taken.iterdir()] == ["mine"]


def test_a_node_that_cannot_start_says_why(own_binary: Path, tmp_path: Path) -> None:
    found(tmp_path / "net", 1, own_binary)
    (tmp_path / "net" / "spec.json").write_text("{}")
    told = Shell(tmp_path, own_binary).run("bcfl chain up --dir net", code=2)
    assert "node 1 ended by itself" in told
    assert "missing field `name`" in told


def test_our_raw_form_is_the_nodes_own(own_binary: Path, tmp_path: Path) -> None:
    (config,) = (block for block in blocks(PAGE, "toml") if "[[validators]]" in block)
    (tmp_path / "consortium.toml").write_text(config)
    shell = Shell(tmp_path, own_binary)
    for line in SHOWN:
        if line.startswith("bcfl chain spec "):
            shell.run(line)
    (tmp_path / "spec.json").rename(tmp_path / "ours.json")
    export = ("export-chain-spec", "--chain", tmp_path / "plain.json", "--raw", "--output")
    said(own_binary, *export, tmp_path / "spec.json")
    ours, theirs = (
        json.loads((tmp_path / name).read_text()) for name in ("ours.json", "spec.json")
    )
    assert ours == theirs

    plain = json.loads((tmp_path / "plain.json").read_text())
    plain["genesis"]["runtimeGenesis"]["patch"]["sudo"] = {"key": str(BOB)}
    (tmp_path / "plain.json").write_text(json.dumps(plain))
    said(own_binary, *export, tmp_path / "spec.json")
    top = json.loads((tmp_path / "spec.json").read_text())["genesis"]["raw"]["top"]
    key = "0x" + storage_prefix("Sudo", "Key").hex()
    assert key not in ours["genesis"]["raw"]["top"]
    assert top[key] == "0x" + BOB.raw.hex()


@pytest.mark.parametrize("preset", ["development", "local"])
def test_our_plain_form_of_a_preset_is_the_nodes_own(
    own_binary: Path, tmp_path: Path, preset: str
) -> None:
    Shell(tmp_path, own_binary).run(f"bcfl chain spec ours.json --preset {preset}")
    blob = ROOT / "pallet_bridge" / "runtime" / "bcfl_runtime.compact.compressed.wasm"
    names = {"development": "dev", "local": "local"}
    export = ("export-chain-spec", "--chain", names[preset], "--runtime", blob, "--output")
    said(own_binary, *export, tmp_path / "theirs.json")
    ours, theirs = (
        json.loads((tmp_path / f"{name}.json").read_text()) for name in ("ours", "theirs")
    )
    assert ours == theirs


def test_the_public_keys_of_finality_are_those_of_the_node(own_binary: Path) -> None:
    for uri in (f"//{name}{more}" for name in NAMES for more in ("", "//stash")):
        assert public_keys()[AccountId.parse(address(own_binary, uri, "ed25519"))] == uri
