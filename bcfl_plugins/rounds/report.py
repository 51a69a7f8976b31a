"""A round's report: what was judged, put together from the round and what the chain refused."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.reasons import Reason
from pallet_bridge.run.reports import Absent, ReportEntry, RoundReport
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import JudgedUpdate, OpenedRound, RoundResult
    from pallet_bridge.types import AccountId, Receipt

_log = logging.getLogger("flwr.bcfl")


def make_report(
    opened: OpenedRound,
    result: RoundResult,
    digests: tuple[bytes, bytes],
    timings: Mapping[str, int],
    refused: Mapping[AccountId, str],
) -> RoundReport:
    """Say all about one round.

    Parameters
    ----------
    opened
        The round on chain.
    result
        What was judged.
    digests
        Of the model that went out and of the aggregate, 32 bytes each.
    timings
        Durations in microseconds.
    refused
        Accounts whose commitment the chain did not take, with the chain's reason.

    Returns
    -------
    RoundReport
        An entry for each update whose commitment is on chain; all other nodes are absent.
    """
    base, model = digests
    without = without_verdict(result, refused)
    left_out = {one.node_id for one in without}
    for one in without:
        where = (opened.round, one.node_id, one.detail)
        _log.warning("bcfl: round %d: node %d has no verdict on chain: %s", *where)
    entries = [
        ReportEntry(
            update.node.node_id,
            update.commitment,
            _outcome(update),
            update.score,
            update.reason,
            update.weight,
            update.detail,
            update.share,
        )
        for update in result.judged
        if update.commitment is not None and update.node.node_id not in left_out
    ]
    absent = [
        Absent(rejection.node_id, None, rejection.reason, rejection.detail)
        for rejection in result.unusable
    ]
    absent += [
        Absent(node.node_id, node.account, Reason.NONE, why)
        for node, why in result.ctx.left_out.items()
    ]
    return RoundReport(
        genesis=opened.genesis,
        federation=opened.federation,
        round=opened.round,
        terms_version=opened.terms_version,
        base_model=base,
        model=model,
        entries=tuple(entries),
        absent=(*absent, *without),
        defense=", ".join(sorted(result.notes)) or "none",
        parameters=dict(result.notes),
        states=dict(result.states),
        timings_us=timings,
    )


def _outcome(update: JudgedUpdate) -> Outcome:
    if update.accepted:
        return Outcome.ACCEPTED
    return Outcome.REJECTED if update.strike else Outcome.EXCLUDED


def without_verdict(result: RoundResult, refused: Mapping[AccountId, str]) -> tuple[Absent, ...]:
    """Return the nodes whose update was judged and has no commitment on chain, with the reason.

    Parameters
    ----------
    result
        What was judged.
    refused
        Accounts whose commitment the chain did not take, with the chain's reason.
    """
    whys = ((update, _why_without(update, refused)) for update in result.judged)
    return tuple(
        Absent(update.node.node_id, update.node.account, Reason.NONE, why)
        for update, why in whys
        if why is not None
    )


def _why_without(update: JudgedUpdate, refused: Mapping[AccountId, str]) -> str | None:
    signed = update.commitment
    if signed is None:
        return "it signed no commitment"
    if signed.account in refused:
        return f"the chain refused its commitment: {refused[signed.account]}"
    return None


def refusals(receipt: Receipt) -> dict[AccountId, str]:
    """Return the accounts that a receipt says have no commitment, with the chain's reason.

    A duplicate is refused as well, but it is what the chain has already. Who signed two different
    commitments has one on chain that is not that of its update.
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
