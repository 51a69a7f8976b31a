from __future__ import annotations

import stat
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.errors.content import ContentMissing, ContentTampered
from pallet_bridge.run.content import address_of
from pallet_bridge.run.store import FolderStore

if TYPE_CHECKING:
    from pathlib import Path


def test_what_comes_out_is_what_went_in(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store")
    address = store.put(b"some bytes")
    assert address == address_of(b"some bytes") == store.put(b"some bytes")
    assert store.get(address) == b"some bytes"
    assert stat.S_IMODE(store.path(address).stat().st_mode) == 0o600


def test_who_may_read_it_is_set(tmp_path: Path) -> None:
    store = FolderStore(tmp_path / "store", 0o644)
    assert stat.S_IMODE(store.path(store.put(b"for all")).stat().st_mode) == 0o644


def test_what_is_missing_is_named(tmp_path: Path) -> None:
    with pytest.raises(ContentMissing, match=f"{'ab' * 32} is not in the store"):
        FolderStore(tmp_path).get(b"\xab" * 32)


def test_what_was_changed_is_no_content(tmp_path: Path) -> None:
    store = FolderStore(tmp_path)
    address = store.put(b"true")
    store.path(address).write_bytes(b"false")
    with pytest.raises(ContentTampered, match="was changed"):
        store.get(address)
