"""A server that is gone, and a standby that goes on in its place: each a process of its own."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np
import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.config.run_config import TermsConfig
from bcfl_plugins.config.terms import terms_of
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.offices import Relieved
from bcfl_plugins.session.takeover import new_folder
from bcfl_plugins.standby.handover import Handover, begin_run
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.encoding import update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.run.checkpoints import write_arrays
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import UNIT, Planck, RoundState, Succession
from tests.e2e.killed.conftest import KEYS, ROOT, ROUNDS, SERVER, Place
from tests.e2e.killed.server import WIDTH
from tests.e2e.killed.test_start_again import Server
from tests.polling import until
from tests.unit.pallet_bridge.copies.test_age import identity as identity_of

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow

FIRST, SECOND = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")
IDLE, TURN = 20, 5
IN_STEP: dict[str, Any] = {"on_chain_error": "fail"}
LONGEST_S = 300.0


@dataclass
class Consortium:
    """A chain, its first server's place, and that of the standby."""

    node: EmbeddedNode
    first: Place
    second: Place

    def asked(self) -> dict[str, Any]:
        """Return what the standby's server is asked for."""
        folder = self.second.folder
        return {
            "url": self.node.url,
            "runs": str(folder / "runs"),
            "rounds": ROUNDS,
            "keys": KEYS,
            "point": ["", 1],
            "told": str(folder / "told"),
            "answer": str(folder / "answer.json"),
            **self.second.options,
        }

    @contextmanager
    def standby(self, *more: str, source: str = "") -> Iterator[subprocess.Popen[str]]:
        """Run `bcfl standby`; what is started by it is the same server, with another key."""
        folder = self.second.folder
        source = source or str(self.first.folder / "runs")
        environment = os.environ | {
            "XDG_STATE_HOME": str(folder / "state"),
            "PYTHONPATH": str(ROOT),
            "PYTHONUNBUFFERED": "1",
            "COLUMNS": "1000",  # each thing that it says is one line
        }
        command = [
            *(sys.executable, "-m", "bcfl_plugins.cli", "standby", "--chain", self.node.url),
            *("--federation", "0", "--key", "//Bob", "--poll", "0.2"),
            *("--run-dir", str(folder / "runs"), "--from", source, *more),
            *("--", sys.executable, str(SERVER), json.dumps(self.asked())),
        ]
        with subprocess.Popen(
            command, env=environment, cwd=folder, text=True,
            stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        ) as process:  # fmt: skip
            try:
                yield process
            finally:
                process.terminate()

    def pass_deadline(self) -> None:
        """Let as many blocks pass as the one in office may leave idle, round and all."""
        self.node.seal(200)

    def answer(self) -> dict[str, Any]:
        found: dict[str, Any] = json.loads((self.second.folder / "answer.json").read_text())
        assert "error" not in found, found
        return found


@pytest.fixture
def consortium(tmp_path: Path) -> Iterator[Consortium]:
    with EmbeddedNode.start() as node:
        with connect(node.url) as client:
            found(client)
        places = []
        for name, key in (("first", "//Alice"), ("second", "//Bob")):
            (tmp_path / name).mkdir()
            options = {"config": {**IN_STEP, "coordinator": key}}
            places.append(Place(tmp_path / name, node.url, options))
        yield Consortium(node, *places)


def found(client: Any) -> None:
    """Make federation 0 with four members and a successor."""
    terms = TermsConfig(admission="open", coordinator_bond=Planck(0), dispute_blocks=2)
    signers = [Signer.from_uri(uri) for uri in KEYS]
    client.execute(calls.create_federation(terms_of(terms), bytes(32)), FIRST)
    line = Succession((FIRST.account, SECOND.account), IDLE, TURN)
    client.execute(calls.name_successors(0, line), FIRST)
    client.execute(calls.fund(0, Planck(1000 * UNIT)), FIRST)
    gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
    client.execute(calls.batch(gifts), FIRST)
    agreed = client.terms_hash(0)
    for signer in signers:
        client.execute(calls.join(0, Planck(100 * UNIT), agreed), signer)


def test_a_standby_takes_over_and_the_run_comes_to_its_end(
    consortium: Consortium, whole: Any
) -> None:
    """Model and rule memory are bit for bit those of a run that was never cut off."""
    first, second = consortium.first, consortium.second
    assert first.start("after sending commit_batch", 2) is None
    with consortium.standby() as process:
        assert process.stdout is not None
        line = process.stdout.readline()
        assert f"{FIRST.account} is in office" in line.replace("\n", "")
        consortium.pass_deadline()
        said, log = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, said + log
    found_ = consortium.answer()
    assert found_["model"] == whole("FedAvg")["model"]
    assert found_["states"] == whole("FedAvg")["states"]
    assert found_["measured"] == [1, 2, 3], "round 1 is measured by the standby itself"
    assert first.ends().count(RoundState.SETTLED) == ROUNDS
    assert first.federation().open_round is None
    assert first.federation().coordinator == SECOND.account
    for place in (first, second):
        place.audit()
    assert "what outliers remembers is what the round's report pins" in " ".join(said.split())


