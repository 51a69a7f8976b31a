"""Openings: who may read them, and what is made of files that somebody else wrote."""

from __future__ import annotations

import json
import os
import stat
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.errors import EncodingError, OpeningsUnreadable
from pallet_bridge.run.openings import OpenedUpdate, Openings, OpeningStore, RoundOpenings
from pallet_bridge.types import AccountId, RoundKey

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KEY = RoundKey(b"\5" * 32, 3, 12)


def opened(index: int) -> OpenedUpdate:
    return OpenedUpdate(AccountId(bytes([index]) * 32), bytes([index + 1]) * 32, b"\6" * 32)


OPENINGS = RoundOpenings(KEY.genesis, KEY.federation, KEY.round, (opened(7), opened(8)))


@pytest.fixture(params=[0o000, 0o022, 0o077])
def umask(request: pytest.FixtureRequest) -> Iterator[int]:
    before = os.umask(request.param)
    yield request.param
    os.umask(before)


def mode_of(path: Path) -> int:
    return stat.S_IMODE(path.stat().st_mode)


def edited(**changes: Any) -> bytes:
    value = json.loads(OPENINGS.encode()) | changes
    return json.dumps(value, sort_keys=True, separators=(",", ":")).encode()


def test_they_read_back_as_they_were(tmp_path: Path) -> None:
    store = OpeningStore(tmp_path / "openings")
    store.put(replace(OPENINGS, openings=OPENINGS.openings[::-1]))
    assert store.path(12).name == "12.json"
    assert store.path(12).read_bytes() == OPENINGS.encode()
    assert store.get(KEY) == {one.account: one for one in OPENINGS.openings}
    assert json.loads(OPENINGS.encode())["format"] == "bcfl-openings/1"


@pytest.mark.usefixtures("umask")
@pytest.mark.parametrize(("kept", "mode"), [(Openings.SEALED, 0o600), (Openings.PUBLISHED, 0o644)])
def test_who_may_read_them_does_not_depend_on_the_umask(
    tmp_path: Path, kept: Openings, mode: int
) -> None:
    store = OpeningStore(tmp_path, kept)
    store.put(OPENINGS)
    assert mode_of(store.path(12)) == mode


def test_a_file_that_everybody_could_read_is_sealed_when_it_is_written_again(
    tmp_path: Path,
) -> None:
    OpeningStore(tmp_path, Openings.PUBLISHED).put(OPENINGS)
    store = OpeningStore(tmp_path)
    store.put(OPENINGS)
    assert mode_of(store.path(12)) == 0o600
    assert [path.name for path in tmp_path.iterdir()] == ["12.json"]


def test_a_round_without_a_file_has_none_at_hand(tmp_path: Path) -> None:
    assert OpeningStore(tmp_path / "absent").get(KEY) == {}


def test_an_account_has_one_opening() -> None:
    with pytest.raises(EncodingError, match="twice"):
        replace(OPENINGS, openings=(opened(7), opened(8), opened(7))).encode()


LISTED = json.loads(OPENINGS.encode())["openings"]


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"[]",
        b"\xff",
        OPENINGS.encode() + b"\n",
        edited(format="bcfl-openings/2"),
        edited(genesis="05" * 31),
        edited(more=1),
        edited(openings=LISTED[::-1]),
        edited(openings=[LISTED[0], LISTED[0]]),
        edited(openings=[LISTED[0] | {"num_examples": 3}]),
        edited(openings=[{"account": LISTED[0]["account"], "salt": LISTED[0]["salt"]}]),
        edited(openings=[LISTED[0] | {"salt": "06" * 33}]),
        edited(openings=[LISTED[0] | {"update_digest": "0X" * 32}]),
        edited(openings=[LISTED[0] | {"account": "5Nobody"}]),
        edited(openings={}),
    ],
)
def test_what_is_no_canonical_file_of_openings_is_refused_by_name(
    tmp_path: Path, data: bytes
) -> None:
    store = OpeningStore(tmp_path)
    store.path(12).write_bytes(data)
    with pytest.raises(OpeningsUnreadable, match="taken as signed") as raised:
        store.get(KEY)
    assert raised.value.path == store.path(12)


@pytest.mark.parametrize(
    "changes", [{"round": 11}, {"federation": 4}, {"genesis": b"\1" * 32}], ids=str
)
def test_the_openings_of_another_round_are_not_taken_for_this_ones(
    tmp_path: Path, changes: dict[str, Any]
) -> None:
    store = OpeningStore(tmp_path)
    store.path(12).write_bytes(replace(OPENINGS, **changes).encode())
    with pytest.raises(OpeningsUnreadable, match="another round"):
        store.get(KEY)


def test_what_the_system_does_not_let_us_read_is_told_as_unreadable(tmp_path: Path) -> None:
    store = OpeningStore(tmp_path)
    store.path(12).mkdir()
    with pytest.raises(OpeningsUnreadable):
        store.get(KEY)
