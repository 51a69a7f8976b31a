"""Rounds of the second protocol: models continue, nobody is left out, terms are those signed."""

from __future__ import annotations

import math
from dataclasses import replace
from fractions import Fraction
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.audit.money import check_rewards
from pallet_bridge.audit.reports import check_reports, check_roots, take_at_their_word
from pallet_bridge.audit.rounds import (
    COMPLETE,
    CONTINUED,
    TERMS,
    check_completeness,
    check_continuity,
    check_terms,
)
from pallet_bridge.run.report_parts import Absent
from pallet_bridge.run.reports import Unrevealed
from pallet_bridge.types import (
    PERBILL_ONE,
    Outcome,
    Payout,
    Perbill,
    Planck,
    RoundState,
    SettlementMode,
)
from tests.unit.pallet_bridge.audit import paper
from tests.unit.pallet_bridge.conftest import TERMS as AGREED

if TYPE_CHECKING:
    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.audit.facts import BlockEvent
    from pallet_bridge.types import Round

FIRST, SECOND, THIRD = paper.MEMBERS


@pytest.fixture
def run() -> AuditedRun:
    return paper.audited([paper.report(number) for number in range(3)])


def with_rounds(run: AuditedRun, **changed: Round) -> AuditedRun:
    rounds = {**run.facts.rounds, **{int(n[1:]): one for n, one in changed.items()}}
    return replace(run, facts=replace(run.facts, rounds=rounds))


def with_event(run: AuditedRun, before: str, number: int, added: BlockEvent) -> AuditedRun:
    events: list[BlockEvent] = []
    for seen in run.facts.events:
        if (seen.event.name, seen.event.fields.get("round")) == (before, number):
            events.append(added)
        events.append(seen)
    return replace(run, facts=paper.with_events(run.facts, events))


def test_each_round_starts_from_the_last_settled_model(run: AuditedRun) -> None:
    assert list(check_continuity(run)) == []
    assert run.grounds.recomputed == {CONTINUED: 2}  # the first may start anywhere


def test_a_round_that_starts_from_another_model_is_named(run: AuditedRun) -> None:
    other = replace(run.facts.rounds[2], base_model=b"\x66" * 32)
    (finding,) = check_continuity(with_rounds(run, r2=other))
    assert (finding.kind, finding.round) == ("continuity", 2)
    assert "66" * 32 in finding.statement
    assert paper.model_after(1).hex() in finding.statement


def test_a_rebase_says_where_the_next_round_starts(run: AuditedRun) -> None:
    other = b"\x66" * 32
    rebased = with_event(run, "RoundOpened", 2, paper.event(21, "Rebased", model=other))
    (finding,) = check_continuity(rebased)
    assert finding.round == 2
    moved = with_rounds(rebased, r2=replace(run.facts.rounds[2], base_model=other))
    assert list(check_continuity(moved)) == []


def test_an_aborted_round_leaves_the_model_as_it_was(run: AuditedRun) -> None:
    events = [s for s in run.facts.events if s.event.fields.get("round") != 1]
    events[4:4] = [
        paper.event(12, "RoundOpened", round=1, base_model=paper.model_after(0)),
        paper.event(13, "RoundAborted", round=1),
    ]
    aborted = replace(run.facts.rounds[1], state=RoundState.ABORTED, settlement=None)
    found = replace(run, facts=paper.with_events(run.facts, events))
    (finding,) = check_continuity(with_rounds(found, r1=aborted))
    assert (finding.round, finding.kind) == (2, "continuity")


def test_a_voided_round_gives_its_base_model_back(run: AuditedRun) -> None:
    voided = paper.event(19, "RoundVoided", round=1)
    found = with_event(run, "RoundOpened", 2, voided)
    (finding,) = check_continuity(found)
    assert (finding.round, paper.model_after(0).hex() in finding.statement) == (2, True)
    again = replace(run.facts.rounds[2], base_model=paper.model_after(0))
    assert list(check_continuity(with_rounds(found, r2=again))) == []


def test_a_round_that_is_voided_late_changes_no_model_that_came_after_it(run: AuditedRun) -> None:
    voided = paper.event(19, "RoundVoided", round=0)
    assert list(check_continuity(with_event(run, "RoundOpened", 2, voided))) == []


