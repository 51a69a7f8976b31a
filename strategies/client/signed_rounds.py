"""A node never signs two different updates for one round: what it may sign, and what it did.

Where it remembers depends on the key, never on what the server says. A secret key has stake behind
it: its memory is a file that outlives runs, restarts and processes (`pallet_bridge.memory`). A
public development key protects nothing, since anybody can sign with it: its memory is Flower's
``context.state``, for this run only, so that simulations of hundreds of nodes stay fast.
"""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Protocol

from bcfl_plugins.config.node_config import CHAIN, FOLDER, folder_of
from pallet_bridge.errors import ConfigError
from pallet_bridge.errors.proofs import OtherChain
from pallet_bridge.memory.chains import FinalMemory
from pallet_bridge.memory.signed import Signed, SignedMemory
from pallet_bridge.trusted.opening import Belief, open_checked
from pallet_bridge.types import AccountId, CommittedUpdate, RoundBinding
from strategies._flower import ConfigRecord
from strategies.errors import NothingSigned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strategies._flower import Context

_log = logging.getLogger("flwr.bcfl")
_TELLING = threading.Lock()
_TOLD: set[str] = set()

AHEAD = "bcfl-memory-ahead"
"""The key that says how far a round may be after the highest that was signed, or is on chain."""
DEFAULT_AHEAD = 10_000

_BOUND = ("coordinator", "base-model", "terms-hash")
_MADE = ("digest", "salt", "commitment", "signature")


class SignedRounds(Protocol):
    """Remembers what one account signed, for one round and those before it."""

    def highest(self) -> int | None:
        """Return the highest round signed for."""

    def stands(self) -> Signed | None:
        """Return what was signed for the round."""

    def keep(self, made: CommittedUpdate) -> Signed:
        """Remember what is about to be handed out; return what stands for its round."""


def memory_of(
    context: Context, binding: RoundBinding, account: AccountId, *, public_key: bool
) -> SignedRounds:
    """Return the account's memory, seen from one round.

    Parameters
    ----------
    public_key
        Whether the key is a public development key. It needs no file, but gets one where the
        operator names a folder.
    """
    if context.node_config.get(FOLDER) is None and public_key:
        return StateMemory(context, binding, account)
    return FileMemory(SignedMemory(folder_of(context.node_config), account), binding)


def check_round(memory: SignedRounds, binding: RoundBinding, context: Context) -> None:
    """Refuse a round that was signed for with another model or terms, or is too far ahead.

    It leaves no mark. Without a bound a server could collect signatures for all rounds to come.
    The bound is counted from the highest round that was signed, else from the highest on chain. Who
    signed nothing yet, and names no node of the chain, takes any round.

    Raises
    ------
    NothingSigned
        If something else was signed for the round, or it is too far ahead, and the chain does not
        know it, or has opened it with another model, other terms or for another coordinator.
    ConfigError
        If the operator's bound is no whole number.
    ChainError
        If the chain has to be asked, and does not answer, or is not believed.
    """
    _check_binding(memory.stands(), binding)
    ahead = _ahead(context)
    highest = memory.highest()
    if highest is not None and binding.round <= highest + ahead:
        return
    url = context.node_config.get(CHAIN)
    if url is None and highest is None:
        return
    if url is not None:
        lasts = not isinstance(memory, StateMemory)
        remembers = FinalMemory(folder_of(context.node_config)) if lasts else None
        known = _next_on_chain(str(url), binding, remembers) - 1
        if binding.round <= known + ahead:
            return
        raise NothingSigned(
            f"round {binding.round} is more than {ahead} after round {known}, the highest of "
            f"federation {binding.federation} on the chain at {url} ({CHAIN} in --node-config)"
        )
    raise NothingSigned(
        f"round {binding.round} is more than {ahead} after round {highest}, the highest that this "
        f"node signed for. If the federation is really there, set {CHAIN} in --node-config to the "
        f"ws:// URL of a node of the chain, or raise {AHEAD}"
    )


def keep(memory: SignedRounds, binding: RoundBinding, made: CommittedUpdate) -> CommittedUpdate:
    """Remember what was just signed, and return what may be handed out: for one round one thing.

    Raises
    ------
    NothingSigned
        If something else stands for this round: another update, model, terms or coordinator.
    MemoryUnusable
        If it cannot be made sure what stands.
    """
    stands = memory.keep(made)
    _check_binding(stands, binding)
    wanted = (made.update_digest, made.num_examples)
    if (stands.made.update_digest, stands.made.num_examples) != wanted:
        raise _equivocation("update", binding.round)
    return stands.made


def _check_binding(stands: Signed | None, asked: RoundBinding) -> None:
    if stands is None or stands.binding == asked:
        return
    before = stands.binding
    if before.coordinator != asked.coordinator:
        raise _equivocation("coordinator's instruction", asked.round)
    what = "base model" if before.base_model != asked.base_model else "version of the terms"
    raise _equivocation(what, asked.round)


def _equivocation(what: str, round_id: int) -> NothingSigned:
    return NothingSigned(
        f"this node signed another {what} for round {round_id}; a second statement would be an "
        f"equivocation and cost its stake"
    )


