"""The pallet as this version speaks it: one table, compared with every chain on connecting.

The order of calls is that of their indices. A field's kind says how its value is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

from pallet_bridge.errors import pallet_errors

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


_A, _H, _I, _N, _F = Kind.ACCOUNT, Kind.HASH, Kind.INT, Kind.NAME, Kind.FLAG

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
    "claim": ("federation", "account"),
    "close": ("federation",),
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
    "RoundSealed": {"federation": _I, "round": _I, "commitments": _I},
    "RoundSettled": {
        "federation": _I,
        "round": _I,
        "model": _H,
        "report": _H,
        "root": _H,
        "accepted": _I,
        "rejected": _I,
        "rewards": _I,
    },
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
    },
    "Slashed": {
        "federation": _I,
        "round": _I,
        "account": _A,
        "kind": _N,
        "amount": _I,
        "burned": _I,
    },
    "RoundAborted": {"federation": _I, "round": _I, "by_deadline": _F},
    "Claimed": {"federation": _I, "account": _A, "amount": _I},
    "Closing": {"federation": _I, "ends": _I},
    "Closed": {"federation": _I, "returned": _I},
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
