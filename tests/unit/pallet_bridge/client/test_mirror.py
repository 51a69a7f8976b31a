"""Who may take over, and the key of a node, as a node's answer is read."""

from __future__ import annotations

import pytest

from pallet_bridge.client import mirror
from pallet_bridge.errors import BadChainValue
from pallet_bridge.types import (
    AccountId,
    NodeKey,
    NodeProof,
    Office,
    Pause,
    PendingSuccession,
    Succession,
)

ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
SAID = {"accounts": [ALICE], "idle_blocks": 5, "turn_blocks": 6}
NOBODY = {"accounts": [], "idle_blocks": 0, "turn_blocks": 0}
OFFICE = {
    "since": 1,
    "succession": NOBODY,
    "pending": {"from": 2, "succession": SAID},
    "pause": {"round": 3, "until": 4},
}


def test_an_office_is_read() -> None:
    line = Succession((AccountId.parse(ALICE),), 5, 6)
    office = mirror.office(OFFICE)
    assert office == Office(1, Succession((), 0, 0), PendingSuccession(2, line), Pause(3, 4))
    assert [office.in_force(block).accounts for block in (1, 2)] == [(), line.accounts]
    assert [office.paused_until(round_) for round_ in (2, 3)] == [0, 4]
    bare = mirror.office(OFFICE | {"pending": None, "pause": None})
    assert (bare.pending, bare.pause) == (None, None)


def test_the_key_of_a_node_is_read() -> None:
    read = mirror.node_key({"key": "0x" + "ab" * 32, "proof": "0x0102"})
    assert read == NodeKey(b"\xab" * 32, NodeProof(b"\x01\x02"))


@pytest.mark.parametrize(
    "wrong", [{}, OFFICE | {"since": "1"}, OFFICE | {"succession": NOBODY | {"accounts": ["?"]}}]
)
def test_what_is_none_is_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(BadChainValue):
        mirror.office(wrong)
