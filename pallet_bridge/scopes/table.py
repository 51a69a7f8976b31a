"""Which calls the key of each scope may sign."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from pallet_bridge.metadata import PALLET
from pallet_bridge.types.offices import KeyScope

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.calls import Call, Value

_FOR_ANYONE = frozenset({
    "abort", "apply_leaf", "claim", "execute_slash", "expire", "lapse", "prune", "seal",
})  # fmt: skip
_REPORTS = frozenset({
    "report_bad_root", "report_equivocation", "report_misconduct", "report_mismatch",
    "report_wrong_verdict",
})  # fmt: skip
_COORDINATES = frozenset({
    "commit_batch", "open_round", "pause", "settle", "settle_root", "skip_round",
})  # fmt: skip

SCOPES: Final[Mapping[KeyScope, frozenset[str]]] = {
    KeyScope.NODE: _FOR_ANYONE | _REPORTS | {"commit"},
    KeyScope.COORDINATOR: _FOR_ANYONE | _REPORTS | _COORDINATES,
    KeyScope.ATTESTER: _REPORTS | {"attest"},
    KeyScope.FROZEN: frozenset(),
}
"""The calls of pallet-bcfl that a key of each scope may sign; none of any other pallet."""


def in_scope(scope: KeyScope, call: Call) -> bool:
    """Whether a key with this scope may sign a call, or several calls of the scope together."""
    if (call.pallet, call.function) == ("Utility", "batch_all"):
        inner = call.args.get("calls")
        return isinstance(inner, list) and bool(inner) and all(_has(scope, one) for one in inner)
    return call.pallet == PALLET and call.function in SCOPES[scope]


def _has(scope: KeyScope, inner: Value) -> bool:
    match inner:
        case {"call_module": str(pallet), "call_function": str(name)}:
            return pallet == PALLET and name in SCOPES[scope]
    return False