class FileMemory:
    """The account's file, seen from one round."""

    def __init__(self, file: SignedMemory, binding: RoundBinding) -> None:
        self._file = file
        self._binding = binding

    def highest(self) -> int | None:
        """Return the highest round signed for."""
        return self._file.highest(self._binding.key)

    def stands(self) -> Signed | None:
        """Return what was signed for the round."""
        return self._file.stands(self._binding.key)

    def keep(self, made: CommittedUpdate) -> Signed:
        """Write it down, or return what another process wrote down before."""
        return self._file.keep(self._binding, made)


class StateMemory:
    """Remembers in Flower's ``context.state``: the last round, for this run only."""

    def __init__(self, context: Context, binding: RoundBinding, account: AccountId) -> None:
        place = f"{binding.genesis.hex()}.{binding.federation}.{account.raw.hex()}"
        self._state = context.state
        self._name = f"bcfl.signed.{place}"
        self._account = account
        self._binding = binding

    def highest(self) -> int | None:
        """Return the last round signed for."""
        found = self._last()
        return None if found is None else found.binding.round

    def stands(self) -> Signed | None:
        """Return what was signed for the round, while it is the last."""
        found = self._last()
        same = found is not None and found.binding.round == self._binding.round
        return found if same else None

    def keep(self, made: CommittedUpdate) -> Signed:
        """Remember, in place of the round before.

        Raises
        ------
        NothingSigned
            If the round is before the last.
        """
        found, number = self._last(), self._binding.round
        if found is not None and found.binding.round > number:
            raise NothingSigned(
                f"round {number} is over: this node signed for round {found.binding.round} already"
            )
        if found is not None and found.binding.round == number:
            return found
        signed = Signed(self._binding, made)
        fields = {name: value.hex() for name, value in _bytes_of(signed).items()}
        self._state[self._name] = ConfigRecord(
            {"round": number, "num-examples": made.num_examples, **fields}
        )
        return signed

    def _last(self) -> Signed | None:
        record = self._state.config_records.get(self._name)
        return None if record is None else _read(dict(record), self._binding, self._account)


def _ahead(context: Context) -> int:
    value = context.node_config.get(AHEAD, DEFAULT_AHEAD)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{AHEAD} is {value!r}: a number of rounds above zero is needed")
    return value


def _next_on_chain(url: str, binding: RoundBinding, remembers: FinalMemory | None) -> int:
    """Return the next round of the federation, once what is there of this one was compared."""
    try:
        opened = open_checked(
            url, Belief((binding.genesis,), "the server's instruction", remembers), _say
        )
    except OtherChain as error:
        raise NothingSigned(
            f"the server's chain is 0x{binding.genesis.hex()}, and {CHAIN} in --node-config names "
            f"another: 0x{error.found.hex()} at {error.url}"
        ) from error
    with opened as chain:
        at = chain.head().hash
        there = chain.round(binding.federation, binding.round, at=at)
        if there is not None:
            _check_there(RoundBinding.of(binding.key, there), binding)
        return chain.federation(binding.federation, at=at).next_round


def _check_there(there: RoundBinding, asked: RoundBinding) -> None:
    """Refuse an instruction for a round that the chain has opened otherwise."""
    for name in ("coordinator", "base_model", "terms_hash"):
        found, told = getattr(there, name), getattr(asked, name)
        if found != told:
            found, told = (one.hex() if isinstance(one, bytes) else one for one in (found, told))
            raise NothingSigned(
                f"the server's instruction for round {asked.round} names the {name} {told}, and "
                f"the chain has opened the round with {found}: what this node signed would be "
                f"worth nothing there"
            )


def _say(text: str) -> None:
    """Tell the operator once of each thing whose word is believed."""
    with _TELLING:
        is_new = text not in _TOLD
        _TOLD.add(text)
    if is_new:
        _log.warning("bcfl: %s", text)


def _bytes_of(signed: Signed) -> dict[str, bytes]:
    bound, made = signed.binding, signed.made
    values = (
        *(bound.coordinator.raw, bound.base_model, bound.terms_hash),
        *(made.update_digest, made.salt, made.commitment, made.signature),
    )
    return dict(zip((*_BOUND, *_MADE), values, strict=True))


def _read(fields: Mapping[str, object], place: RoundBinding, account: AccountId) -> Signed:
    round_id, num_examples = fields.get("round"), fields.get("num-examples")
    if not (isinstance(round_id, int) and isinstance(num_examples, int)):
        raise NothingSigned("this node's memory of what it signed is damaged at its numbers")
    try:
        coordinator, base, terms, digest, salt, commitment, signature = (
            bytes.fromhex(str(fields.get(name))) for name in (*_BOUND, *_MADE)
        )
        who = AccountId(coordinator)
    except ValueError:
        raise NothingSigned("this node's memory of what it signed is damaged") from None
    binding = RoundBinding(place.genesis, place.federation, round_id, who, base, terms)
    made = CommittedUpdate(account, digest, num_examples, salt, commitment, signature)
    return Signed(binding, made)
