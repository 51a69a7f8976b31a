"""A run on the embedded chain that was cut off: its chain is in the run's folder, and goes on."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.errors import JournalError
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import CHAIN, STATE, read_run

PLUGINS = "staking, round_log"
TRAINS = """
import sys

import numpy as np
from flwr.app import Array, ArrayRecord

from strategies import FedAvg
from strategies.testing import InProcessGrid
from tests.e2e.conftest import node_app

config = {"bcfl.run_dir": sys.argv[1], "bcfl.plugins": "staking, round_log"}
config["bcfl.on_chain_error"] = "fail"


def evaluate(server_round, arrays):
    print(server_round, flush=True)


with InProcessGrid(node_app(), num_nodes=4, run_config=config) as grid:
    strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, bcfl=config)
    first = ArrayRecord({"w": Array(np.zeros(200, np.float32))})
    strategy.start(grid, first, num_rounds=50, evaluate_fn=evaluate)
"""


@pytest.mark.slow
def test_a_killed_run_is_audited_and_its_chain_goes_on(tmp_path: Path) -> None:
    """Row "ServerApp killed, embedded chain: the chain is lost; audit: chain.jsonl is missing"."""
    command = [sys.executable, "-c", TRAINS, str(tmp_path / "runs")]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if int(line) == 3:
                break
        os.kill(process.pid, signal.SIGKILL)
    (folder,) = (tmp_path / "runs").iterdir()
    assert not (folder / CHAIN).exists()
    record = read_run(folder)
    report = audit_run(folder)
    assert [finding.statement for finding in report.findings] == []
    assert any("there is no chain.jsonl" in note and str(folder) in note for note in report.notes)
    with connect("embedded", state=folder / STATE) as client:
        assert client.genesis_hash == record.header.genesis
        federation = client.federation(record.header.federation)
        assert federation.next_round >= len(record.rounds) > 0
        client.execute(calls.fund(record.header.federation, 10**12), Signer.from_uri("//Alice"))


def test_a_finished_run_can_be_audited_from_its_chain_alone(federate: Any) -> None:
    folder = federate(2, plugins=PLUGINS).folder
    before = audit_run(folder)
    (folder / CHAIN).unlink()
    after = audit_run(folder)
    assert (before.findings, after.findings) == ((), ())
    assert before.grounds.proved == after.grounds.proved
    assert before.grounds.words == after.grounds.words


def test_without_any_blocks_the_audit_names_both_places(federate: Any) -> None:
    folder = federate(1, plugins=PLUGINS).folder
    (folder / CHAIN).unlink()
    (folder / STATE).rename(folder / "elsewhere")
    with pytest.raises(JournalError, match=r"holds no blocks: neither chain\.jsonl.* nor chain"):
        audit_run(folder)


def test_damage_of_what_the_chain_kept_is_a_finding(federate: Any) -> None:
    folder = federate(1, plugins=PLUGINS).folder
    (folder / CHAIN).unlink()
    path = folder / STATE / "blocks"
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)
    (finding,) = audit_run(folder).findings
    assert "is damaged at byte" in finding.statement


def test_a_run_whose_chain_cannot_be_made_ready_leaves_no_folder(
    federate: Any, tmp_path: Path
) -> None:
    with pytest.raises(ValueError, match="first federation is 0"):
        federate(1, plugins=PLUGINS, federation=4)
    assert list((tmp_path / "runs").iterdir()) == []


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="needs /dev/full")
def test_a_full_disk_under_the_chain_is_named(federate: Any, tmp_path: Path) -> None:
    resource = pytest.importorskip("resource")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)

    def fill() -> None:
        (blocks,) = (tmp_path / "runs").glob(f"*/{STATE}/blocks")
        room = blocks.stat().st_size + 100
        resource.setrlimit(resource.RLIMIT_FSIZE, (room, limits[1]))

    def empty() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)

    try:
        with pytest.raises(Exception, match="blocks cannot be written: File too large") as caught:
            federate(4, plugins=PLUGINS, on_chain_error="fail", after={2: fill})
    finally:
        empty()
        signal.signal(signal.SIGXFSZ, before)
    assert "Make room" in str(caught.value)
