"""From records to the plain JSON values that calls are made of."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

from pallet_bridge.errors import EncodingError
from pallet_bridge.metadata import PALLET
from pallet_bridge.types.base import HASH_BYTES, AccountId
from pallet_bridge.types.offices import Succession
from pallet_bridge.types.terms import Admission, Arbiter, Governance
from pallet_bridge.types.verdicts import (
    AccountOmitted,
    LeafNotCommitted,
    LeavesOutOfOrder,
    TwoCommitments,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.types.offices import NodeKey
    from pallet_bridge.types.round import Totals
    from pallet_bridge.types.terms import MembersVote, Quorum, Terms, TrainingValue, Vouched
    from pallet_bridge.types.verdicts import (
        BadRoot,
        BatchEntry,
        EquivocationProof,
        Leaf,
        MemberVerdict,
        MisconductProof,
        ProvenLeaf,
        SignedCommitment,
        SignedStatement,
    )

Value: TypeAlias = "int | str | bool | list[Value] | dict[str, Value] | None"
"""What an argument is made of."""

_SIGNATURE_BYTES = 64
_NAME_BYTES = 32
_PROOF_BYTES = 144


@dataclass(frozen=True, slots=True)
class Call:
    """One call: which pallet, which function, and its arguments by name."""

    pallet: str
    function: str
    args: Mapping[str, Value]


def bcfl(function: str, **args: Value) -> Call:
    """Return a call of our pallet."""
    return Call(PALLET, function, args)


def account(value: AccountId) -> str:
    """Return an account as hex."""
    return "0x" + value.raw.hex()


def digest(value: bytes) -> str:
    """Return a hash as hex; `EncodingError` when it has not 32 bytes."""
    if len(value) != HASH_BYTES:
        raise EncodingError(f"a hash has {HASH_BYTES} bytes, not {len(value)}")
    return "0x" + value.hex()


def signature(value: bytes) -> str:
    """Return a signature as hex; `EncodingError` when it has not 64 bytes."""
    if len(value) != _SIGNATURE_BYTES:
        raise EncodingError(f"a signature has {_SIGNATURE_BYTES} bytes, not {len(value)}")
    return "0x" + value.hex()


def terms(value: Terms) -> Value:
    """Return `Terms`."""
    return {
        "min_stake": value.min_stake,
        "max_participants": value.max_participants,
        "quorum": _quorum(value.quorum),
        "commit_blocks": value.commit_blocks,
        "settle_blocks": value.settle_blocks,
        "dispute_blocks": value.dispute_blocks,
        "unbonding_blocks": value.unbonding_blocks,
        "claim_blocks": value.claim_blocks,
        "retention_blocks": value.retention_blocks,
        "cooldown_blocks": value.cooldown_blocks,
        "round_reward": value.round_reward,
        "strikes_to_slash": value.strikes_to_slash,
        "strike_decay_rounds": value.strike_decay_rounds,
        "slash": {
            "equivocation": value.slash.equivocation,
            "mismatch": value.slash.mismatch,
            "outlier_base": value.slash.outlier_base,
            "cap": value.slash.cap,
        },
        "reporter_share": value.reporter_share,
        "dispute_bond": value.dispute_bond,
        "arbiter": _arbiter(value.arbiter),
        "coupling": value.coupling.value,
        "attest_quorum": value.attest_quorum,
        "attest_by": value.attest_by.value,
        "committee_size": value.committee_size,
        "governance": _governance(value.governance),
        "max_failed_rounds": value.max_failed_rounds,
        "notice_blocks": value.notice_blocks,
        "admission": _admission(value.admission),
        "max_per_organisation": value.max_per_organisation,
        "max_examples": value.max_examples,
        "max_share": value.max_share,
        "coordinator_bond": value.coordinator_bond,
        "misconduct": value.misconduct,
        "silence": value.silence,
        "aging_blocks": value.aging_blocks,
        "max_vote_share": value.max_vote_share,
        "lock_blocks": value.lock_blocks,
        "tenure_rounds": value.tenure_rounds,
        "vesting_rounds": value.vesting_rounds,
        "strike_cut": value.strike_cut,
        "training": _training(value.training),
    }


def organisation(value: bytes) -> Value:
    """Return an organisation's name as hex; `EncodingError` when it is too long."""
    if len(value) > _NAME_BYTES:
        raise EncodingError(
            f"the organisation {value!r} has {len(value)} bytes; a name has up to {_NAME_BYTES}"
        )
    return "0x" + value.hex()


def succession(value: Succession) -> Value:
    """Return a `Succession`."""
    return {
        "accounts": [account(one) for one in value.accounts],
        "idle_blocks": value.idle_blocks,
        "turn_blocks": value.turn_blocks,
    }


def node_key(value: NodeKey) -> Value:
    """Return a `NodeKey`; `EncodingError` when its proof is too long."""
    if len(value.proof) > _PROOF_BYTES:
        raise EncodingError(
            f"the proof of a node's key has {len(value.proof)} bytes; it has up to {_PROOF_BYTES}"
        )
    return {"key": digest(value.key), "proof": "0x" + value.proof.hex()}


