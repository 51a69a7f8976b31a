"""A node's part where two servers aggregate: it halves its update, and checks both sketches.

One half goes to the aggregator, sealed for it, the other as a seed to the server. The node commits
to both at once. The aggregator is the one that the node's operator named: the server chooses none.
"""

from __future__ import annotations

import logging
import os
from typing import TYPE_CHECKING, Any, Self

from bcfl_plugins.aggregator.calling import AggregatorAt
from bcfl_plugins.config.node_config import KEY
from bcfl_plugins.config.secure import NODE_AGGREGATOR, pinned_aggregator
from bcfl_plugins.secure.halves import (
    COMMITTED,
    LEAST_SUMMED,
    Halved,
    checked_payload,
    half_payload,
    halve,
    is_sketch_of_seed,
    is_sketch_of_vector,
    receipt_payload,
    seed_digest,
    vector_digest,
)
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import key_payload
from bcfl_plugins.secure.streams import SEED_BYTES
from bcfl_plugins.secure.uploads import Upload, sealed_upload
from pallet_bridge.keys import verify
from pallet_bridge.types import AccountId
from strategies._flower import ConfigRecord
from strategies.client.mask_checks import check_signed, least_threshold
from strategies.client.whole_numbers import as_words
from strategies.errors import MasksRefused, NothingSigned
from strategies.messages.halves import HALF, checked_record, half_record, read_check
from strategies.messages.records import to_arrays, to_record

if TYPE_CHECKING:
    import numpy as np

    from bcfl_plugins.types import OpenedRound
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import CommittedUpdate
    from strategies._flower import Context, Message, RecordDict
    from strategies.messages.halves import AskedHalves

    NDArray = np.ndarray[Any, np.dtype[Any]]

_HELD, _VECTOR = "bcfl.halves.round", "bcfl.halves.vector"
_FIRST_FALSE, _SECOND_FALSE = 1, 2
_log = logging.getLogger("flwr.bcfl")


class Halving:
    """The halves of one round's update.

    Parameters
    ----------
    asked : AskedHalves
        How the server says that it is to be halved, checked.
    base : RecordDict
        The app's own records of the training message: the model that came is in it.
    context : Context
        The node's.
    opened : OpenedRound
        The round.
    signer : Signer
        The node's.
    """

    def __init__(
        self,
        asked: AskedHalves,
        base: RecordDict,
        context: Context,
        opened: OpenedRound,
        signer: Signer,
    ) -> None:
        (record,) = base.array_records.values()
        self._asked, self._base, self._context = asked, to_arrays(record), context
        self._opened, self._signer = opened, signer
        self._seed, self._blind = os.urandom(SEED_BYTES), os.urandom(SEED_BYTES)
        self._made: tuple[Halved, NDArray] | None = None
        self._receipt = b""

    @classmethod
    def of(
        cls,
        asked: AskedHalves,
        base: RecordDict,
        context: Context,
        opened: OpenedRound,
        signer: Signer,
    ) -> Self:
        """Check how an update is to be halved, before the training.

        Raises
        ------
        NothingSigned
            If the aggregator is not the operator's, or the update would not stay hidden.
        """
        check_signed(opened, "to halve", asked.way.payload(opened.key), asked.signature)
        _check_aggregator(asked, opened, context, signer)
        made = cls(asked, base, context, opened, signer)
        length = sum(one.size for one in made._base.values())
        if asked.way.length != length:
            raise MasksRefused(f"a model of {asked.way.length} parameters is halved, not {length}")
        return made

    def laid_on(self, reply: Message) -> RecordDict:
        """Return the reply's records with what is committed to in the place of the update.

        Raises
        ------
        NothingSigned
            If the update is not of the model that came, or not finite.
        """
        way, place, me = self._asked.way, self._opened.key, self._signer.account
        content, name, vector = as_words(reply, self._base, way.scale, way.sketch)
        halve(vector, self._seed)
        halved = Halved(
            way.digest,
            seed_digest(place, me, self._seed),
            vector_digest(place, me, self._blind, vector),
            max(LEAST_SUMMED, least_threshold(self._opened, self._context) + 1),
        )
        self._made = halved, vector
        content[name] = to_record({COMMITTED: halved.array()})
        return content

    def committed(self, made: CommittedUpdate) -> None:
        """Send the second half to the aggregator, once the commitment is signed.

        Raises
        ------
        AggregatorUnusable
            If it cannot be reached, or refuses: then nothing of the update leaves the node.
        NothingSigned
            If its receipt is not signed by it.
        """
        if self._made is None:
            raise NothingSigned("there is nothing to send: no update was halved")
        (halved, vector), place, asked = self._made, self._opened.key, self._asked
        header = Upload(place, made.account, halved, made.salt, vector.size, bytes(SEED_BYTES))
        try:
            body = sealed_upload(header, self._signer, asked.way.key, self._blind, vector)
        except ValueError as error:
            raise MasksRefused(f"the aggregator's key is none: {error}") from error
        receipt = AggregatorAt(asked.url, asked.answer_s).upload(body)
        said = receipt_payload(place, made.account, made.commitment)
        if not verify(asked.way.aggregator, said, receipt):
            raise MasksRefused(f"the receipt of {asked.url} is not signed by the aggregator")
        self._receipt = receipt
        self._hold(halved, vector)

    def records(self) -> dict[str, ConfigRecord]:
        """Return what goes with the reply besides: the seed, and the receipt."""
        return {HALF: half_record(self._seed, self._receipt)}

    def _hold(self, halved: Halved, vector: NDArray) -> None:
        """Hold both halves until their sketches are shown."""
        place, way = self._opened.key, self._asked.way
        self._context.state[_VECTOR] = to_record({"words": vector})
        self._context.state[_HELD] = ConfigRecord(
            {
                "genesis": place.genesis,
                "federation": place.federation,
                "round": place.round,
                "aggregator": way.aggregator.raw,
                "seed": self._seed,
                "first": halved.seed,
                "second": halved.vector,
                "tables": way.sketch.tables,
                "width": way.sketch.width,
            }
        )


