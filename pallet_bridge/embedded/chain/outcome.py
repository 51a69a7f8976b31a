"""What the runtime says of an extrinsic: valid or not before a block, applied or not in one."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.decode import ScaleReader

_INVALID, _UNKNOWN = 0, 1


class TransactionSource(IntEnum):
    """Where an extrinsic comes from (``TransactionSource``)."""

    IN_BLOCK = 0
    LOCAL = 1
    EXTERNAL = 2


class InvalidKind(IntEnum):
    """The variants of ``InvalidTransaction``, by their numbers."""

    CALL = 0
    PAYMENT = 1
    FUTURE = 2
    STALE = 3
    BAD_PROOF = 4
    ANCIENT_BIRTH_BLOCK = 5
    EXHAUSTS_RESOURCES = 6
    CUSTOM = 7
    BAD_MANDATORY = 8
    MANDATORY_VALIDATION = 9
    BAD_SIGNER = 10
    INDETERMINATE_IMPLICIT = 11
    UNKNOWN_ORIGIN = 12


class UnknownKind(IntEnum):
    """The variants of ``UnknownTransaction``, by their numbers."""

    CANNOT_LOOKUP = 0
    NO_UNSIGNED_VALIDATOR = 1
    CUSTOM = 2


@dataclass(frozen=True, slots=True)
class Valid:
    """The extrinsic can go into a block once what it requires is there (``ValidTransaction``).

    Attributes
    ----------
    requires, provides
        Tags: what must come before it, and what it brings.
    longevity
        For how many blocks this holds.
    propagate
        Whether it may be told to other nodes.
    """

    priority: int
    requires: tuple[bytes, ...]
    provides: tuple[bytes, ...]
    longevity: int
    propagate: bool


@dataclass(frozen=True, slots=True)
class Invalid:
    """The extrinsic is not valid now; `code` is that of ``Custom``."""

    kind: InvalidKind
    code: int | None = None


@dataclass(frozen=True, slots=True)
class Unknown:
    """The runtime cannot tell; `code` is that of ``Custom``."""

    kind: UnknownKind
    code: int | None = None


Validity = Valid | Invalid | Unknown


@dataclass(frozen=True, slots=True)
class ApplyOutcome:
    """What became of an extrinsic that was offered to a block.

    Attributes
    ----------
    rejected
        Why it is not in the block; None when it is.
    dispatch_error
        The encoded ``DispatchError`` of an included extrinsic whose call failed, else None.
    """

    rejected: Invalid | Unknown | None = None
    dispatch_error: bytes | None = None

    @property
    def included(self) -> bool:
        """Whether the extrinsic is in the block."""
        return self.rejected is None

    @property
    def ok(self) -> bool:
        """Whether the extrinsic is in the block and its call succeeded."""
        return self.rejected is None and self.dispatch_error is None

    @property
    def retry(self) -> bool:
        """Whether the block was merely full: a later one may take the extrinsic."""
        return (
            isinstance(self.rejected, Invalid)
            and self.rejected.kind is InvalidKind.EXHAUSTS_RESOURCES
        )


def decode_validity(data: bytes) -> Validity:
    """Read the result of ``TaggedTransactionQueue_validate_transaction``."""
    reader = ScaleReader(data)
    if reader.flag():
        refusal = _refusal(reader)
        reader.finish()
        return refusal
    valid = Valid(
        priority=reader.uint(8),
        requires=tuple(reader.blob() for _ in range(reader.compact())),
        provides=tuple(reader.blob() for _ in range(reader.compact())),
        longevity=reader.uint(8),
        propagate=reader.flag(),
    )
    reader.finish()
    return valid


def decode_outcome(data: bytes) -> ApplyOutcome:
    """Read the result of ``BlockBuilder_apply_extrinsic``."""
    reader = ScaleReader(data)
    if reader.flag():
        outcome = ApplyOutcome(rejected=_refusal(reader))
    elif reader.flag():
        outcome = ApplyOutcome(dispatch_error=reader.rest())
    else:
        outcome = ApplyOutcome()
    reader.finish()
    return outcome


def _refusal(reader: ScaleReader) -> Invalid | Unknown:
    """Read a ``TransactionValidityError``."""
    family, number = reader.uint(1), reader.uint(1)
    try:
        if family == _INVALID:
            invalid = InvalidKind(number)
            return Invalid(invalid, reader.uint(1) if invalid is InvalidKind.CUSTOM else None)
        if family == _UNKNOWN:
            unknown = UnknownKind(number)
            return Unknown(unknown, reader.uint(1) if unknown is UnknownKind.CUSTOM else None)
    except ValueError as error:
        raise DecodeError(f"no transaction validity error has number {number}") from error
    raise DecodeError(f"a transaction validity error is invalid or unknown, not {family}")
