"""The pallet as this version speaks it: one table, compared with every chain on connecting.

The order of calls is that of their indices. A field's kind says how its value is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge.errors.pallet import pallet_errors

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
    COUNTS = "struct of ints"


_A, _H, _I, _N, _F = Kind.ACCOUNT, Kind.HASH, Kind.INT, Kind.NAME, Kind.FLAG
_M, _C = Kind.MAYBE_ACCOUNT, Kind.COUNTS

CALLS: Mapping[str, tuple[str, ...]] = {
    "create_federation": ("terms", "metadata"),
    "fund": ("federation", "amount"),
    "join": ("federation", "stake"),
    "add_stake": ("federation", "amount"),
    "unbond": ("federation", "amount"),
    "withdraw": ("federation", "account"),
    "open_round": ("federation", "base_model"),
    "commit": ("federation", "round", "commitment", "num_examples"),
    "commit_batch": ("federation", "round", "entries"),
    "settle": ("federation", "round", "model", "report", "verdicts"),
    "abort": ("federation", "round"),
    "execute_slash": ("federation", "round", "account"),
    "claim": ("federation", "account", "rounds"),
    "close": ("federation",),
    "set_terms": ("federation", "terms"),
    "propose": ("federation", "proposal"),
    "vote": ("federation", "proposal", "approve"),
    "enact": ("federation", "proposal", "limit"),
    "settle_root": ("federation", "round", "model", "report", "root", "totals"),
    "apply_leaf": ("federation", "round", "leaf", "index", "proof"),
    "register_attester": ("federation", "tip"),
    "resign_attester": ("federation",),
    "attest": ("federation", "round", "statement", "preimage"),
    "report_equivocation": ("federation", "round", "proof"),
    "report_mismatch": ("federation", "round", "leaf", "index", "proof", "opening"),
    "report_bad_root": ("federation", "round", "proof"),
    "dispute": ("federation", "round"),
    "resolve": ("federation", "round", "account", "uphold"),
    "lapse": ("federation", "round", "account"),
    "seal": ("federation", "round"),
    "expire": ("federation", "round"),
    "prune": ("federation", "round", "limit"),
    "replace_coordinator": ("federation", "account"),
}
"""Arguments of each call."""

STORAGE: Mapping[str, int] = {
    "NextFederationId": 0,
    "Federations": 1,
    "FederationTerms": 2,
    "Participants": 2,
    "Rounds": 2,
    "Commitments": 3,
    "Offences": 3,
    "Attesters": 2,
    "Committees": 2,
    "Motions": 2,
    "Votes": 3,
}
"""Number of keys of each storage item."""

EVENTS: Mapping[str, Mapping[str, Kind]] = {
    "FederationCreated": {"federation": _I, "coordinator": _A, "terms_version": _I, "escrow": _A},
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
    "Closed": {"federation": _I, "returned": _I},
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
}
"""Fields of each event."""

ERRORS: frozenset[str] = frozenset(pallet_errors)
"""Names of the pallet's errors."""


@dataclass(frozen=True, slots=True)
class PalletNames:
    """What a chain's pallet calls its parts: arguments, numbers of keys, fields, errors."""

    calls: Mapping[str, tuple[str, ...]]
    storage: Mapping[str, int]
    events: Mapping[str, tuple[str, ...]]
    errors: frozenset[str]


def differences(chain: PalletNames) -> tuple[str, ...]:
    """Say how a chain's pallet differs from the table, one sentence each; empty when it fits.

    What the chain has in addition is no difference.
    """
    found: list[str] = []
    missing = sorted(ERRORS - chain.errors)
    if missing:
        found.append(f"it has no error {', '.join(missing)}")
    for name, args in CALLS.items():
        if name not in chain.calls:
            found.append(f"it has no call {name}")
        elif chain.calls[name] != args:
            found.append(f"its call {name} takes {', '.join(chain.calls[name])}")
    for name, keys in STORAGE.items():
        if chain.storage.get(name) != keys:
            found.append(f"it has no storage {name} with {keys} key(s)")
    for name, fields in EVENTS.items():
        if not set(fields) <= set(chain.events.get(name, ())):
            found.append(f"it has no event {name} with {', '.join(fields)}")
    return tuple(found)