def checked_halves(
    content: RecordDict, context: Context, opened: OpenedRound, signer: Signer
) -> ConfigRecord:
    """Say whether the sketches that both servers signed are those of this node's halves.

    Raises
    ------
    NothingSigned
        If the node holds no halves of the round, or a sketch is not signed by its server.
    WireError
        If the question is malformed.
    """
    place, me = opened.key, signer.account
    held, vector = _held(context, opened)
    size = SketchSize(_int(held, "tables"), _int(held, "width"))
    shown = read_check(content, size)
    (first, one), (second, other) = shown.first, shown.second
    of_seed = half_payload(place, me, shown.seed, _bytes(held, "first"), first)
    of_vector = half_payload(place, me, shown.seed, _bytes(held, "second"), second)
    check_signed(opened, "with the sketch of a seed", of_seed, one)
    aggregator = AccountId(_bytes(held, "aggregator"))
    if not verify(aggregator, of_vector, other):
        raise MasksRefused("the sketch of this node's half is not signed by the aggregator")
    said = 0
    if not is_sketch_of_seed(first, shown.seed, size, _bytes(held, "seed"), vector.size):
        said |= _FIRST_FALSE
        _log.error("bcfl: round %d: the coordinator signed a false sketch", opened.round)
    if not is_sketch_of_vector(second, shown.seed, size, vector):
        said |= _SECOND_FALSE
        _log.error("bcfl: round %d: %s signed a false sketch", opened.round, aggregator)
    return checked_record(said, signer.sign(checked_payload(place, me, of_seed, of_vector, said)))


def _check_aggregator(
    asked: AskedHalves, opened: OpenedRound, context: Context, signer: Signer
) -> None:
    """Refuse an aggregator that the operator did not name, or that is no second party."""
    named, way = pinned_aggregator(context.node_config), asked.way
    if named is None and not str(context.node_config.get(KEY, "//")).startswith("//"):
        raise MasksRefused(
            f"the server names {way.aggregator} as the second server, and the node's operator "
            f"named none: a server that chooses it learns each update. Set {NODE_AGGREGATOR} in "
            f"--node-config to the account of the organisation that you trust with it"
        )
    if named is not None and named != way.aggregator:
        raise MasksRefused(
            f"the server names {way.aggregator} as the second server, and {NODE_AGGREGATOR} in "
            f"--node-config is {named}"
        )
    if way.aggregator in {opened.binding.coordinator, signer.account}:
        raise MasksRefused("the second server is the coordinator, or this node: it is none")
    said = key_payload(opened.genesis, opened.federation, way.aggregator, way.key)
    if not verify(way.aggregator, said, asked.key_signature):
        raise MasksRefused(f"the key for halves is not signed by {way.aggregator}")


def _held(context: Context, opened: OpenedRound) -> tuple[ConfigRecord, NDArray]:
    record, place = context.state.config_records.get(_HELD), opened.key
    now = None if record is None else (record["genesis"], record["federation"], record["round"])
    if record is None or now != (place.genesis, place.federation, place.round):
        raise NothingSigned(
            f"this node holds no halves of round {place.round}, or lost them with its state: it "
            f"takes part again in the next round"
        )
    return record, to_arrays(context.state.array_records[_VECTOR])["words"]


def _bytes(record: ConfigRecord, name: str) -> bytes:
    value = record[name]
    if not isinstance(value, bytes):
        raise NothingSigned("this node's state of its halves is damaged; start the run again")
    return value


def _int(record: ConfigRecord, name: str) -> int:
    value = record[name]
    if not isinstance(value, int):
        raise NothingSigned("this node's state of its halves is damaged; start the run again")
    return value
