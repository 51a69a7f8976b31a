"""Attesters that do a round again, against the real pallet: what they refute, and what follows."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.encoding import hash_chain
from pallet_bridge.errors.refuting import NotRefuted
from pallet_bridge.run.openings import OpeningStore
from pallet_bridge.run.reports import ReportStore, RoundReport
from pallet_bridge.settlement.attester import ABSTAIN, Attestation, Attester, Redone, Word
from pallet_bridge.settlement.refuting import has_decided, is_refuted, words_on
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import (
    PERBILL_ONE,
    Outcome,
    Perbill,
    Planck,
    Quorum,
    RoundState,
    Seat,
    Tally,
)
from tests.unit.pallet_bridge.conftest import (
    COORDINATOR,
    NODES,
    STAKE,
    TERMS,
    committed_update,
    entry_of,
    opened_by,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.types import Round

WATCHED = replace(
    TERMS,
    quorum=Quorum(count=2),
    round_reward=0,
    attest_quorum=Perbill(PERBILL_ONE * 3 // 5),
    committee_size=3,
    dispute_blocks=12,
    unbonding_blocks=200,
    notice_blocks=200,
)
LINKS = {node.account: hash_chain(bytes([number + 1]) * 32, 4) for number, node in enumerate(NODES)}
HOLDS = Redone()
UNKNOWN = Redone(("round 0: there is no store/",))
OTHER = Redone(("round 0: another verdict",), ("round 0: another verdict",))
SAID = bytes([7]) * 32


@dataclass(frozen=True)
class Watched:
    """A sealed round whose committee is all three nodes, and which settles without them."""

    chain: EmbeddedClient
    federation: int
    store: ReportStore
    openings: OpeningStore
    report: RoundReport

    def work(self, number: int, redone: Redone | None, *, silently: bool = False) -> Attestation:
        *_, last = self.all(number, redone, silently=silently)
        return last

    def all(
        self, number: int, redone: Redone | None, *, silently: bool = False
    ) -> tuple[Attestation, ...]:
        node = NODES[number]
        again = None if redone is None else lambda *_: redone
        return Attester(
            *(self.chain, self.federation, node, LINKS[node.account], self.store),
            openings=self.openings,
            again=again,
            silently=silently,
        ).work()

    def settle(self, report: RoundReport | None = None) -> None:
        told = report or self.report
        call = calls.settle(self.federation, 0, told.model, self.report.digest, told.verdicts())
        self.chain.execute(call, COORDINATOR)

    @property
    def round(self) -> Round:
        found = self.chain.round(self.federation, 0)
        assert found is not None
        return found

    @property
    def is_refuted(self) -> bool:
        seats = self.chain.committee(self.federation, 0)
        return is_refuted(self.report.key, self.round, seats, WATCHED)


@pytest.fixture
def watched(chain: EmbeddedClient, tmp_path: Path) -> Watched:
    federation = chain.next_federation()
    chain.execute(calls.create_federation(WATCHED, bytes(32)), COORDINATOR)
    for node in NODES:
        chain.execute(calls.join(federation, STAKE, hash_of_terms(WATCHED)), node)
        chain.execute(calls.register_attester(federation, LINKS[node.account][0]), node)
    chain.execute(calls.open_round(federation, bytes(32)), COORDINATOR)
    signed = [committed_update(chain, federation, 0, node) for node in NODES[1:]]
    entries = [one.entry() for one in signed]
    chain.execute(calls.commit_batch(federation, 0, entries), COORDINATOR)
    report = RoundReport(
        genesis=chain.genesis_hash,
        federation=federation,
        round=0,
        coordinator=COORDINATOR.account,
        terms_version=1,
        terms_hash=hash_of_terms(WATCHED),
        base_model=bytes(32),
        model=b"\1" * 32,
        entries=tuple(entry_of(index, one) for index, one in enumerate(signed)),
        unrevealed=(),
        absent=(),
        defense="none",
        parameters={},
        states={},
        timings_us={},
    )
    openings = OpeningStore(tmp_path / "openings")
    openings.put(opened_by(report, signed))
    store = ReportStore(tmp_path / "reports")
    store.put(report)
    return Watched(chain, federation, store, openings, report)


def test_a_majority_that_gets_something_else_voids_the_round(watched: Watched) -> None:
    watched.settle()
    first = watched.all(0, OTHER)
    assert [one.word for one in first] == [Word.REFUTED]
    assert first[0].problems == OTHER.problems
    settled = watched.round.settlement
    assert settled is not None
    assert first[0].statement == words_on(watched.report.key, watched.round, settled)[1]
    assert not watched.is_refuted
    assert [one.word for one in watched.all(1, OTHER)] == [Word.REFUTED, Word.REPORTED]
    assert watched.round.state is RoundState.VOIDED
    assert watched.is_refuted
    assert watched.all(2, OTHER) == ()


def test_a_minority_voids_nothing(watched: Watched) -> None:
    watched.settle()
    assert watched.work(0, OTHER).word is Word.REFUTED
    assert watched.work(1, HOLDS).word is Word.ATTESTED
    assert watched.work(2, HOLDS).word is Word.ATTESTED
    call = calls.report_wrong_verdict(watched.federation, 0)
    with pytest.raises(NotRefuted):
        watched.chain.execute(call, NODES[0])
    assert watched.round.state is RoundState.SETTLED


def test_before_the_settlement_there_is_nothing_to_refute(watched: Watched) -> None:
    said = watched.work(0, OTHER)
    assert (said.word, said.statement) == (Word.ABSTAINED, ABSTAIN)
    watched.settle()
    assert watched.work(0, OTHER).word is Word.REFUTED, "an abstention may be followed by it"


@pytest.mark.parametrize("redone", [UNKNOWN, replace(OTHER, differs=())])
def test_what_cannot_be_decided_is_not_refuted(watched: Watched, redone: Redone) -> None:
    watched.settle()
    said = watched.work(0, redone)
    assert (said.word, said.problems) == (Word.ABSTAINED, redone.problems)
    assert watched.work(0, redone).word is Word.WAITS


def test_who_takes_verdicts_as_they_are_refutes_nothing(watched: Watched) -> None:
    watched.settle(lied(watched.report))
    said = watched.work(0, None)
    assert said.word is Word.ABSTAINED
    assert "was settled" in said.problems[0]


def lied(report: RoundReport) -> RoundReport:
    first, *others = report.entries
    return replace(report, entries=(replace(first, outcome=Outcome.REJECTED, weight=0), *others))


def test_other_verdicts_than_those_of_the_report_are_refuted(watched: Watched) -> None:
    watched.settle(lied(watched.report))
    said = watched.work(0, HOLDS)
    assert said.word is Word.REFUTED
    assert "the report gives the root" in said.problems[0]


def test_a_refutation_has_the_dispute_window_and_an_attestation_has_not(watched: Watched) -> None:
    chain = watched.chain
    chain.wait_until_block(watched.round.settle_until - 1, timeout=60)
    watched.settle()
    settled = watched.round.settlement
    assert settled is not None
    chain.wait_until_block(watched.round.settle_until, timeout=60)
    assert watched.work(0, HOLDS).word is Word.WAITS
    chain.wait_until_block(settled.dispute_until - 3, timeout=60)
    assert [one.word for one in watched.all(0, OTHER)] == [Word.REFUTED]
    assert [one.word for one in watched.all(1, OTHER)] == [Word.REFUTED, Word.REPORTED]


def test_what_would_be_said_is_told_with_its_fee(watched: Watched) -> None:
    watched.settle()
    said = watched.work(0, OTHER, silently=True)
    assert said.word is Word.REFUTED
    assert said.fee is not None
    assert all(seat.said is None for seat in watched.chain.committee(watched.federation, 0))


weights = st.lists(st.integers(1, 10**24), min_size=1, max_size=32)


@given(weights, st.data(), st.integers(0, PERBILL_ONE), st.sampled_from(Tally))
def test_both_answers_never_have_a_majority(
    stakes: list[int], data: st.DataObject, quorum: int, tally: Tally
) -> None:
    words = data.draw(
        st.lists(
            st.sampled_from([None, ABSTAIN, SAID, bytes([8]) * 32]),
            min_size=len(stakes),
            max_size=len(stakes),
        )
    )
    seats = [
        Seat(NODES[0].account, Planck(stake), word, is_void=False)
        for stake, word in zip(stakes, words, strict=True)
    ]
    terms = replace(WATCHED, attest_quorum=Perbill(quorum), attest_by=tally)
    one, other = (has_decided(seats, terms, word) for word in (SAID, bytes([8]) * 32))
    assert not (one and other)
    whole = sum(seat.weight if tally is Tally.STAKE else 1 for seat in seats)
    for_it = sum(seat.weight if tally is Tally.STAKE else 1 for seat in seats if seat.said == SAID)
    assert one == (for_it * 2 > whole and for_it * PERBILL_ONE >= quorum * whole)


@pytest.mark.parametrize("tally", list(Tally))
def test_half_of_the_votes_and_void_seats_decide_nothing(tally: Tally) -> None:
    who = NODES[0].account
    terms = replace(WATCHED, attest_quorum=Perbill(0), attest_by=tally)
    half = [Seat(who, Planck(5), SAID, is_void=False), Seat(who, Planck(5), None, is_void=False)]
    assert not has_decided(half, terms, SAID)
    void = [Seat(who, Planck(9), SAID, is_void=True), Seat(who, Planck(5), None, is_void=False)]
    assert not has_decided(void, terms, SAID)
    assert not has_decided((), terms, SAID)
