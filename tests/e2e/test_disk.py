"""A disk that fills up while a federation trains: a clear end in time, and nothing lost."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.errors import BcflError, NotWritten
from pallet_bridge.run.journal import read_run

if TYPE_CHECKING:
    from collections.abc import Callable

PLUGINS = "staking, round_log"
FULL = Path("/dev/full")


def fills_up(runs: Path, name: str) -> Callable[[], None]:
    """From now on this file of the run takes nothing more."""

    def fill() -> None:
        (path,) = runs.glob(f"*/{name}")
        path.rename(path.with_name(f"{name}.kept"))
        path.symlink_to(FULL)

    return fill


@pytest.mark.skipif(not FULL.exists(), reason="needs /dev/full, which is always full")
@pytest.mark.parametrize("name", ["outbox.jsonl", "journal.jsonl"])
@pytest.mark.parametrize("mode", ["queue", "fail"])
def test_a_full_disk_ends_the_run_and_names_the_file(
    federate: Any, tmp_path: Path, mode: str, name: str
) -> None:
    runs = tmp_path / "runs"
    with pytest.raises(BcflError, match=rf"{name} cannot be written: No space left on device"):
        federate(5, plugins=PLUGINS, on_chain_error=mode, after={2: fills_up(runs, name)})
    (folder,) = runs.iterdir()
    (folder / name).unlink()
    (folder / f"{name}.kept").rename(folder / name)
    kept = [line.round for line in read_run(folder).rounds]
    assert kept == list(range(len(kept)))
    assert mode == "queue" or len(kept) == 2


def test_a_run_folder_that_cannot_be_made_is_named_before_training(
    federate: Any, tmp_path: Path
) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritten, match=r"cannot be written.*bcfl\.run_dir"):
        federate(2, plugins=PLUGINS, run_dir=str(tmp_path / "file" / "runs"))


def test_all_files_of_a_run_have_the_same_mode(federate: Any) -> None:
    folder = federate(2, plugins=PLUGINS).folder
    files = [path for path in folder.rglob("*") if path.is_file()]
    assert {"run.json", "journal.jsonl", "outbox.jsonl", "chain.jsonl"} < {f.name for f in files}
    assert {stat.S_IMODE(path.stat().st_mode) for path in files} == {0o600}
