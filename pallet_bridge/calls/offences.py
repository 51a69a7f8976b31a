"""Offences, disputes, attesters."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.calls import values
from pallet_bridge.calls.values import Call, bcfl

if TYPE_CHECKING:
    from pallet_bridge.types.base import AccountId
    from pallet_bridge.types.verdicts import (
        BadRoot,
        EquivocationProof,
        MisconductProof,
        ProvenLeaf,
    )


def execute_slash(federation: int, round_id: int, account: AccountId) -> Call:
    """Carry out an offence whose dispute window is over; anyone may send it."""
    return bcfl(
        "execute_slash", federation=federation, round=round_id, account=values.account(account)
    )


def report_equivocation(federation: int, round_id: int, proof: EquivocationProof) -> Call:
    """Prove that one account signed two different things about one round; anyone may."""
    return bcfl(
        "report_equivocation",
        federation=federation,
        round=round_id,
        proof=values.equivocation(proof),
    )


def report_mismatch(federation: int, round_id: int, proven: ProvenLeaf) -> Call:
    """Show a leaf whose account revealed another update than it committed to; anyone may.

    It counts only where a quorum of the committee attested the settlement.
    """
    return bcfl(
        "report_mismatch",
        federation=federation,
        round=round_id,
        leaf=values.leaf(proven.leaf),
        index=proven.index,
        proof=values.siblings(proven),
    )


def report_bad_root(federation: int, round_id: int, proof: BadRoot) -> Call:
    """Prove that a posted root is wrong, whatever its other leaves say; anyone may."""
    return bcfl(
        "report_bad_root", federation=federation, round=round_id, proof=values.bad_root(proof)
    )


def report_wrong_verdict(federation: int, round_id: int) -> Call:
    """Void a round whose settlement its committee refuted; anyone may, in the dispute window."""
    return bcfl("report_wrong_verdict", federation=federation, round=round_id)


def report_misconduct(federation: int, round_id: int, proof: MisconductProof) -> Call:
    """Prove that a round's coordinator signed what differs from the round; anyone may."""
    return bcfl(
        "report_misconduct",
        federation=federation,
        round=round_id,
        proof=values.misconduct(proof),
    )


def dispute(federation: int, round_id: int) -> Call:
    """Object to the signer's own offence in this round, with the terms' bond."""
    return bcfl("dispute", federation=federation, round=round_id)


def resolve(federation: int, round_id: int, account: AccountId, *, uphold: bool) -> Call:
    """Decide a dispute as the terms' arbiter, or vote on it as a committee member."""
    return bcfl(
        "resolve",
        federation=federation,
        round=round_id,
        account=values.account(account),
        uphold=uphold,
    )


def lapse(federation: int, round_id: int, account: AccountId) -> Call:
    """End a dispute that nobody decided in time, in the accused's favour; anyone may."""
    return bcfl("lapse", federation=federation, round=round_id, account=values.account(account))


def register_attester(federation: int, tip: bytes) -> Call:
    """Offer to sit in committees; `tip` is the end of a chain of hashes."""
    return bcfl("register_attester", federation=federation, tip=values.digest(tip))


def resign_attester(federation: int) -> Call:
    """Take that offer back."""
    return bcfl("resign_attester", federation=federation)


def attest(federation: int, round_id: int, statement: bytes, preimage: bytes) -> Call:
    """Attest a settlement, or that it is wrong, and reveal the next preimage.

    `statement` is `encoding.attest_statement`, `encoding.refute_statement`, or 32 zero bytes.
    """
    return bcfl(
        "attest",
        federation=federation,
        round=round_id,
        statement=values.digest(statement),
        preimage=values.digest(preimage),
    )
