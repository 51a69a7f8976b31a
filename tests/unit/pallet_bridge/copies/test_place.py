"""A folder at a URL: written, read, and what is said where it cannot be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.copies.errors import CopyDamaged, CopyUnreachable
from pallet_bridge.copies.place import CopyPlace, is_url
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(params=["folder", "file", "memory"])
def place(request: pytest.FixtureRequest, tmp_path: Path) -> CopyPlace:
    urls = {
        "folder": str(tmp_path / "there"),
        "file": (tmp_path / "there").as_uri(),
        "memory": f"memory://{tmp_path.name}",
    }
    return CopyPlace(urls[request.param])


def test_what_was_put_is_there_until_it_is_removed(place: CopyPlace) -> None:
    assert place.get("a/b", 10) is None
    place.put("a/b", b"one")
    place.put("a/b", b"two")
    assert place.below("a").get("b", 3) == b"two"
    place.remove("a/b")
    place.remove("a/b")
    assert place.get("a/b", 10) is None


def test_more_bytes_than_expected_are_not_read(place: CopyPlace) -> None:
    place.put("a", b"0123456789")
    with pytest.raises(CopyDamaged, match="more than 9 bytes"):
        place.get("a", 9)


def test_a_place_that_cannot_be_written_or_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("in the way")
    place = CopyPlace(str(tmp_path / "file"))
    with pytest.raises(CopyUnreachable, match="file/a cannot be used"):
        place.put("a", b"")
    with pytest.raises(CopyUnreachable, match="file/a cannot be used"):
        place.get("a", 1)


@pytest.mark.parametrize("url", ["nothing://there", "s4://bucket"])
def test_a_protocol_that_nobody_speaks_is_named(url: str) -> None:
    with pytest.raises(ConfigError, match="cannot be used by fsspec"):
        CopyPlace(url)


def test_a_password_is_refused_and_not_repeated() -> None:
    with pytest.raises(ConfigError, match="has a password in it") as raised:
        CopyPlace("sftp://me:hunter2@host/runs")
    assert "hunter2" not in str(raised.value)
    assert "sftp://host/runs" in str(raised.value)


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "fsspec.core", None)
    with pytest.raises(ConfigError, match=r"pip install 'bcfl-plugins\[copies\]'"):
        CopyPlace("memory://x")


@pytest.mark.parametrize(
    ("text", "url"), [("s3://b/f", True), ("file:///f", True), ("runs", False), ("C:\\x", False)]
)
def test_a_url_is_told_from_a_folder(text: str, url: bool) -> None:
    assert is_url(text) is url
