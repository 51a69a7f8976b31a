from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.chain.chain import Chain
from pallet_bridge.embedded.chain.export import runtime_of
from pallet_bridge.embedded.errors import BadExport, BlockRefused

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def with_two_blocks(make_chain: Callable[..., Chain], sign: Callable[..., bytes]) -> Chain:
    chain = make_chain(patch={"sudo": {"key": None}}, start_time_ms=1_000_000_000_000)
    chain.author()
    chain.author([sign(chain, "//Alice", 0, b"\x00\x07\x08hi")])
    return chain


@pytest.fixture(scope="module")
def text(
    make_chain: Callable[..., Chain],
    sign: Callable[..., bytes],
    tmp_path_factory: pytest.TempPathFactory,
) -> str:
    """What an export holds: made once, for those who only read it."""
    path = tmp_path_factory.mktemp("export") / "chain.jsonl"
    with_two_blocks(make_chain, sign).export(path)
    return path.read_text()


@pytest.fixture
def path(text: str, tmp_path: Path) -> Path:
    path = tmp_path / "chain.jsonl"
    path.write_text(text)
    return path


def change(path: Path, line: int, edit: Callable[[dict[str, object]], object]) -> None:
    lines = path.read_text().splitlines()
    value = json.loads(lines[line])
    edit(value)
    lines[line] = json.dumps(value)
    path.write_text("\n".join(lines) + "\n")


@pytest.mark.slow
def test_a_loaded_chain_is_the_one_that_was_exported_and_goes_on(
    make_chain: Callable[..., Chain], sign: Callable[..., bytes], modules: Path, tmp_path: Path
) -> None:
    chain, path = with_two_blocks(make_chain, sign), tmp_path / "chain.jsonl"
    chain.export(path)
    loaded = Chain.load(path, cache_dir=modules)
    assert loaded.head == chain.head
    assert loaded.genesis_hash == chain.genesis_hash
    assert loaded.author().hash == chain.author().hash
    assert [item.name for item in path.parent.iterdir()] == ["chain.jsonl"]


def test_the_first_line_says_which_chain(make_chain: Callable[..., Chain], tmp_path: Path) -> None:
    chain, path = make_chain(patch={"sudo": {"key": None}}), tmp_path / "chain.jsonl"
    chain.export(path)
    head = json.loads(path.read_text().splitlines()[0])
    assert head["format"] == "bcfl-chain/2"
    assert head["preset"] == "development"
    assert head["patch"] == {"sudo": {"key": None}}
    assert head["nonce"] == b"unit".hex()
    assert head["genesis_hash"] == chain.genesis_hash.hex()


def test_an_export_of_before_there_were_nonces_still_loads(
    make_chain: Callable[..., Chain], modules: Path, tmp_path: Path
) -> None:
    chain, path = make_chain(nonce=b""), tmp_path / "chain.jsonl"
    chain.author()
    chain.export(path)

    def older(head: dict[str, object]) -> None:
        del head["nonce"]
        head["format"] = "bcfl-chain/1"

    change(path, 0, older)
    assert Chain.load(path, cache_dir=modules).head == chain.head


@pytest.mark.parametrize(
    ("line", "edit", "reason"),
    [
        (0, lambda head: head.update(format="other"), "no chain export"),
        (0, lambda head: head.update(blob="00"), "made with runtime 00"),
        (0, lambda head: head.pop("preset"), "lacks or misstates"),
        (0, lambda head: head.update(patch=[1]), "lacks or misstates"),
        (0, lambda head: head.update(start_time_ms="1"), "lacks or misstates"),
        (0, lambda head: head.update(start_time_ms=-1), "lacks or misstates"),
        (0, lambda head: head.update(start_time_ms=2**64), "lacks or misstates"),
        (0, lambda head: head.update(start_time_ms=True), "lacks or misstates"),
        (0, lambda head: head.pop("nonce"), "lacks or misstates"),
        (0, lambda head: head.update(nonce="0g"), "lacks or misstates"),
        (0, lambda head: head.update(nonce="00"), "preset, patch and nonce give genesis"),
        (
            0,
            lambda head: head.update(genesis_hash="00" * 32),
            "preset, patch and nonce give genesis",
        ),
        (1, lambda block: block.pop("header"), "no block"),
        (1, lambda block: block.update(header="00"), "no block"),
        (2, lambda block: block.update(extrinsics="00"), "no block"),
        (2, lambda block: block.update(extrinsics=["zz"]), "no block"),
    ],
)
def test_a_damaged_file_is_named_with_its_line(
    path: Path,
    modules: Path,
    line: int,
    edit: Callable[[dict[str, object]], object],
    reason: str,
) -> None:
    change(path, line, edit)
    with pytest.raises(BadExport, match=reason) as caught:
        Chain.load(path, cache_dir=modules)
    assert caught.value.line == line + 1
    assert str(caught.value).startswith(f"{path}:{line + 1}: ")


@pytest.mark.parametrize("first", [b"\x80\n", b"[" * 3_000 + b"\n", b"\xff\xfe{}\n", b"9" * 5_000])
def test_a_first_line_of_anything_is_refused(path: Path, modules: Path, first: bytes) -> None:
    path.write_bytes(first + path.read_bytes().partition(b"\n")[2])
    with pytest.raises(BadExport):
        Chain.load(path, cache_dir=modules)
    with pytest.raises(BadExport):
        runtime_of(path)


def test_a_file_that_is_cut_off_is_refused(path: Path, modules: Path) -> None:
    path.write_text(path.read_text()[:-1])
    with pytest.raises(BadExport, match="cut off"):
        Chain.load(path, cache_dir=modules)
    path.write_text("")
    with pytest.raises(BadExport, match="no chain export"):
        Chain.load(path, cache_dir=modules)


def test_a_changed_block_does_not_load(path: Path, modules: Path) -> None:
    change(path, 2, lambda block: block["extrinsics"].pop())
    with pytest.raises(BlockRefused):
        Chain.load(path, cache_dir=modules)
