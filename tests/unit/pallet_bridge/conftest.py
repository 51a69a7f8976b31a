"""An embedded chain to talk to, and runs on it as a coordinator leaves them behind."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.encoding import commitment_hash, update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import CHAIN, OPENINGS, Journal, RunHeader
from pallet_bridge.run.journal_lines import EndLine
from pallet_bridge.run.openings import OpenedUpdate, OpeningStore, RoundOpenings
from pallet_bridge.run.reports import ReportEntry, RoundReport
from pallet_bridge.signing import binding_of, sign_commitment
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import (
    PERBILL_ONE,
    UNIT,
    AccountId,
    Admission,
    CommittedUpdate,
    Coupling,
    Governance,
    Outcome,
    Perbill,
    Planck,
    Quorum,
    SlashTerms,
    Tally,
    Terms,
)

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.client.protocol import ChainClient

COORDINATOR = Signer.from_uri("//Alice")
NODES = [Signer.from_uri(f"//{name}") for name in ("Bob", "Charlie", "Dave")]
BAD = NODES[0].account
STAKE = Planck(100 * UNIT)
TERMS = Terms(
    min_stake=Planck(UNIT),
    max_participants=10,
    quorum=Quorum(count=3),
    commit_blocks=20,
    settle_blocks=20,
    dispute_blocks=2,
    unbonding_blocks=60,
    claim_blocks=100,
    retention_blocks=200,
    cooldown_blocks=0,
    round_reward=Planck(30 * UNIT),
    strikes_to_slash=2,
    strike_decay_rounds=2,
    slash=SlashTerms(
        equivocation=Perbill(500_000_000),
        mismatch=Perbill(500_000_000),
        outlier_base=Perbill(100_000_000),
        cap=Perbill(500_000_000),
    ),
    reporter_share=Perbill(100_000_000),
    dispute_bond=Planck(5 * UNIT),
    arbiter=NODES[2].account,
    coupling=Coupling.LOOSE,
    attest_quorum=Perbill(0),
    attest_by=Tally.COUNT,
    committee_size=0,
    governance=Governance.COORDINATOR,
    max_failed_rounds=3,
    notice_blocks=60,
    admission=Admission.OPEN,
    max_per_organisation=0,
    max_examples=0,
    max_share=PERBILL_ONE,
    coordinator_bond=Planck(0),
    misconduct=Perbill(0),
    silence=Perbill(0),
    aging_blocks=0,
    max_vote_share=PERBILL_ONE,
    lock_blocks=0,
    tenure_rounds=0,
    vesting_rounds=0,
    strike_cut=Perbill(0),
    training={"learning_rate": 10**7, "method": bytes(32)},
)


@pytest.fixture(scope="module")
def chain() -> Iterator[EmbeddedClient]:
    with connect("embedded") as client:
        yield client


@pytest.fixture
def federation(chain: EmbeddedClient) -> int:
    return found(chain)


@dataclass(frozen=True)
class Run:
    """A run's folder, its federation, and its chain as it was at the end."""

    folder: Path
    federation: int
    chain: EmbeddedClient


@pytest.fixture(scope="session")
def honest(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Run]:
    with connect("embedded") as client:
        yield write_run(client, tmp_path_factory.mktemp("runs") / "run")


def found(chain: ChainClient) -> int:
    """Make a federation with three members and money for many rounds."""
    number = chain.next_federation()
    chain.execute(calls.create_federation(TERMS, bytes(32)), COORDINATOR)
    submissions = [
        chain.submit(calls.fund(number, Planck(10_000 * UNIT)), COORDINATOR),
        *(chain.submit(calls.join(number, STAKE, hash_of_terms(TERMS)), node) for node in NODES),
    ]
    for submission in submissions:
        submission.wait(120)
    return number


def committed_update(
    chain: ChainClient, federation: int, number: int, node: Signer
) -> CommittedUpdate:
    digest = update_digest({"w": np.full(3, number, "<f4"), "b": np.zeros((), "<f4")})
    binding = binding_of(chain, federation, number)
    return sign_commitment(binding, node, digest, 10 + number, os.urandom(32))


