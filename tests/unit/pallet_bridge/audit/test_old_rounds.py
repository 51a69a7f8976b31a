"""Rounds of the first protocol, whose reports hold digests and salts."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import encoding_v1
from pallet_bridge.audit.grounds import OPENED
from pallet_bridge.audit.money import check_rewards
from pallet_bridge.audit.old_rounds import (
    SIGNED,
    UNBOUND,
    check_old_commitments,
    check_old_entries,
)
from pallet_bridge.audit.reports import check_reports, check_roots, check_strikes
from pallet_bridge.audit.rounds import check_completeness, check_continuity, check_protocol
from pallet_bridge.audit.statements import check_statements
from pallet_bridge.run.old_reports import OldEntry, OldReport
from pallet_bridge.settlement.merkle import leaves_of, settlement_root
from pallet_bridge.types import CommittedUpdate, Opening, Outcome, Perbill
from tests.unit.pallet_bridge.audit import paper
from tests.unit.pallet_bridge.conftest import TERMS

if TYPE_CHECKING:
    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.keys import Signer

FIRST, SECOND, THIRD = paper.MEMBERS
LOW = replace(TERMS, max_share=Perbill(1))
"""Terms as a migration may leave them: the first protocol knew no greatest share."""


def signed(member: Signer) -> CommittedUpdate:
    opening = Opening(b"\x09" * 32, 7, member.account.raw)
    commitment = encoding_v1.commitment_hash(paper.key(0), member.account, opening)
    payload = encoding_v1.signing_payload(paper.key(0), member.account, commitment, 7)
    return CommittedUpdate(
        member.account, opening.update_digest, 7, opening.salt, commitment, member.sign(payload)
    )


def old_report() -> OldReport:
    new = paper.report(0)
    return OldReport(
        genesis=new.genesis,
        federation=new.federation,
        round=0,
        terms_version=1,
        base_model=new.base_model,
        model=new.model,
        entries=tuple(
            OldEntry(number, signed(member), Outcome.ACCEPTED, 11, 0, 1 + number, "")
            for number, member in enumerate(paper.MEMBERS)
        ),
        absent=(),
        defense="none",
        parameters={},
        states={},
        timings_us={},
    )


@pytest.fixture
def run() -> AuditedRun:
    """A round that was settled before its chain was moved to the second protocol."""
    told, base = old_report(), paper.audited([paper.report(0, LOW)], LOW, closed=False)
    known = {entry.account: entry.commitment.commitment for entry in told.entries}
    leaves = leaves_of(told.verdicts(), known, LOW.round_reward)
    round_ = base.facts.rounds[0]
    assert round_.settlement is not None
    root = settlement_root(leaves, encoding_v1.leaf_hash)
    totals = replace(round_.settlement.totals, rewards=LOW.round_reward)
    settlement = replace(round_.settlement, root=root, totals=totals)
    commitments = {
        who: replace(one, hash=known[who]) for who, one in base.facts.commitments[0].items()
    }
    paid = {leaf.account: leaf.reward for leaf in leaves}
    events = [
        replace(
            s, event=replace(s.event, fields={**s.event.fields, "amount": paid[s.event.account()]})
        )
        if s.event.name == "Rewarded"
        else s
        for s in base.facts.events
    ]
    facts = replace(
        paper.with_events(base.facts, events),
        rounds={0: replace(round_, settlement=settlement)},
        commitments={0: commitments},
    )
    return replace(base, facts=facts, reports={0: told}, openings={})


def with_update(run: AuditedRun, member: int, **changes: Any) -> AuditedRun:
    told = run.reports[0]
    assert isinstance(told, OldReport)
    entries = list(told.entries)
    entries[member] = replace(
        entries[member], commitment=replace(entries[member].commitment, **changes)
    )
    return replace(run, reports={0: replace(told, entries=tuple(entries))})


CHECKS = (
    check_protocol,
    check_reports,
    check_completeness,
    check_old_entries,
    check_old_commitments,
    check_statements,
    check_roots,
    check_rewards,
    check_strikes,
)


def test_it_holds_by_the_rules_of_its_time_and_says_what_was_not_signed(run: AuditedRun) -> None:
    assert [finding for check in CHECKS for finding in check(run)] == []
    assert run.grounds.proved == {SIGNED: 3}
    assert run.grounds.recomputed == {
        "reports that speak of their round": 1,
        OPENED: 3,
        "settlement roots": 1,
        "rewards": 3,
    }
    assert run.grounds.words == {f"the coordinator {paper.COORDINATOR}": {UNBOUND: 1}}


def test_an_embedded_chain_has_no_such_round(run: AuditedRun) -> None:
    (finding,) = check_protocol(replace(run, closed=True))
    assert (finding.kind, finding.round) == ("report", 0)
    assert "form of the first protocol" in finding.statement


def test_a_chain_that_was_moved_to_be_read_has_no_other(run: AuditedRun) -> None:
    moved = replace(run, closed=True, moved=True)
    assert list(check_protocol(moved)) == []
    assert list(check_continuity(moved)) == []
    (finding,) = check_protocol(replace(moved, reports={0: paper.report(0, LOW)}))
    assert "form of the second protocol" in finding.statement


def test_a_root_of_todays_leaves_is_not_the_root_of_an_old_report(run: AuditedRun) -> None:
    told, round_ = old_report(), run.facts.rounds[0]
    assert round_.settlement is not None
    known = {entry.account: entry.commitment.commitment for entry in told.entries}
    root = settlement_root(leaves_of(told.verdicts(), known, LOW.round_reward))
    rounds = {0: replace(round_, settlement=replace(round_.settlement, root=root))}
    (finding,) = check_roots(replace(run, facts=replace(run.facts, rounds=rounds)))
    assert finding.kind == "root"


@pytest.mark.parametrize("field", ["update_digest", "salt"])
def test_an_update_that_was_not_committed_to_is_named(run: AuditedRun, field: str) -> None:
    found = with_update(run, 1, **{field: b"\x31" * 32})
    (finding,) = check_old_commitments(found)
    assert (finding.kind, finding.account) == ("commitment", SECOND.account)
    assert (found.grounds.proved, found.grounds.recomputed) == ({SIGNED: 2}, {OPENED: 2})


def test_a_signature_of_the_second_protocol_is_none_of_the_first(run: AuditedRun) -> None:
    today = paper.entry(FIRST, 0).signature
    (finding,) = check_old_commitments(with_update(run, 0, signature=today))
    assert (finding.kind, finding.account) == ("signature", FIRST.account)


def test_who_is_left_out_or_judged_twice_is_named(run: AuditedRun) -> None:
    told = run.reports[0]
    assert isinstance(told, OldReport)
    changed = replace(told, entries=(told.entries[0], *told.entries[:2]))
    findings = list(check_old_entries(replace(run, reports={0: changed})))
    assert [(finding.kind, finding.account) for finding in findings] == [
        ("entry", THIRD.account),
        ("entry", FIRST.account),
    ]
