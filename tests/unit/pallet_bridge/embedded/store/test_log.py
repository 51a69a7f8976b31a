"""The file of records: whatever cuts it off loses the torn record only, and damage is named."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.store.errors import NotKept, StateDamaged
from pallet_bridge.embedded.store.log import MAGIC, Log
from pallet_bridge.errors import NotWritten

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

RECORDS = [b"first", b"", b"x" * 3000, bytes(64), b"last one"]
HEAD = 12


def opened(path: Path) -> tuple[Log, list[bytes]]:
    records: list[bytes] = []
    log = Log.open(path, lambda _place, record: records.append(record))
    return log, records


@pytest.fixture
def path(tmp_path: Path) -> Path:
    path = tmp_path / "blocks"
    log, _ = opened(path)
    for record in RECORDS:
        log.append(record)
    log.close()
    return path


def starts(path: Path) -> list[int]:
    places: list[int] = []
    Log.open(path, lambda place, _record: places.append(place)).close()
    return places


def test_records_come_back_in_order_and_by_their_places(path: Path) -> None:
    log, records = opened(path)
    assert records == RECORDS
    assert [log.read(place) for place in starts(path)] == RECORDS
    place = log.append(b"more")
    assert log.read(place) == b"more"
    log.close()
    log.close()
    assert log.read(place) == b"more"
    assert opened(path)[1] == [*RECORDS, b"more"]


def test_a_file_that_is_cut_off_anywhere_keeps_all_whole_records(path: Path) -> None:
    """SIGKILL, or a power cut, in the middle of any write."""
    whole = path.read_bytes()
    ends = [len(MAGIC)]
    for record in RECORDS:
        ends.append(ends[-1] + HEAD + len(record))
    for size in range(len(whole)):
        path.write_bytes(whole[:size])
        log, records = opened(path)
        assert records == RECORDS[: sum(end <= size for end in ends[1:])], size
        log.append(b"goes on")
        log.close()
        assert opened(path)[1] == [*records, b"goes on"]


@pytest.mark.parametrize("zeros", [1, 11, 12, 13, 70_000])
def test_zeros_at_the_end_are_what_a_power_cut_left(path: Path, zeros: int) -> None:
    with path.open("ab") as file:
        file.write(bytes(zeros))
    assert opened(path)[1] == RECORDS
    assert path.stat().st_size == len(MAGIC) + sum(HEAD + len(record) for record in RECORDS)


def test_the_last_record_is_left_out_where_it_is_not_as_it_was_written(
    path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    data = bytearray(path.read_bytes())
    data[-1] ^= 1
    path.write_bytes(data)
    assert opened(path)[1] == RECORDS[:-1]
    assert "the last record was written only in part (20 bytes) and is taken away" in caplog.text


@pytest.mark.parametrize("shift", [0, 5, 9, 12, 1500])
def test_damage_before_the_end_is_an_error_and_changes_nothing(path: Path, shift: int) -> None:
    """A length, either checksum, or the record itself: never read as a file that was cut off."""
    place = starts(path)[2]
    data = bytearray(path.read_bytes())
    data[place + shift] ^= 0x80
    path.write_bytes(data)
    with pytest.raises(StateDamaged, match=rf"damaged at byte {place}: .*copy of the file") as told:
        opened(path)
    assert (told.value.path, told.value.place) == (path, place)
    assert path.read_bytes() == data


def test_bytes_that_follow_a_torn_record_are_damage_too(path: Path) -> None:
    with path.open("ab") as file:
        file.write(b"garbage that is long enough to be the head of a record")
    with pytest.raises(StateDamaged, match="the head of a record is not its own"):
        opened(path)


def test_another_file_is_refused(tmp_path: Path) -> None:
    other = tmp_path / "other"
    other.write_bytes(b"bcfl-state/2\n and more")
    with pytest.raises(StateDamaged, match="does not start with bcfl-state/1"):
        opened(other)
    assert other.read_bytes() == b"bcfl-state/2\n and more"


def test_what_changes_while_the_file_is_open_is_found_when_it_is_read(path: Path) -> None:
    log, _ = opened(path)
    place = starts(path)[2]
    with path.open("r+b") as file:
        file.seek(place + HEAD)
        file.write(b"y")
    with pytest.raises(StateDamaged, match="changed while the file was open"):
        log.read(place)


def test_a_full_disk_keeps_what_was_there_and_nothing_of_the_new(
    path: Path, full_disk: Callable[[int], AbstractContextManager[None]]
) -> None:
    """The system takes a part of the record, then says that there is no room."""
    log, _ = opened(path)
    size = path.stat().st_size
    with full_disk(size + 40):
        with pytest.raises(NotKept, match="blocks cannot be written: File too large"):
            log.append(b"z" * 5000)
        with pytest.raises(NotKept, match="File too large"):
            log.check_room()
        log.append(b"short")
    log.check_room()
    assert path.stat().st_size == size + HEAD + 5
    log.close()
    assert opened(path)[1] == [*RECORDS, b"short"]


def test_a_closed_log_takes_nothing(path: Path) -> None:
    log, _ = opened(path)
    log.close()
    with pytest.raises(NotKept, match="it was closed"):
        log.append(b"late")
    with pytest.raises(NotKept, match="it was closed"):
        log.check_room()


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_is_not_ours_is_named(tmp_path: Path) -> None:
    tmp_path.chmod(0o500)
    with pytest.raises(NotWritten, match="Permission denied"):
        opened(tmp_path / "blocks")
