"""A node's part in secure aggregation: its key, its shares, its masks, and what it gives back."""

from __future__ import annotations

import os
from contextlib import closing
from time import time
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.config.limits import limits_of
from bcfl_plugins.config.node_config import CHAIN
from bcfl_plugins.config.secure import PROOFS, proofs_of
from bcfl_plugins.secure.groups import drawable
from bcfl_plugins.secure.masking import Masked
from bcfl_plugins.secure.statements import (
    answer_payload,
    claims_payload,
    deal_payload,
    key_payload,
    unmask_payload,
)
from bcfl_plugins.secure.streams import SEED_BYTES
from pallet_bridge.client import connect
from pallet_bridge.memory.pins import Pin
from strategies._flower import Message, RecordDict
from strategies.client.consent import check_agreed, check_instruction
from strategies.client.halving import checked_halves
from strategies.client.mask_checks import (
    check_accepted,
    check_group,
    check_roster,
    check_sealed,
    check_signed,
)
from strategies.client.mask_state import answered, held, hold, mask_key, sent
from strategies.client.node_key import key_for_round, known_to, note_dev
from strategies.errors import MasksRefused
from strategies.messages.halves import CHECK, CHECKED
from strategies.messages.masks import (
    ANSWER,
    CLAIMS,
    DEALT,
    KEY,
    KEYS,
    SHARES,
    SKETCH,
    UNMASK,
    answer_record,
    claims_record,
    dealing_record,
    key_record,
    read_asked,
    read_grouping,
    read_roster,
)
from strategies.messages.wire import read_instruction, read_question

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.secure.groups import Grouping
    from bcfl_plugins.secure.statements import Roster, Sealed
    from bcfl_plugins.types import OpenedRound
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from strategies._flower import ConfigRecord, Context

_ASKED_DEAL, _ASKED_SKETCH, _ASKED_UNMASK = "deal", "sketch", "unmask"


def bcfl_keys(message: Message, context: Context) -> Message:
    """Answer with this node's mask key of this run, signed by its account.

    Raises
    ------
    NothingSigned, WireError, ConfigError
        If the question or the node's key is wrong.
    """
    question = read_question(message.content, message.metadata.dst_node_id)
    asked = Pin(question.genesis, question.federation, question.coordinator)
    signer, _ = known_to(asked, context, dev=question.dev)
    note_dev(context, dev=question.dev)
    key = mask_key(context).public
    said = key_payload(question.genesis, question.federation, signer.account, key)
    return _reply(message, KEY, key_record(signer.account, key, signer.sign(said)))


def bcfl_shares(message: Message, context: Context) -> Message:
    """Deal shares of a fresh seed to the others of the round's roster: once a round.

    Raises
    ------
    NothingSigned, MemoryUnusable, WireError, ConfigError
        If the roster would not hide this node's update, or it dealt in this round already.
    """
    opened, signer, public = _asked_by(message, context)
    roster, signature = read_roster(message.content)
    asked = deal_payload(opened.key, roster.digest)
    check_signed(opened, "for shares", asked, signature)
    key = mask_key(context)
    grouping = read_grouping(message.content)
    drawn = check_group(roster, grouping, opened, signer.account, context)
    check_roster(roster, opened, signer.account, key.public, context, drawn=drawn)
    if grouping is None:
        check_members(roster, opened, context, public=public)
    else:
        check_drawn(grouping, opened, context, public=public)
    memory = answered(context, signer.account, public_key=public)
    if memory.stands(opened.key, _ASKED_DEAL) is not None:
        raise MasksRefused(f"this node dealt shares for round {opened.round} already")
    masked = Masked(opened.key, signer.account, roster, key, os.urandom(SEED_BYTES))
    try:
        dealing = masked.deal()
    except ValueError as error:
        raise MasksRefused(f"a mask key of the roster is none: {error}") from error
    if memory.keep(opened.key, _ASKED_DEAL, asked) != asked:
        raise MasksRefused(f"this node dealt shares for round {opened.round} already")
    hold(context, opened.key, roster, masked.seed)
    said = dealing.payload(opened.key, signer.account)
    return _reply(message, DEALT, dealing_record(dealing, signer.sign(said)))


def bcfl_sketch(message: Message, context: Context) -> Message:
    """Answer with the sketches of this node's masks, once the round is sealed: once a round.

    Raises
    ------
    NothingSigned, MemoryUnusable, WireError, ConfigError
        If the round is not sealed with what this node sent, or it sketched it otherwise.
    """
    opened, signer, public = _asked_by(message, context)
    if CHECK in message.content:  # updates are in halves, and both sketches are shown
        return _reply(message, CHECKED, checked_halves(message.content, context, opened, signer))
    masked, asked = held(context, opened.key, signer.account), read_asked(message.content)
    length, commitment = sent(context)
    payload = asked.sealed.payload(opened.key, masked.roster.digest)
    check_signed(opened, "for sketches", payload, asked.signature)
    if masked.roster.sketch is None:
        raise MasksRefused("this round was begun without sketches")
    check_sealed(asked.sealed, masked.roster, signer.account, commitment)
    check_on_chain(asked.sealed, opened, context, public=public)
    memory = answered(context, signer.account, public_key=public)
    if memory.keep(opened.key, _ASKED_SKETCH, payload) != payload:
        raise MasksRefused(
            f"this node sketched its masks of round {opened.round} for another question; two "
            f"sketches tell more than one"
        )
    claims = masked.claims(asked.sealed, length)
    written = [np.ascontiguousarray(one, "<u4").tobytes() for one in claims]
    said = claims_payload(
        opened.key, signer.account, asked.sealed.seed(opened.key), written[0], written[1:]
    )
    return _reply(message, CLAIMS, claims_record(claims, signer.sign(said)))


