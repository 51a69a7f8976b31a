"""Which events a call that succeeded must have raised: a receipt without them is not believed.

A node says which events a block has. One that leaves some out, or shows those of another call,
does not get a receipt past this table.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from pallet_bridge.metadata import PALLET
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from pallet_bridge.calls import Call, Value
    from pallet_bridge.types import Event

_WHO = "who signed"


@dataclass(frozen=True, slots=True)
class _Raises:
    """One of these events, whose fields are arguments of the call or its signer.

    Where a call has an argument `federation` or `round`, the event has it too.
    """

    events: tuple[str, ...]
    fields: Mapping[str, str] = field(default_factory=dict)


def _raises(*events: str, **fields: str) -> _Raises:
    return _Raises(events, fields)


_TABLE: Mapping[str, _Raises] = {
    "create_federation": _raises("FederationCreated", coordinator=_WHO),
    "fund": _raises("Funded", who=_WHO, amount="amount"),
    "fund_fees": _raises("FeesFunded", who=_WHO, amount="amount"),
    "join": _raises("Joined", account=_WHO, stake="stake"),
    "add_stake": _raises("StakeAdded", account=_WHO, amount="amount"),
    "unbond": _raises("Unbonding", account=_WHO, amount="amount"),
    "withdraw": _raises("Withdrawn", "Left", account="account"),
    "open_round": _raises("RoundOpened", base_model="base_model"),
    "commit": _raises(
        "Committed", account=_WHO, commitment="commitment", num_examples="num_examples"
    ),
    "settle": _raises("RoundSettled", model="model", report="report"),
    "settle_root": _raises("RoundSettled", model="model", report="report", root="root"),
    "abort": _raises("RoundAborted"),
    "execute_slash": _raises("Slashed", account="account"),
    "claim": _raises("Claimed", account="account"),
    "close": _raises("Closing", "Closed"),
    "refund": _raises("Refunded", account="account"),
    "set_terms": _raises("TermsScheduled"),
    "replace_coordinator": _raises("CoordinatorReplaced", new="account"),
    "propose": _raises("Proposed", proposer=_WHO),
    "vote": _raises("Voted", proposal="proposal", account=_WHO, approve="approve"),
    "apply_leaf": _raises("LeafApplied", account="leaf.account", outcome="leaf.outcome"),
    "register_attester": _raises("AttesterRegistered", account=_WHO),
    "resign_attester": _raises("AttesterResigned", account=_WHO),
    # a second, other statement is no attestation: it is an offence
    "attest": _raises("Attested", "OffenceRecorded", account=_WHO),
    "report_mismatch": _raises("OffenceRecorded", account="leaf.account"),
    "report_bad_root": _raises("RoundVoided", who=_WHO),
    "report_wrong_verdict": _raises("RoundVoided", who=_WHO),
    "dispute": _raises("OffenceDisputed", account=_WHO),
    "resolve": _raises("DisputeVoted", "OffenceUpheld", "OffenceOverturned", account="account"),
    "lapse": _raises("OffenceOverturned", account="account"),
    "seal": _raises("RoundSealed"),
    "expire": _raises("RoundExpired"),
    "prune": _raises("RoundPruned"),
    "invite": _raises("Invited", account="account"),
    "post_bond": _raises("BondPosted", account=_WHO, amount="amount"),
    "withdraw_bond": _raises("BondReleased", account=_WHO),
    "rebase": _raises("Rebased", model="model"),
    "report_misconduct": _raises("MisconductProved"),
    "skip_round": _raises("RoundSkipped"),
    "name_successors": _raises("SuccessorsNamed"),
    "take_over": _raises("TakenOver", new=_WHO),
    "pause": _raises("Paused", until="until"),
    "bind_node_key": _raises("NodeKeyBound", "NodeKeyCleared", account=_WHO),
}
_ENTRY = _raises("Committed", "CommitmentRefused", account="account")
_EQUIVOCATION = _raises("OffenceRecorded", account="account")

SILENT = frozenset({"enact"})
"""Calls that may succeed without an event: clearing some votes of many raises none."""
BY_CONTENT = frozenset({"commit_batch", "report_equivocation"})
"""Calls whose events depend on what is inside their arguments."""


def known() -> frozenset[str]:
    """Return the pallet's calls that there is a decision for."""
    return frozenset(_TABLE) | SILENT | BY_CONTENT


def missing(call: Call, who: AccountId, events: Sequence[Event]) -> str | None:
    """Say which event a successful call must have raised and has not; None when all are there.

    Parameters
    ----------
    call
        What was sent.
    who
        Who signed it.
    events
        Those of its extrinsic, as the node shows them.
    """
    call, who = _acted(call, who)
    left = [event for event in events if event.pallet == PALLET]
    for raises, args in _expected(call):
        wanted = {name: _source(source, args, who) for name, source in raises.fields.items()}
        found = next((event for event in left if _fits(event, raises.events, wanted)), None)
        if found is None:
            said = ", ".join(f"{name}={value}" for name, value in wanted.items())
            return f"{PALLET}.{' or '.join(raises.events)}({said})"
        left.remove(found)
    return None


def _acted(call: Call, who: AccountId) -> tuple[Call, AccountId]:
    """Return a call and its account as the chain dispatches them: an owner acts for another."""
    if (call.pallet, call.function) == ("Proxy", "proxy"):
        match call.args:
            case {
                "real": str(real),
                "call": {
                    "call_module": str(pallet),
                    "call_function": str(name),
                    "call_args": dict(args),
                },
            }:
                acted = AccountId(bytes.fromhex(real.removeprefix("0x")))
                return type(call)(pallet, name, args), acted
    return call, who


def _expected(call: Call) -> Iterator[tuple[_Raises, Mapping[str, Value]]]:
    if (call.pallet, call.function) == ("Utility", "batch_all"):
        for inner in _dicts(call.args.get("calls")):
            args = inner.get("call_args")
            if isinstance(args, dict):
                made = type(call)(str(inner["call_module"]), str(inner["call_function"]), args)
                yield from _expected(made)
    if call.pallet != PALLET:
        return
    place = {name: name for name in ("federation", "round") if name in call.args}
    if call.function in _TABLE:
        raises = _TABLE[call.function]
        yield _Raises(raises.events, {**place, **raises.fields}), call.args
    elif call.function == "commit_batch":
        for entry in _dicts(call.args.get("entries")):
            yield _Raises(_ENTRY.events, {**place, **_ENTRY.fields}), {**call.args, **entry}
    elif call.function == "report_equivocation":
        # two attestations may cost a seat alone, which raises no event
        match call.args.get("proof"):
            case {"Commitments": dict(proof)}:
                fields = {**place, **_EQUIVOCATION.fields}
                yield _Raises(_EQUIVOCATION.events, fields), {**call.args, **proof}


def _dicts(value: Value | None) -> list[dict[str, Value]]:
    return [item for item in value if isinstance(item, dict)] if isinstance(value, list) else []


def _source(source: str, args: Mapping[str, Value], who: AccountId) -> object:
    if source == _WHO:
        return _plain(who)
    name, _, inner = source.partition(".")
    value = args.get(name)
    return value.get(inner) if inner and isinstance(value, dict) else value


def _fits(event: Event, names: tuple[str, ...], wanted: Mapping[str, object]) -> bool:
    return event.name in names and all(
        _plain(event.fields.get(name)) == value for name, value in wanted.items()
    )


def _plain(value: object) -> object:
    """Return a value as calls carry it: accounts and hashes as hex."""
    if isinstance(value, AccountId):
        value = value.raw
    return "0x" + value.hex() if isinstance(value, bytes) else value
