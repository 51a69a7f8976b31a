"""For whom a node signs: what its operator pinned, else what came first.

A public development key has no pins but its operator's: anybody can sign with it, and each run of
an embedded chain is a chain of its own.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from bcfl_plugins.config.node_config import COORDINATOR, FEDERATION, GENESIS
from pallet_bridge.memory.pins import Pinned
from strategies.errors import NotPinned

if TYPE_CHECKING:
    from pallet_bridge.memory.pins import Pin, PinMemory
    from pallet_bridge.types import AccountId

_log = logging.getLogger("flwr.bcfl")


def check_pins(asked: Pin, pinned: Pinned, account: AccountId | None = None) -> None:
    """Refuse what differs from what is pinned.

    Parameters
    ----------
    asked : Pin
        What the server named.
    pinned : Pinned
        What the node signs for.
    account : AccountId, optional
        Whose memory has the pins; by default they are the operator's.

    Raises
    ------
    NotPinned
        Naming the first that differs.
    """
    if pinned.genesis not in {None, asked.genesis}:
        there, here = (f"0x{raw.hex()}" for raw in (asked.genesis, pinned.genesis or b""))
        raise NotPinned("chain", there, here, GENESIS, account)
    if pinned.federation not in {None, asked.federation}:
        there, here = str(asked.federation), str(pinned.federation)
        raise NotPinned("federation", there, here, FEDERATION, account)
    if not pinned.serves(asked.coordinator):
        there = str(asked.coordinator)
        here = ", ".join(map(str, (pinned.coordinator, *pinned.successors)))
        raise NotPinned("coordinator", there, here, COORDINATOR, account)


def hold_to_pins(asked: Pin, said: Pinned, memory: PinMemory | None) -> None:
    """Refuse whom the node does not sign for; what comes first and is not refused is pinned.

    Parameters
    ----------
    asked : Pin
        What the server named.
    said : Pinned
        What the operator pinned.
    memory : PinMemory or None
        Where the node remembers who came first; ``None`` for a public development key.

    Raises
    ------
    NotPinned
        If it is another chain, federation or coordinator.
    MemoryUnusable
        If the node cannot remember.
    """
    check_pins(asked, said)
    if said.is_whole or memory is None:
        return
    held = memory.hold(asked, said)
    if held.is_new:
        _log.warning(
            "bcfl: this node signs for this coordinator, federation and chain from now on, as "
            "they came first. Put them into --node-config:\n"
            '%s="0x%s"\n%s=%d\n%s="%s"',
            *(GENESIS, asked.genesis.hex(), FEDERATION, asked.federation),
            *(COORDINATOR, asked.coordinator),
        )
    if asked not in held.pins:
        first = held.pins[0]
        check_pins(
            asked, Pinned(first.genesis, first.federation, first.coordinator), memory.account
        )
