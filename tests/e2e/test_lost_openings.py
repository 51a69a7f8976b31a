"""A coordinator that was killed after it signed, and before the chain saw its rounds."""

from __future__ import annotations

from time import time
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.config.run_config import TermsConfig
from bcfl_plugins.config.terms import terms_of
from bcfl_plugins.rounds.opening import instruct_round
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.memory.files import coordinators_folder
from pallet_bridge.memory.instructions import InstructionMemory
from pallet_bridge.types import UNIT, Planck, RoundKey, RoundState

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGINS = "staking, round_log"
TERMS = terms_of(TermsConfig(admission="open", coordinator_bond=Planck(0)))
BOSS = Signer.from_uri("//Alice")
KEYS = [f"//clinic-{number}" for number in range(10)]


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            signers = [Signer.from_uri(uri) for uri in KEYS]
            client.execute(calls.create_federation(TERMS, bytes(32)), BOSS)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), BOSS)
            gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
            client.execute(calls.batch(gifts), BOSS)
            for signer in signers:
                client.execute(calls.join(0, Planck(100 * UNIT), client.terms_hash(0)), signer)
        yield running


def test_the_numbers_of_lost_rounds_are_used_up_and_never_instructed_again(
    federate: Any, node: EmbeddedNode, caplog: pytest.LogCaptureFixture
) -> None:
    memory = InstructionMemory(coordinators_folder(), BOSS.account)
    with connect(node.url) as client:
        genesis = client.genesis_hash
    for number in (0, 1):
        place = RoundKey(genesis, 0, number)
        instruct_round(memory, BOSS, place, bytes([number]) * 32, TERMS, now=time())
    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    run = federate(2, plugins=PLUGINS, chain=node.url, node_configs=keys)
    assert "instructed nodes for round 0, 1" in caplog.text
    assert [(line.round, line.outcome) for line in run.record.rounds][-2:] == [
        *((2, "settled"), (3, "settled")),
    ]
    with connect(node.url) as client:
        states = [client.round(0, number) for number in range(4)]
    assert [one.state for one in states if one is not None] == [
        *(RoundState.ABORTED, RoundState.ABORTED, RoundState.SETTLED, RoundState.SETTLED),
    ]
    assert memory.highest(genesis, 0) == 3
