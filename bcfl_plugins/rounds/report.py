"""A round's report: what was judged, put together from the round and what the chain has of it.

The chain decides who gets a verdict: every account whose commitment it has, and nobody else. What
such an account sent decides which. A node that signed one thing and sent another is rejected.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import TYPE_CHECKING

from bcfl_plugins.published.outcomes import outcome_of
from bcfl_plugins.reasons import Reason
from pallet_bridge.encoding import commitment_hash
from pallet_bridge.run.openings import OpenedUpdate, RoundOpenings
from pallet_bridge.run.report_parts import Absent
from pallet_bridge.run.reports import ReportEntry, RoundReport, Unrevealed
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bcfl_plugins.types import RoundResult
    from pallet_bridge.run.judgements import Evidence
    from pallet_bridge.types import (
        AccountId,
        Commitment,
        CommittedUpdate,
        Receipt,
        Round,
        RoundKey,
    )

_log = logging.getLogger("flwr.bcfl")


@dataclass(frozen=True, slots=True)
class RoundOnChain:
    """What the chain has of a round whose window for commitments is over.

    Parameters
    ----------
    key : RoundKey
        Which round.
    round : Round
        The round.
    commitments : Mapping[AccountId, Commitment]
        All of its commitments.
    refused : Mapping[AccountId, str]
        Accounts whose commitment the chain did not take, with the chain's reason.
    """

    key: RoundKey
    round: Round
    commitments: Mapping[AccountId, Commitment]
    refused: Mapping[AccountId, str] = field(default_factory=lambda: MappingProxyType({}))


def make_report(
    on_chain: RoundOnChain,
    result: RoundResult,
    digests: tuple[bytes, bytes],
    timings: Mapping[str, int],
    evidence: Evidence | None = None,
) -> RoundReport:
    """Say all about one round.

    Parameters
    ----------
    on_chain
        What the chain has of it.
    result
        What was judged.
    digests
        Of the model that went out and of the aggregate, 32 bytes each.
    timings
        Durations in microseconds.
    evidence
        What is offered to whoever wants to decide the round again.

    Returns
    -------
    RoundReport
        A verdict on each commitment on chain; all other nodes are absent.
    """
    base, model = digests
    key, round_ = on_chain.key, on_chain.round
    entries = tuple(_entries(on_chain, result))
    judged = {entry.account for entry in entries}
    absent = _absent(on_chain, result)
    for one in absent:
        if one.account is not None:
            where = (key.round, one.node_id, one.detail)
            _log.warning("bcfl: round %d: node %d has no verdict on chain: %s", *where)
    left_out = tuple(
        Absent(node.node_id, node.account, Reason.NONE, why)
        for node, why in result.ctx.left_out.items()
    )
    return RoundReport(
        genesis=key.genesis,
        federation=key.federation,
        round=key.round,
        coordinator=round_.coordinator,
        terms_version=round_.terms_version,
        terms_hash=round_.terms_hash,
        base_model=base,
        model=model,
        entries=entries,
        unrevealed=tuple(
            Unrevealed(account, one.hash, one.num_examples)
            for account, one in sorted(on_chain.commitments.items())
            if account not in judged
        ),
        absent=(*absent, *left_out),
        defense=", ".join(sorted(result.notes)) or "none",
        parameters=dict(result.notes),
        states=dict(result.states),
        timings_us=timings,
        evidence=evidence,
    )


def opened_by(report: RoundReport, result: RoundResult) -> RoundOpenings:
    """Return what opens the commitments of a report, or shows that they do not fit.

    Parameters
    ----------
    report
        The round's report.
    result
        What was judged.
    """
    shown = {entry.account: entry.revealed for entry in report.entries}
    found = {
        one.account: OpenedUpdate(one.account, one.update_digest, one.salt)
        for one in (said.signed for said in _said(result))
        if shown.get(one.account) == commitment_hash(one.account, one.update_digest, one.salt)
    }
    openings = tuple(found[account] for account in sorted(found))
    return RoundOpenings(report.genesis, report.federation, report.round, openings)


def without_verdict(on_chain: RoundOnChain, result: RoundResult) -> tuple[Absent, ...]:
    """Return the nodes whose update was judged and has no commitment on chain, with the reason.

    Parameters
    ----------
    on_chain
        What the chain has of the round.
    result
        What was judged.
    """
    return tuple(
        Absent(update.node.node_id, update.node.account, Reason.NONE, why)
        for update in result.judged
        if (why := _why_without(on_chain, update.commitment)) is not None
    )


def refusals(receipt: Receipt) -> dict[AccountId, str]:
    """Return the accounts whose commitment a receipt says was not taken, with the chain's reason.

    A duplicate is refused as well, but it is what the chain has already.
    """
    events = [event for event in receipt.events if event.name == "CommitmentRefused"]
    return {
        event.account(): event.text("reason")
        for event in events
        if event.text("reason") != "Duplicate"
    }


def durations(marks: Mapping[str, int]) -> dict[str, int]:
    """Return how long a round took, in microseconds, from marks in nanoseconds.

    Parameters
    ----------
    marks
        When the round was ``opened``, its updates ``received``, its settlement begun
        (``settling``); of a clock that only goes forward.
    """
    opened = marks.get("opened", marks["settling"])
    received = marks.get("received", opened)
    return {
        "training": (received - opened) // 1000,
        "judging": (marks["settling"] - received) // 1000,
    }


@dataclass(frozen=True, slots=True)
class _Said:
    """What one node signed, and what the server has to say of what came with it."""

    node_id: int
    signed: CommittedUpdate
    outcome: Outcome
    reason: int
    detail: str
    score: int = 0
    weight: int = 0
    share: int | None = 0

    def is_of(self, taken: Commitment) -> bool:
        """Say whether this is the statement that the chain took."""
        said = self.signed.commitment, self.signed.num_examples
        return said == (taken.hash, taken.num_examples)

    def refused(self, detail: str) -> _Said:
        """Return the same, rejected because it is not what the account committed to."""
        reason = self.reason or int(Reason.DIGEST_MISMATCH)
        told = f"{self.detail}; {detail}" if self.detail else detail
        return replace(self, outcome=Outcome.REJECTED, reason=reason, detail=told, weight=0)


def _entries(on_chain: RoundOnChain, result: RoundResult) -> Iterator[ReportEntry]:
    by_account: dict[AccountId, list[_Said]] = {}
    for one in _said(result):
        by_account.setdefault(one.signed.account, []).append(one)
    for account, said in sorted(by_account.items()):
        taken = on_chain.commitments.get(account)
        if taken is not None:
            yield _entry(said, taken)


def _entry(said: list[_Said], taken: Commitment) -> ReportEntry:
    """Return the verdict on one account, which may have signed more than once."""
    one = min(said, key=lambda other: (not other.is_of(taken), other.node_id))
    is_of = one.is_of(taken)
    if not is_of:
        one = one.refused("the chain has another commitment of it")
    elif any(not other.is_of(taken) for other in said):
        one = one.refused("it signed two updates for one round")
    return ReportEntry(
        account=one.signed.account,
        node_id=one.node_id,
        num_examples=taken.num_examples,
        commitment=taken.hash,
        signature=one.signed.signature if is_of else None,
        revealed=commitment_hash(one.signed.account, one.signed.update_digest, one.signed.salt),
        outcome=one.outcome,
        score=one.score,
        reason=one.reason,
        weight=one.weight,
        detail=one.detail,
        share=one.share,
    )


def _said(result: RoundResult) -> Iterator[_Said]:
    for update in result.judged:
        if update.commitment is not None:
            told = update.reason, update.detail, update.score, update.weight, update.share
            yield _Said(update.node.node_id, update.commitment, outcome_of(update), *told)
    for one in result.unusable:
        if one.commitment is not None:
            outcome = Outcome.REJECTED if one.strike else Outcome.EXCLUDED
            told_of = int(one.reason), one.detail, one.score
            yield _Said(one.node_id, one.commitment, outcome, *told_of)


def _absent(on_chain: RoundOnChain, result: RoundResult) -> tuple[Absent, ...]:
    return (
        *(
            Absent(one.node_id, None, one.reason, one.detail)
            for one in result.unusable
            if one.commitment is None or one.commitment.account not in on_chain.commitments
        ),
        *without_verdict(on_chain, result),
    )


def _why_without(on_chain: RoundOnChain, signed: CommittedUpdate | None) -> str | None:
    if signed is None:
        return "it signed no commitment"
    if signed.account in on_chain.commitments:
        return None
    if signed.account in on_chain.refused:
        return f"the chain refused its commitment: {on_chain.refused[signed.account]}"
    return "the chain has no commitment of it"
