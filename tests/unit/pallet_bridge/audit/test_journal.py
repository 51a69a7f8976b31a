from __future__ import annotations

from dataclasses import replace

from pallet_bridge.audit.journal import check_journal
from pallet_bridge.types import RoundState
from tests.unit.pallet_bridge.audit import paper


def test_a_number_that_was_skipped_has_nothing_to_tell_and_a_round_has() -> None:
    run = paper.audited([paper.report(0), paper.report(1)])
    ended = {
        number: replace(round_, state=RoundState.ABORTED, settlement=None)
        for number, round_ in run.facts.rounds.items()
    }
    facts = paper.with_events(
        replace(run.facts, rounds=ended), [paper.event(5, "RoundSkipped", round=1)]
    )
    told = [found.statement for found in check_journal(replace(run, facts=facts))]
    assert told == ["round 0 (aborted) is missing in the journal"]
