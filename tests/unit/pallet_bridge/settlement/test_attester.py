"""An attester against the real pallet: what it confirms, what it abstains from, what it reveals."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.encoding import hash_chain
from pallet_bridge.errors import SecretError
from pallet_bridge.errors.pallet import NotAttested
from pallet_bridge.run.openings import OpeningStore, RoundOpenings
from pallet_bridge.run.reports import ReportStore, RoundReport
from pallet_bridge.settlement.attester import ABSTAIN, Attester, Redone, Word
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import PERBILL_ONE, Coupling, Perbill, Quorum
from tests.unit.pallet_bridge.conftest import (
    COORDINATOR,
    NODES,
    STAKE,
    TERMS,
    committed_update,
    entry_of,
    opened_by,
    with_entry,
)

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.run.openings import OpenedUpdate
    from pallet_bridge.types import AccountId

BOB, CHARLIE, DAVE = NODES
COUPLED = replace(
    TERMS,
    quorum=Quorum(count=2),
    round_reward=0,
    coupling=Coupling.FULL,
    attest_quorum=Perbill(PERBILL_ONE * 3 // 5),
    committee_size=3,
)
LINKS = {node.account: hash_chain(bytes([number + 1]) * 32, 4) for number, node in enumerate(NODES)}


@dataclass(frozen=True)
class Open:
    """A sealed round whose committee is all three nodes."""

    chain: EmbeddedClient
    federation: int
    store: ReportStore
    openings: OpeningStore
    report: RoundReport

    def attester(self, number: int) -> Attester:
        node = NODES[number]
        return self.attester_with(LINKS[node.account], self.store, node)

    def attester_with(
        self, links: tuple[bytes, ...], store: ReportStore, node: Signer = BOB
    ) -> Attester:
        place = self.chain, self.federation, node
        return Attester(*place, links, store, openings=self.openings)

    def settle(self) -> None:
        report = self.report
        call = calls.settle(self.federation, 0, report.model, report.digest, report.verdicts())
        self.chain.execute(call, COORDINATOR)


@pytest.fixture
def opened(chain: EmbeddedClient, tmp_path: Path) -> Open:
    federation = chain.next_federation()
    chain.execute(calls.create_federation(COUPLED, bytes(32)), COORDINATOR)
    for node in NODES:
        chain.execute(calls.join(federation, STAKE, hash_of_terms(COUPLED)), node)
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
        terms_hash=hash_of_terms(COUPLED),
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
    return Open(chain, federation, ReportStore(tmp_path / "reports"), openings, report)


@pytest.mark.slow
def test_a_quorum_of_attesters_lets_exactly_this_settlement_pass(opened: Open) -> None:
    opened.store.put(opened.report)
    (said,) = opened.attester(0).work()
    assert (said.round, said.word, said.problems) == (0, Word.ATTESTED, ())
    with pytest.raises(NotAttested):
        opened.settle()
    (same,) = opened.attester(1).work()
    assert same.statement == said.statement
    opened.settle()
    (late,) = opened.attester(2).work()
    assert late.statement == said.statement, "who is slower than the quorum is not absent"
    assert opened.attester(0).work() == (), "a seat speaks once"


@pytest.mark.slow
def test_an_update_that_was_not_committed_to_gets_an_abstention(opened: Open) -> None:
    first, *others = opened.openings.get(opened.report.key).values()
    forged = replace(first, update_digest=b"\7" * 32)
    key = opened.report.key
    opened.openings.put(RoundOpenings(key.genesis, key.federation, 0, (forged, *others)))
    opened.store.put(opened.report)
    (said,) = opened.attester(0).work()
    assert (said.word, said.statement) == (Word.ABSTAINED, ABSTAIN)
    (problem,) = said.problems
    assert str(first.account) in problem
    assert "its opening gives the commitment" in problem


def test_an_account_that_is_left_out_gets_an_abstention(opened: Open) -> None:
    opened.store.put(replace(opened.report, entries=opened.report.entries[:1]))
    (said,) = opened.attester(0).work()
    assert said.word is Word.ABSTAINED
    left_out = opened.report.entries[1].account
    assert said.problems == (f"round 0: {left_out} committed and has no verdict",)


def test_without_openings_a_report_is_attested_as_signed(opened: Open) -> None:
    opened.openings.path(0).unlink()
    opened.store.put(opened.report)
    (said,) = opened.attester(0).work()
    assert said.word is Word.ATTESTED


def test_an_account_that_is_judged_twice_gets_an_abstention(opened: Open) -> None:
    twice = (*opened.report.entries, replace(opened.report.entries[0], weight=9))
    opened.store.put(replace(opened.report, entries=twice))
    (said,) = opened.attester(0).work()
    assert said.word is Word.ABSTAINED
    assert said.problems == (f"round 0: the report judges {twice[0].account} 2 times",)


def test_a_round_that_does_not_come_out_as_reported_gets_an_abstention(opened: Open) -> None:
    opened.store.put(opened.report)
    asked = []

    def again(report: RoundReport, openings: Mapping[AccountId, OpenedUpdate]) -> Redone:
        asked.append((report.digest, len(openings)))
        problem = ("round 0: the model is another one",)
        return Redone(problem, problem)

    place = opened.chain, opened.federation, NODES[0], LINKS[NODES[0].account], opened.store
    (said,) = Attester(*place, openings=opened.openings, again=again).work()
    assert (said.word, said.statement) == (Word.ABSTAINED, ABSTAIN)
    assert said.problems == ("round 0: the model is another one",)
    assert asked == [(opened.report.digest, 2)]


def test_a_silent_look_says_what_would_be_said_and_gives_no_link_away(opened: Open) -> None:
    opened.store.put(opened.report)
    node = NODES[0]
    place = opened.chain, opened.federation, node, LINKS[node.account], opened.store
    before = opened.chain.head()
    (said,) = Attester(*place, openings=opened.openings, silently=True).work()
    assert opened.chain.head() == before
    (made,) = opened.attester(0).work()
    assert (said.word, said.statement) == (made.word, made.statement)
    assert made.fee is None
    assert said.fee is not None
    (event,) = (one for one in opened.chain.events(opened.chain.head().hash)
                if one.name == "TransactionFeePaid")  # fmt: skip
    assert event.fields["actual_fee"] <= said.fee, "a call may cost less than it could"


def test_files_that_are_no_reports_are_not_looked_at(opened: Open) -> None:
    opened.store.put(opened.report)
    (opened.store.folder / f"{'z' * 64}.json").write_text("{}")
    (opened.store.folder / f"{'0' * 64}.json").write_text("{}")
    (said,) = opened.attester(0).work()
    assert said.word is Word.ATTESTED


def test_two_reports_on_one_round_are_not_chosen_from(opened: Open) -> None:
    opened.store.put(opened.report)
    opened.store.put(replace(opened.report, model=b"\2" * 32))
    (said,) = opened.attester(0).work()
    assert said.word is Word.ABSTAINED
    assert said.problems == ("round 0: 2 different reports were published",)


def test_an_abstention_may_be_followed_by_a_word_and_gives_no_link_away(opened: Open) -> None:
    wrong = opened.store.put(replace(opened.report, base_model=b"\5" * 32))
    opened.attester(0).work()
    tip = opened.chain.attesters(opened.federation)[BOB.account].tip
    assert tip == LINKS[BOB.account][1], "the first word reveals one link"
    opened.store.path(wrong).unlink()
    opened.store.put(opened.report)
    (said,) = opened.attester(0).work()
    assert said.word is Word.ATTESTED
    assert opened.chain.attesters(opened.federation)[BOB.account].tip == tip


def test_without_a_report_it_waits_and_abstains_at_last(opened: Open) -> None:
    (said,) = opened.attester(0).work()
    assert (said.word, said.problems) == (Word.WAITS, ())
    round_ = opened.chain.round(opened.federation, 0)
    assert round_ is not None
    opened.chain.wait_until_block(round_.settle_until - 2, timeout=60)
    (said,) = opened.attester(0).work()
    assert said.word is Word.ABSTAINED


def test_a_root_that_was_settled_otherwise_is_not_attested(opened: Open) -> None:
    opened.store.put(opened.report)
    opened.attester(0).work()
    opened.attester(1).work()
    opened.settle()
    lie = with_entry(opened.report, 0, replace(opened.report.entries[0], score=7))

    class Lying(ReportStore):
        def get(self, digest: bytes) -> RoundReport:
            del digest
            return lie

    attester = opened.attester_with(LINKS[DAVE.account], Lying(opened.store.folder), DAVE)
    (said,) = attester.work()
    assert said.word is Word.ABSTAINED
    assert "was settled" in said.problems[0]


def test_a_chain_that_is_not_the_registered_one_is_refused(opened: Open) -> None:
    opened.store.put(opened.report)
    other = hash_chain(b"\x99" * 32, 4)
    attester = opened.attester_with(other, opened.store)
    with pytest.raises(SecretError, match="not the one that was registered"):
        attester.work()
