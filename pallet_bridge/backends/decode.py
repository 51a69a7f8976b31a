"""From decoded SCALE values to records. Nothing is taken on trust: whatever does not fit raises.

A value is what the codec gives: dicts by field name, lists, ints, ``0x`` hex for hashes, SS58 for
accounts, a string for an enum's plain variant and a one-entry dict for one with content.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, TypeVar

from pallet_bridge.encoding import HASH_BYTES
from pallet_bridge.errors import BadChainValue, CallFailed, EncodingError
from pallet_bridge.metadata import EVENTS, PALLET, Kind
from pallet_bridge.types import (
    AccountId,
    Balance,
    Commitment,
    Event,
    Federation,
    FederationState,
    Offence,
    OffenceKind,
    Participant,
    Perbill,
    Planck,
    Round,
    RoundState,
    Settlement,
    SlashTerms,
    Terms,
    UnbondingChunk,
)

if TYPE_CHECKING:
    from enum import Enum

E = TypeVar("E", bound="Enum")


class Fields:
    """A decoded struct, read field by field; what does not fit is a `BadChainValue`."""

    __slots__ = ("_fields", "_what")

    def __init__(self, what: str, value: object) -> None:
        if not isinstance(value, Mapping):
            raise BadChainValue(f"the chain's {what} is {value!r}, not a struct")
        self._what = what
        self._fields = value

    def value(self, name: str) -> object:
        """Return a field as it is."""
        if name not in self._fields:
            raise BadChainValue(f"the chain's {self._what} has no field {name!r}")
        return self._fields[name]

    def integer(self, name: str) -> int:
        """Return an integer."""
        value = self.value(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self._wrong(name, value, "an integer")
        return value

    def planck(self, name: str) -> Planck:
        """Return an amount."""
        return Planck(self.integer(name))

    def perbill(self, name: str) -> Perbill:
        """Return a fraction."""
        return Perbill(self.integer(name))

    def optional(self, name: str) -> int | None:
        """Return an integer or None."""
        return None if self.value(name) is None else self.integer(name)

    def flag(self, name: str) -> bool:
        """Return a bool."""
        value = self.value(name)
        if not isinstance(value, bool):
            raise self._wrong(name, value, "a bool")
        return value

    def text(self, name: str) -> str:
        """Return a string."""
        value = self.value(name)
        if not isinstance(value, str):
            raise self._wrong(name, value, "a name")
        return value

    def hash(self, name: str) -> bytes:
        """Return 32 bytes."""
        try:
            return read_hash(self.value(name))
        except EncodingError as error:
            raise self._wrong(name, self.value(name), "a hash") from error

    def account(self, name: str) -> AccountId:
        """Return an account."""
        try:
            return AccountId.parse(self.text(name))
        except EncodingError as error:
            raise self._wrong(name, self.value(name), "an account") from error

    def choice(self, name: str, kind: type[E]) -> E:
        """Return a plain variant of an enum."""
        try:
            return kind(self.value(name))
        except ValueError as error:
            raise self._wrong(name, self.value(name), f"a {kind.__name__}") from error

    def struct(self, name: str) -> Fields:
        """Return a struct inside."""
        return Fields(f"{self._what}.{name}", self.value(name))

    def structs(self, name: str) -> list[Fields]:
        """Return a list of structs inside."""
        value = self.value(name)
        if not isinstance(value, list | tuple):
            raise self._wrong(name, value, "a list")
        return [Fields(f"{self._what}.{name}", item) for item in value]

    def _wrong(self, name: str, value: object, expected: str) -> BadChainValue:
        return BadChainValue(f"the chain's {self._what}.{name} is {value!r}, not {expected}")


def read_hash(value: object) -> bytes:
    """Read ``0x`` and 64 hex digits; `EncodingError` when it is something else."""
    if isinstance(value, str) and value.startswith("0x"):
        try:
            raw = bytes.fromhex(value[2:])
        except ValueError as error:
            raise EncodingError(f"{value!r} is no hex: {error}") from error
        if len(raw) == HASH_BYTES:
            return raw
    raise EncodingError(f"{value!r} is no hash")


def terms(value: object) -> Terms:
    """Read `Terms`."""
    fields = Fields("terms", value)
    slash = fields.struct("slash")
    return Terms(
        min_stake=fields.planck("min_stake"),
        max_participants=fields.integer("max_participants"),
        quorum=fields.integer("quorum"),
        commit_blocks=fields.integer("commit_blocks"),
        settle_blocks=fields.integer("settle_blocks"),
        dispute_blocks=fields.integer("dispute_blocks"),
        unbonding_blocks=fields.integer("unbonding_blocks"),
        round_reward=fields.planck("round_reward"),
        strikes_to_slash=fields.integer("strikes_to_slash"),
        strike_decay_rounds=fields.integer("strike_decay_rounds"),
        slash=SlashTerms(
            equivocation=slash.perbill("equivocation"),
            outlier_base=slash.perbill("outlier_base"),
            cap=slash.perbill("cap"),
        ),
    )


def federation(value: object) -> Federation:
    """Read `Federation`."""
    fields = Fields("federation", value)
    state, ends = _federation_state(fields)
    return Federation(
        coordinator=fields.account("coordinator"),
        state=state,
        closing_ends=ends,
        terms_version=fields.integer("terms_version"),
        metadata=fields.hash("metadata"),
        deposit=fields.planck("deposit"),
        next_round=fields.integer("next_round"),
        open_round=fields.optional("open_round"),
        members=fields.integer("members"),
        failed_rounds=fields.integer("failed_rounds"),
        owed=fields.planck("owed"),
        reserved=fields.planck("reserved"),
    )


def participant(value: object) -> Participant:
    """Read `Participant`."""
    fields = Fields("participant", value)
    return Participant(
        active=fields.planck("active"),
        unbonding=tuple(
            UnbondingChunk(chunk.planck("amount"), chunk.integer("until"))
            for chunk in fields.structs("unbonding")
        ),
        strikes=fields.integer("strikes"),
        clean_rounds=fields.integer("clean_rounds"),
        offences=fields.integer("offences"),
        pending_offences=fields.integer("pending_offences"),
        credits=fields.planck("credits"),
        suspended_until=fields.integer("suspended_until"),
    )


def round_(value: object) -> Round:
    """Read `Round`."""
    fields = Fields("round", value)
    settled = fields.value("settlement") is not None
    return Round(
        state=fields.choice("state", RoundState),
        base_model=fields.hash("base_model"),
        terms_version=fields.integer("terms_version"),
        opened_at=fields.integer("opened_at"),
        commit_until=fields.integer("commit_until"),
        settle_until=fields.integer("settle_until"),
        sealed_at=fields.optional("sealed_at"),
        commitments=fields.integer("commitments"),
        settlement=_settlement(fields.struct("settlement")) if settled else None,
    )


def commitment(value: object) -> Commitment:
    """Read `Commitment`."""
    fields = Fields("commitment", value)
    return Commitment(fields.hash("hash"), fields.integer("num_examples"), fields.integer("at"))


def offence(value: object) -> Offence:
    """Read `Offence`."""
    fields = Fields("offence", value)
    return Offence(
        kind=fields.choice("kind", OffenceKind),
        stake=fields.planck("stake"),
        amount=fields.planck("amount"),
        executable_at=fields.integer("executable_at"),
    )


def balance(value: object) -> Balance:
    """Read the balance in `frame_system::AccountInfo`; what is held counts as reserved there."""
    data = Fields("account", value).struct("data")
    return Balance(free=data.planck("free"), held=data.planck("reserved"))


def event(value: object) -> Event:
    """Read one `EventRecord`."""
    record = Fields("event", value)
    pallet, name = record.text("module_id"), record.text("event_id")
    kinds = EVENTS.get(name, {}) if pallet == PALLET else {}
    attributes = record.value("attributes")
    fields: dict[str, object] = {}
    if kinds:
        typed = Fields(f"event {pallet}.{name}", attributes)
        fields = {field: _field(typed, field, kind) for field, kind in kinds.items()}
    elif isinstance(attributes, Mapping):
        fields = {str(field): item for field, item in attributes.items()}
    elif attributes is not None:
        fields = {"0": attributes}
    return Event(pallet, name, fields, record.optional("extrinsic_idx"))


def dispatch_error(value: object) -> CallFailed | tuple[int, int]:
    """Read a `DispatchError`: a pallet's error as its two indices, any other as `CallFailed`."""
    if isinstance(value, str):
        return CallFailed("Dispatch", value)
    if not isinstance(value, Mapping) or len(value) != 1:
        raise BadChainValue(f"the chain's dispatch error is {value!r}")
    kind, content = next(iter(value.items()))
    if kind != "Module":
        return CallFailed(str(kind), str(content))
    module = Fields("dispatch error", content)
    number = module.value("error")
    # four bytes, of which the first is the error's own index
    index = int(number[2:4], 16) if isinstance(number, str) else module.integer("error")
    return module.integer("index"), index


def _federation_state(fields: Fields) -> tuple[FederationState, int | None]:
    value = fields.value("state")
    if isinstance(value, Mapping):
        return FederationState.CLOSING, fields.struct("state").struct("Closing").integer("ends")
    return fields.choice("state", FederationState), None


def _settlement(fields: Fields) -> Settlement:
    return Settlement(
        model=fields.hash("model"),
        report=fields.hash("report"),
        root=fields.hash("root"),
        accepted=fields.integer("accepted"),
        rejected=fields.integer("rejected"),
        rewards=fields.planck("rewards"),
        settled_at=fields.integer("settled_at"),
    )


def _field(fields: Fields, name: str, kind: Kind) -> object:
    match kind:
        case Kind.ACCOUNT:
            return fields.account(name)
        case Kind.HASH:
            return fields.hash(name)
        case Kind.INT:
            return fields.integer(name)
        case Kind.FLAG:
            return fields.flag(name)
        case Kind.NAME:
            return fields.text(name)
