"""Calls of other pallets."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.calls import values
from pallet_bridge.calls.values import Call, Value

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.types.base import AccountId, Planck
    from pallet_bridge.types.offices import KeyScope


_REF_TIME, _PROOF_SIZE = 10**11, 10**6
"""A tenth of a second of work: more than any call that a council decides on."""


def transfer(dest: AccountId, amount: Planck) -> Call:
    """Send balance, keeping the sender's account alive."""
    args: dict[str, Value] = {"dest": values.account(dest), "value": amount}
    return Call("Balances", "transfer_keep_alive", args)


def batch(calls: Sequence[Call]) -> Call:
    """Make one call of several: all succeed or none does."""
    inner: list[Value] = [_within(one) for one in calls]
    return Call("Utility", "batch_all", {"calls": inner})


def in_name_of(real: AccountId, call: Call) -> Call:
    """Send a call in the name of an account, as its owner or another proxy of it."""
    args: dict[str, Value] = {
        "real": values.account(real),
        "force_proxy_type": None,
        "call": _within(call),
    }
    return Call("Proxy", "proxy", args)


def restrict(owner: AccountId, scope: KeyScope) -> Call:
    """Let an owner act for the signer, whose own key can send only its scope's calls then."""
    args: dict[str, Value] = {"owner": values.account(owner), "scope": scope.value}
    return Call("KeyScopes", "restrict", args)


def set_scope(scope: KeyScope) -> Call:
    """Change the scope of a restricted account's key: a call that its owner sends in its name."""
    return Call("KeyScopes", "set_scope", {"scope": scope.value})


def lift_scope() -> Call:
    """Let the key of a restricted account send any call: one that its owner sends in its name."""
    return Call("KeyScopes", "lift", {})


def council_propose(proposal: Call, threshold: int, length_bound: int) -> Call:
    """Propose a call to the council; with `threshold` 1 it is done at once.

    When the call inside fails, the motion is gone all the same, and whoever waits for it gets the
    error's class, with `CallFailed.inside`.

    `length_bound` is at least the length of the encoded call in bytes.
    """
    args: dict[str, Value] = {
        "threshold": threshold,
        "proposal": _within(proposal),
        "length_bound": length_bound,
    }
    return Call("Council", "propose", args)


def council_vote(motion: bytes, index: int, *, approve: bool) -> Call:
    """Vote on a motion as a member of the council; `motion` is the hash of its call."""
    args: dict[str, Value] = {
        "proposal": values.digest(motion),
        "index": index,
        "approve": approve,
    }
    return Call("Council", "vote", args)


def council_close(motion: bytes, index: int, length_bound: int) -> Call:
    """Count the votes on a motion, and execute its call when enough approved; anyone may.

    The fee of what the call does not use of the weight that is set aside for it comes back.
    """
    args: dict[str, Value] = {
        "proposal_hash": values.digest(motion),
        "index": index,
        "proposal_weight_bound": {"ref_time": _REF_TIME, "proof_size": _PROOF_SIZE},
        "length_bound": length_bound,
    }
    return Call("Council", "close", args)


def set_council(members: Sequence[AccountId], old_count: int) -> Call:
    """Give the council other members: the call of a motion. `old_count` is how many there were."""
    args: dict[str, Value] = {
        "new_members": [values.account(one) for one in members],
        "prime": None,
        "old_count": old_count,
    }
    return Call("Council", "set_members", args)


def add_validator(validator: AccountId) -> Call:
    """Let an account with session keys validate: the call of a motion of the council."""
    return Call("ValidatorSet", "add_validator", {"validator": values.account(validator)})


def remove_validator(validator: AccountId) -> Call:
    """Let an account validate no more: the call of a motion of the council."""
    return Call("ValidatorSet", "remove_validator", {"validator": values.account(validator)})


def set_session_keys(aura: bytes, grandpa: bytes, proof: bytes) -> Call:
    """Register the keys with which the sender validates, in place of those before.

    `proof` is the signature of each key over ``POP_`` and the sender's account.
    """
    keys: dict[str, Value] = {"aura": values.digest(aura), "grandpa": values.digest(grandpa)}
    return Call("Session", "set_keys", {"keys": keys, "proof": "0x" + proof.hex()})


def purge_session_keys() -> Call:
    """Give up the sender's session keys, so that its deposit comes back."""
    return Call("Session", "purge_keys", {})


def authorize_upgrade(code_hash: bytes) -> Call:
    """Allow the runtime with this blake2_256 hash: the call of a motion of the council."""
    return Call("Upgrades", "authorize_upgrade", {"code_hash": values.digest(code_hash)})


def apply_upgrade(code: bytes) -> Call:
    """Bring a runtime that the council allowed; anyone may."""
    return Call("System", "apply_authorized_upgrade", {"code": "0x" + code.hex()})


def _within(call: Call) -> dict[str, Value]:
    """Return a call as an argument of another."""
    return {
        "call_module": call.pallet,
        "call_function": call.function,
        "call_args": dict(call.args),
    }
