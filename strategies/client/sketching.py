"""A node signs sketches of the update that it committed to, once the round is sealed.

What it sketches it holds in Flower's ``context.state`` from the training on, as integers; a node
that loses it is not in the average of the round. It signs two sketches a round at most: one by the
seed of the seal, and one by that of the model which the server made of the round.
"""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING

from bcfl_plugins.config.limits import limits_of
from bcfl_plugins.secure.signed_sketches import (
    FixedVector,
    SketchedUpdate,
    fixed,
    question_payload,
    seed_of,
    sketch_payload,
    sketched,
)
from bcfl_plugins.secure.sketches import SketchSize
from strategies._flower import ConfigRecord, Message, RecordDict
from strategies.client.consent import check_agreed, check_instruction
from strategies.client.mask_checks import check_signed
from strategies.client.mask_state import answered
from strategies.client.node_key import key_for_round
from strategies.errors import NothingSigned
from strategies.messages.records import to_arrays, to_record
from strategies.messages.sketches import (
    SKETCH_SIGNED,
    read_sketch_question,
    read_sketched,
    sketch_answer_record,
)
from strategies.messages.wire import read_instruction

if TYPE_CHECKING:
    from pallet_bridge.types import CommittedUpdate, RoundKey
    from strategies._flower import Context

_HELD, _VECTOR = "bcfl.sketch.round", "bcfl.sketch.vector"
_FIRST, _SECOND = "evidence-seal", "evidence-model"


def hold_for_sketches(
    said: RecordDict,
    base: RecordDict,
    reply: Message,
    context: Context,
    made: tuple[RoundKey, CommittedUpdate],
) -> None:
    """Hold how far this node moved the model, where the server said that it will ask for sketches.

    Parameters
    ----------
    said
        The training message as it came.
    base
        The app's own records of it: the model that came is in it.
    reply
        What the node trained.
    context
        The node's.
    made
        The round, and what was signed for it.
    """
    size = read_sketched(said)
    if size is None:
        return
    (came,), (trained,) = base.array_records.values(), reply.content.array_records.values()
    try:
        vector = fixed(to_arrays(came), to_arrays(trained), size.width)
    except ValueError:
        return  # not of the model, or not finite: the server leaves the reply out, and says so
    place, signed = made
    context.state[_VECTOR] = to_record({"words": vector.words})
    context.state[_HELD] = ConfigRecord(
        {
            "genesis": place.genesis,
            "federation": place.federation,
            "round": place.round,
            "commitment": signed.commitment,
            "bits": vector.bits,
            "tables": size.tables,
            "width": size.width,
        }
    )


def bcfl_evidence(message: Message, context: Context) -> Message:
    """Answer with a signed sketch of the update of a sealed round: one by each of two seeds.

    Raises
    ------
    NothingSigned, MemoryUnusable, WireError, ConfigError
        If the node holds no update of the round, the round is not sealed with it, the coordinator
        did not ask, or the node sketched it for another question.
    """
    instruction = read_instruction(message.content)
    check_instruction(instruction, time())
    opened = instruction.opened
    signer, dev_uri = key_for_round(opened, context)
    check_agreed(opened, limits_of(context.node_config))
    asked = read_sketch_question(message.content)
    vector, size, commitment = _held(context, opened.key)
    payload = question_payload(opened.key, asked.sealed, size, asked.model)
    check_signed(opened, "for signed sketches", payload, asked.signature)
    if asked.sealed.commitments.get(signer.account) != commitment:
        raise NothingSigned("what this node committed to is not in the sealed round")
    memory = answered(context, signer.account, public_key=dev_uri is not None)
    question = _FIRST if asked.model is None else _SECOND
    if memory.keep(opened.key, question, payload) != payload:
        raise NothingSigned(
            f"this node signed a sketch of its update of round {opened.round} for another "
            f"question: the server would choose between two"
        )
    seed = seed_of(asked.sealed, opened.key, asked.model)
    sketch = sketched(vector, size, seed)
    told = sketch_payload(opened.key, signer.account, seed, commitment, vector.bits, sketch)
    signed = SketchedUpdate(signer.account, vector.bits, sketch, signer.sign(told))
    return Message(RecordDict({SKETCH_SIGNED: sketch_answer_record(signed)}), reply_to=message)


def _held(context: Context, place: RoundKey) -> tuple[FixedVector, SketchSize, bytes]:
    record = context.state.config_records.get(_HELD)
    now = None if record is None else (record["genesis"], record["federation"], record["round"])
    if record is None or now != (place.genesis, place.federation, place.round):
        raise NothingSigned(
            f"this node holds no update of round {place.round}, or lost it with its state: it "
            f"takes part again in the next round"
        )
    words = to_arrays(context.state.array_records[_VECTOR])["words"]
    bits, tables, width = (record[name] for name in ("bits", "tables", "width"))
    commitment = record["commitment"]
    if not (
        isinstance(bits, int)
        and isinstance(tables, int)
        and isinstance(width, int)
        and isinstance(commitment, bytes)
    ):
        raise NothingSigned("this node's state of its sketches is damaged; start the run again")
    return FixedVector(words, bits), SketchSize(tables, width), commitment
