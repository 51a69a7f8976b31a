from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.chain.copies import copy_of
from pallet_bridge.embedded.errors import BadBlob, NotExportable

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pallet_bridge.embedded.chain.chain import Chain

CODE = b":code"


def entries_of(chain: Chain) -> dict[bytes, bytes]:
    return {key: chain.get(key) or b"" for key in chain.keys(b"", count=10**6) if key != CODE}


@pytest.fixture
def grown(make_chain: Callable[..., Chain], sign: Callable[..., bytes]) -> Chain:
    chain = make_chain()
    chain.author()
    chain.author([sign(chain, "//Alice", 0, b"\x00\x07\x08hi")])
    return chain


@pytest.fixture
def copied(grown: Chain, modules: Path) -> Chain:
    header = grown.header(grown.head)
    assert header is not None
    return copy_of(entries_of(grown), header, grown.genesis_hash, cache_dir=modules)


def test_a_copy_goes_on_as_the_chain_would(
    grown: Chain, copied: Chain, sign: Callable[..., bytes]
) -> None:
    assert copied.head == grown.head
    extrinsic = sign(grown, "//Alice", 1, b"\x00\x07\x08ho")
    theirs, ours = grown.author([extrinsic]), copied.author([extrinsic])
    assert ours == theirs
    assert ours.outcomes[0].ok


def test_a_copy_knows_its_genesis_and_no_block_in_between(grown: Chain, copied: Chain) -> None:
    copied.author()
    assert copied.genesis_hash == copied.hash_at(0) == grown.genesis_hash
    assert copied.hash_at(1) is None
    assert copied.hash_at(2) == grown.head
    assert copied.hash_at(3) == copied.head
    assert copied.hash_at(4) is None


def test_the_code_that_comes_with_the_entries_is_not_used(grown: Chain, modules: Path) -> None:
    header = grown.header(grown.head)
    assert header is not None
    entries = {**entries_of(grown), CODE: b"no code"}
    assert copy_of(entries, header, grown.genesis_hash, cache_dir=modules).author().block
    with pytest.raises(BadBlob):
        copy_of(entries, header, grown.genesis_hash, blob=b"no code", cache_dir=modules)


def test_no_copy_is_exported(copied: Chain, tmp_path: Path) -> None:
    with pytest.raises(NotExportable, match="began as a copy"):
        copied.export(tmp_path / "chain.jsonl")
    assert not list(tmp_path.iterdir())
