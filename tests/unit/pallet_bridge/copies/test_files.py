"""Which files of a run are copied."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge.copies import files
from pallet_bridge.copies.files import files_of, kind_of, read_whole
from pallet_bridge.run import journal
from pallet_bridge.run.journal import LINES
from pallet_bridge.run.store import STORE

if TYPE_CHECKING:
    from pathlib import Path


def test_what_a_server_owes_and_keeps_for_itself_is_not_copied(run: Path) -> None:
    assert {name.partition("/")[0] for name in files_of(run)} == {
        *("run.json", LINES, "reports", "store", "openings", "checkpoints"),
    }


@pytest.mark.parametrize(
    "name",
    [
        "../run.json", "/run.json", "reports/../../x.json", "store/cd/short", "chain/blocks",
        "instructed/x", "checkpoints/../x.npz", "reports/" + "AB" * 32 + ".json", "run.json\n",
        "",
    ],
)  # fmt: skip
def test_names_of_others_stay_where_they_are(name: str) -> None:
    assert kind_of(name) is None


def test_what_tells_about_updates_is_private() -> None:
    private = [f"store/ab/{'ab' * 32}", "openings/3.json", "checkpoints/000002.npz"]
    for name in private:
        kind = kind_of(name)
        assert kind is not None
        assert kind.private
    for name in ("run.json", LINES, f"reports/{'00' * 32}.json"):
        kind = kind_of(name)
        assert kind is not None
        assert not kind.private


def test_a_line_that_is_being_written_is_left_for_the_next_time(run: Path) -> None:
    assert read_whole(LINES, run / LINES) == b"one\ntwo\n"
    assert read_whole("run.json", run / "run.json") == b"{}\n"


def test_the_names_are_those_that_a_run_writes() -> None:
    """They are written out, so that few modules need to be loaded to read a copy."""
    for name in (journal.HEADER, journal.LINES, journal.CHAIN, journal.RUNTIME):
        assert kind_of(name) is not None
    assert files.LINES == journal.LINES
    assert kind_of(f"{journal.REPORTS}/{'ab' * 32}.json") is not None
    assert kind_of(f"{STORE}/ab/{'ab' * 32}") is not None
