"""Each block of the page on backups, run in its order at a network that loses what was copied."""

from __future__ import annotations

import json
import re
import shutil
from typing import TYPE_CHECKING

import pytest

from examples.deployment.chain import found
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck
from scripts.runtime.training import NODES, Training
from tests.conformance.conftest import free_ports
from tests.nodes.pages import PASSWORD, Desk, scripts

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.network]

SYSTEMCTL = """#!/bin/bash
set -euo pipefail
if [ "$1" = start ]; then exec bcfl chain up --dir net; fi
pid=$(bcfl chain status --dir net --json | sed 's/.*"process": \\([0-9]*\\).*/\\1/')
kill "$pid"
while kill -0 "$pid" 2>/dev/null; do sleep 0.2; done
"""


class Place(Desk):
    """The desk of who looks after validator 4 of a network on one machine."""

    def __init__(self, folder: Path, binary: Path) -> None:
        rpc, p2p, kept = free_ports(3)
        super().__init__(
            folder,
            binary,
            {
                "/mnt/backup": "backup",
                "/var/lib/bcfl/chains/clinics": "net/nodes/4/data/chains/loopback",
                "/var/lib/bcfl": "net/nodes/4/data",
                "/etc/bcfl/node.key": "net/nodes/4/node.key",
                "spec.json": "net/spec.json",
                "9955": str(rpc),
                "30355": str(p2p),
                "9966": str(kept),
            },
        )
        self.program("systemctl", SYSTEMCTL)
        self.run("mkdir /mnt/backup; bcfl chain up --validators 4 --dir net")
        written = json.loads((folder / "net/network.json").read_text())["validators"]
        self.first, self.own = written[0], written[3]
        self.names |= {
            "ws://NODE:9944": self.first["url"],
            "ws://127.0.0.1:9944": self.own["url"],
            "ACCOUNT": self.own["account"],
        }

    def lose_the_disk(self) -> None:
        """Let the machine of validator 4 be gone, with all that was on it."""
        self.run("systemctl stop bcfl-node")
        shutil.rmtree(self.folder / "net/nodes/4/data")
        (self.folder / "net/nodes/4/node.key").unlink()

    def train(self, monkeypatch: pytest.MonkeyPatch) -> None:
        """Leave a run on the chain, and what its nodes remember."""
        monkeypatch.setenv("XDG_STATE_HOME", str(self.folder / "state"))
        url = self.first["url"]
        founded = found(url, self.folder / "keys", NODES, strangers=0)
        Training(url, founded, self.folder / "runs").run(None)
        (run,) = (self.folder / "runs").iterdir()
        self.names |= {"runs/RUN": f"runs/{run.name}", "ACCOUNT": str(founded.accounts[0])}


@pytest.fixture
def place(own_binary: Path, tmp_path: Path) -> Iterator[Place]:
    made = Place(tmp_path, own_binary)
    try:
        yield made
    finally:
        made.run("bcfl chain down --dir net")


@pytest.mark.timeout(1800)
def test_what_was_copied_by_the_page_is_put_back_by_the_page(
    place: Place, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    blocks = iter(scripts("backup-and-restore.md"))
    assert next(blocks) == "umask 077"
    the_keys_of_accounts(place, blocks)
    a_validator(place, blocks)
    place.train(monkeypatch)
    the_chain_of_an_archive(place, blocks)
    with_a_node_on_the_copy(place, next(blocks), next(blocks))
    an_embedded_chain(place, next(blocks))
    said = place.run(next(blocks))
    assert "federation 0: 4 rounds" in said
    (copy,) = (tmp_path / "backup").glob("*.sqlite*")
    assert copy.stat().st_size > 0
    assert not [*blocks], "every block of the page was run"


def the_keys_of_accounts(place: Place, blocks: Iterator[str]) -> None:
    made = place.run("bcfl keys new anna.json --phrase")
    address, phrase = made.split(maxsplit=1)[0], made.strip().splitlines()[-1]
    (place.folder / "phrase.txt").write_text(phrase + "\n")
    assert place.run(next(blocks)).splitlines()[-1] == address
    place.run(next(blocks))
    for file in ("restored.json", "from-phrase.json"):
        assert Signer.from_uri(phrase).account == _opened(place.folder / file)
    damaged = json.loads((place.folder / "backup/anna.json").read_text())
    damaged["encoded"] = damaged["encoded"][:-8] + "AAAAAAA="
    (place.folder / "backup/anna.json").write_text(json.dumps(damaged))
    assert "damaged" in place.run("bcfl keys show --open --key file:/mnt/backup/anna.json", 2)


def _opened(path: Path) -> object:
    return Signer.from_file(path, ask=lambda: PASSWORD).account


def a_validator(place: Place, blocks: Iterator[str]) -> None:
    copy, check, restore = next(blocks), next(blocks), next(blocks)
    place.run(copy)
    said = place.run(check)
    assert "has the secrets of both" in said
    assert place.own["peer_id"] in said
    other = json.loads((place.folder / "net/network.json").read_text())["validators"][2]["account"]
    show = "bcfl validator show --chain ws://NODE:9944 --account {} --keystore {}"
    here = "net/nodes/4/data/chains/loopback/keystore"
    assert "take another copy" in place.run(show.format(other, here), 1)

    place.lose_the_disk()
    said = place.run(restore)
    assert "has the secrets of both" in said
    with connect(place.own["url"]) as client, connect(place.first["url"]) as first:
        goal = first.finalized()
        first.wait_until_block(goal.number + 6, timeout=600)
        assert client.block_at(goal.number) == goal, "it has the chain of the others"
        authors = first.head().number - client.head().number
        assert abs(authors) < 5


def the_chain_of_an_archive(place: Place, blocks: Iterator[str]) -> None:
    place.run(next(blocks))
    said = place.run(next(blocks))
    shown = json.loads(said[said.index("{") : said.index("}") + 1])
    assert shown["finalized_number"] > 0
    assert {path.name for path in (place.folder / "copy/chains/loopback").iterdir()} == {"paritydb"}


def with_a_node_on_the_copy(place: Place, start: str, audit: str) -> None:
    make, run = start.splitlines()
    place.run(make)
    with place.start(f"{run} --no-prometheus") as process:
        try:
            assert process.stdout is not None
            log = []
            for line in process.stdout:
                log.append(line)
                if "Running JSON-RPC server" in line:
                    break
            else:
                message = "".join(log)
                raise AssertionError(message)
            place.names["ws://127.0.0.1:9955"] = f"ws://127.0.0.1:{place.names['9955']}"
            assert "nothing wrong" in place.run(audit)
        finally:
            process.kill()
            process.stdout.close()


def an_embedded_chain(place: Place, script: str) -> None:
    copy, start = script.splitlines()
    with place.start("bcfl chain start --state chain --port 0 --json") as process:
        try:
            assert process.stdout is not None
            begun = json.loads(process.stdout.readline())
            with connect(begun["url"]) as client:
                for _ in range(3):
                    to = Signer.from_uri("//Bob").account
                    client.execute(calls.transfer(to, Planck(UNIT)), Signer.from_uri("//Alice"))
                head = client.head().number
            place.run(copy)
        finally:
            process.kill()
            process.stdout.close()
    with place.start(start) as process:
        try:
            assert process.stdout is not None
            process.stdout.readline()
            said = process.stdout.readline()
            assert re.fullmatch(rf"genesis {begun['genesis']}, block {head}\n", said), said
        finally:
            process.terminate()
            process.stdout.close()
            process.wait(timeout=60)
