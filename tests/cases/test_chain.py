"""What was taken for the state of another chain, and what the chain was told twice."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest

from pallet_bridge import calls, connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.errors import ChainError
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck
from strategies import FedAvg
from tests.cases.federation import run

BOB, DAVE = Signer.from_uri("//Bob"), Signer.from_uri("//Dave")


@pytest.mark.slow
def test_a_motion_that_failed_inside_raises_its_error() -> None:
    """`council_motion_that_failed_inside`: `execute` returned a receipt.

    tests/unit/pallet_bridge/client/test_submission.py asks it of sudo and of batches.
    """
    with connect("embedded") as chain:
        alice = Signer.from_uri("//Alice")
        gone = calls.replace_coordinator(12_345, BOB.account)
        with pytest.raises(FederationNotFound) as raised:
            chain.execute(calls.council_propose(gone, threshold=1, length_bound=300), alice)
        assert raised.value.inside == "Council.Executed"


@pytest.mark.slow
def test_runs_on_new_chains_do_not_refuse_each_other(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """`memory_and_the_embedded_chain`: from the second run on all nodes refused to sign."""
    monkeypatch.chdir(tmp_path)

    def step(_node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        return {"w": arrays["w"] + np.float32(0.5)}

    memory = [{"bcfl-memory": str(tmp_path / f"memory-{node}")} for node in range(3)]
    for _ in range(3):
        strategy = FedAvg(fraction_evaluate=0.0, bcfl={"bcfl.plugins": "staking, round_log"})
        start = {"w": np.zeros(2, np.float32)}
        end = run(strategy, start, step, nodes=3, rounds=2, node_configs=memory)
        assert end is not None
        np.testing.assert_array_equal(end["w"], np.ones(2, np.float32))


@pytest.mark.slow
def test_signed_bytes_are_taken_once_also_of_an_account_that_came_back() -> None:
    """`replay_after_reaping`: anybody could pay a second time with the old bytes."""
    guest = Signer.from_uri("//Guest")
    first = EmbeddedNode.start()
    everything = calls.Call(
        "Balances", "transfer_all", {"dest": "0x" + BOB.account.raw.hex(), "keep_alive": False}
    )
    with connect(first.url) as chain:
        chain.execute(calls.transfer(guest.account, Planck(40 * UNIT)), BOB)
        signed = chain.sign(calls.transfer(DAVE.account, Planck(3 * UNIT)), guest)
        chain.send(signed).wait(60)
        chain.execute(everything, guest)
        chain.execute(calls.transfer(guest.account, Planck(40 * UNIT)), BOB)
        before = chain.balance(DAVE.account).free
    first.close()
    with EmbeddedNode.start(chain=first.chain) as other, connect(other.url) as chain:
        with pytest.raises(ChainError):
            chain.send(signed).wait(60)
        assert chain.balance(DAVE.account).free == before
