from __future__ import annotations

import stat
import subprocess
import sys
from pathlib import Path

import pytest

from pallet_bridge.errors import NotWritten
from pallet_bridge.memory.lock import held

HOLDER = """
import os, sys
from pathlib import Path
from pallet_bridge.memory.lock import held
with held(Path(sys.argv[1])) as mine:
    if sys.argv[2] == "fork" and os.fork() == 0:
        sys.stdin.read()
        os._exit(0)
    print(mine, flush=True)
    sys.stdin.read()
"""


def test_one_holder_at_a_time_in_one_process_too(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "a.lock"
    with held(path) as first, held(path) as second, held(tmp_path / "b.lock") as other:
        assert (first, second, other) == (True, False, True)
    with held(path) as again:
        assert again
    assert stat.S_IMODE(path.stat().st_mode) == 0o600


def test_a_refused_one_leaves_the_lock_with_its_holder(tmp_path: Path) -> None:
    path = tmp_path / "a.lock"
    with held(path):
        for _ in range(2):
            with held(path) as other:
                assert not other


@pytest.mark.slow
@pytest.mark.parametrize("how", ["plain", "fork"])
def test_the_lock_ends_with_its_process_however_that_ends(tmp_path: Path, how: str) -> None:
    """A child that the killed process leaves behind does not keep it."""
    path = tmp_path / "a.lock"
    root = Path(__file__).parents[4]
    with subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path), how],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, cwd=root,
    ) as holder:  # fmt: skip
        assert holder.stdout is not None
        assert holder.stdout.readline() == "True\n"
        with held(path) as mine:
            assert not mine
        holder.kill()
        holder.wait()
        with held(path) as mine:
            assert mine


def test_a_lock_that_cannot_be_made_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with (
        pytest.raises(NotWritten, match=r"a\.lock cannot be written"),
        held(tmp_path / "file" / "a.lock"),
    ):
        pass
    with pytest.raises(NotWritten), held(tmp_path / "file" / "a.lock"):
        pass
