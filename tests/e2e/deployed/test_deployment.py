"""Flower as it is deployed: a SuperLink with TLS and authentication, six SuperNodes, a chain.

One hospital has no stake, and one poisons. The ServerApp is killed in the middle of a round, and
started again. The processes are Flower's own. The chain is a real node where its program is at
hand, else the embedded one behind a URL.
"""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from contextlib import ExitStack
from pathlib import Path

import pytest

from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import REPORTS, read_run
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import Outcome, RoundState
from tests.conformance.conftest import running
from tests.nodes.binary import find_node

ROOT = Path(__file__).resolve().parents[3]
ROUNDS = 2
POISONER, STRANGER = 3, 5


BUSY = 3.0
"""Waiting processes a core. Flower starts a process for each message, gives it 30 s to report, and
starts it again and again after that: on a machine that is busier it gets nowhere."""


@pytest.mark.slow
@pytest.mark.waits
@pytest.mark.skipif(
    os.getloadavg()[0] > BUSY * (os.cpu_count() or 1), reason="too busy for Flower's processes"
)
@pytest.mark.skipif(
    not all(map(shutil.which, ("openssl", "ssh-keygen"))), reason="makes keys with OpenSSL and SSH"
)
def test_a_consortium_over_flowers_own_processes(tmp_path: Path) -> None:
    out = tmp_path / "out"
    with ExitStack() as stack:
        binary = find_node(tmp_path)
        if binary is not None:
            url = stack.enter_context(running(binary, tmp_path))
        else:
            url = stack.enter_context(EmbeddedNode.start()).url
        done = subprocess.run(
            [sys.executable, "-m", "examples.deployment", "--chain", url, "--out", str(out),
             "--rounds", str(ROUNDS), "--timeout", "700", "--commit-blocks", "60", "--no-standby"],
            cwd=ROOT, capture_output=True, text=True, check=False, timeout=850,
        )  # fmt: skip
        assert done.returncode == 0, done.stdout[-6000:] + done.stderr[-6000:]
        (folder,) = (out / "runs").iterdir()
        audited = audit_run(folder, chain=url)
        with connect(url) as chain:
            rounds = [chain.round(0, n) for n in range(chain.federation(0).next_round)]
    accounts = [Signer.from_file(out / f"keys/hospital-{n}.key").account for n in range(6)]
    assert audited.findings == ()
    lines = [line for line in read_run(folder).rounds if line.report is not None]
    assert [line.outcome for line in lines] == ["settled"] * ROUNDS
    states = [one.state for one in rounds if one is not None]
    assert states.count(RoundState.SETTLED) == ROUNDS
    assert {*states} <= {RoundState.SETTLED, RoundState.ABORTED}
    assert audited.grounds.proved["statements signed by their accounts"] >= 5 * ROUNDS
    store = ReportStore(folder / REPORTS)
    reports = [store.get(line.report) for line in lines if line.report is not None]
    for line, report in zip(lines, reports, strict=True):
        (absent,) = report.absent
        assert absent.account == accounts[STRANGER]
        assert "has not joined" in absent.detail
        (struck,) = [one for one in report.entries if one.outcome is not Outcome.ACCEPTED]
        assert struck.account == accounts[POISONER]
        assert struck.outcome is Outcome.REJECTED
        assert [*line.strikes] == [struck.account]
    said = done.stdout
    assert f"rejected: hospital-{POISONER}; struck: hospital-{POISONER}" in said
    assert f"left out: hospital-{STRANGER}" in said
    assert f"account {accounts[STRANGER]} has not joined the federation" in said
    assert "the ServerApp is killed in the middle of the round" in said
    elsewhere = out / "elsewhere" / folder.name
    assert sorted(path.name for path in elsewhere.iterdir()) == [
        *("journal.jsonl", "reports", "run.json")
    ]
    log = "".join(path.read_text() for path in (out / "flower").glob("run-*.log"))
    for number, account in enumerate(accounts[:STRANGER]):
        told = f"is account {account}; SuperNode 'hospital-{number}', key sha256:"
        lines = [line for line in log.splitlines() if told in line]
        assert lines, number
        assert all(line.endswith("; proved on chain to be its member's") for line in lines)
    assert str(folder) in log
    assert f"replies to this round wait on disk, in {folder.parent}" in log