def test_a_number_that_was_used_up_starts_from_nothing(run: AuditedRun) -> None:
    events = [s for s in run.facts.events if s.event.fields.get("round") != 2]
    events.append(paper.event(22, "RoundSkipped", round=2))
    skipped = replace(
        run.facts.rounds[2], state=RoundState.ABORTED, base_model=bytes(32), settlement=None
    )
    found = replace(run, facts=paper.with_events(run.facts, events))
    assert list(check_continuity(with_rounds(found, r2=skipped))) == []


def test_where_a_chain_may_have_been_moved_the_first_round_is_the_nodes_word() -> None:
    told = [paper.report(number) for number in range(3)]
    run = paper.audited(told, closed=False)
    run = replace(run, rounds=range(1, 3), reports={1: told[1], 2: told[2]})
    moved = with_rounds(run, r1=replace(run.facts.rounds[1], base_model=b"\x66" * 32))
    assert list(check_continuity(moved)) == []
    assert moved.grounds.words == {f"the node at {paper.NODE}": {CONTINUED: 1}}
    later = with_rounds(run, r2=replace(run.facts.rounds[2], base_model=b"\x66" * 32))
    assert [finding.round for finding in check_continuity(later)] == [2]


def test_every_commitment_has_a_verdict(run: AuditedRun) -> None:
    assert list(check_completeness(run)) == []
    assert run.grounds.recomputed == {COMPLETE: 3}


def test_a_report_that_leaves_somebody_out_is_named(run: AuditedRun) -> None:
    told = run.reports[1]
    short = replace(told, entries=told.entries[1:])  # type: ignore[type-var, index]
    found = replace(run, reports={**run.reports, 1: short})  # type: ignore[dict-item]
    (finding,) = check_completeness(found)
    assert (finding.kind, finding.round, finding.account) == ("completeness", 1, FIRST.account)
    assert found.grounds.recomputed == {COMPLETE: 2}


def test_an_account_that_is_judged_twice_is_named() -> None:
    honest = paper.report(0)
    twice = Unrevealed(SECOND.account, honest.entries[1].commitment, 7)
    run = paper.audited([honest])
    found = replace(run, reports={0: replace(honest, unrevealed=(twice,))})
    (finding,) = check_completeness(found)
    assert (finding.account, "2 times" in finding.statement) == (SECOND.account, True)


@pytest.mark.parametrize(
    "silent",
    [
        Unrevealed(THIRD.account, b"\x70" * 32, 7),
        Unrevealed(THIRD.account, paper.entry(THIRD, 0).commitment, 8),
    ],
)
def test_an_unrevealed_commitment_that_is_not_the_chains_is_named(silent: Unrevealed) -> None:
    honest = paper.report(0)
    found = replace(honest, entries=honest.entries[:2], unrevealed=(silent,))
    (finding,) = check_completeness(replace(paper.audited([honest]), reports={0: found}))
    assert (finding.kind, finding.account) == ("completeness", THIRD.account)


def test_a_list_that_the_chain_took_without_a_verdict_is_named_and_a_root_may_wait() -> None:
    run = paper.audited([paper.report(0)])
    unjudged = replace(run.facts.commitments[0][SECOND.account], judged=False)
    commitments = {0: {**run.facts.commitments[0], SECOND.account: unjudged}}
    run = replace(run, facts=replace(run.facts, commitments=commitments))
    (finding,) = check_completeness(run)
    assert (finding.account, "the chain has no verdict" in finding.statement) == (
        SECOND.account,
        True,
    )
    round_ = run.facts.rounds[0]
    assert round_.settlement is not None
    posted = replace(round_, settlement=replace(round_.settlement, mode=SettlementMode.MERKLE))
    assert list(check_completeness(with_rounds(run, r0=posted))) == []


def test_terms_that_are_not_those_that_were_signed_are_named(run: AuditedRun) -> None:
    assert list(check_terms(run)) == []
    assert run.grounds.recomputed == {TERMS: 3}
    worse = replace(AGREED, dispute_blocks=AGREED.dispute_blocks + 1)
    findings = list(check_terms(replace(run, facts=replace(run.facts, terms={1: worse}))))
    assert [(finding.kind, finding.round) for finding in findings] == [
        ("terms", number) for number in range(3)
    ]


