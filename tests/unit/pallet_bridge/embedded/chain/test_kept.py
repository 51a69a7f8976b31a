"""A chain that a folder keeps is the same chain when the folder is opened again."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.embedded.chain.chain import Chain
from pallet_bridge.embedded.chain.history import History
from pallet_bridge.embedded.chain.kept import BLOCKS, kept_chain, read_kept
from pallet_bridge.embedded.errors import NotExportable
from pallet_bridge.embedded.state.encode import blob
from pallet_bridge.embedded.store.errors import (
    NoStateKept,
    NotKept,
    StateDamaged,
    StateDiffers,
    StateInUse,
)
from pallet_bridge.embedded.store.log import Log
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    Open = Callable[..., Chain]
    Sign = Callable[..., bytes]

KEY = b"\x05" * 40


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "deep" / "chain"


@pytest.fixture
def open_chain(folder: Path, modules: Path) -> Iterator[Open]:
    chains: list[Chain] = []

    def opened(**options: object) -> Chain:
        chains.append(kept_chain(folder, cache_dir=modules, **options))
        return chains[-1]

    yield opened
    for chain in chains:
        chain.close()


def remark(sign: Sign, chain: Chain, nonce: int, size: int = 100) -> bytes:
    return sign(chain, "//Alice", nonce, b"\x00\x07" + blob(bytes([nonce]) * size))


def all_of(chain: Chain, at: bytes) -> dict[bytes, bytes | None]:
    return {key: chain.get(key, at) for key in chain.keys(b"", count=100_000, at=at)}


def ways(chain: Chain) -> list[bytes]:
    head = chain.header(chain.head)
    assert head is not None
    return [hash_ for n in range(head.number + 1) if (hash_ := chain.hash_at(n)) is not None]


def same(first: Chain, second: Chain) -> None:
    assert ways(first) == ways(second)
    assert first.genesis_hash == second.genesis_hash
    for hash_ in ways(first):
        assert first.block(hash_) == second.block(hash_)
        assert all_of(first, hash_) == all_of(second, hash_)


def test_a_reopened_chain_has_every_block_and_state_and_goes_on(
    open_chain: Open, make_chain: Callable[..., Chain], sign: Sign
) -> None:
    chain, other = open_chain(nonce=b"unit"), make_chain()
    for number in range(3):
        batch = [remark(sign, chain, nonce) for nonce in range(2 * number, 2 * number + 2)]
        assert chain.author(batch).hash == other.author(batch).hash
        chain.author()
        other.author()
    chain.close()
    again = open_chain()
    same(again, other)
    assert again.author().hash == other.author().hash
    again.close()
    same(open_chain(), other)


def test_states_are_read_again_in_any_order(
    open_chain: Open, make_chain: Callable[..., Chain], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Old states leave the memory: their count there does not grow with the chain."""
    monkeypatch.setattr("pallet_bridge.embedded.chain.history._RECENT", 4)
    monkeypatch.setattr("pallet_bridge.embedded.chain.history._STRIDE", 8)
    chain, other = open_chain(nonce=b"unit"), make_chain()
    for _ in range(30):
        chain.author()
        other.author()
    held = [entry for entry in chain._history._entries.values() if entry.state is not None]
    assert [entry.block.header.number for entry in held] == [0, 8, 16, 24, 27, 28, 29, 30]
    for hash_ in reversed(ways(other)):
        assert all_of(chain, hash_) == all_of(other, hash_)
    chain.close()
    same(open_chain(), other)


def test_what_was_reverted_is_gone_after_reopening(
    open_chain: Open, make_chain: Callable[..., Chain], sign: Sign
) -> None:
    chain, other = open_chain(nonce=b"unit"), make_chain()
    for one in (chain, other):
        one.author()
        mark = one.snapshot()
        one.author([remark(sign, one, 0)])
        one.author()
        one.set_storage({KEY: b"left"})
        one.revert(mark)
        one.advance_time(60_000)
        one.author()
    chain.close()
    again = open_chain()
    same(again, other)
    assert again.get(KEY) is None
    assert read_kept_blocks(again, other)


def test_an_earlier_head_is_kept_too(
    open_chain: Open, make_chain: Callable[..., Chain], sign: Sign
) -> None:
    chain, other = open_chain(nonce=b"unit"), make_chain()
    for one in (chain, other):
        one.author()
        one.author([remark(sign, one, 0)])
        one.set_storage({KEY: b"left"})
        one.author()
        one.go_back(one.hash_at(1) or b"")
        one.author()
    chain.close()
    same(open_chain(), other)


def read_kept_blocks(chain: Chain, other: Chain) -> bool:
    return list(chain._history.blocks()) == list(other._history.blocks())


def test_storage_that_was_set_by_hand_is_kept_and_reverted(open_chain: Open, folder: Path) -> None:
    chain = open_chain(nonce=b"unit")
    chain.author()
    chain.set_storage({KEY: b"one", b":gone": None})
    mark = chain.snapshot()
    chain.set_storage({KEY: b"two"})
    chain.author()
    chain.revert(mark)
    assert chain.get(KEY) == b"one"
    chain.close()
    again = open_chain()
    assert again.get(KEY) == b"one"
    again.author()
    again.close()
    assert open_chain().get(KEY) == b"one"
    with pytest.raises(NotExportable):
        read_kept(folder)


def test_another_runtime_put_in_place_by_hand_is_kept(open_chain: Open, tmp_path: Path) -> None:
    chain = open_chain(nonce=b"unit")
    chain.upgrade(load_blob())
    chain.close()
    again = open_chain()
    assert again.head == chain.head
    with pytest.raises(NotExportable):
        again.export(tmp_path / "chain.jsonl")


