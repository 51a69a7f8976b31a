"""What four validators make final is proved from the genesis hash; what one of them says is not."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge.client import connect
from pallet_bridge.errors import ChainTimeout
from pallet_bridge.keys import Signer
from pallet_bridge.light.client import FinalClient
from pallet_bridge.types import Planck
from tests.nodes.finality import NAMES, change_twice, validators
from tests.nodes.process import Node, wait

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.network]

ALICE = Signer.from_uri("//Alice").account


def test_finality_and_state_are_proved_over_two_changes_of_the_validators(
    own_binary: Path, tmp_path: Path
) -> None:
    with validators(own_binary, tmp_path) as nodes:
        first, second = change_twice(nodes[0])
        genesis = bytes.fromhex(nodes[0].hash_of(0)[2:])
        with FinalClient(nodes[1].url, genesis) as proved, connect(nodes[2].url) as other:
            head = proved.head()
            assert head.number > second > first
            assert proved._chain.authorities.id == 2
            for number in (0, 1, first, second, head.number):
                assert proved.block_at(number) == other.block_at(number)
            assert proved.block_at(head.number + 1) is None
            assert proved.balance(ALICE) == other.balance(ALICE, at=head.hash)
            assert proved.issuance() == other.issuance(at=head.hash)
            assert proved.participants(0) == {}
            before = other.block_at(second - 1)
            assert before is not None
            assert proved.block_at(before.number) == before
            assert proved.events(before.hash) == other.events(before.hash) != ()


def test_blocks_of_one_validator_of_four_are_no_final_blocks(
    own_binary: Path, tmp_path: Path
) -> None:
    """A private chain with the same genesis, by a validator that shows nobody its blocks."""
    with validators(own_binary, tmp_path) as nodes:
        spec = tmp_path / "spec.json"
        alone = Node(
            *(own_binary, tmp_path / "alone", "--chain", spec, f"--{NAMES[0].lower()}"),
            *("--validator", "--force-authoring", "--state-pruning", "archive"),
        )
        alone.start()
        try:
            wait(alone, lambda: alone.best() >= 2, "blocks of its own")
            genesis = bytes.fromhex(nodes[1].hash_of(0)[2:])
            assert alone.hash_of(0) == nodes[1].hash_of(0)
            assert alone.hash_of(1) != nodes[1].hash_of(1)
            with connect(alone.url) as believed:
                assert believed.balance(ALICE).free > Planck(0)
            with pytest.raises(ChainTimeout, match="proved is 0"):
                FinalClient(alone.url, genesis, patience=5.0)
        finally:
            alone.kill()
