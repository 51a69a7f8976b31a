"""A node never signs two different updates for one round: what it may sign, and what it did.

Where it remembers depends on the key, never on what the server says. A secret key has stake behind
it: its memory is a file that outlives runs, restarts and processes (`pallet_bridge.memory`). A
public development key protects nothing, since anybody can sign with it: its memory is Flower's
``context.state``, for this run only, so that simulations of hundreds of nodes stay fast.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from pallet_bridge.client import connect
from pallet_bridge.errors import ConfigError
from pallet_bridge.memory import SignedMemory, default_folder
from pallet_bridge.types import AccountId, CommittedUpdate
from strategies._flower import ConfigRecord
from strategies.errors import NothingSigned

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import OpenedRound
    from strategies._flower import Context

FOLDER = "bcfl-memory"
"""The key of ``--node-config`` that names the folder."""
AHEAD = "bcfl-memory-ahead"
"""The key that says how far a round may be after the highest that was signed, or is on chain."""
CHAIN = "bcfl-memory-chain"
"""The key that names a node of the chain, which is asked about the first round and far ones."""
DEFAULT_AHEAD = 10_000

_FIELDS = ("digest", "salt", "commitment", "signature")


class SignedRounds(Protocol):
    """Remembers what one account signed, for one round and those before it."""

    def highest(self) -> int | None:
        """Return the highest round signed for."""

    def keep(self, made: CommittedUpdate) -> CommittedUpdate:
        """Remember what is about to be handed out; return what stands for its round."""


def memory_of(
    context: Context, opened: OpenedRound, account: AccountId, *, public_key: bool
) -> SignedRounds:
    """Return the account's memory.

    Parameters
    ----------
    public_key
        Whether the key is a public development key. It needs no file, but gets one where the
        operator names a folder.
    """
    folder = context.node_config.get(FOLDER)
    if folder is None and public_key:
        return StateMemory(context, opened, account)
    where = default_folder() if folder is None else Path(str(folder)).expanduser()
    return FileMemory(SignedMemory(where, account), opened)


def check_round(memory: SignedRounds, opened: OpenedRound, context: Context) -> None:
    """Refuse a round that is further ahead than any that can come soon. It leaves no mark.

    Without this a server could collect signatures for all rounds to come. What can come soon is
    within a bound of the highest round that was signed, else of the highest on chain. Who signed
    nothing yet, and names no node of the chain, takes any.

    Raises
    ------
    NothingSigned
        If the round is too far ahead, and the chain does not know it.
    ConfigError
        If the operator's bound is no whole number.
    ChainError
        If the chain has to be asked, and does not answer.
    """
    ahead = _ahead(context)
    highest = memory.highest()
    if highest is not None and opened.round <= highest + ahead:
        return
    url = context.node_config.get(CHAIN)
    if url is None and highest is None:
        return
    if url is not None:
        known = _next_on_chain(str(url), opened) - 1
        if opened.round <= known + ahead:
            return
        raise NothingSigned(
            f"round {opened.round} is more than {ahead} after round {known}, the highest of "
            f"federation {opened.federation} on the chain at {url} ({CHAIN} in --node-config)"
        )
    raise NothingSigned(
        f"round {opened.round} is more than {ahead} after round {highest}, the highest that this "
        f"node signed for. If the federation is really there, set {CHAIN} in --node-config to the "
        f"ws:// URL of a node of the chain, or raise {AHEAD}"
    )


def keep(memory: SignedRounds, made: CommittedUpdate, round_id: int) -> CommittedUpdate:
    """Remember what was just signed, and return what may be handed out: for one round one thing.

    Raises
    ------
    NothingSigned
        If something else stands for this round.
    MemoryUnusable
        If it cannot be made sure what stands.
    """
    stands = memory.keep(made)
    wanted = (made.update_digest, made.num_examples)
    if (stands.update_digest, stands.num_examples) != wanted:
        raise NothingSigned(
            f"this node signed another update for round {round_id}; a second one would be "
            f"an equivocation and cost its stake"
        )
    return stands


class FileMemory:
    """The account's file, seen from one round."""

    def __init__(self, file: SignedMemory, opened: OpenedRound) -> None:
        self._file = file
        self._key = opened.key

    def highest(self) -> int | None:
        """Return the highest round signed for."""
        return self._file.highest(self._key)

    def keep(self, made: CommittedUpdate) -> CommittedUpdate:
        """Write it down, or return what another process wrote down before."""
        return self._file.keep(self._key, made)


class StateMemory:
    """Remembers in Flower's ``context.state``: the last round, for this run only."""

    def __init__(self, context: Context, opened: OpenedRound, account: AccountId) -> None:
        place = f"{opened.genesis.hex()}.{opened.federation}.{account.raw.hex()}"
        self._state = context.state
        self._name = f"bcfl.signed.{place}"
        self._account = account
        self._round = opened.round

    def highest(self) -> int | None:
        """Return the last round signed for."""
        found = self._last()
        return None if found is None else found[0]

    def keep(self, made: CommittedUpdate) -> CommittedUpdate:
        """Remember, in place of the round before.

        Raises
        ------
        NothingSigned
            If the round is before the last.
        """
        found = self._last()
        if found is not None and found[0] > self._round:
            raise NothingSigned(
                f"round {self._round} is over: this node signed for round {found[0]} already"
            )
        if found is not None and found[0] == self._round:
            return found[1]
        fields = {name: value.hex() for name, value in _bytes_of(made).items()}
        self._state[self._name] = ConfigRecord(
            {"round": self._round, "num-examples": made.num_examples, **fields}
        )
        return made

    def _last(self) -> tuple[int, CommittedUpdate] | None:
        record = self._state.config_records.get(self._name)
        return None if record is None else _read(dict(record), self._account)


def _ahead(context: Context) -> int:
    value = context.node_config.get(AHEAD, DEFAULT_AHEAD)
    if not isinstance(value, int) or isinstance(value, bool) or value < 1:
        raise ConfigError(f"{AHEAD} is {value!r}: a number of rounds above zero is needed")
    return value


def _next_on_chain(url: str, opened: OpenedRound) -> int:
    with connect(url) as chain:
        if chain.genesis_hash != opened.genesis:
            raise NothingSigned(
                f"the server's chain is 0x{opened.genesis.hex()}, and {CHAIN} in --node-config "
                f"names another: 0x{chain.genesis_hash.hex()} at {url}"
            )
        return chain.federation(opened.federation).next_round


def _bytes_of(signed: CommittedUpdate) -> dict[str, bytes]:
    values = (signed.update_digest, signed.salt, signed.commitment, signed.signature)
    return dict(zip(_FIELDS, values, strict=True))


def _read(fields: Mapping[str, object], account: AccountId) -> tuple[int, CommittedUpdate]:
    round_id, num_examples = fields.get("round"), fields.get("num-examples")
    texts = [fields.get(name) for name in _FIELDS]
    if not (isinstance(round_id, int) and isinstance(num_examples, int)):
        raise NothingSigned("this node's memory of what it signed is damaged at its numbers")
    try:
        digest, salt, commitment, signature = (bytes.fromhex(str(text)) for text in texts)
    except ValueError:
        raise NothingSigned("this node's memory of what it signed is damaged") from None
    signed = CommittedUpdate(account, digest, num_examples, salt, commitment, signature)
    return round_id, signed
