"""What runs on a node: say who you are, and sign what you send.

A node's key is set by its operator with ``--node-config``, never by the app's run config:

``bcfl-key-uri``
    ``env:NAME`` (a secret URI in an environment variable of the SuperNode), ``file:PATH`` (a file
    that nobody else may read), or a public development key such as ``//Alice``. Without it the
    node uses ``//bcfl//node-PARTITION`` on a chain that lives in the server's process, and signs
    nothing elsewhere.
``bcfl-genesis``, ``bcfl-federation``, ``bcfl-coordinator``
    For whom the node signs: the hash of the chain's block 0 in hex, the federation's number, and
    the coordinator's address. Without them: for whom it signed first (`strategies.client.pins`).
``bcfl-max-slash`` and others
    Which terms the node agrees to (`bcfl_plugins.config.limits`).
``bcfl-memory``
    The folder in which the node remembers what it signed, across runs. Without it: the user's
    state directory for a secret key, and the run's own state for a public development key.
``bcfl-memory-ahead``
    How far a round may be after the highest that the node signed for, or that is on chain; 10,000
    without it.
``bcfl-memory-chain``
    The ``ws://`` URL of a node of the chain, asked about the first round that is signed in a
    federation, and about rounds that are further ahead. Optional.

Before it trains the node refuses what it could not stand by (`strategies.client.consent`).
A node signs one update a round (`strategies.client.signed_rounds`).
"""

from __future__ import annotations

import os
from time import time
from typing import TYPE_CHECKING

from bcfl_plugins.config.limits import limits_of
from pallet_bridge.encoding import update_digest
from pallet_bridge.memory.pins import Pin
from pallet_bridge.signing import sign_commitment
from strategies._flower import ClientApp as FlowerClientApp
from strategies._flower import Message, RecordDict, with_content
from strategies.client.consent import check_agreed, check_instruction, check_model
from strategies.client.mask_laying import masking_of
from strategies.client.masking import ANSWERS as MASK_ANSWERS
from strategies.client.node_key import key_for_round, known_to, note_dev
from strategies.client.signed_rounds import check_round, keep, memory_of
from strategies.client.sketching import bcfl_evidence, hold_for_sketches
from strategies.errors import NothingSigned
from strategies.messages.protection import GUARDED, is_guarded, is_training, named_plugins
from strategies.messages.records import to_arrays, without_ours
from strategies.messages.sketches import EVIDENCE
from strategies.messages.wire import (
    COMMIT,
    IDENTITY,
    QUERY,
    ROUND,
    Instruction,
    answer_record,
    commitment_record,
    read_instruction,
    read_question,
)
from strategies.unprotected import Unprotected

if TYPE_CHECKING:
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import CommittedUpdate
    from strategies._flower import ClientAppCallable, Context
    from strategies.client.signed_rounds import SignedRounds

_SALT_BYTES = 32
ANSWERS = {**MASK_ANSWERS, EVIDENCE: bcfl_evidence}
"""Who answers which question about a round."""


class ClientApp(FlowerClientApp):
    """Flower's `ClientApp` that also answers who it is and signs what it sends.

    Use it as Flower's own: the arguments and decorators are the same. Signing happens outside all
    mods of the app, so that what is signed is what leaves the node. Without an instruction of the
    server to sign, messages pass through unchanged.
    """

    def __call__(self, message: Message, context: Context) -> Message:
        """Handle one message."""
        kind = message.metadata.message_type
        if kind == QUERY:
            return bcfl_identity(message, context)
        if kind in ANSWERS:
            return ANSWERS[kind](message, context)
        return bcfl_mod(message, context, super().__call__)


def bcfl_identity(message: Message, context: Context) -> Message:
    """Answer the server's question who this node is.

    `ClientApp` does this by itself. With Flower's own ClientApp register it next to `bcfl_mod`::

        app = ClientApp(mods=[bcfl_mod])
        app.query("bcfl_identity")(bcfl_identity)

    Raises
    ------
    NothingSigned, WireError, ConfigError
        If the question or the node's key is wrong; the server then sees no account.
    """
    node_id = message.metadata.dst_node_id
    question = read_question(message.content, node_id)
    asked = Pin(question.genesis, question.federation, question.coordinator)
    signer, dev_uri = known_to(asked, context, dev=question.dev)
    note_dev(context, dev=question.dev)
    answer = answer_record(question, node_id, signer, dev_uri if question.dev else None)
    return Message(RecordDict({IDENTITY: answer}), reply_to=message)


