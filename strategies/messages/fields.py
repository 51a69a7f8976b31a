"""Read the fields of a record that the other side wrote: it may be missing, old, or lie."""

from __future__ import annotations

from typing import TypeVar

from pallet_bridge.errors import BcflError
from pallet_bridge.types import AccountId
from strategies._flower import ConfigRecord, RecordDict

VERSION = 2
"""What both sides must speak; it stands in each record."""

HASH_BYTES = 32
SIGNATURE_BYTES = 64

_T = TypeVar("_T", int, str, bytes, bool, float)


class WireError(BcflError, ValueError):
    """A record of the other side is missing, of another version, or not as agreed."""


def record_of(content: RecordDict, name: str, writer: str) -> ConfigRecord:
    """Return the record of this name, of the version that is spoken here.

    Parameters
    ----------
    content : RecordDict
        What came.
    name : str
        The record.
    writer : str
        Who wrote it: the side to update when its version is older.

    Raises
    ------
    WireError
        If it is missing, or of another version.
    """
    record = content.get(name)
    if not isinstance(record, ConfigRecord):
        raise WireError(f"no ConfigRecord {name!r} came from the {writer}")
    version = record.get("v")
    if type(version) is not int:
        raise WireError(f"{name!r} from the {writer} does not say which version it is of")
    if version < VERSION:
        raise WireError(
            f"{name!r} is of version {version}, which the {writer} still speaks, and this side "
            f"speaks version {VERSION}: update bcfl-plugins on the {writer}"
        )
    if version > VERSION:
        raise WireError(
            f"{name!r} is of version {version}, which the {writer} speaks, and this side speaks "
            f"version {VERSION} only: update bcfl-plugins here; the {writer} is newer"
        )
    return record


def field(record: ConfigRecord, name: str, kind: type[_T]) -> _T:
    """Return a field of exactly this type.

    Raises
    ------
    WireError
        If it is missing, or of another type.
    """
    value = record.get(name)
    if type(value) is not kind:
        raise WireError(f"field {name!r} is missing or no {kind.__name__}")
    found: _T = value
    return found


def unsigned(record: ConfigRecord, name: str, bits: int) -> int:
    """Return a whole number that fits an unsigned integer of so many bits.

    Raises
    ------
    WireError
        If it is missing, of another type, or does not fit.
    """
    value = field(record, name, int)
    if not 0 <= value < 1 << bits:
        raise WireError(f"field {name!r} is {value}, no unsigned integer of {bits} bits")
    return value


def exactly(record: ConfigRecord, name: str, size: int = HASH_BYTES) -> bytes:
    """Return bytes of exactly this length.

    Raises
    ------
    WireError
        If they are missing, of another type, or of another length.
    """
    value = field(record, name, bytes)
    if len(value) != size:
        raise WireError(f"field {name!r} has {len(value)} bytes, not {size}")
    return value


def account(record: ConfigRecord, name: str) -> AccountId:
    """Return an account of 32 bytes.

    Raises
    ------
    WireError
        If it is missing, of another type, or of another length.
    """
    return AccountId(exactly(record, name))
