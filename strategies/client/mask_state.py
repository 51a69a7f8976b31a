"""What a node holds of its masks between messages, and what it must not forget.

Secrets of one run are in Flower's ``context.state``: a node that loses them is a drop-out. Which
questions it answered is on disk where its key is secret, like what it signed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.config.node_config import FOLDER, folder_of
from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.masking import Masked
from pallet_bridge.memory.answers import AnswerMemory
from strategies._flower import ConfigRecord, RecordDict
from strategies.errors import NothingSigned
from strategies.messages.masks import ROSTER, read_roster, roster_record

if TYPE_CHECKING:
    from bcfl_plugins.secure.statements import Roster
    from pallet_bridge.memory.answers import Answered
    from pallet_bridge.types import AccountId, RoundKey
    from strategies._flower import Context

_KEY, _ROUND, _SET, _SAID = (f"bcfl.mask.{name}" for name in ("key", "round", "roster", "said"))
_NO_SIGNATURE = bytes(64)


def mask_key(context: Context) -> MaskKey:
    """Return the node's mask key of this run, made when it is first asked for."""
    if _KEY not in context.state:
        context.state[_KEY] = ConfigRecord({"secret": MaskKey().secret})
    return MaskKey(_bytes(context, _KEY, "secret"))


def hold(context: Context, place: RoundKey, roster: Roster, seed: bytes) -> None:
    """Hold what the node dealt, in the place of the round before."""
    context.state[_ROUND] = ConfigRecord(
        {
            "genesis": place.genesis,
            "federation": place.federation,
            "round": place.round,
            "seed": seed,
            "length": 0,
            "commitment": b"",
        }
    )
    context.state[_SET] = roster_record(roster, _NO_SIGNATURE)


def note_sent(context: Context, length: int, commitment: bytes) -> None:
    """Note how long the masked vector is, and what the node committed to."""
    context.state.config_records[_ROUND]["length"] = length
    context.state.config_records[_ROUND]["commitment"] = commitment


def sent(context: Context) -> tuple[int, bytes]:
    """Return how long the masked vector is, and what the node committed to."""
    record = context.state.config_records[_ROUND]
    length = record["length"]
    return length if isinstance(length, int) else 0, _bytes(context, _ROUND, "commitment")


def held(context: Context, place: RoundKey, account: AccountId) -> Masked:
    """Return what the node holds of a round.

    Raises
    ------
    NothingSigned
        If it holds nothing of it.
    """
    record = context.state.config_records.get(_ROUND)
    now = None if record is None else (record["genesis"], record["federation"], record["round"])
    if now != (place.genesis, place.federation, place.round):
        raise NothingSigned(
            f"this node dealt no shares for round {place.round}, or lost them with its state: it "
            f"takes part again in the next round"
        )
    roster, _ = read_roster(RecordDict({ROSTER: context.state.config_records[_SET]}))
    return Masked(place, account, roster, mask_key(context), _bytes(context, _ROUND, "seed"))


def answered(context: Context, account: AccountId, *, public_key: bool) -> Answered:
    """Return the account's memory of what it answered."""
    if context.node_config.get(FOLDER) is None and public_key:
        return StateAnswers(context)
    return AnswerMemory(folder_of(context.node_config), account)


class StateAnswers:
    """Remembers in Flower's ``context.state``: for a public development key, for this run only."""

    def __init__(self, context: Context) -> None:
        if _SAID not in context.state:
            context.state[_SAID] = ConfigRecord({})
        self._said = context.state.config_records[_SAID]

    def stands(self, place: RoundKey, question: str) -> bytes | None:
        """Return what was asked of a question that was answered in a round."""
        found = self._said.get(_name(place, question))
        return found if isinstance(found, bytes) else None

    def keep(self, place: RoundKey, question: str, asked: bytes) -> bytes:
        """Remember what is about to be answered; return what stands for the round's question."""
        stands = self.stands(place, question)
        if stands is not None:
            return stands
        self._said[_name(place, question)] = asked
        return asked


def _name(place: RoundKey, question: str) -> str:
    return f"{place.genesis.hex()}.{place.federation}.{place.round}.{question}"


def _bytes(context: Context, record: str, name: str) -> bytes:
    value = context.state.config_records[record][name]
    if not isinstance(value, bytes):
        raise NothingSigned("this node's state of its masks is damaged; start the run again")
    return value
