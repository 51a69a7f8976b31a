"""A run with an embedded chain that is killed: the next start of the same app goes on with both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.errors import NotResumable
from pallet_bridge.client import connect
from pallet_bridge.client.connect import EMBEDDED
from pallet_bridge.memory.instructions import InstructionMemory
from pallet_bridge.run.checkpoints import Checkpoints
from pallet_bridge.run.journal import CHAIN, INSTRUCTED, STATE, read_header
from pallet_bridge.types import RoundBinding, RoundState
from tests.e2e.killed.conftest import ROUNDS, Place
from tests.e2e.killed.table import check

if TYPE_CHECKING:
    from pathlib import Path

pytestmark = pytest.mark.slow

IN_STEP: dict[str, Any] = {"config": {"on_chain_error": "fail"}}


@pytest.fixture
def place(tmp_path: Path) -> Place:
    return Place(tmp_path, EMBEDDED)


@pytest.mark.parametrize(
    ("mode", "point", "time"),
    [
        ("queue", "after sending commit_batch", 2),
        ("queue", "before keeping a block", 12),
        ("fail", "before sending open_round", 2),
        ("fail", "after writing owed/N.json", 2),
        ("fail", "after sending settle", 3),
    ],
)
def test_a_killed_server_goes_on_with_its_chain(
    place: Place, whole: Any, mode: str, point: str, time: int
) -> None:
    options = {"config": {"on_chain_error": mode}, "strategy": "FedAdam"}
    assert place.start(point, time, **options) is None, f"it never came to {point}"
    genesis = read_header(place.runs[0]).genesis
    check(place, place.finish(**options), whole("FedAdam", EMBEDDED))
    (run,) = place.runs
    assert read_header(run).genesis == genesis


def test_a_number_that_was_instructed_and_never_opened_is_used_up(place: Place, whole: Any) -> None:
    """Nodes may have signed for it: a second instruction would make them equivocate."""
    assert place.start("after sending settle", 2, **IN_STEP) is None
    header = read_header(place.runs[0])
    told = InstructionMemory(place.runs[0] / INSTRUCTED, header.coordinator)
    assert told.highest(header.genesis, 0) == 1
    told.keep(RoundBinding(header.genesis, 0, 2, header.coordinator, b"\x07" * 32, bytes(32)))
    check(place, place.finish(**IN_STEP), whole("FedAvg", EMBEDDED))
    assert place.ends() == [RoundState.SETTLED] * 2 + [RoundState.ABORTED, RoundState.SETTLED]


def test_another_app_begins_a_run_of_its_own_and_the_old_one_stays(place: Place) -> None:
    assert place.start("after sending settle", 2, **IN_STEP) is None
    (old,) = place.runs
    before = Checkpoints(old).rounds()
    place.finish(strategy="FedMedian", **IN_STEP)
    assert "a new run begins, since the strategy changed" in place.log
    assert len(place.runs) == 2
    assert Checkpoints(old).rounds() == before


def test_other_settings_begin_a_run_of_their_own(place: Place) -> None:
    assert place.start("after sending settle", 2, **IN_STEP) is None
    place.finish(config={"on_chain_error": "fail", "outliers.members": 17})
    assert "since the settings under bcfl changed" in place.log
    assert len(place.runs) == 2


def test_never_begins_another_run_and_keeps_no_checkpoints(place: Place) -> None:
    assert place.start("after sending settle", 2, **IN_STEP) is None
    place.finish(config={"on_chain_error": "fail", "resume": "never"})
    assert "was not finished" not in place.log
    assert len(place.runs) == 2
    assert not Checkpoints(place.runs[-1]).rounds()


def test_a_second_server_beside_the_first_leaves_its_run_alone(place: Place) -> None:
    assert place.start("after sending settle", 2, **IN_STEP) is None
    (old,) = place.runs
    with connect(EMBEDDED, state=old / STATE):
        place.finish(**IN_STEP)
    assert len(place.runs) == 2
    place.finish(**IN_STEP)
    assert len(place.runs) == 3, "the last run was finished"


def test_a_damaged_chain_is_named(place: Place) -> None:
    assert place.start("after sending settle", 2, **IN_STEP) is None
    blocks = place.runs[0] / STATE / "blocks"
    data = bytearray(blocks.read_bytes())
    data[len(data) // 2] ^= 1
    blocks.write_bytes(data)
    found = place.start(**IN_STEP)
    assert found is not None
    assert found["error"].startswith(NotResumable.__name__)
    assert "is damaged at byte" in found["error"]
    assert blocks.read_bytes() == data


def test_a_run_that_failed_goes_on_and_its_blocks_are_written_anew(place: Place) -> None:
    """The first end exported the chain; the audit goes by the blocks of the last one."""
    found = place.start(**IN_STEP, fail_after=2)
    assert found is not None
    assert "error" in found
    (run,) = place.runs
    first = (run / CHAIN).read_bytes()
    found = place.finish(**IN_STEP)
    assert found["measured"] == [2, 3]
    assert (run / CHAIN).read_bytes() != first
    assert place.ends() == [RoundState.SETTLED] * ROUNDS
    place.audit()
