"""What members signed: over what the chain has stored, and opened where it can be."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.audit.grounds import OPENED
from pallet_bridge.audit.statements import (
    AS_SIGNED,
    SIGNED,
    UNFIT,
    UNREVEALED,
    check_statements,
)
from pallet_bridge.encoding import commitment_hash, statement_hash
from pallet_bridge.run.openings import OpenedUpdate
from pallet_bridge.run.reports import NOTHING, Unrevealed
from pallet_bridge.types import AccountId, Outcome
from tests.unit.pallet_bridge.audit import paper

if TYPE_CHECKING:
    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.run.reports import ReportEntry

WHOSE = f"the coordinator {paper.COORDINATOR}"
FIRST, SECOND, THIRD = paper.MEMBERS


def with_entry(member: int, **changes: Any) -> AuditedRun:
    """One round on paper in which the report says otherwise of one member."""
    honest = paper.report(0)
    entries = list(honest.entries)
    entries[member] = replace(entries[member], **changes)
    return on_the_same_chain(entries)


def on_the_same_chain(entries: list[ReportEntry]) -> AuditedRun:
    run = paper.audited([paper.report(0)])
    return replace(run, reports={0: replace(paper.report(0), entries=tuple(entries))})


def test_an_honest_round_is_signed_and_opened() -> None:
    run = paper.audited([paper.report(0), paper.report(1)])
    assert list(check_statements(run)) == []
    assert run.grounds.proved == {SIGNED: 6}
    assert run.grounds.recomputed == {OPENED: 6}
    assert run.grounds.words == {}


@pytest.mark.parametrize("field", ["coordinator", "base_model", "terms_hash"])
def test_a_signature_counts_over_what_the_chain_has_stored_only(field: str) -> None:
    run = paper.audited([paper.report(0)])
    other = SECOND.account if field == "coordinator" else b"\x77" * 32
    rounds = {0: replace(run.facts.rounds[0], **{field: other})}
    run = replace(run, facts=replace(run.facts, rounds=rounds))
    findings = list(check_statements(run))
    assert [finding.kind for finding in findings] == ["signature"] * 3
    assert run.grounds.proved == {}


def test_a_signature_of_another_member_is_named() -> None:
    run = with_entry(1, signature=paper.entry(THIRD, 0).signature)
    (finding,) = check_statements(run)
    assert (finding.kind, finding.account) == ("signature", SECOND.account)
    assert run.grounds.proved == {SIGNED: 2}


def test_a_signature_that_is_left_out_of_an_accepted_entry_is_named() -> None:
    (finding,) = check_statements(with_entry(0, signature=None))
    assert (finding.kind, finding.account) == ("signature", FIRST.account)


@pytest.mark.parametrize("changes", [{"num_examples": 8}, {"commitment": b"\x21" * 32}])
def test_an_entry_that_is_not_the_chains_commitment_is_named(changes: dict[str, Any]) -> None:
    run = with_entry(2, **changes)
    kinds = {finding.kind for finding in check_statements(run)}
    assert {"commitment", "signature"} <= kinds
    assert run.grounds.proved == {SIGNED: 2}


@pytest.mark.parametrize(("revealed", "says"), [(NOTHING, "nothing"), (b"\x31" * 32, "else")])
def test_an_accepted_update_that_does_not_fit_is_named(revealed: bytes, says: str) -> None:
    findings = list(check_statements(with_entry(0, revealed=revealed)))
    assert [finding.kind for finding in findings] == ["commitment", "opening"]
    assert says in findings[0].statement


def test_without_openings_commitments_are_taken_as_signed_on_the_coordinators_word() -> None:
    run = replace(paper.audited([paper.report(0)]), openings={})
    assert list(check_statements(run)) == []
    assert run.grounds.recomputed == {}
    assert run.grounds.words == {WHOSE: {AS_SIGNED: 3}}


def test_an_opening_that_is_missing_among_the_others_is_counted_as_such() -> None:
    run = paper.audited([paper.report(0)])
    openings = {who: one for who, one in run.openings[0].items() if who != SECOND.account}
    run = replace(run, openings={0: openings})
    assert list(check_statements(run)) == []
    assert run.grounds.recomputed == {OPENED: 2}
    assert run.grounds.words == {WHOSE: {AS_SIGNED: 1}}


@pytest.mark.parametrize("field", ["update_digest", "salt"])
def test_a_tampered_opening_is_named_with_its_account(field: str) -> None:
    run = paper.audited([paper.report(0)])
    bad = replace(run.openings[0][THIRD.account], **{field: b"\x55" * 32})
    run = replace(run, openings={0: {**run.openings[0], THIRD.account: bad}})
    (finding,) = check_statements(run)
    assert (finding.kind, finding.account) == ("opening", THIRD.account)
    assert run.grounds.recomputed == {OPENED: 2}


def test_an_opening_of_somebody_who_is_not_in_the_report_is_named() -> None:
    run = paper.audited([paper.report(0)])
    stranger = AccountId(b"\x02" * 32)
    extra = OpenedUpdate(stranger, bytes(32), bytes(32))
    run = replace(run, openings={0: {**run.openings[0], stranger: extra}})
    (finding,) = check_statements(run)
    assert (finding.kind, finding.account) == ("opening", stranger)


def test_an_update_that_is_said_not_to_fit_is_the_coordinators_word_even_when_it_is_opened() -> (
    None
):
    sent = OpenedUpdate(FIRST.account, b"\x12" * 32, b"\x13" * 32)
    revealed = commitment_hash(FIRST.account, sent.update_digest, sent.salt)
    run = with_entry(0, revealed=revealed, outcome=Outcome.REJECTED, reason=4, weight=0)
    run = replace(run, openings={0: {**run.openings[0], FIRST.account: sent}})
    assert list(check_statements(run)) == []
    assert run.grounds.proved == {SIGNED: 3}
    assert run.grounds.recomputed == {OPENED: 2}
    assert run.grounds.words == {WHOSE: {UNFIT: 1}}


def test_a_rejected_account_may_have_signed_something_else_than_it_committed_to() -> None:
    run = with_entry(0, signature=None, outcome=Outcome.REJECTED, reason=4, weight=0)
    assert list(check_statements(run)) == []
    assert run.grounds.proved == {SIGNED: 2}
    assert run.grounds.words == {WHOSE: {UNFIT: 1}}


def test_what_nobody_revealed_is_the_coordinators_word() -> None:
    honest = paper.report(0)
    silent = Unrevealed(THIRD.account, honest.entries[2].commitment, 7)
    run = paper.audited([replace(honest, entries=honest.entries[:2], unrevealed=(silent,))])
    openings = {who: one for who, one in run.openings[0].items() if who != THIRD.account}
    run = replace(run, openings={0: openings})
    assert list(check_statements(run)) == []
    assert run.grounds.words == {WHOSE: {UNREVEALED: 1}}


def test_a_statement_on_another_round_is_not_taken_for_this_one() -> None:
    other = replace(paper.binding(0), round=1)
    entry = paper.entry(FIRST, 0)
    said = statement_hash(other, FIRST.account, entry.commitment, 7)
    (finding,) = check_statements(with_entry(0, signature=FIRST.sign(said)))
    assert finding.kind == "signature"
