"""From decoded SCALE values to blocks, balances, events and errors."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from pallet_bridge.client.fields import Fields
from pallet_bridge.errors import BadChainValue, CallFailed
from pallet_bridge.metadata import EVENTS, PALLET, Kind
from pallet_bridge.types.base import Planck
from pallet_bridge.types.events import Balance, Event

_FEE_BYTES = 16


def block_number(header: Fields) -> int:
    """Return a header's number, which nodes write in hex."""
    text = header.text("number")
    try:
        return int(text, 16)
    except ValueError as error:
        raise BadChainValue(f"a block's number is {text!r}") from error


def balance(value: object) -> Balance:
    """Read the balance in `frame_system::AccountInfo`; what is held counts as reserved there."""
    data = Fields("account", value).struct("data")
    return Balance(free=data.planck("free"), held=data.planck("reserved"))


def partial_fee(answer: object) -> Planck:
    """Read the fee in an encoded `RuntimeDispatchInfo`, which ends with it."""
    try:
        raw = bytes.fromhex(str(answer).removeprefix("0x"))
    except ValueError:
        raw = b""
    if len(raw) <= _FEE_BYTES:
        raise BadChainValue(f"the chain's fee of a call is {answer!r}")
    return Planck(int.from_bytes(raw[-_FEE_BYTES:], "little"))


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


def failed_inside(found: Event) -> object | None:
    """Return the `DispatchError` of a call inside another that an event tells of, or None.

    What dispatches for others (a council, sudo, a proxy, a multisig) succeeds whatever became of
    the call, and says so in a field that holds a Rust `Result`.
    """
    if found.pallet == PALLET:
        return None
    if (found.pallet, found.name) in _STOPPED:
        return found.fields.get("error")
    for value in found.fields.values():
        if isinstance(value, Mapping) and tuple(value) == ("Err",):
            content: object = value["Err"]
            return content
    return None


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


def _field(fields: Fields, name: str, kind: Kind) -> object:
    return _READERS[kind](fields, name)


def _counts(fields: Fields, name: str) -> dict[str, int]:
    counts = fields.struct(name)
    return {key: counts.integer(key) for key in counts.names()}


_STOPPED = frozenset({("Utility", "BatchInterrupted"), ("Utility", "ItemFailed")})

_READERS: Mapping[Kind, Callable[[Fields, str], object]] = {
    Kind.ACCOUNT: Fields.account,
    Kind.HASH: Fields.hash,
    Kind.INT: Fields.integer,
    Kind.FLAG: Fields.flag,
    Kind.NAME: Fields.text,
    Kind.MAYBE_ACCOUNT: Fields.optional_account,
    Kind.BYTES: Fields.raw,
    Kind.COUNTS: _counts,
}
