from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.errors import RunInProgress
from bcfl_plugins.session.takeover import alone, left_over, open_again
from pallet_bridge.errors import InstructionsUnusable, JournalError
from pallet_bridge.run.checkpoints import Checkpoint, Checkpoints
from pallet_bridge.run.journal import Journal, RunHeader
from pallet_bridge.run.journal_lines import EndLine
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from pathlib import Path

BOSS = AccountId(b"\x05" * 32)
HEADER = RunHeader("ws://there:1", b"\x01" * 32, 3, 77, BOSS)


def run(parent: Path, name: str, header: RunHeader = HEADER, *, ended: bool = False) -> Path:
    journal = Journal.create(parent / name, header)
    if ended:
        journal.append(EndLine(4))
    return journal.folder


def test_the_last_run_of_the_federation_is_taken_if_it_is_not_finished(tmp_path: Path) -> None:
    assert left_over(tmp_path / "nowhere", HEADER) is None
    run(tmp_path, "20260101-000000")
    assert left_over(tmp_path, replace(HEADER, chain="ws://other:2", run_id=5)) is not None
    run(tmp_path, "20260102-000000", ended=True)
    assert left_over(tmp_path, HEADER) is None, "an older one is nobody's business any more"
    newest = run(tmp_path, "20260103-000000")
    assert left_over(tmp_path, HEADER) == newest


def test_embedded_chains_count_as_one_and_are_no_chain_behind_a_url(tmp_path: Path) -> None:
    mine = run(tmp_path, "20260101-000000", replace(HEADER, chain="embedded"))
    run(tmp_path, "20260102-000000")
    like = replace(HEADER, chain="embedded", genesis=bytes(32))
    assert left_over(tmp_path, like) == mine
    assert left_over(tmp_path, replace(like, federation=4)) is None


@pytest.mark.parametrize(
    "other",
    [
        {"genesis": b"\x02" * 32},
        {"federation": 4},
        {"coordinator": AccountId(b"\x06" * 32)},
    ],
)
def test_runs_of_others_are_left_alone(tmp_path: Path, other: dict[str, object]) -> None:
    mine = run(tmp_path, "20260101-000000")
    run(tmp_path, "20260102-000000", replace(HEADER, **other))  # type: ignore[arg-type]
    (tmp_path / "20260103-000000").mkdir()
    (tmp_path / "20260104-000000").mkdir()
    (tmp_path / "20260104-000000" / "run.json").write_text("{")
    assert left_over(tmp_path, HEADER) == mine


def test_a_run_that_ended_and_still_has_something_to_do_is_not_finished(tmp_path: Path) -> None:
    folder = run(tmp_path, "20260101-000000", ended=True)
    Checkpoints(folder).put(Checkpoint(2, bytes(32), {"w": np.zeros(2)}, None))
    assert left_over(tmp_path, HEADER) == folder
    Checkpoints(folder).clear()
    assert left_over(tmp_path, HEADER) is None
    (folder / "owed").mkdir()
    (folder / "owed" / "7.json").touch()
    assert left_over(tmp_path, HEADER) == folder
    open_again(folder, anew=False)
    assert left_over(tmp_path, HEADER) == folder
    open_again(folder, anew=True)
    assert left_over(tmp_path, HEADER) is None


def test_a_damaged_journal_of_the_last_run_is_named_with_what_to_do(tmp_path: Path) -> None:
    folder = run(tmp_path, "20260101-000000")
    (folder / "journal.jsonl").write_text('{"type":\n{"type":"end","next_round":3}\n')
    with pytest.raises(JournalError, match=r"journal\.jsonl:1: .* move .* away to begin anew"):
        left_over(tmp_path, HEADER)


def test_one_process_coordinates_a_federation(tmp_path: Path) -> None:
    place = (bytes(32), 9, BOSS)
    with alone(*place):
        with (
            pytest.raises(RunInProgress, match="coordinates federation 9") as raised,
            alone(*place),
        ):
            pass
        with alone(bytes(32), 10, BOSS), alone(b"\x01" * 32, 9, BOSS):
            pass
    assert raised.value.lock.exists()
    with alone(*place):
        pass


def test_a_state_directory_that_takes_no_lock_is_named(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "file").touch()
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "file"))
    with pytest.raises(InstructionsUnusable, match="XDG_STATE_HOME"), alone(bytes(32), 1, BOSS):
        pass