Lie = Callable[[RoundReport], RoundReport]


def write_run(
    chain: EmbeddedClient, folder: Path, *, rounds: int = 3, lie: Lie = lambda report: report
) -> Run:
    """Run rounds with one bad node, and a coordinator that may change its reports before it
    puts their digest on chain."""
    federation = found(chain)
    header = RunHeader("embedded", chain.genesis_hash, federation, 2**63 + 1, COORDINATOR.account)
    journal = Journal.create(folder, header)
    for number in range(rounds):
        add_round(chain, journal, number, lie)
    chain.wait_until_block(chain.head().number + TERMS.dispute_blocks, timeout=60)
    waiting = [place for place, found in chain.offences(federation).items() if found.waits]
    for number, account in waiting:
        call = calls.execute_slash(federation, number, account)
        journal.append_receipt(chain.execute(call, COORDINATOR))
    last = chain.execute(calls.open_round(federation, bytes([rounds]) * 32), COORDINATOR)
    assert journal.append_receipt(last) == ()
    journal.append_receipt(chain.execute(calls.abort(federation, rounds), COORDINATOR))
    journal.append(EndLine(chain.federation(federation).next_round))
    chain.export(folder / CHAIN)
    return Run(folder, federation, chain)


def add_round(chain: ChainClient, journal: Journal, number: int, lie: Lie) -> None:
    federation = journal.header.federation
    model = bytes([number + 1]) * 32
    chain.execute(calls.open_round(federation, bytes([number]) * 32), COORDINATOR)
    able = [node for node in NODES if not suspended(chain, federation, node.account)]
    signed = [committed_update(chain, federation, number, node) for node in able]
    entries = [one.entry() for one in signed]
    chain.execute(calls.commit_batch(federation, number, entries), COORDINATOR)
    honest = RoundReport(
        genesis=chain.genesis_hash,
        federation=federation,
        round=number,
        coordinator=COORDINATOR.account,
        terms_version=1,
        terms_hash=hash_of_terms(TERMS),
        base_model=bytes([number]) * 32,
        model=model,
        entries=tuple(entry_of(index, one) for index, one in enumerate(signed)),
        unrevealed=(),
        absent=(),
        defense="none",
        parameters={},
        states={},
        timings_us={"judge": 12},
    )
    report = lie(honest)
    digest = journal.reports.put(report)
    OpeningStore(journal.folder / OPENINGS).put(opened_by(report, signed))
    if len(able) < TERMS.quorum.count:
        chain.wait_until_block(chain.head().number + TERMS.commit_blocks + 1, timeout=60)
    call = calls.settle(federation, number, model, digest, honest.verdicts())
    journal.append_receipt(chain.execute(call, COORDINATOR))


def suspended(chain: ChainClient, federation: int, account: AccountId) -> bool:
    member = chain.participant(federation, account)
    return member is not None and member.is_suspended(chain.head().number + 1)


def entry_of(index: int, signed: CommittedUpdate) -> ReportEntry:
    is_bad = signed.account == BAD
    return ReportEntry(
        account=signed.account,
        node_id=index if is_bad else 2**64 - 1 - index,
        num_examples=signed.num_examples,
        commitment=signed.commitment,
        signature=signed.signature,
        revealed=commitment_hash(signed.account, signed.update_digest, signed.salt),
        outcome=Outcome.REJECTED if is_bad else Outcome.ACCEPTED,
        score=-2_500_000 if is_bad else 40_000,
        reason=7 if is_bad else 0,
        weight=0 if is_bad else 1,
        detail="too long" if is_bad else "",
    )


def opened_by(report: RoundReport, signed: Sequence[CommittedUpdate]) -> RoundOpenings:
    """What opens the commitments of a round."""
    opened = tuple(OpenedUpdate(one.account, one.update_digest, one.salt) for one in signed)
    return RoundOpenings(report.genesis, report.federation, report.round, opened)


def with_entry(report: RoundReport, index: int, entry: ReportEntry) -> RoundReport:
    entries = list(report.entries)
    entries[index] = entry
    return replace(report, entries=tuple(entries))
