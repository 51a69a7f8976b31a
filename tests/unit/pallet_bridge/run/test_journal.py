from __future__ import annotations

import json
import stat
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.errors import JournalError, NotWritten
from pallet_bridge.run.journal import HEADER, LINES, OWED, Journal, RunHeader, read_run
from pallet_bridge.run.journal_lines import (
    UNKNOWN,
    EndLine,
    RoundLine,
    SlashLine,
    VoidLine,
    lines_of,
)
from pallet_bridge.types import AccountId, BlockRef, Event, OffenceKind, Planck, Receipt

if TYPE_CHECKING:
    from pathlib import Path

ALICE, BOB = AccountId(b"\1" * 32), AccountId(b"\2" * 32)
HEADER_OF_RUN = RunHeader("embedded", b"\3" * 32, 0, 2**64 - 1, ALICE, first_round=4)
BLOCK = BlockRef(7, b"\4" * 32)
ROUND = RoundLine(
    round=4,
    outcome="settled",
    report=b"\5" * 32,
    model=b"\6" * 32,
    root=b"\7" * 32,
    block=BLOCK,
    extrinsic_hash=b"\x08" * 32,
    rewards={ALICE: Planck(2**100)},
    strikes={BOB: 2},
)
ABORTED = replace(
    ROUND, round=5, outcome="aborted", report=None, model=None, root=None, rewards={}, strikes={}
)
SLASH = SlashLine(4, BOB, OffenceKind.OUTLIER, Planck(10), Planck(9), BLOCK, b"\x08" * 32)


def test_a_run_reads_back_as_it_was_written(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path / "run", HEADER_OF_RUN)
    for line in (ROUND, SLASH, ABORTED, EndLine(6)):
        journal.append(line)
    record = read_run(tmp_path / "run")
    assert record.header == HEADER_OF_RUN
    assert record.rounds == (ROUND, ABORTED)
    assert record.slashes == (SLASH,)
    assert record.end == EndLine(6)


def test_lines_are_written_as_the_first_format_has_them(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, HEADER_OF_RUN)
    for line in (ROUND, SLASH, VoidLine(BLOCK.hash), EndLine(6)):
        journal.append(line)
    place = f'"block_hash":"{"04" * 32}","block_number":7'
    expected = [
        (
            f'{{{place},"extrinsic_hash":"{"08" * 32}","model":"{"06" * 32}","outcome":"settled",'
            f'"report":"{"05" * 32}","rewards":{{"{ALICE}":{2**100}}},"root":"{"07" * 32}",'
            f'"round":4,"strikes":{{"{BOB}":2}},"type":"round"}}'
        ),
        (
            f'{{"account":"{BOB}","amount":10,{place},"burned":9,"extrinsic_hash":"{"08" * 32}",'
            '"kind":"Outlier","round":4,"type":"slash"}'
        ),
        f'{{"extrinsic_hash":"{"04" * 32}","type":"void"}}',
        '{"next_round":6,"type":"end"}',
    ]
    assert (tmp_path / LINES).read_text().splitlines() == expected


def test_a_journal_is_opened_again_and_goes_on(tmp_path: Path) -> None:
    Journal.create(tmp_path, HEADER_OF_RUN).append(ROUND)
    journal = Journal.open(tmp_path)
    journal.append(ABORTED)
    assert journal.header == HEADER_OF_RUN
    assert [line.round for line in read_run(tmp_path).rounds] == [4, 5]


def test_a_run_is_not_written_over(tmp_path: Path) -> None:
    Journal.create(tmp_path, HEADER_OF_RUN)
    with pytest.raises(JournalError, match="another folder"):
        Journal.create(tmp_path, HEADER_OF_RUN)


def event(name: str, **fields: object) -> Event:
    return Event("Bcfl", name, {"federation": 0, **fields}, 1)


def receipt(*events: Event) -> Receipt:
    return Receipt(BLOCK, b"\x08" * 32, 1, Planck(0), events)


def test_the_lines_of_a_receipt_are_what_its_events_say() -> None:
    settled = {"round": 4, "report": b"\5" * 32, "model": b"\6" * 32, "root": b"\7" * 32}
    lines = lines_of(
        receipt(
            event("Rewarded", round=4, account=ALICE, amount=2**100),
            event("Struck", round=4, account=BOB, strikes=2),
            event("Rewarded", round=3, account=BOB, amount=1),
            event("RoundSettled", **settled),
            event("Slashed", round=4, account=BOB, kind="Outlier", amount=10, burned=9),
            event("RoundAborted", round=5, by_deadline=False),
        ),
        0,
    )
    assert lines == (ROUND, SLASH, ABORTED)


def test_events_of_other_federations_and_pallets_make_no_line() -> None:
    aborted = event("RoundAborted", round=5)
    other = replace(aborted, pallet="Other")
    assert lines_of(receipt(aborted), 1) == ()
    assert lines_of(receipt(other), 0) == ()


def test_a_receipt_is_appended(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, HEADER_OF_RUN)
    assert journal.append_receipt(receipt(event("RoundAborted", round=5))) == (ABORTED,)
    assert read_run(tmp_path).rounds == (ABORTED,)


