"""What a coordinator says of a round that it opens: one signed instruction, never two.

Two instructions for one round with different models or terms are misconduct and cost the
coordinator's bond, also when a killed process signed the first one. So what is signed is
remembered first, where it outlives the process.
"""

from __future__ import annotations

import logging
from dataclasses import replace
from typing import TYPE_CHECKING

from bcfl_plugins.config.terms import training_numbers
from bcfl_plugins.errors import AlreadyInstructed
from bcfl_plugins.types import OpenedRound, SignedInstruction
from pallet_bridge import calls
from pallet_bridge.encoding import instruction_payload, terms_hash
from pallet_bridge.memory.files import coordinators_folder
from pallet_bridge.memory.instructions import InstructionMemory
from pallet_bridge.run.journal import INSTRUCTED
from pallet_bridge.terms_codec import encode_terms
from pallet_bridge.types import RoundBinding

if TYPE_CHECKING:
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.keys import Signer
    from pallet_bridge.memory.instructions import Instructions
    from pallet_bridge.types import RoundKey, Terms

_log = logging.getLogger("flwr.bcfl")

LIFETIME_S = 24 * 60 * 60
"""Seconds in which nodes act on an instruction."""


def instructions_of(chain: ChainServices) -> Instructions:
    """Return what the coordinator remembers of what it instructed.

    A chain of this process is one run's, and so is what was instructed on it.
    """
    if chain.embedded:
        return InstructionMemory(chain.run_dir / INSTRUCTED, chain.coordinator.account)
    return InstructionMemory(coordinators_folder(), chain.coordinator.account)


def lost_rounds(memory: Instructions, key: RoundKey) -> range:
    """Return the rounds that were instructed, and that the chain has not reached.

    Parameters
    ----------
    memory : Instructions
        What was instructed.
    key : RoundKey
        The next round of the federation on chain.
    """
    highest = memory.highest(key.genesis, key.federation)
    return range(key.round, key.round if highest is None else max(key.round, highest + 1))


def use_up_lost(chain: ChainServices, memory: Instructions, place: RoundKey) -> RoundKey:
    """Let the chain use up the numbers that a killed run instructed.

    Parameters
    ----------
    chain : ChainServices
        The federation's chain.
    memory : Instructions
        What was instructed.
    place : RoundKey
        The next round of the federation on chain.

    Returns
    -------
    RoundKey
        The next round that is free.
    """
    lost = lost_rounds(memory, place)
    if not lost:
        return place
    _log.warning(
        "bcfl: an earlier run instructed nodes for round %s, and the chain never saw it open. "
        "These numbers are used up, each as a failed round: a second instruction for one would "
        "cost the coordinator's bond",
        ", ".join(map(str, lost)),
    )
    skip = calls.skip_round(place.federation)
    for number in lost:
        chain.work.do(f"using up round {number}", lambda: chain.send(skip))
    return replace(place, round=lost.stop)


def check_fresh(memory: Instructions, key: RoundKey) -> None:
    """Refuse a round that was instructed, before it is opened on another model.

    Raises
    ------
    AlreadyInstructed
        If this round, or one after it, was.
    """
    if lost_rounds(memory, key):
        raise AlreadyInstructed(key.round, key.federation)


def instruct_round(
    memory: Instructions,
    coordinator: Signer,
    key: RoundKey,
    base_model: bytes,
    terms: Terms,
    *,
    version: int = 0,
    now: float,
) -> OpenedRound:
    """Sign the instruction for a round, once it is remembered.

    Parameters
    ----------
    memory : Instructions
        What was instructed.
    coordinator : Signer
        Who opens the round.
    key : RoundKey
        The round.
    base_model : bytes
        Digest of the model that goes out.
    terms : Terms
        What the round runs under, of this `version`.
    now : float
        Unix seconds.

    Raises
    ------
    AlreadyInstructed
        If another model or other terms were instructed for this round.
    InstructionsUnusable
        If it cannot be remembered.
    """
    encoded = encode_terms(terms)
    binding = RoundBinding(
        *(key.genesis, key.federation, key.round),
        *(coordinator.account, base_model, terms_hash(encoded)),
    )
    if memory.keep(binding) != (binding.base_model, binding.terms_hash):
        raise AlreadyInstructed(key.round, key.federation)
    expires = int(now) + LIFETIME_S
    signature = coordinator.sign(instruction_payload(binding, expires))
    instruction = SignedInstruction(expires, signature)
    return OpenedRound(binding, encoded, instruction, version, training_numbers(terms))