def proposal(value: Terms | AccountId | bytes | Succession) -> Value:
    """Return a `Proposal`: terms, a coordinator, the digest of a model, or successors."""
    if isinstance(value, AccountId):
        return {"Coordinator": account(value)}
    if isinstance(value, bytes):
        return {"Rebase": digest(value)}
    if isinstance(value, Succession):
        return {"Succession": succession(value)}
    return {"Terms": terms(value)}


def verdict(value: MemberVerdict) -> Value:
    """Return a `MemberVerdict`."""
    return {
        "account": account(value.account),
        "revealed": digest(value.revealed),
        "outcome": value.outcome.value,
        "score": value.score,
        "reason": int(value.reason),
        "weight": value.weight,
    }


def entry(value: BatchEntry) -> Value:
    """Return a `BatchEntry`."""
    return {
        "account": account(value.account),
        "commitment": digest(value.commitment),
        "num_examples": value.num_examples,
        "signature": signature(value.signature),
    }


def totals(value: Totals) -> Value:
    """Return `Totals`."""
    return {
        "accepted": value.accepted,
        "rejected": value.rejected,
        "excluded": value.excluded,
        "strikes": value.strikes,
        "rewards": value.rewards,
    }


def leaf(value: Leaf) -> Value:
    """Return a `Leaf`."""
    return {
        "account": account(value.account),
        "commitment": digest(value.commitment),
        "revealed": digest(value.revealed),
        "outcome": value.outcome.value,
        "score": value.score,
        "strikes": value.strikes,
        "reward": value.reward,
        "reason": int(value.reason),
    }


def siblings(value: ProvenLeaf) -> Value:
    """Return a Merkle proof."""
    return [digest(one) for one in value.proof]


def proven(value: ProvenLeaf) -> Value:
    """Return a `ProvenLeaf`."""
    return {"leaf": leaf(value.leaf), "index": value.index, "proof": siblings(value)}


def equivocation(value: EquivocationProof) -> Value:
    """Return an `EquivocationProof`."""
    if isinstance(value, TwoCommitments):
        return {
            "Commitments": {
                "account": account(value.account),
                "first": _signed_commitment(value.first),
                "second": _signed_commitment(value.second),
            }
        }
    return {
        "Attestations": {
            "account": account(value.account),
            "first": _signed_statement(value.first),
            "second": _signed_statement(value.second),
        }
    }


def bad_root(value: BadRoot) -> Value:
    """Return a `BadRoot`."""
    if isinstance(value, LeavesOutOfOrder):
        return {"OutOfOrder": {"first": proven(value.first), "second": proven(value.second)}}
    if isinstance(value, AccountOmitted):
        return {
            "Omitted": {
                "account": account(value.account),
                "before": _neighbour(value.before),
                "after": _neighbour(value.after),
            }
        }
    if isinstance(value, LeafNotCommitted):
        return {"NotCommitted": proven(value.leaf)}
    return {"Unsound": proven(value.leaf)}


def misconduct(value: MisconductProof) -> Value:
    """Return a `MisconductProof`."""
    return {
        "Instruction": {
            "base_model": digest(value.base_model),
            "terms_hash": digest(value.terms_hash),
            "expires": value.expires,
            "signature": signature(value.signature),
        }
    }


def _neighbour(value: ProvenLeaf | None) -> Value:
    return None if value is None else proven(value)


def _quorum(value: Quorum) -> Value:
    if value.count:
        return {"Count": value.count}
    return {"Stake": value.stake} if value.stake else "Window"


def _arbiter(value: AccountId | Arbiter) -> Value:
    return value.value if isinstance(value, Arbiter) else {"Account": account(value)}


def _governance(value: Governance | MembersVote) -> Value:
    if isinstance(value, Governance):
        return value.value
    return {
        "Members": {
            "quorum": value.quorum,
            "threshold": value.threshold,
            "voting_blocks": value.voting_blocks,
            "delay_blocks": value.delay_blocks,
        }
    }


def _admission(value: Admission | Vouched) -> Value:
    return value.value if isinstance(value, Admission) else {"Vouched": value.vouchers}


def _training(value: Mapping[str, TrainingValue]) -> Value:
    """Return the parameters in the order of their names' bytes, as a map is encoded."""
    pairs: list[Value] = []
    for name in sorted(value, key=str.encode):
        raw = name.encode()
        if not 0 < len(raw) <= _NAME_BYTES:
            raise EncodingError(
                f"the training parameter {name!r} has {len(raw)} bytes; a name has 1 to "
                f"{_NAME_BYTES}"
            )
        content = value[name]
        made: Value = (
            {"Hash": digest(content)} if isinstance(content, bytes) else {"Fixed": content}
        )
        pairs.append(["0x" + raw.hex(), made])
    return pairs


def _signed_commitment(value: SignedCommitment) -> Value:
    return {
        "commitment": digest(value.commitment),
        "num_examples": value.num_examples,
        "signature": signature(value.signature),
    }


def _signed_statement(value: SignedStatement) -> Value:
    return {"statement": digest(value.statement), "signature": signature(value.signature)}