def test_a_receipt_that_comes_again_is_not_written_twice(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, HEADER_OF_RUN)
    for again in (lambda: journal, lambda: journal, lambda: Journal.open(tmp_path)):
        again().append_receipt(receipt(event("RoundAborted", round=5)))
    assert read_run(tmp_path).rounds == (ABORTED,)
    journal.append_receipt(receipt(event("RoundAborted", round=6)))
    assert [line.round for line in read_run(tmp_path).rounds] == [5, 6]


def test_a_receipt_of_another_block_takes_the_place_of_the_one_before(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, HEADER_OF_RUN)
    journal.append(replace(ROUND, extrinsic_hash=b"\x0a" * 32))
    first = receipt(event("RoundAborted", round=5))
    moved = replace(first, block=BlockRef(9, b"\x0b" * 32))
    journal.append_receipt(first)
    Journal.open(tmp_path).append_receipt(moved)
    lines = [(line.round, line.block.number) for line in read_run(tmp_path).rounds]
    assert lines == [(4, 7), (5, 9)]


def test_calls_of_others_have_one_hash_and_take_no_place_of_one_another(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, HEADER_OF_RUN)
    for number in (5, 6, 7):
        ended = receipt(event("RoundAborted", round=number))
        other = replace(ended, extrinsic_hash=UNKNOWN, block=BlockRef(number, b"\x0b" * 32))
        journal.append_receipt(other)
    assert [line.round for line in read_run(tmp_path).rounds] == [5, 6, 7]


def test_what_a_block_said_that_is_gone_is_taken_back(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, HEADER_OF_RUN)
    journal.append(ROUND)
    journal.append(SLASH)
    journal.append(replace(ABORTED, extrinsic_hash=b"\x0a" * 32))
    assert journal.settled_models() == {ROUND.model}
    (tmp_path / OWED).mkdir()
    (tmp_path / OWED / "4.json").touch()  # its settlement may still be undone
    assert journal.settled_models() == set()
    (tmp_path / OWED / "4.json").unlink()
    journal.void(ROUND.extrinsic_hash)
    journal.void(b"\x0c" * 32)  # nothing is written of it
    assert (tmp_path / LINES).read_text().count('"void"') == 1
    for _ in range(2):
        record = read_run(tmp_path)
        assert ([line.round for line in record.rounds], record.slashes) == ([5], ())
        assert journal.settled_models() == set()
        journal = Journal.open(tmp_path)
    journal.append(ROUND)
    assert [line.round for line in read_run(tmp_path).rounds] == [5, 4]


def test_a_folder_without_header_is_no_run(tmp_path: Path) -> None:
    with pytest.raises(JournalError, match="no run folder"):
        read_run(tmp_path)


@pytest.mark.slow
def test_a_journal_that_was_cut_anywhere_loses_one_line_at_most(tmp_path: Path) -> None:
    whole = Journal.create(tmp_path, HEADER_OF_RUN)
    whole.append(ROUND)
    first = (tmp_path / LINES).stat().st_size
    whole.append(ABORTED)
    data = (tmp_path / LINES).read_bytes()
    for cut in range(len(data)):
        (tmp_path / LINES).write_bytes(data[:cut])
        there = (ROUND,) if cut >= first - 1 else ()  # all but its end is all of a line
        there += (ABORTED,) if cut == len(data) - 1 else ()
        assert read_run(tmp_path).rounds == there
        Journal.open(tmp_path).append(ABORTED)
        assert read_run(tmp_path).rounds == (*there, ABORTED)


def test_all_files_of_a_run_are_for_their_owner_only(tmp_path: Path) -> None:
    journal = Journal.create(tmp_path, HEADER_OF_RUN)
    journal.append(ROUND)
    assert {stat.S_IMODE(path.stat().st_mode) for path in tmp_path.iterdir()} == {0o600}


def test_a_folder_that_takes_no_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(NotWritten, match=r"run\.json cannot be written.*bcfl\.run_dir"):
        Journal.create(tmp_path / "file" / "run", HEADER_OF_RUN)


@pytest.mark.parametrize(
    "change",
    [
        {"type": "other"},
        {"outcome": "lost"},
        {"round": "4"},
        {"rewards": {"5Grw": 1}},
        {"rewards": {str(ALICE): 0.5}},
        {"strikes": []},
        {"block_hash": None},
    ],
)
def test_a_line_that_cannot_be_read_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    Journal.create(tmp_path, HEADER_OF_RUN).append(ROUND)
    path = tmp_path / LINES
    path.write_text(json.dumps(json.loads(path.read_text()) | change) + "\n")
    with pytest.raises(JournalError, match=rf"{path}:1: "):
        read_run(tmp_path)


@pytest.mark.parametrize("change", [{"format": "bcfl-run/9"}, {"genesis": ""}, {"run_id": 7}])
def test_a_header_that_cannot_be_read_is_named(tmp_path: Path, change: dict[str, object]) -> None:
    Journal.create(tmp_path, HEADER_OF_RUN)
    path = tmp_path / HEADER
    path.write_text(json.dumps(json.loads(path.read_text()) | change))
    with pytest.raises(JournalError, match=str(path)):
        read_run(tmp_path)


def test_a_run_without_journal_is_named(tmp_path: Path) -> None:
    Journal.create(tmp_path, HEADER_OF_RUN)
    (tmp_path / LINES).unlink()
    with pytest.raises(JournalError, match="missing"):
        read_run(tmp_path)