def test_blocks_of_the_folder_execute_again_while_it_is_open(
    open_chain: Open, folder: Path, modules: Path, sign: Sign
) -> None:
    chain = open_chain(nonce=b"", patch={"sudo": {"key": None}}, start_time_ms=1_000_000_000_000)
    chain.author([remark(sign, chain, 0)])
    saved, code = read_kept(folder)
    assert code == load_blob()
    assert Chain.executed(saved, code, modules).head == chain.head


def test_a_torn_block_is_taken_away_and_the_chain_goes_on(
    open_chain: Open, folder: Path, sign: Sign
) -> None:
    chain = open_chain(nonce=b"unit")
    first = chain.author().hash
    size = (folder / BLOCKS).stat().st_size
    long = remark(sign, chain, 0, 9000)
    second = chain.author([long]).hash
    chain.close()
    with (folder / BLOCKS).open("r+b") as file:
        file.truncate(size + 5000)
    again = open_chain()
    assert again.head == first
    assert again.author([long]).hash == second


def test_a_beginning_that_was_cut_off_is_begun_again(open_chain: Open, folder: Path) -> None:
    open_chain(nonce=b"unit").close()
    with (folder / BLOCKS).open("r+b") as file:
        file.truncate(100_000)
    chain = open_chain(nonce=b"other")
    chain.author()
    chain.close()
    assert open_chain().head == chain.head


def test_damage_is_named_and_neither_repaired_nor_overwritten(
    open_chain: Open, folder: Path, sign: Sign
) -> None:
    chain = open_chain(nonce=b"unit")
    place = (folder / BLOCKS).stat().st_size
    chain.author([remark(sign, chain, 0)])
    chain.author()
    chain.close()
    data = bytearray((folder / BLOCKS).read_bytes())
    data[place + 200] ^= 4
    (folder / BLOCKS).write_bytes(data)
    for _ in range(2):
        with pytest.raises(StateDamaged, match=f"byte {place}: a record is not as it was written"):
            open_chain()
    with pytest.raises(StateDamaged):
        read_kept(folder)
    assert (folder / BLOCKS).read_bytes() == data


@pytest.mark.parametrize("left_out", ["origin", "block"])
def test_records_that_do_not_follow_from_one_another_are_damage(
    open_chain: Open, folder: Path, left_out: str
) -> None:
    chain = open_chain(nonce=b"unit")
    for _ in range(3):
        chain.author()
    chain.close()
    records: list[bytes] = []
    Log.open(folder / BLOCKS, lambda _place, record: records.append(record)).close()
    del records[{"origin": 0, "block": 2}[left_out]]
    (folder / BLOCKS).unlink()
    log = Log.open(folder / BLOCKS, lambda _place, _record: None)
    for record in records:
        log.append(record)
    log.close()
    with pytest.raises(StateDamaged, match=r"makes no sense: (there is no beg|the parent of)"):
        open_chain()


def test_a_state_that_is_not_the_one_of_its_head_is_damage(
    open_chain: Open, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A record that somebody changed and gave a new checksum."""
    add = History.add

    def forgetful(
        self: History, block: Any, state: Any, changes: Mapping[bytes, bytes | None], **rest: Any
    ) -> bytes:
        return add(self, block, state, dict(list(changes.items())[1:]), **rest)

    chain = open_chain(nonce=b"unit")
    monkeypatch.setattr(History, "add", forgetful)
    chain.author()
    chain.close()
    with pytest.raises(StateDamaged, match="its last state is not that of its head"):
        open_chain()


def test_a_second_user_of_the_folder_is_refused(open_chain: Open, folder: Path) -> None:
    chain = open_chain(nonce=b"unit")
    with pytest.raises(StateInUse, match="connect to its URL"):
        open_chain()
    chain.author()
    chain.close()
    assert open_chain().head == chain.head


@pytest.mark.parametrize(
    ("asked", "what"),
    [
        ({"preset": "local_testnet"}, "preset development, not local_testnet"),
        ({"patch": {"sudo": {"key": None}}}, "accounts null, not"),
        ({"nonce": b"\x01"}, "nonce 756e6974, not 01"),
        ({"start_time_ms": 5}, "start 1767225600000, not 5"),
        ({"blob": b"other"}, "runtime"),
    ],
)
def test_a_chain_that_was_made_with_something_else_is_not_what_was_asked_for(
    open_chain: Open, asked: dict[str, object], what: str
) -> None:
    open_chain(nonce=b"unit").close()
    with pytest.raises(StateDiffers, match=f"was made with {what}"):
        open_chain(**asked)
    assert open_chain(nonce=b"unit", preset="development").hash_at(0) is not None


def test_a_closed_chain_is_read_but_takes_no_block(open_chain: Open) -> None:
    chain = open_chain(nonce=b"unit")
    chain.author()
    chain.close()
    assert chain.get(b":code", chain.hash_at(0)) == load_blob()
    before = chain.head
    with pytest.raises(NotKept, match="it was closed"):
        chain.author()
    assert chain.head == before


def test_an_empty_folder_has_no_blocks_to_read(tmp_path: Path, open_chain: Open) -> None:
    open_chain(nonce=b"unit").close()
    with pytest.raises(NoStateKept, match="keeps no chain"):
        read_kept(tmp_path)


def test_a_copied_folder_is_a_chain_of_its_own(
    open_chain: Open, folder: Path, tmp_path: Path, modules: Path
) -> None:
    chain = open_chain(nonce=b"unit")
    chain.author()
    shutil.copytree(folder, tmp_path / "copy")
    copy = kept_chain(tmp_path / "copy", cache_dir=modules)
    assert copy.author().hash == chain.author().hash
    copy.close()