def test_a_standby_goes_on_from_a_copy_when_the_servers_disk_is_gone(
    consortium: Consortium, tmp_path: Path, whole: Any
) -> None:
    """The copy is encrypted to the standby. What it takes is checked as in the folder itself."""
    first, copies = consortium.first, (tmp_path / "copies").as_uri()
    identity, key = identity_of(tmp_path, "identity")
    copy = {"copy.to": copies, "copy.recipients": key, "copy.every_s": 0.1}
    first.options["config"] |= copy
    assert first.start("after sending commit_batch", 2) is None
    done = CliRunner().invoke(app, ["copy", "push", str(first.runs[0]), copies, "--recipient", key])
    assert done.exit_code == 0, done.output
    shutil.rmtree(first.folder / "runs")
    with consortium.standby("--identity", str(identity), source=copies) as process:
        consortium.pass_deadline()
        said, log = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, said + log
    found_ = consortium.answer()
    assert found_["model"] == whole("FedAvg")["model"]
    assert found_["states"] == whole("FedAvg")["states"]
    consortium.second.audit()


def test_who_was_relieved_is_told_by_whom(consortium: Consortium) -> None:
    """Both believe to be in office: the chain takes nothing of the old one, and it ends."""
    first = consortium.first
    assert first.start("after sending settle", 2) is None
    with consortium.standby() as process:
        consortium.pass_deadline()
        said, log = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, said + log
    again = first.start()
    assert again is not None
    assert str(SECOND.account) in again["error"]
    assert first.ends().count(RoundState.SETTLED) == ROUNDS


def test_a_model_that_the_chain_did_not_settle_is_not_taken(consortium: Consortium) -> None:
    assert consortium.first.start("after sending settle", 2) is None
    for path in (consortium.first.folder / "runs").glob("*/checkpoints/*.npz"):
        spoil(path)
    with consortium.standby() as process:
        consortium.pass_deadline()
        assert process.stdout is not None
        said = ""
        while "is not the one that it says" not in " ".join(said.split()):
            said += process.stdout.readline()
    assert consortium.first.federation().coordinator == FIRST.account
    assert list((consortium.second.folder / "runs").glob("*")) == []


def spoil(path: Path) -> None:
    """Put another model into a checkpoint, which still says that it is the old one."""
    with ZipFile(path) as archive:
        about = archive.read("about.json")
    with np.load(path) as kept:
        model = {name: kept[name] + 1 for name in json.loads(about)["names"]}
    with ZipFile(path, "w") as archive:
        archive.writestr("about.json", about)
        write_arrays(archive, model)


def test_a_memory_that_no_report_pins_is_left_and_named(consortium: Consortium) -> None:
    assert consortium.first.start("after sending open_round", 3) is None
    for path in (consortium.first.folder / "runs").glob("*/store/*/*"):
        path.write_bytes(b"lies")
    with consortium.standby() as process:
        consortium.pass_deadline()
        said, log = process.communicate(timeout=LONGEST_S)
    assert process.returncode == 0, said + log
    assert "starts anew: what outliers remembers" in " ".join(said.split())
    assert consortium.first.ends().count(RoundState.SETTLED) == ROUNDS


def test_who_may_not_take_over_waits(consortium: Consortium) -> None:
    """The one in office has time: nothing is sent, and ending the standby is all that it takes."""
    assert consortium.first.start("after sending open_round", 1) is None
    with consortium.standby() as process:
        assert process.stdout is not None
        until(lambda: "has time" in process.stdout.readline(), LONGEST_S, "time")  # type: ignore[union-attr]
    assert process.returncode != 0
    assert consortium.first.federation().coordinator == FIRST.account
    assert read_run(consortium.first.runs[0]).end is None


def test_a_server_that_is_relieved_while_it_trains_ends_and_says_by_whom(
    consortium: Consortium,
) -> None:
    first = consortium.first
    server = Server(first)

    def relieve(server_round: int) -> None:
        if server_round == 1:
            consortium.pass_deadline()
            with connect(consortium.node.url) as client:
                client.execute(calls.take_over(0), SECOND)

    server.watch = relieve
    with pytest.raises(Relieved, match=str(SECOND.account)) as raised:
        server.start()
    assert (raised.value.federation, raised.value.by) == (0, SECOND.account)
    assert first.federation().coordinator == SECOND.account
    assert (first.runs[0] / "model.npz").exists()
    first.audit()
    with pytest.raises(ConfigError, match=str(SECOND.account)):
        server.start()


def test_a_memory_that_no_plugin_takes_starts_anew_and_the_run_goes_on(
    consortium: Consortium, caplog: pytest.LogCaptureFixture
) -> None:
    """Else a server that was relieved could keep all who follow it from going on."""
    first = consortium.first
    model = {"w": np.zeros(WIDTH, np.float32)}
    made = Handover(1, update_digest(model), model, {"outliers": 3, "nobody": 4}, ())
    with connect(consortium.node.url) as client:
        begin_run(new_folder(first.folder / "runs"), made, client, 0, FIRST.account)
    server = Server(first)
    result = server.start(rounds=2)
    assert server.measured == [1, 2]
    assert [*result.train_metrics_clientapp] == [2]
    said = [one.getMessage() for one in caplog.records]
    for name in ("outliers", "nobody"):
        assert any(f"the plugin {name} starts anew" in one for one in said)
    assert first.ends() == [RoundState.SETTLED]
    first.audit()