def bcfl_unmask(message: Message, context: Context) -> Message:
    """Give back what unmasks the sum of those that are accepted: once a round.

    Raises
    ------
    NothingSigned, MemoryUnusable, WireError, ConfigError
        If the sum would tell an update, or this node gave something back for another sum.
    """
    opened, signer, public = _asked_by(message, context)
    masked, asked = held(context, opened.key, signer.account), read_asked(message.content)
    roster = masked.roster
    payload = unmask_payload(opened.key, roster.digest, asked.sealed, asked.accepted)
    check_signed(opened, "to unmask", payload, asked.signature)
    check_sealed(asked.sealed, roster, signer.account, sent(context)[1])
    check_accepted(asked.accepted, asked.sealed, roster, {*asked.shares})
    memory = answered(context, signer.account, public_key=public)
    if roster.sketch is None:
        check_on_chain(asked.sealed, opened, context, public=public)
    elif memory.stands(opened.key, _ASKED_SKETCH) != asked.sealed.payload(
        opened.key, roster.digest
    ):
        raise MasksRefused(f"this node did not sketch round {opened.round} as it is told now")
    if memory.keep(opened.key, _ASKED_UNMASK, payload) != payload:
        raise MasksRefused(
            f"this node gave back what unmasks another sum of round {opened.round}; two sums tell "
            f"their difference"
        )
    given = masked.answer(asked.accepted, asked.shares)
    said = answer_payload(opened.key, signer.account, payload, given)
    return _reply(message, ANSWER, answer_record(given, signer.sign(said)))


ANSWERS: dict[str, Callable[[Message, Context], Message]] = {
    KEYS: bcfl_keys,
    SHARES: bcfl_shares,
    SKETCH: bcfl_sketch,
    UNMASK: bcfl_unmask,
}
"""Who answers which question."""


def check_members(roster: Roster, opened: OpenedRound, context: Context, *, public: bool) -> None:
    """Refuse a roster with accounts that are no members on chain, where the node can see it.

    Raises
    ------
    MasksRefused
        If so, or if the node was told to look and does not know where.
    """
    chain = _chain(opened, context, public=public)
    if chain is None:
        return
    with closing(chain):
        members = chain.participants(opened.federation)
    strangers = [one for one in roster.accounts if one not in members]
    if strangers:
        raise MasksRefused(f"{strangers[0]} is in the roster, and no member on chain")


def check_drawn(grouping: Grouping, opened: OpenedRound, context: Context, *, public: bool) -> None:
    """Refuse groups that are not drawn from the chain, where the node can see it.

    Raises
    ------
    MasksRefused
        If the round is not open, was opened in another block, or others were members then.
    """
    chain = _chain(opened, context, public=public)
    if chain is None:
        return
    with closing(chain):
        round_ = chain.round(opened.federation, opened.round)
        if round_ is None:
            raise MasksRefused(f"round {opened.round} is not open on chain")
        block = chain.block_at(round_.opened_at)
        if grouping.number != round_.opened_at or block is None or block.hash != grouping.block:
            raise MasksRefused("the groups are not drawn from the block that opened the round")
        members = chain.participants(opened.federation, at=block.hash)
    if grouping.accounts != drawable(members, grouping.number):
        raise MasksRefused(
            "others are drawn into groups than were members on chain when the round was opened"
        )


def check_on_chain(sealed: Sealed, opened: OpenedRound, context: Context, *, public: bool) -> None:
    """Refuse a sealed round that is not the chain's, where the node can see it.

    Raises
    ------
    MasksRefused
        If the round is not sealed, others committed, or the block is another.
    """
    chain = _chain(opened, context, public=public)
    if chain is None:
        return
    place = opened.federation, opened.round
    with closing(chain):
        round_ = chain.round(*place)
        if round_ is None or chain.head().number < round_.seal_block:
            raise MasksRefused(f"round {opened.round} is not sealed on chain")
        block = chain.block_at(sealed.number)
        there = {who: one.hash for who, one in chain.commitments(*place).items()}
    if there != dict(sealed.commitments):
        raise MasksRefused(f"others are in round {opened.round} on chain than the server says")
    if sealed.number != round_.seal_block or block is None or block.hash != sealed.block:
        raise MasksRefused("the seed of the sketches is not drawn from the block of the seal")


def _chain(opened: OpenedRound, context: Context, *, public: bool) -> ChainClient | None:
    proofs = proofs_of(context.node_config, public_key=public)
    if proofs == "coordinator":
        return None
    url = context.node_config.get(CHAIN)
    if url is None:
        raise MasksRefused(
            f"this node is to see on chain who takes part, and does not know where: set {CHAIN} in "
            f'--node-config to the ws:// URL of a node of the chain. With {PROOFS}="coordinator" '
            f"it believes the server, which can then fill the round with accounts of its own and "
            f"learn this node's update"
        )
    if proofs == "light":
        from pallet_bridge.light.client import FinalClient  # noqa: PLC0415 - loads scalecodec

        return FinalClient(str(url), opened.genesis)
    chain = connect(str(url))
    if chain.genesis_hash != opened.genesis:
        chain.close()
        raise MasksRefused(f"{CHAIN} in --node-config names another chain than the server")
    return chain


def _asked_by(message: Message, context: Context) -> tuple[OpenedRound, Signer, bool]:
    """Return the round of a question, the node's key, and whether that is a public one."""
    instruction = read_instruction(message.content)
    check_instruction(instruction, time())
    signer, dev_uri = key_for_round(instruction.opened, context)
    check_agreed(instruction.opened, limits_of(context.node_config))
    return instruction.opened, signer, dev_uri is not None


def _reply(message: Message, name: str, record: ConfigRecord) -> Message:
    return Message(RecordDict({name: record}), reply_to=message)
