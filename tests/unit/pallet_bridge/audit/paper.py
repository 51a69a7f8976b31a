"""Rounds on paper: what a chain and a coordinator would have written, to be changed by a test.

Signatures are real. Everything else is put down as the pallet would, so that what is found wrong
is what the test changed.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import AuditedRun
from pallet_bridge.audit.facts import BlockEvent, ChainFacts
from pallet_bridge.audit.grounds import Grounds
from pallet_bridge.encoding import commitment_hash, statement_hash
from pallet_bridge.keys import Signer
from pallet_bridge.metadata import PALLET
from pallet_bridge.run.journal import RunHeader, RunRecord
from pallet_bridge.run.openings import OpenedUpdate
from pallet_bridge.run.reports import ReportEntry, RoundReport
from pallet_bridge.settlement.merkle import (
    greatest_reward,
    leaves_of,
    settlement_root,
    totals_of,
)
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import (
    AccountId,
    BlockRef,
    Cohort,
    Commitment,
    Event,
    Federation,
    FederationState,
    Leaf,
    Outcome,
    Payout,
    Planck,
    Round,
    RoundBinding,
    RoundKey,
    RoundState,
    Settlement,
    SettlementMode,
    Terms,
    Youth,
)
from tests.unit.pallet_bridge.conftest import TERMS

if TYPE_CHECKING:
    from collections.abc import Sequence

COORDINATOR = Signer.from_uri("//Ferdie").account
MEMBERS = sorted(
    (Signer.from_uri(f"//paper//{name}") for name in ("one", "two", "three")),
    key=lambda signer: signer.account,
)
GENESIS = b"\x0b" * 32
FEDERATION = 5
NODE = "ws://paper"


def model_after(number: int) -> bytes:
    """The model that a round comes to; the first one starts from that of round -1."""
    return bytes([number + 40]) * 32


def binding(number: int, terms: Terms = TERMS) -> RoundBinding:
    return RoundBinding(
        GENESIS, FEDERATION, number, COORDINATOR, model_after(number - 1), hash_of_terms(terms)
    )


def opened_update(member: Signer, number: int) -> OpenedUpdate:
    return OpenedUpdate(member.account, bytes([number + 1]) * 32, member.account.raw)


def entry(member: Signer, number: int, terms: Terms = TERMS) -> ReportEntry:
    """An accepted update over seven examples; each member's weight is its place from one."""
    opened = opened_update(member, number)
    commitment = commitment_hash(member.account, opened.update_digest, opened.salt)
    said = statement_hash(binding(number, terms), member.account, commitment, 7)
    return ReportEntry(
        account=member.account,
        node_id=2**60 + MEMBERS.index(member),
        num_examples=7,
        commitment=commitment,
        signature=member.sign(said),
        revealed=commitment,
        outcome=Outcome.ACCEPTED,
        score=11,
        reason=0,
        weight=1 + MEMBERS.index(member),
        detail="",
    )


def report(number: int, terms: Terms = TERMS) -> RoundReport:
    bound = binding(number, terms)
    return RoundReport(
        genesis=GENESIS,
        federation=FEDERATION,
        round=number,
        coordinator=COORDINATOR,
        terms_version=1,
        terms_hash=bound.terms_hash,
        base_model=bound.base_model,
        model=model_after(number),
        entries=tuple(entry(member, number, terms) for member in MEMBERS),
        unrevealed=(),
        absent=(),
        defense="none",
        parameters={},
        states={},
        timings_us={},
    )


def event(block: int, name: str, **fields: object) -> BlockEvent:
    place = BlockRef(block, bytes([block]) * 32)
    return BlockEvent(place, Event(PALLET, name, {"federation": FEDERATION, **fields}, 1))


def commitments_of(told: RoundReport) -> dict[AccountId, Commitment]:
    """What the chain has when everybody committed to what the report says."""
    leaves = {leaf.account: leaf for leaf in leaves_in(told, TERMS)}
    return {
        account: Commitment(
            hash=leaf.commitment,
            num_examples=7,
            at=3,
            stake=Planck(100),
            judged=True,
            reward=leaf.reward,
            payout=Payout.WAITING,
        )
        for account, leaf in leaves.items()
    }


def leaves_in(told: RoundReport, terms: Terms) -> tuple[Leaf, ...]:
    known = {one.account: one.commitment for one in (*told.entries, *told.unrevealed)}
    return leaves_of(told.verdicts(), known, terms.round_reward, greatest_reward(terms))