def bcfl_mod(message: Message, context: Context, call_next: ClientAppCallable) -> Message:
    """Sign the update that a training round sends, if the server asked for it.

    A Flower mod; put it first in the list, so that it signs what really leaves the node.

    Raises
    ------
    Unprotected
        If the run config names plugins, and none stands behind the training message.
    NothingSigned
        Before the training: if the instruction is not the coordinator's or has expired, the chain,
        federation or coordinator is not the node's, the model is another one, the terms are beyond
        the node's limits, or the round is too far ahead. After it: if the reply has not exactly one
        ArrayRecord or no whole number of examples, or something else was signed for the round.
    MemoryUnusable
        If the node cannot remember what it signs.
    WireError, ConfigError
        If the instruction or the node's key is wrong.
    """
    _refuse_unprotected(message, context)
    if message.metadata.message_type in ANSWERS:  # the app registered who answers
        return call_next(message, context)
    asked = message.has_content() and ROUND in message.content
    instruction = read_instruction(message.content) if asked else None
    said = message.content if message.has_content() else RecordDict()
    if asked or GUARDED in said:
        message = with_content(message, without_ours(message.content))
    if instruction is None or not is_training(message):
        return call_next(message, context)
    signer, memory = _ready_to_sign(message.content, context, instruction)
    masking = masking_of(said, message.content, context, instruction, signer)
    reply = call_next(message, context)
    if reply.has_error():
        return reply
    if masking is not None:
        reply = with_content(reply, masking.laid_on(reply))
    signed = _commit(reply, instruction, signer, memory)
    if masking is not None:
        masking.committed(signed)
    hold_for_sketches(said, message.content, reply, context, (instruction.opened.key, signed))
    content = without_ours(reply.content)
    if masking is not None:
        content.update(masking.records())
    content[COMMIT] = commitment_record(signed)
    return with_content(reply, content)


def _refuse_unprotected(message: Message, context: Context) -> None:
    """Refuse to train for a server that does not do what the run config says."""
    if not (message.has_content() and is_training(message)) or is_guarded(message.content):
        return
    plugins = named_plugins(context.run_config)
    if plugins:
        raise Unprotected(plugins, "the server sent this node a training message past the plugins")


def _ready_to_sign(
    content: RecordDict, context: Context, instruction: Instruction
) -> tuple[Signer, SignedRounds]:
    """Refuse before the training what could not be signed, or not be stood by, after it."""
    opened = instruction.opened
    binding = opened.binding
    check_instruction(instruction, time())
    signer, dev_uri = key_for_round(opened, context)
    check_agreed(opened, limits_of(context.node_config))
    check_model(opened, content)
    memory = memory_of(context, binding, signer.account, public_key=dev_uri is not None)
    check_round(memory, binding, context)
    return signer, memory


def _commit(
    reply: Message, instruction: Instruction, signer: Signer, memory: SignedRounds
) -> CommittedUpdate:
    records = list(reply.content.array_records.values())
    if len(records) != 1:
        raise NothingSigned(f"the reply has {len(records)} ArrayRecords; an update is exactly one")
    digest = update_digest(to_arrays(records[0]))
    num_examples = _num_examples(reply, instruction.weight_key)
    binding, salt = instruction.opened.binding, os.urandom(_SALT_BYTES)
    made = sign_commitment(binding, signer, digest, num_examples, salt)
    return keep(memory, binding, made)


def _num_examples(reply: Message, key: str) -> int:
    for record in reply.content.metric_records.values():
        value = record.get(key)
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if isinstance(value, int) and value > 0:
            return value
    raise NothingSigned(f"the reply has no metric {key!r} with a whole number above zero")
