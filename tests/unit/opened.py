"""Rounds as a coordinator opens them: with terms, and its signature over the instruction."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from bcfl_plugins.rounds.opening import instruct_round
from bcfl_plugins.types import OpenedRound, SignedInstruction
from pallet_bridge.encoding import instruction_payload, update_digest
from pallet_bridge.keys import Signer
from pallet_bridge.memory.instructions import RunInstructions
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import RoundKey

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np

    from pallet_bridge.types import RoundBinding, Terms

COORDINATOR = Signer.from_uri("//Coordinator//of//tests")
GENESIS = bytes(range(32))


def opened(
    number: int = 5,
    federation: int = 3,
    genesis: bytes = GENESIS,
    *,
    model: Mapping[str, np.ndarray] | bytes = bytes(32),
    terms: Terms = DEVELOPMENT,
    coordinator: Signer = COORDINATOR,
    version: int = 0,
) -> OpenedRound:
    """Return a round on a model, or on the model with this digest."""
    return instruct_round(
        RunInstructions(),
        coordinator,
        RoundKey(genesis, federation, number),
        model if isinstance(model, bytes) else update_digest(model),
        terms,
        version=version,
        now=time.time(),
    )


def instructed(
    binding: RoundBinding, expires: int, signer: Signer = COORDINATOR
) -> SignedInstruction:
    """Return what a signer makes of a round, whoever's it is."""
    return SignedInstruction(expires, signer.sign(instruction_payload(binding, expires)))
