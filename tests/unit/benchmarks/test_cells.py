"""A table goes on from where it was killed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks.cells import FILE, kept, results

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True)
class Counted:
    key: str
    ran: list[str] = field(default_factory=list)

    def run(self) -> tuple[float, ...]:
        self.ran.append(self.key)
        return (float(len(self.key)),)


def test_a_line_that_was_cut_off_is_run_again(tmp_path: Path) -> None:
    ran: list[str] = []
    cells = [Counted(name, ran) for name in ("a", "bb", "ccc")]
    results(cells[:2], tmp_path)
    whole = (tmp_path / FILE).read_bytes()
    (tmp_path / FILE).write_bytes(whole[:-3])
    assert results(cells, tmp_path) == {"a": (1.0,), "bb": (2.0,), "ccc": (3.0,)}
    assert ran == ["a", "bb", "bb", "ccc"]
    assert (tmp_path / FILE).read_bytes().startswith(whole)


def test_it_stops_when_it_is_told_and_keeps_what_is_done(tmp_path: Path) -> None:
    ran: list[str] = []
    cells = [Counted(name, ran) for name in ("a", "bb", "ccc")]
    found = results(cells, tmp_path, lambda: len(ran) < 2)
    assert found == kept(tmp_path) == {"a": (1.0,), "bb": (2.0,)}
    assert results(cells, tmp_path, lambda: False) == found
    assert ran == ["a", "bb"]


def test_without_a_folder_nothing_is_kept() -> None:
    ran: list[str] = []
    assert results([Counted("a", ran)], None) == {"a": (1.0,)}
    assert kept(None) == {}
