"""From decoded SCALE values to the records of `pallet_bridge.types`.

A record is read field by field, each as its annotation says: the dataclasses are the one place
that lists the fields. What the chain writes in another form than the record has is named below.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import is_dataclass
from enum import Enum
from types import MappingProxyType, NoneType
from typing import TypeAlias, TypeVar, get_args, get_origin, get_type_hints

from pallet_bridge.client.fields import Fields, read_hash, read_name
from pallet_bridge.errors import BadChainValue, EncodingError
from pallet_bridge.types.base import AccountId, Perbill, Planck
from pallet_bridge.types.federation import (
    AttesterRecord,
    Federation,
    FederationState,
    Motion,
    PendingTerms,
    Seat,
)
from pallet_bridge.types.members import (
    Bond,
    Invitation,
    Organisation,
    Participant,
    PastRecord,
    Sponsorship,
)
from pallet_bridge.types.offices import (
    NodeKey,
    NodeProof,
    Office,
    PendingSuccession,
    Succession,
)
from pallet_bridge.types.round import Commitment, Dispute, Offence, OffenceState, Round
from pallet_bridge.types.terms import (
    Admission,
    Arbiter,
    Governance,
    MembersVote,
    Quorum,
    Terms,
    TrainingValue,
    Vouched,
)

R = TypeVar("R")
Reader: TypeAlias = Callable[[Fields, str], object]


def terms(value: object) -> Terms:
    """Read `Terms`."""
    return _read(Terms, Fields("terms", value))


def federation(value: object) -> Federation:
    """Read `Federation`."""
    return _read(Federation, Fields("federation", value))


def participant(value: object) -> Participant:
    """Read `Participant`."""
    return _read(Participant, Fields("participant", value))


def invitation(value: object) -> Invitation:
    """Read `Invitation`."""
    return _read(Invitation, Fields("invitation", value))


def bond(value: object) -> Bond:
    """Read `Bond`."""
    return _read(Bond, Fields("bond", value))


def record(value: object) -> PastRecord:
    """Read `PastRecord`."""
    return _read(PastRecord, Fields("record", value))


def round_(value: object) -> Round:
    """Read `Round`."""
    return _read(Round, Fields("round", value))


def commitment(value: object) -> Commitment:
    """Read `Commitment`."""
    return _read(Commitment, Fields("commitment", value))


def offence(value: object) -> Offence:
    """Read `Offence`."""
    return _read(Offence, Fields("offence", value))


def attester(value: object) -> AttesterRecord:
    """Read `AttesterRecord`."""
    return _read(AttesterRecord, Fields("attester", value))


def committee(value: object) -> tuple[Seat, ...]:
    """Read the seats of a round, in their order."""
    listed = Fields("committee", {"seats": value})
    return tuple(_read(Seat, seat) for seat in listed.structs("seats"))


def office(value: object) -> Office:
    """Read `Office`."""
    return _read(Office, Fields("office", value))


def node_key(value: object) -> NodeKey:
    """Read `NodeKey`."""
    return _read(NodeKey, Fields("node_key", value))


def sponsorship(value: object) -> Sponsorship:
    """Read `Sponsorship`."""
    return _read(Sponsorship, Fields("sponsorship", value))


def motion(value: object) -> Motion:
    """Read `Motion`."""
    return _read(Motion, Fields("motion", value))


def _read(record: type[R], fields: Fields) -> R:
    if record not in _READERS:
        _READERS[record] = _readers(record)
    return record(**{name: read(fields, name) for name, read in _READERS[record].items()})


def _readers(record: type) -> Mapping[str, Reader]:
    """Return how to read each field of a record."""
    hints = get_type_hints(record, localns=_NAMES)
    return {name: _OF_FIELD.get((record, name)) or _reader(hint) for name, hint in hints.items()}


def _reader(hint: object) -> Reader:
    if hint in _OF_TYPE:
        return _OF_TYPE[hint]
    if isinstance(hint, type) and issubclass(hint, Enum):
        return lambda fields, name: fields.choice(name, hint)
    if isinstance(hint, type) and is_dataclass(hint):
        return lambda fields, name: _read(hint, fields.struct(name))
    first, *others = get_args(hint)
    if others == [NoneType]:
        inner = _reader(first)
        return lambda fields, name: None if fields.value(name) is None else inner(fields, name)
    if get_origin(hint) is tuple and others == [...]:
        return lambda fields, name: tuple(_read(first, one) for one in fields.structs(name))
    raise TypeError(f"no reader for a field of type {hint}")


def _quorum(fields: Fields, name: str) -> Quorum:
    tag, content = fields.variant(name)
    needed = content if isinstance(content, int) else 0
    match tag:
        case "Window":
            return Quorum()
        case "Count":
            return Quorum(count=needed)
        case "Stake":
            return Quorum(stake=Planck(needed))
    raise BadChainValue(f"the chain's terms.quorum is {tag!r}")


def _arbiter(fields: Fields, name: str) -> AccountId | Arbiter:
    tag, content = fields.variant(name)
    if tag == "Account":
        return Fields("terms.arbiter", {"account": content}).account("account")
    return fields.choice(name, Arbiter)


def _governance(fields: Fields, name: str) -> Governance | MembersVote:
    tag, content = fields.variant(name)
    if tag != "Members":
        return fields.choice(name, Governance)
    return _read(MembersVote, Fields("terms.governance", content))


def _admission(fields: Fields, name: str) -> Admission | Vouched:
    tag, content = fields.variant(name)
    if tag != "Vouched":
        return fields.choice(name, Admission)
    return Vouched(Fields("terms.admission", {"vouchers": content}).integer("vouchers"))


def _training(fields: Fields, name: str) -> Mapping[str, TrainingValue]:
    value = fields.value(name)
    listed = value if isinstance(value, list | tuple) else None
    if listed is None:
        raise BadChainValue(f"the chain's terms.training is {value!r}, not a map")
    return MappingProxyType(dict(_parameter(item) for item in listed))


def _parameter(item: object) -> tuple[str, TrainingValue]:
    match item:
        case (name, {"Fixed": int(number)}):
            return read_name(name), number
        case (name, {"Hash": digest}):
            try:
                return read_name(name), read_hash(digest)
            except EncodingError as error:
                raise BadChainValue(f"a training parameter cannot be read: {error}") from error
    raise BadChainValue(f"the chain's training parameter is {item!r}")


def _proposal(fields: Fields, name: str) -> Terms | AccountId | bytes | Succession:
    tag, content = fields.variant(name)
    match tag:
        case "Terms":
            return terms(content)
        case "Coordinator":
            return Fields("motion.proposal", {"account": content}).account("account")
        case "Rebase":
            return Fields("motion.proposal", {"model": content}).hash("model")
        case "Succession":
            return _read(Succession, Fields("motion.proposal", content))
    raise BadChainValue(f"the chain's motion proposes {tag!r}")


def _starts_at(fields: Fields, _: str) -> int:
    return fields.integer("from")  # no name for a field in Python


def _federation_state(fields: Fields, name: str) -> FederationState:
    closing = fields.variant(name)[0] == FederationState.CLOSING.value
    return FederationState.CLOSING if closing else fields.choice(name, FederationState)


def _closing_ends(fields: Fields, _: str) -> int | None:
    tag, content = fields.variant("state")
    closing = tag == FederationState.CLOSING.value
    return Fields("federation.state", content).integer("ends") if closing else None


def _offence_state(fields: Fields, name: str) -> OffenceState:
    disputed = fields.variant(name)[0] == OffenceState.DISPUTED.value
    return OffenceState.DISPUTED if disputed else fields.choice(name, OffenceState)


def _dispute(fields: Fields, _: str) -> Dispute | None:
    tag, content = fields.variant("state")
    disputed = tag == OffenceState.DISPUTED.value
    return _read(Dispute, Fields("offence.state", content)) if disputed else None


# what records import for type checkers only
_NAMES: Mapping[str, object] = {
    "AccountId": AccountId,
    "Mapping": Mapping,
    "Perbill": Perbill,
    "Planck": Planck,
    "Succession": Succession,
    "Terms": Terms,
}
_OF_TYPE: Mapping[object, Reader] = {
    int: Fields.integer,
    bool: Fields.flag,
    bytes: Fields.hash,
    Planck: Fields.planck,
    Perbill: Fields.perbill,
    AccountId: Fields.account,
    Quorum: _quorum,
    AccountId | Arbiter: _arbiter,
    Governance | MembersVote: _governance,
    Admission | Vouched: _admission,
    Organisation: Fields.raw,
    NodeProof: Fields.raw,
    tuple[int, ...]: Fields.integers,
    tuple[AccountId, ...]: Fields.accounts,
    Mapping[str, TrainingValue]: _training,
    Terms | AccountId | bytes | Succession: _proposal,
}
_OF_FIELD: Mapping[tuple[type, str], Reader] = {
    (Federation, "state"): _federation_state,
    (Federation, "closing_ends"): _closing_ends,
    (PendingTerms, "starts_at"): _starts_at,
    (PendingSuccession, "starts_at"): _starts_at,
    (Offence, "state"): _offence_state,
    (Offence, "dispute"): _dispute,
}
_READERS: dict[type, Mapping[str, Reader]] = {}  # of each record that was read, made once