def settled_round(told: RoundReport, terms: Terms = TERMS) -> Round:
    leaves = leaves_in(told, terms)
    settlement = Settlement(
        mode=SettlementMode.LIST,
        model=told.model,
        report=told.digest,
        root=settlement_root(leaves),
        totals=totals_of(leaves),
        left=totals_of(()),
        unpaid=Planck(0),
        settled_at=10 * told.round + 8,
        dispute_until=10 * told.round + 9,
        claim_until=1000,
        vests_at=10 * told.round + 9,
        expired=False,
        by_coordinator=True,
    )
    return Round(
        state=RoundState.SETTLED,
        coordinator=COORDINATOR,
        base_model=told.base_model,
        terms_version=1,
        terms_hash=told.terms_hash,
        opened_at=10 * told.round + 2,
        commit_until=10 * told.round + 6,
        settle_until=10 * told.round + 30,
        sealed_at=10 * told.round + 5,
        ended_at=10 * told.round + 8,
        commitments=len(leaves),
        committed_stake=Planck(300),
        stored=len(leaves),
        pending_offences=0,
        settlement=settlement,
        compensation=None,
    )


def events_of(told: RoundReport, terms: Terms = TERMS) -> list[BlockEvent]:
    number = told.round
    opened = event(10 * number + 2, "RoundOpened", round=number, base_model=told.base_model)
    paid = [
        event(
            10 * number + 8,
            "Rewarded",
            round=number,
            account=leaf.account,
            amount=leaf.reward,
        )
        for leaf in leaves_in(told, terms)
        if leaf.outcome is Outcome.ACCEPTED
    ]
    end = event(10 * number + 8, "RoundSettled", round=number, model=told.model)
    return [opened, *paid, end]


def audited(
    told: Sequence[RoundReport], terms: Terms = TERMS, *, closed: bool = True
) -> AuditedRun:
    """A run whose chain has exactly what its reports say."""
    record = RunRecord(
        RunHeader("embedded", GENESIS, FEDERATION, 1, COORDINATOR), rounds=(), slashes=(), end=None
    )
    events = tuple(one for report_ in told for one in events_of(report_, terms))
    facts = with_events(
        ChainFacts(
            genesis=GENESIS,
            head=BlockRef(99, b"\x63" * 32),
            blocks=99,
            number=FEDERATION,
            federation=_federation(len(told)),
            terms={1: terms},
            rounds={one.round: settled_round(one, terms) for one in told},
            commitments={one.round: commitments_of(one) for one in told},
            events=(),
            by_round={},
            overrides=(),
            burns=frozenset(),
            issuance_drop=Planck(0),
            fees=Planck(0),
            slashed=Planck(0),
            forfeited_bonds=Planck(0),
        ),
        events,
    )
    return AuditedRun(
        record,
        facts,
        range(len(told)),
        reports={one.round: one for one in told},
        openings={
            one.round: {m.account: opened_update(m, one.round) for m in MEMBERS} for one in told
        },
        closed=closed,
        node=NODE,
        grounds=Grounds(),
    )


def with_events(facts: ChainFacts, events: Sequence[BlockEvent]) -> ChainFacts:
    grouped: dict[tuple[str, int], tuple[BlockEvent, ...]] = {}
    for seen in events:
        if "round" in seen.event.fields:
            place = seen.event.name, seen.event.integer("round")
            grouped[place] = (*grouped.get(place, ()), seen)
    return replace(facts, events=tuple(events), by_round=grouped)


def key(number: int) -> RoundKey:
    return RoundKey(GENESIS, FEDERATION, number)


def _federation(rounds: int) -> Federation:
    return Federation(
        coordinator=COORDINATOR,
        founder=COORDINATOR,
        state=FederationState.ACTIVE,
        closing_ends=None,
        terms_version=1,
        pending_terms=None,
        metadata=bytes(32),
        deposit=Planck(0),
        next_round=rounds,
        open_round=None,
        model=model_after(rounds - 1),
        members=len(MEMBERS),
        total_active=Planck(300),
        failed_rounds=0,
        failures_in_row=0,
        owed=Planck(0),
        reserved=Planck(0),
        liable_until=0,
        last_claim_until=0,
        next_proposal=0,
        proposals=0,
        attesters=0,
        seed=bytes(32),
        seed_at=0,
        seeded=True,
        youth=Youth(Cohort(0, Planck(0), 0), Cohort(0, Planck(0), 0), 0),
        funded=Planck(0),
        sponsors=0,
        left=Planck(0),
    )
