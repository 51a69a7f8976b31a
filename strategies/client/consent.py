"""Whether a node trains for an instruction: what it must be before anything is done. Pure."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.config.limits import check_terms
from pallet_bridge.encoding import update_digest
from pallet_bridge.errors import EncodingError
from pallet_bridge.terms_codec import decode_terms
from strategies.errors import (
    InstructionExpired,
    NothingSigned,
    NotTheCoordinators,
    OtherModelCame,
    TermsRefused,
    UnreadableArray,
)
from strategies.messages.records import to_arrays

if TYPE_CHECKING:
    from bcfl_plugins.config.limits import NodeLimits
    from bcfl_plugins.types import OpenedRound
    from strategies._flower import RecordDict
    from strategies.messages.wire import Instruction

SKEW_S = 300
"""Seconds that the clocks of a node and a server may be apart."""


def check_instruction(instruction: Instruction, now: float) -> None:
    """Refuse an instruction that its coordinator did not sign, or that is too old.

    Parameters
    ----------
    instruction : Instruction
        As it came.
    now : float
        Unix seconds.

    Raises
    ------
    NotTheCoordinators, InstructionExpired
        With the facts.
    """
    opened = instruction.opened
    if not instruction.is_signed:
        raise NotTheCoordinators(
            f"the instruction for round {opened.round} of federation {opened.federation} on chain "
            f"0x{opened.genesis.hex()}, with its model, terms and expiry,",
            opened.binding.coordinator,
        )
    if now > opened.instruction.expires + SKEW_S:
        raise InstructionExpired(opened.instruction.expires, now, SKEW_S)


def check_agreed(opened: OpenedRound, limits: NodeLimits) -> None:
    """Refuse terms that are unreadable, or beyond the node's limits.

    Raises
    ------
    NothingSigned, TermsRefused
        Naming each term, the limit and its key.
    """
    try:
        terms = decode_terms(opened.terms)
    except EncodingError as error:
        raise NothingSigned(
            f"the terms of round {opened.round} cannot be read: {error}. This node signs nothing "
            f"that it cannot read: update bcfl-plugins on the side that is older"
        ) from error
    beyond = check_terms(terms, limits)
    if beyond:
        raise TermsRefused(beyond)


def check_model(opened: OpenedRound, content: RecordDict) -> None:
    """Refuse a model that is not the one in the instruction.

    Parameters
    ----------
    opened : OpenedRound
        The round.
    content : RecordDict
        The app's own records of the message.

    Raises
    ------
    OtherModelCame
        With both digests, or what came instead of a model.
    """
    signed = opened.binding.base_model
    records = list(content.array_records.values())
    if len(records) != 1:
        raise OtherModelCame(signed, None, f"is {len(records)} ArrayRecords")
    try:
        came = update_digest(to_arrays(records[0]))
    except (UnreadableArray, EncodingError) as error:
        raise OtherModelCame(signed, None, f"cannot be read ({error})") from error
    if came != signed:
        raise OtherModelCame(signed, came)
