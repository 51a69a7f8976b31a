"""The pallet's events: a field's kind says how its value is read."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

PALLET = "Bcfl"
"""The pallet's name in the runtime."""


class Kind(Enum):
    """How a value of an event is read."""

    ACCOUNT = "account"
    HASH = "hash"
    INT = "int"
    NAME = "name"
    FLAG = "flag"
    MAYBE_ACCOUNT = "account or None"
    BYTES = "bytes"
    COUNTS = "struct of ints"


_A, _H, _I, _N, _F = Kind.ACCOUNT, Kind.HASH, Kind.INT, Kind.NAME, Kind.FLAG
_M, _B, _C = Kind.MAYBE_ACCOUNT, Kind.BYTES, Kind.COUNTS

EVENTS: Mapping[str, Mapping[str, Kind]] = {
    "FederationCreated": {"federation": _I, "coordinator": _A, "terms_version": _I, "escrow": _A},
    "FeeSponsored": {"federation": _I, "account": _A, "fee": _I},
    "FeesFunded": {"federation": _I, "who": _A, "amount": _I, "purse": _A},
    "Funded": {"federation": _I, "who": _A, "amount": _I},
    "Joined": {"federation": _I, "account": _A, "stake": _I},
    "StakeAdded": {"federation": _I, "account": _A, "amount": _I},
    "Unbonding": {"federation": _I, "account": _A, "amount": _I, "until": _I},
    "Withdrawn": {"federation": _I, "account": _A, "amount": _I},
    "Left": {"federation": _I, "account": _A},
    "RoundOpened": {
        "federation": _I,
        "round": _I,
        "base_model": _H,
        "terms_version": _I,
        "commit_until": _I,
        "settle_until": _I,
    },
    "Committed": {
        "federation": _I,
        "round": _I,
        "account": _A,
        "commitment": _H,
        "num_examples": _I,
    },
    "CommitmentRefused": {"federation": _I, "round": _I, "account": _A, "reason": _N},
    "RoundSealed": {"federation": _I, "round": _I, "commitments": _I, "stake": _I},
    "RoundSettled": {
        "federation": _I,
        "round": _I,
        "model": _H,
        "report": _H,
        "root": _H,
        "mode": _N,
        "totals": _C,
        "terms_version": _I,
        "dispute_until": _I,
        "claim_until": _I,
    },
    "LeafApplied": {"federation": _I, "round": _I, "account": _A, "outcome": _N},
    "Rewarded": {"federation": _I, "round": _I, "account": _A, "amount": _I},
    "Struck": {
        "federation": _I,
        "round": _I,
        "account": _A,
        "strikes": _I,
        "reason": _I,
        "score": _I,
    },
    "StrikeForgiven": {"federation": _I, "round": _I, "account": _A, "strikes": _I},
    "OffenceRecorded": {
        "federation": _I,
        "round": _I,
        "account": _A,
        "kind": _N,
        "stake": _I,
        "amount": _I,
        "executable_at": _I,
        "reporter": _M,
    },
    "Slashed": {
        "federation": _I,
        "round": _I,
        "account": _A,
        "kind": _N,
        "amount": _I,
        "burned": _I,
        "shared": _I,
        "reporter": _M,
        "forfeited": _I,
    },
    "RoundAborted": {"federation": _I, "round": _I, "by_deadline": _F},
    "Claimed": {"federation": _I, "account": _A, "amount": _I},
    "RoundExpired": {"federation": _I, "round": _I, "returned": _I},
    "RoundPruned": {"federation": _I, "round": _I, "removed": _I, "left": _I},
    "Closing": {"federation": _I, "ends": _I},
    "Closed": {"federation": _I, "left": _I},
    "Refunded": {"federation": _I, "account": _A, "amount": _I},
    "TermsSet": {"federation": _I, "terms_version": _I},
    "Proposed": {
        "federation": _I,
        "proposal": _I,
        "proposer": _A,
        "voting_until": _I,
        "enact_at": _I,
    },
    "Voted": {"federation": _I, "proposal": _I, "account": _A, "approve": _F, "stake": _I},
    "Enacted": {"federation": _I, "proposal": _I},
    "ProposalRejected": {"federation": _I, "proposal": _I},
    "ProposalCleared": {"federation": _I, "proposal": _I},
    "CoordinatorReplaced": {"federation": _I, "old": _A, "new": _A},
    "AttesterRegistered": {"federation": _I, "account": _A, "weight": _I},
    "AttesterResigned": {"federation": _I, "account": _A, "leaves_at_once": _F},
    "AttesterDropped": {"federation": _I, "account": _A, "missed": _I},
    "CommitteeSeated": {"federation": _I, "round": _I, "seats": _I, "seed": _H},
    "Attested": {"federation": _I, "round": _I, "account": _A, "statement": _H},
    "OffenceDisputed": {"federation": _I, "round": _I, "account": _A, "bond": _I, "until": _I},
    "DisputeVoted": {"federation": _I, "round": _I, "account": _A, "voter": _A, "uphold": _F},
    "OffenceUpheld": {"federation": _I, "round": _I, "account": _A, "burned": _I},
    "OffenceOverturned": {
        "federation": _I,
        "round": _I,
        "account": _A,
        "returned": _I,
        "by_deadline": _F,
    },
    "RoundVoided": {"federation": _I, "round": _I, "who": _A, "released": _I},
    "TermsScheduled": {"federation": _I, "terms_version": _I, "from": _I, "is_worse": _F},
    "Invited": {
        "federation": _I,
        "account": _A,
        "organisation": _B,
        "max_examples": _I,
        "vouchers": _I,
    },
    "BondPosted": {"federation": _I, "account": _A, "amount": _I},
    "BondReleased": {"federation": _I, "account": _A, "amount": _I},
    "Rebased": {"federation": _I, "model": _H},
    "MisconductProved": {
        "federation": _I,
        "round": _I,
        "coordinator": _A,
        "taken": _I,
        "burned": _I,
        "shared": _I,
        "compensation": _I,
        "reporter": _M,
    },
    "RewardCut": {"federation": _I, "round": _I, "account": _A, "amount": _I},
    "RoundSkipped": {"federation": _I, "round": _I},
    "SuccessorsNamed": {"federation": _I, "count": _I, "from": _I},
    "TakenOver": {"federation": _I, "old": _A, "new": _A},
    "Paused": {"federation": _I, "until": _I},
    "NodeKeyBound": {"federation": _I, "account": _A, "key": _H},
    "NodeKeyCleared": {"federation": _I, "account": _A},
    "RoundRefuted": {"federation": _I, "round": _I, "model": _H, "report": _H, "root": _H},
}
"""Fields of each event."""
