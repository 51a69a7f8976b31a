from __future__ import annotations

import json
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.audit.grounds import OPENED
from pallet_bridge.audit.rounds import COMPLETE, CONTINUED
from pallet_bridge.audit.rounds import TERMS as TERMS_HASHES
from pallet_bridge.audit.run import AuditReport, audit_on, audit_run
from pallet_bridge.audit.statements import AS_SIGNED, SIGNED
from pallet_bridge.errors import AuditFailed, JournalError
from pallet_bridge.run.journal import CHAIN, HEADER, LINES, OPENINGS, REPORTS, read_run
from pallet_bridge.types import UNIT
from tests.unit.pallet_bridge.conftest import (
    BAD,
    COORDINATOR,
    NODES,
    STAKE,
    Run,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.client.embedded import EmbeddedClient


@pytest.fixture
def run(honest: Run, tmp_path: Path) -> Path:
    """The folder of an honest run, to tamper with."""
    return Path(shutil.copytree(honest.folder, tmp_path / "run"))


@dataclass(frozen=True)
class Audit:
    """Audits on a chain that is open already: the blocks are executed again in a few tests only."""

    chain: EmbeddedClient

    def __call__(self, run: Path) -> AuditReport:
        return audit_on(self.chain, run, read_run(run), closed=True)

    def only_finding(self, run: Path) -> tuple[str, int | None, str]:
        report = self(run)
        assert len(report.findings) == 1, report.findings
        (finding,) = report.findings
        return finding.kind, finding.round, finding.statement


@pytest.fixture
def audit(honest: Run) -> Audit:
    return Audit(honest.chain)


def edit_line(run: Path, kind: str, number: int, **changes: Any) -> None:
    lines = [json.loads(line) for line in (run / LINES).read_text().splitlines()]
    for line in lines:
        if (line["type"], line.get("round")) == (kind, number):
            line.update(changes)
    (run / LINES).write_text("".join(json.dumps(line) + "\n" for line in lines))


def drop_line(run: Path, kind: str, number: int) -> None:
    kept = [
        line
        for line in (run / LINES).read_text().splitlines()
        if (json.loads(line)["type"], json.loads(line).get("round")) != (kind, number)
    ]
    (run / LINES).write_text("\n".join(kept) + "\n")


@pytest.mark.slow
def test_an_honest_run_holds_and_everything_was_looked_at(run: Path) -> None:
    report = audit_run(run)
    assert report.findings == ()
    assert report.ok
    report.require()
    grounds = report.grounds
    assert sorted(grounds.proved) == ["blocks executed again", SIGNED]
    assert grounds.proved[SIGNED] == 8
    assert grounds.recomputed == {
        "rounds told as they ended on chain": 4,
        "reports that speak of their round": 3,
        COMPLETE: 3,
        TERMS_HASHES: 3,
        CONTINUED: 3,
        OPENED: 8,
        "settlement roots": 3,
        "rewards": 6,
        "strikes": 2,
        "offences within the cap": 1,
        "slashes": 1,
        "sums of all balances": 1,
    }
    assert grounds.words == {
        f"the coordinator {COORDINATOR.account}": {
            "verdicts, with scores, reasons and shares": 8,
            "weights of rewards": 6,
            "averages of the accepted updates": 3,
            "reasons why a round was aborted": 1,
        },
        "the members": {"numbers of examples": 8},
    }


def test_without_openings_the_commitments_are_the_coordinators_word(
    run: Path, audit: Audit
) -> None:
    (run / OPENINGS / "1.json").unlink()
    report = audit(run)
    assert report.ok
    assert report.grounds.recomputed[OPENED] == 5
    assert report.grounds.words[f"the coordinator {COORDINATOR.account}"][AS_SIGNED] == 3
    assert report.grounds.proved[SIGNED] == 8


def test_a_tampered_file_of_openings_is_named_and_opens_nothing(run: Path, audit: Audit) -> None:
    path = run / OPENINGS / "0.json"
    path.write_bytes(path.read_bytes() + b" ")
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("opening", 0)
    assert str(path) in statement


@pytest.mark.slow
def test_the_bad_node_lost_a_tenth_of_its_stake(run: Path) -> None:
    (slash,) = read_run(run).slashes
    assert (slash.account, slash.round, slash.burned) == (BAD, 1, STAKE // 10)


def test_a_changed_report_file_is_named_with_its_round(run: Path, audit: Audit) -> None:
    line = read_run(run).rounds[1]
    assert line.report is not None
    path = run / REPORTS / f"{line.report.hex()}.json"
    path.write_bytes(path.read_bytes().replace(b"too long", b"too good"))
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("report", 1)
    assert str(path) in statement


def test_a_missing_report_file_is_named(run: Path, audit: Audit) -> None:
    line = read_run(run).rounds[2]
    assert line.report is not None
    (run / REPORTS / f"{line.report.hex()}.json").unlink()
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("report", 2)
    assert line.report.hex() in statement


def test_a_reward_that_is_not_in_the_terms_is_named_with_account_and_amounts(
    run: Path, audit: Audit
) -> None:
    line = read_run(run).rounds[0]
    winner = NODES[1].account
    rewards = {str(account): amount for account, amount in line.rewards.items()}
    rewards[str(winner)] = 40 * UNIT
    edit_line(run, "round", 0, rewards=rewards)
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("reward", 0)
    assert str(winner) in statement
    assert f"{40 * UNIT} planck" in statement
    assert f"{15 * UNIT} planck" in statement


def test_a_reward_to_a_rejected_node_is_named(run: Path, audit: Audit) -> None:
    line = read_run(run).rounds[0]
    rewards = {str(account): amount for account, amount in line.rewards.items()}
    edit_line(run, "round", 0, rewards={**rewards, str(BAD): 1})
    kind, _, statement = audit.only_finding(run)
    assert kind == "reward"
    assert str(BAD) in statement


def test_a_missing_round_is_named(run: Path, audit: Audit) -> None:
    drop_line(run, "round", 1)
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("journal", 1)
    assert "round 1 (settled) is missing" in statement


def test_an_invented_round_is_named(run: Path, audit: Audit) -> None:
    line = (run / LINES).read_text().splitlines()[0]
    invented = json.loads(line) | {"round": 77}
    with (run / LINES).open("a") as file:
        file.write(json.dumps(invented) + "\n")
    kind, number, _ = audit.only_finding(run)
    assert (kind, number) == ("journal", 77)


def test_a_round_told_twice_is_named(run: Path, audit: Audit) -> None:
    line = (run / LINES).read_text().splitlines()[0]
    with (run / LINES).open("a") as file:
        file.write(line + "\n")
    assert audit.only_finding(run)[:2] == ("journal", 0)


@pytest.mark.parametrize("field", ["report", "model", "root"])
def test_a_digest_in_the_journal_that_is_not_the_chains_is_named(
    run: Path, audit: Audit, field: str
) -> None:
    edit_line(run, "round", 0, **{field: "ab" * 32})
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("journal", 0)
    assert f"the journal's {field} is abab" in statement


def test_a_settled_round_told_as_aborted_is_named(run: Path, audit: Audit) -> None:
    edit_line(run, "round", 2, outcome="aborted", rewards={}, strikes={})
    findings = audit(run).findings
    assert "round 2 was settled, not aborted" in findings[0].statement


def test_a_wrong_block_in_the_journal_is_named(run: Path, audit: Audit) -> None:
    edit_line(run, "round", 0, block_number=1)
    assert audit.only_finding(run)[:2] == ("journal", 0)


def test_a_strike_that_the_chain_did_not_give_is_named(run: Path, audit: Audit) -> None:
    edit_line(run, "round", 0, strikes={str(BAD): 7})
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("strike", 0)
    assert str(BAD) in statement
    assert "7" in statement


def test_a_slash_told_smaller_than_it_was_is_named(run: Path, audit: Audit) -> None:
    edit_line(run, "slash", 1, burned=1)
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("slash", 1)
    assert str(BAD) in statement
    assert str(STAKE // 10) in statement


def test_a_slash_that_is_not_told_is_named(run: Path, audit: Audit) -> None:
    drop_line(run, "slash", 1)
    kind, number, statement = audit.only_finding(run)
    assert (kind, number) == ("slash", 1)
    assert "lost nothing" in statement


def test_another_coordinator_in_the_header_is_named(run: Path, audit: Audit) -> None:
    header = json.loads((run / HEADER).read_text())
    (run / HEADER).write_text(json.dumps(header | {"coordinator": str(BAD)}))
    kind, _, statement = audit.only_finding(run)
    assert kind == "chain"
    assert str(COORDINATOR.account) in statement


def test_another_genesis_in_the_header_is_named(run: Path, audit: Audit) -> None:
    header = json.loads((run / HEADER).read_text())
    (run / HEADER).write_text(json.dumps(header | {"genesis": "00" * 32}))
    assert audit.only_finding(run)[0] == "chain"


def test_a_federation_that_the_chain_does_not_have_is_named(run: Path, audit: Audit) -> None:
    header = json.loads((run / HEADER).read_text())
    (run / HEADER).write_text(json.dumps(header | {"federation": 9}))
    kind, _, statement = audit.only_finding(run)
    assert kind == "chain"
    assert "no federation 9" in statement


def dropped(block: str) -> str:
    del block
    return ""


def with_another_amount(block: str) -> str:
    value = json.loads(block)
    last = value["extrinsics"][-1]
    value["extrinsics"][-1] = last[:-1] + format(int(last[-1], 16) ^ 1, "x")
    return json.dumps(value)


def with_another_root(block: str) -> str:
    value = json.loads(block)
    header = value["header"]
    value["header"] = header[:80] + format(int(header[80], 16) ^ 1, "x") + header[81:]
    return json.dumps(value)


@pytest.mark.parametrize("tamper", [dropped, with_another_amount, with_another_root])
def test_a_changed_block_is_named(run: Path, tamper: Callable[[str], str]) -> None:
    path = run / CHAIN
    lines = path.read_text().splitlines()
    lines[5] = tamper(lines[5])
    path.write_text("\n".join(filter(None, lines)) + "\n")
    report = audit_run(run)
    assert [finding.kind for finding in report.findings] == ["chain"]
    assert str(path) in report.findings[0].statement


def test_a_run_without_its_chain_is_no_run_to_audit(run: Path) -> None:
    """A run that was cut off has its blocks in `chain/`, so both places are named."""
    (run / CHAIN).unlink()
    with pytest.raises(JournalError, match=r"holds no blocks: neither chain\.jsonl.* nor chain"):
        audit_run(run)


def test_require_raises_every_statement(run: Path, audit: Audit) -> None:
    drop_line(run, "slash", 1)
    drop_line(run, "round", 1)
    with pytest.raises(AuditFailed) as raised:
        audit(run).require()
    assert len(raised.value.findings) == 2


def test_rounds_before_and_after_the_run_are_not_its(run: Path, audit: Audit) -> None:
    header = json.loads((run / HEADER).read_text())
    (run / HEADER).write_text(json.dumps(header | {"first_round": 1}))
    drop_line(run, "round", 0)
    assert audit(run).ok


@pytest.mark.slow
def test_a_live_chain_is_read_over_its_url(honest: Run) -> None:
    report = audit_run(honest.folder, chain=honest.chain.url)
    assert report.ok
    assert "sums of all balances" not in report.grounds.recomputed
    assert report.grounds.words[f"the node at {honest.chain.url}"].keys() == {
        "blocks, with their events and state"
    }
    assert report.grounds.proved == {SIGNED: 8}
