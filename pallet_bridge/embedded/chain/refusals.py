"""The words of Substrate for a runtime's refusal of an extrinsic. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.chain.outcome import Invalid, InvalidKind, UnknownKind
from pallet_bridge.embedded.errors import InvalidExtrinsic, UnknownValidity

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.outcome import Unknown
    from pallet_bridge.embedded.errors import PoolRefusal

_INVALID = {
    InvalidKind.CALL: "Transaction call is not expected",
    InvalidKind.PAYMENT: "Inability to pay some fees (e.g. account balance too low)",
    InvalidKind.FUTURE: "Transaction will be valid in the future",
    InvalidKind.STALE: "Transaction is outdated",
    InvalidKind.BAD_PROOF: "Transaction has a bad signature",
    InvalidKind.ANCIENT_BIRTH_BLOCK: "Transaction has an ancient birth block",
    InvalidKind.EXHAUSTS_RESOURCES: "Transaction would exhaust the block limits",
    InvalidKind.BAD_MANDATORY: "A call was labelled as mandatory, but resulted in an Error.",
    InvalidKind.MANDATORY_VALIDATION: (
        "Transaction dispatch is mandatory; transactions must not be validated."
    ),
    InvalidKind.BAD_SIGNER: "Invalid signing address",
    InvalidKind.INDETERMINATE_IMPLICIT: "The implicit data was unable to be calculated",
    InvalidKind.UNKNOWN_ORIGIN: "The transaction extension did not authorize any origin",
}
_UNKNOWN = {
    UnknownKind.CANNOT_LOOKUP: "CannotLookup",
    UnknownKind.NO_UNSIGNED_VALIDATOR: "NoUnsignedValidator",
}


def refusal(validity: Invalid | Unknown) -> PoolRefusal:
    """Give the error for an extrinsic that the runtime did not call valid."""
    if isinstance(validity, Invalid):
        return InvalidExtrinsic(_INVALID.get(validity.kind, f"Custom error: {validity.code}"))
    return UnknownValidity(_UNKNOWN.get(validity.kind, f"Custom({validity.code})"))


def may_fit_later(rejected: Invalid | Unknown) -> bool:
    """Tell whether a block was only too full for an extrinsic, or for one it builds on."""
    return isinstance(rejected, Invalid) and rejected.kind in {
        InvalidKind.EXHAUSTS_RESOURCES,
        InvalidKind.FUTURE,
    }