@pytest.mark.parametrize("field", ["coordinator", "terms_hash"])
def test_a_report_on_other_terms_or_of_another_coordinator_is_named(
    run: AuditedRun, field: str
) -> None:
    other = FIRST.account if field == "coordinator" else b"\x70" * 32
    lie = replace(run.reports[2], **{field: other})  # type: ignore[type-var, arg-type]
    (finding,) = check_reports(replace(run, reports={**run.reports, 2: lie}))  # type: ignore[dict-item]
    assert (finding.kind, finding.round) == ("report", 2)


def test_a_round_without_attacks_pays_what_its_leaves_say(run: AuditedRun) -> None:
    assert [*check_roots(run), *check_rewards(run)] == []
    assert run.grounds.recomputed == {"settlement roots": 3, "rewards": 9}


def test_no_account_gets_more_than_the_greatest_share() -> None:
    terms = replace(AGREED, max_share=Perbill(PERBILL_ONE // 4))
    run = paper.audited([paper.report(0, terms)], terms)
    assert [*check_roots(run), *check_rewards(run)] == []
    most = AGREED.round_reward // 4
    paid = {s.event.account(): s.event.integer("amount") for s in run.facts.of("Rewarded", 0)}
    assert (paid[SECOND.account], paid[THIRD.account]) == (most, most)
    richer = [
        replace(s, event=replace(s.event, fields={**s.event.fields, "amount": most + 1}))
        if s.event.name == "Rewarded" and s.event.account() == THIRD.account
        else s
        for s in run.facts.events
    ]
    (finding,) = check_rewards(replace(run, facts=paper.with_events(run.facts, richer)))
    assert (finding.kind, finding.account) == ("reward", THIRD.account)
    assert f"{most} planck" in finding.statement


@pytest.mark.parametrize(
    ("tenure", "part", "more", "found"),
    [
        (0, 1, 0, 0),
        (0, 1, -1, 1),
        (1, Fraction(1, 2), 0, 1),
        (4, Fraction(1, 4), 0, 0),
        (4, Fraction(3, 4), 0, 0),
        (4, 1, 0, 0),
        (4, Fraction(1, 3), 0, 1),
        (4, Fraction(1, 4), -1, 1),
        (4, 1, 1, 1),
        (4, 0, 0, 1),
    ],
)
def test_a_share_that_still_grows_is_some_rounds_of_its_tenure(
    tenure: int, part: Fraction, more: int, found: int
) -> None:
    terms = replace(AGREED, tenure_rounds=tenure)
    run = paper.audited([paper.report(0, terms)], terms)
    events = [
        replace(
            s,
            event=replace(
                s.event,
                fields={
                    **s.event.fields,
                    "amount": math.floor(s.event.integer("amount") * part) + more,
                },
            ),
        )
        if s.event.name == "Rewarded" and s.event.account() == FIRST.account
        else s
        for s in run.facts.events
    ]
    findings = list(check_rewards(replace(run, facts=paper.with_events(run.facts, events))))
    assert [finding.account for finding in findings] == [FIRST.account] * found


def test_who_was_rejected_gets_nothing_however_long_it_is_a_member() -> None:
    terms = replace(AGREED, tenure_rounds=9)
    honest = paper.report(0, terms)
    bad = replace(honest.entries[0], outcome=Outcome.REJECTED, weight=0)
    run = paper.audited([replace(honest, entries=(bad, *honest.entries[1:]))], terms)
    assert list(check_rewards(run)) == []
    paid = paper.event(8, "Rewarded", round=0, account=FIRST.account, amount=Planck(1))
    (finding,) = check_rewards(with_event(run, "RoundSettled", 0, paid))
    assert (finding.kind, finding.account) == ("reward", FIRST.account)
    assert run.facts.commitments[0][FIRST.account].payout is Payout.WAITING


def test_what_nobody_can_check_is_counted_by_whose_word_it_is() -> None:
    honest = paper.report(1)
    bad = replace(honest.entries[0], outcome=Outcome.REJECTED, weight=0)
    absent = Absent(4, None, 1, "it did not answer"), Absent(5, None, 1, "no stake")
    told = replace(honest, entries=(bad, *honest.entries[1:]), absent=absent)
    run = paper.audited([paper.report(0), told])
    take_at_their_word(run)
    assert run.grounds.words == {
        f"the coordinator {paper.COORDINATOR}": {
            "verdicts, with scores, reasons and shares": 6,
            "weights of rewards": 5,
            "averages of the accepted updates": 2,
            "nodes without a verdict": 2,
        },
        "the members": {"numbers of examples": 6},
    }
    assert run.grounds.totals == (0, 0, 21)
