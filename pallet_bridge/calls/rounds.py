"""Rounds: from opening to the last claim."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.calls import values
from pallet_bridge.calls.values import Call, bcfl

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.types.base import AccountId
    from pallet_bridge.types.round import Totals
    from pallet_bridge.types.verdicts import BatchEntry, MemberVerdict, ProvenLeaf


def open_round(federation: int, base_model: bytes) -> Call:
    """Open the next round on a model's digest: that of the last settled round, or of a rebase."""
    return bcfl("open_round", federation=federation, base_model=values.digest(base_model))


def skip_round(federation: int) -> Call:
    """Use a round's number up without a round, as the coordinator; it counts as a failure."""
    return bcfl("skip_round", federation=federation)


def commit(
    federation: int, round_id: int, commitment: bytes, num_examples: int, statement: bytes
) -> Call:
    """Commit the signer to an update.

    `statement` is `encoding.statement_hash`: all that the signer was shown of the round.
    """
    return bcfl(
        "commit",
        federation=federation,
        round=round_id,
        commitment=values.digest(commitment),
        num_examples=num_examples,
        statement=values.digest(statement),
    )


def commit_batch(federation: int, round_id: int, entries: Sequence[BatchEntry]) -> Call:
    """Relay commitments that their accounts signed."""
    return bcfl(
        "commit_batch",
        federation=federation,
        round=round_id,
        entries=[values.entry(entry) for entry in entries],
    )


def settle(
    federation: int, round_id: int, model: bytes, report: bytes, verdicts: Sequence[MemberVerdict]
) -> Call:
    """Settle a round; the verdicts are put in the order of accounts that the pallet asks for."""
    return bcfl(
        "settle",
        federation=federation,
        round=round_id,
        model=values.digest(model),
        report=values.digest(report),
        verdicts=[values.verdict(verdict) for verdict in sorted(verdicts, key=lambda v: v.account)],
    )


def abort(federation: int, round_id: int) -> Call:
    """End a round without verdicts."""
    return bcfl("abort", federation=federation, round=round_id)


def claim(federation: int, account: AccountId, rounds: Sequence[int]) -> Call:
    """Pay an account the rewards of these rounds whose dispute window is over; anyone may."""
    return bcfl(
        "claim", federation=federation, account=values.account(account), rounds=list(rounds)
    )


def settle_root(
    federation: int, round_id: int, model: bytes, report: bytes, *, root: bytes, totals: Totals
) -> Call:
    """Settle a round of any size by one root over its leaves (`encoding.settlement_root`)."""
    return bcfl(
        "settle_root",
        federation=federation,
        round=round_id,
        model=values.digest(model),
        report=values.digest(report),
        root=values.digest(root),
        totals=values.totals(totals),
    )


def apply_leaf(federation: int, round_id: int, proven: ProvenLeaf) -> Call:
    """Apply one leaf of a posted root after its dispute window; anyone may."""
    return bcfl(
        "apply_leaf",
        federation=federation,
        round=round_id,
        leaf=values.leaf(proven.leaf),
        index=proven.index,
        proof=values.siblings(proven),
    )


def seal(federation: int, round_id: int) -> Call:
    """Announce that a round's window is over; anyone may."""
    return bcfl("seal", federation=federation, round=round_id)


def expire(federation: int, round_id: int) -> Call:
    """Give the escrow back what nobody claimed in time; anyone may."""
    return bcfl("expire", federation=federation, round=round_id)


def prune(federation: int, round_id: int, limit: int) -> Call:
    """Remove up to `limit` records of an old round; anyone may. Its root stays."""
    return bcfl("prune", federation=federation, round=round_id, limit=limit)
