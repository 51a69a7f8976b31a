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
from bcfl_plugins.config.node_config import KEY, folder_of, pinned_by
from pallet_bridge.encoding import update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.memory.pins import Pin, PinMemory
from pallet_bridge.signing import sign_commitment
from strategies._flower import ClientApp as FlowerClientApp
from strategies._flower import ConfigRecord, Message, RecordDict, with_content
from strategies.client.consent import check_agreed, check_instruction, check_model
from strategies.client.pins import check_pins, hold_to_pins
from strategies.client.signed_rounds import check_round, keep, memory_of
from strategies.errors import NothingSigned
from strategies.messages.protection import GUARDED, is_guarded, is_training, named_plugins
from strategies.messages.records import to_arrays, without_ours
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
    from pallet_bridge.types import CommittedUpdate
    from strategies._flower import ClientAppCallable, Context
    from strategies.client.signed_rounds import SignedRounds

_DEV = "bcfl.dev"
_SALT_BYTES = 32


class ClientApp(FlowerClientApp):
    """Flower's `ClientApp` that also answers who it is and signs what it sends.

    Use it as Flower's own: the arguments and decorators are the same. Signing happens outside all
    mods of the app, so that what is signed is what leaves the node. Without an instruction of the
    server to sign, messages pass through unchanged.
    """

    def __call__(self, message: Message, context: Context) -> Message:
        """Handle one message."""
        if message.metadata.message_type == QUERY:
            return bcfl_identity(message, context)
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
    signer, dev_uri = _known_to(asked, context, dev=question.dev)
    context.state[_DEV] = ConfigRecord({"dev": question.dev})
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
    asked = message.has_content() and ROUND in message.content
    instruction = read_instruction(message.content) if asked else None
    if asked or (message.has_content() and GUARDED in message.content):
        message = with_content(message, without_ours(message.content))
    if instruction is None or not is_training(message):
        return call_next(message, context)
    signer, memory = _ready_to_sign(message.content, context, instruction)
    reply = call_next(message, context)
    if reply.has_error():
        return reply
    signed = _commit(reply, instruction, signer, memory)
    content = without_ours(reply.content)
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
    asked = Pin(binding.genesis, binding.federation, binding.coordinator)
    check_instruction(instruction, time())
    dev = _DEV in context.state and context.state.config_records[_DEV].get("dev") is True
    signer, dev_uri = _known_to(asked, context, dev=dev)
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


def _known_to(asked: Pin, context: Context, *, dev: bool) -> tuple[Signer, str | None]:
    """Return the node's key for whom it signs for, and its URI if it is a public one."""
    said = pinned_by(context.node_config)
    check_pins(asked, said)
    signer, dev_uri = _signer(context, dev=dev)
    secret = dev_uri is None
    memory = PinMemory(folder_of(context.node_config), signer.account) if secret else None
    hold_to_pins(asked, said, memory)
    return signer, dev_uri


def _signer(context: Context, *, dev: bool) -> tuple[Signer, str | None]:
    """Return the node's key, and its URI if it is a public development key."""
    uri = context.node_config.get(KEY)
    if uri is None:
        if not dev:
            raise NothingSigned(
                f"this node has no key: its operator sets {KEY} in --node-config, to env:NAME or "
                f"file:PATH"
            )
        uri = f"//bcfl//node-{context.node_config.get('partition-id', context.node_id)}"
    source = str(uri)
    return Signer.from_source(source, KEY), source if source.startswith("//") else None
