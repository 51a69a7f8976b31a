from __future__ import annotations

from threading import Barrier, Thread
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins import OpenedRound
from pallet_bridge.keys import Signer
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import RoundKey
from strategies.client.signed_rounds import SigningMemory, memory_of, signed_before
from strategies.errors import NothingSigned
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flwr.app import Context

    from pallet_bridge.types import CommittedUpdate

ALICE = Signer.from_uri("//Alice")


def opened(round_id: int = 5, federation: int = 0, genesis: int = 0) -> OpenedRound:
    return OpenedRound(RoundKey(genesis.to_bytes(32, "big"), federation, round_id))


def signed(round_id: int = 5, digest: int = 1, num_examples: int = 10) -> CommittedUpdate:
    salt = bytes(range(32))
    return sign_commitment(opened(round_id).key, ALICE, bytes([digest]) * 32, num_examples, salt)


@pytest.fixture
def context(toy: Any) -> Context:
    found: Context = InProcessGrid(toy.app_of(), 1).contexts[FIRST_NODE_ID]
    return found


@pytest.fixture(params=["state", "folder"])
def memory(
    request: pytest.FixtureRequest, context: Context, tmp_path: Path
) -> Callable[..., SigningMemory]:
    if request.param == "folder":
        context.node_config["bcfl-memory"] = str(tmp_path / "memory")
    return lambda **place: memory_of(context, opened(**place), ALICE.account)


def test_what_was_signed_comes_back_and_nothing_else_is_signed(
    memory: Callable[..., SigningMemory],
) -> None:
    assert signed_before(memory(), opened(), bytes([1]) * 32, 10) is None
    memory().add(5, signed())
    assert signed_before(memory(), opened(), bytes([1]) * 32, 10) == signed_without_change(memory)
    for digest, num_examples in ((2, 10), (1, 11)):
        with pytest.raises(NothingSigned, match="equivocation"):
            signed_before(memory(), opened(), bytes([digest]) * 32, num_examples)
    with pytest.raises(NothingSigned, match="round 4 is over"):
        signed_before(memory(), opened(4), bytes([1]) * 32, 10)
    assert signed_before(memory(), opened(6), bytes([2]) * 32, 10) is None


def signed_without_change(memory: Callable[..., SigningMemory]) -> CommittedUpdate:
    found = memory().last()
    assert found is not None
    round_id, commitment = found
    assert round_id == 5
    assert commitment.commitment == signed().commitment
    return commitment


def test_the_last_round_counts(memory: Callable[..., SigningMemory]) -> None:
    for round_id in (5, 9, 10, 11):
        memory().add(round_id, signed(round_id))
    found = memory().last()
    assert found is not None
    assert found[0] == 11


@pytest.mark.parametrize("place", [{"federation": 1}, {"genesis": 1}])
def test_places_are_apart(memory: Callable[..., SigningMemory], place: dict[str, int]) -> None:
    memory().add(5, signed())
    assert memory(**place).last() is None


def test_a_folder_outlives_a_run_and_holds_one_file_a_place(
    context: Context, toy: Any, tmp_path: Path
) -> None:
    other = InProcessGrid(toy.app_of(), 1).contexts[FIRST_NODE_ID]
    for run in (context, other):
        run.node_config["bcfl-memory"] = str(tmp_path)
    for round_id in (5, 6):
        memory_of(context, opened(), ALICE.account).add(round_id, signed(round_id))
    with pytest.raises(NothingSigned, match="equivocation"):
        signed_before(memory_of(other, opened(), ALICE.account), opened(6), bytes([2]) * 32, 10)
    assert len(list(tmp_path.iterdir())) == 1


def test_of_two_at_once_one_signs(context: Context, tmp_path: Path) -> None:
    context.node_config["bcfl-memory"] = str(tmp_path)
    barrier, refused = Barrier(4), []

    def sign(digest: int) -> None:
        memory = memory_of(context, opened(), ALICE.account)
        barrier.wait()
        try:
            memory.add(5, signed(digest=digest))
        except NothingSigned as error:
            refused.append(error)

    threads = [Thread(target=sign, args=(digest,)) for digest in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(refused) == 3
    assert len(list(tmp_path.iterdir())) == 1


@pytest.mark.parametrize("damage", ["", "{", "[]", "{}", '{"round": 5, "num-examples": 1}'])
def test_a_damaged_file_signs_nothing(context: Context, tmp_path: Path, damage: str) -> None:
    context.node_config["bcfl-memory"] = str(tmp_path)
    memory = memory_of(context, opened(), ALICE.account)
    memory.add(5, signed())
    (path,) = tmp_path.iterdir()
    path.write_text(damage)
    with pytest.raises(NothingSigned, match="memory"):
        signed_before(memory, opened(), bytes([1]) * 32, 10)
