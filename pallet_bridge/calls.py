"""Pure builders of calls. Nothing here talks to a chain.

A `Call` holds plain JSON values only (hashes and accounts as ``0x`` hex), so that the outbox can
write it down. Whether a call may succeed is the chain's to say; refused here is only what cannot
be encoded at all.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pallet_bridge.encoding import HASH_BYTES
from pallet_bridge.errors import EncodingError
from pallet_bridge.metadata import PALLET

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pallet_bridge.types import AccountId, BatchEntry, Planck, Terms, Verdict

Value: TypeAlias = "int | str | list[Value] | dict[str, Value]"
"""What an argument is made of."""

_SIGNATURE_BYTES = 64


@dataclass(frozen=True, slots=True)
class Call:
    """One call: which pallet, which function, and its arguments by name."""

    pallet: str
    function: str
    args: Mapping[str, Value]


def create_federation(terms: Terms, metadata: bytes) -> Call:
    """Start a federation whose coordinator is the signer; `metadata` is a hash of any text."""
    return _bcfl("create_federation", terms=_terms(terms), metadata=_hash(metadata))


def fund(federation: int, amount: Planck) -> Call:
    """Move `amount` from the signer into the federation's escrow."""
    return _bcfl("fund", federation=federation, amount=amount)


def join(federation: int, stake: Planck) -> Call:
    """Join with a stake that is put on hold."""
    return _bcfl("join", federation=federation, stake=stake)


def add_stake(federation: int, amount: Planck) -> Call:
    """Put more on hold."""
    return _bcfl("add_stake", federation=federation, amount=amount)


def unbond(federation: int, amount: Planck) -> Call:
    """Let stake go: free after the terms' `unbonding_blocks`, slashable until then."""
    return _bcfl("unbond", federation=federation, amount=amount)


def withdraw(federation: int, account: AccountId) -> Call:
    """Release matured stake to its owner; anyone may send it."""
    return _bcfl("withdraw", federation=federation, account=_account(account))


def open_round(federation: int, base_model: bytes) -> Call:
    """Open the next round on a model's digest."""
    return _bcfl("open_round", federation=federation, base_model=_hash(base_model))


def commit(federation: int, round_id: int, commitment: bytes, num_examples: int) -> Call:
    """Commit the signer to an update."""
    return _bcfl(
        "commit",
        federation=federation,
        round=round_id,
        commitment=_hash(commitment),
        num_examples=num_examples,
    )


def commit_batch(federation: int, round_id: int, entries: Sequence[BatchEntry]) -> Call:
    """Relay commitments that their accounts signed."""
    return _bcfl(
        "commit_batch",
        federation=federation,
        round=round_id,
        entries=[_entry(entry) for entry in entries],
    )


def settle(
    federation: int, round_id: int, model: bytes, report: bytes, verdicts: Sequence[Verdict]
) -> Call:
    """Settle a round; the verdicts are put in the order of accounts that the pallet asks for."""
    return _bcfl(
        "settle",
        federation=federation,
        round=round_id,
        model=_hash(model),
        report=_hash(report),
        verdicts=[_verdict(verdict) for verdict in sorted(verdicts, key=lambda v: v.account)],
    )


def abort(federation: int, round_id: int) -> Call:
    """End a round without verdicts."""
    return _bcfl("abort", federation=federation, round=round_id)


def execute_slash(federation: int, round_id: int, account: AccountId) -> Call:
    """Carry out an offence whose dispute window is over; anyone may send it."""
    return _bcfl("execute_slash", federation=federation, round=round_id, account=_account(account))


def claim(federation: int, account: AccountId) -> Call:
    """Pay an account its credits; anyone may send it."""
    return _bcfl("claim", federation=federation, account=_account(account))


def close(federation: int) -> Call:
    """Start closing a federation, or finish it once its members have left."""
    return _bcfl("close", federation=federation)


def transfer(dest: AccountId, amount: Planck) -> Call:
    """Send balance, keeping the sender's account alive."""
    args: dict[str, Value] = {"dest": _account(dest), "value": amount}
    return Call("Balances", "transfer_keep_alive", args)


def batch(calls: Sequence[Call]) -> Call:
    """Make one call of several: all succeed or none does."""
    inner: list[Value] = [
        {"call_module": c.pallet, "call_function": c.function, "call_args": dict(c.args)}
        for c in calls
    ]
    return Call("Utility", "batch_all", {"calls": inner})


def _bcfl(function: str, **args: Value) -> Call:
    return Call(PALLET, function, args)


def _account(account: AccountId) -> str:
    return "0x" + account.raw.hex()


def _hash(value: bytes) -> str:
    if len(value) != HASH_BYTES:
        raise EncodingError(f"a hash has {HASH_BYTES} bytes, not {len(value)}")
    return "0x" + value.hex()


def _terms(terms: Terms) -> Value:
    return {
        "min_stake": terms.min_stake,
        "max_participants": terms.max_participants,
        "quorum": terms.quorum,
        "commit_blocks": terms.commit_blocks,
        "settle_blocks": terms.settle_blocks,
        "dispute_blocks": terms.dispute_blocks,
        "unbonding_blocks": terms.unbonding_blocks,
        "round_reward": terms.round_reward,
        "strikes_to_slash": terms.strikes_to_slash,
        "strike_decay_rounds": terms.strike_decay_rounds,
        "slash": {
            "equivocation": terms.slash.equivocation,
            "outlier_base": terms.slash.outlier_base,
            "cap": terms.slash.cap,
        },
    }


def _verdict(verdict: Verdict) -> Value:
    return {
        "account": _account(verdict.account),
        "outcome": verdict.outcome.value,
        "score": verdict.score,
        "reason": int(verdict.reason),
    }


def _entry(entry: BatchEntry) -> Value:
    if len(entry.signature) != _SIGNATURE_BYTES:
        raise EncodingError(f"a signature has {_SIGNATURE_BYTES} bytes, not {len(entry.signature)}")
    return {
        "account": _account(entry.account),
        "commitment": _hash(entry.commitment),
        "num_examples": entry.num_examples,
        "signature": "0x" + entry.signature.hex(),
    }
