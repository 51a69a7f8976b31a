"""Block 0: the shipped blob, the preset's state, and what a patch changes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.chain.chain import Chain, Header
from pallet_bridge.embedded.chain.genesis import NONCE, endowing
from pallet_bridge.embedded.errors import BadBlob, GenesisRefused
from pallet_bridge.embedded.executor.executor import Runtime
from pallet_bridge.embedded.state.hashing import blake2_128, blake2_256, storage_prefix
from pallet_bridge.embedded.state.trie_node import EMPTY_TRIE_ROOT
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import MANIFEST, load_blob

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

UNIT = 10**12


def account_key(uri: str) -> bytes:
    return (
        storage_prefix("System", "Account")
        + blake2_128(Signer.from_uri(uri).account.raw)
        + Signer.from_uri(uri).account.raw
    )


def free_balance(chain: Chain, uri: str, at: bytes | None = None) -> int:
    data = chain.get(account_key(uri), at)
    return 0 if data is None else int.from_bytes(data[16:32], "little")


def test_the_shipped_blob_is_the_one_in_the_manifest() -> None:
    assert blake2_256(load_blob()).hex() == MANIFEST["blob_blake2_256"]
    assert len(load_blob()) == MANIFEST["blob_bytes"]


def test_genesis_is_block_zero_with_the_presets_state(chain: Chain) -> None:
    header = chain.header(chain.genesis_hash)
    assert header == Header(bytes(32), 0, header.state_root, EMPTY_TRIE_ROOT)
    assert chain.head == chain.genesis_hash == chain.hash_at(0)
    assert chain.get(b":code") == load_blob()
    assert free_balance(chain, "//Alice") == 1_000_000 * UNIT


def test_a_patch_replaces_what_it_names_and_keeps_the_rest(
    make_chain: Callable[..., Chain], chain: Chain
) -> None:
    dave = str(Signer.from_uri("//Dave").account)
    patched = make_chain(patch={"balances": {"balances": [[dave, 5 * UNIT]]}})
    assert free_balance(patched, "//Dave") == 5 * UNIT
    assert free_balance(patched, "//Alice") == 0
    sudo_key = storage_prefix("Sudo", "Key")
    assert patched.get(sudo_key) == chain.get(sudo_key) == Signer.from_uri("//Alice").account.raw
    assert patched.genesis_hash != chain.genesis_hash


def test_endowing_adds_to_what_the_preset_endows(
    make_chain: Callable[..., Chain], modules: Path
) -> None:
    runtime = Runtime(load_blob(), modules)
    has = {
        str(Signer.from_uri("//New").account): 7 * UNIT,
        str(Signer.from_uri("//Bob").account): 5 * UNIT,
    }
    patched = make_chain(patch=endowing(runtime, "development", has))
    assert free_balance(patched, "//New") == 7 * UNIT
    assert free_balance(patched, "//Bob") == 5 * UNIT
    assert free_balance(patched, "//Alice") == 1_000_000 * UNIT
    with pytest.raises(GenesisRefused, match="it has development, local_testnet"):
        endowing(runtime, "mainnet", has)


def test_a_wrong_preset_or_patch_is_refused_with_the_runtimes_words(
    make_chain: Callable[..., Chain],
) -> None:
    with pytest.raises(GenesisRefused, match="it has development, local_testnet"):
        make_chain(preset="mainnet")
    with pytest.raises(GenesisRefused, match="unknown field `balancez`"):
        make_chain(patch={"balancez": {}})
    with pytest.raises(BadBlob):
        make_chain(blob=b"not wasm")


def test_each_chain_has_a_genesis_of_its_own(modules: Path) -> None:
    first, second = Chain.new(cache_dir=modules), Chain.new(cache_dir=modules)
    assert first.genesis_hash != second.genesis_hash
    again = Chain.new(cache_dir=modules, nonce=first.get(NONCE))
    assert again.genesis_hash == first.genesis_hash
    assert again.author().hash == first.author().hash


def test_an_empty_nonce_leaves_the_preset_as_it_is(make_chain: Callable[..., Chain]) -> None:
    plain, other = make_chain(nonce=b""), make_chain(nonce=b"x")
    assert plain.get(NONCE) is None
    keys = other.keys(b"", count=10_000)
    assert [key for key in keys if key != NONCE] == plain.keys(b"", count=10_000)
    assert all(other.get(key) == plain.get(key) for key in keys if key != NONCE)


def test_processes_make_different_chains() -> None:
    script = "from pallet_bridge.embedded import Chain; print(Chain.new().genesis_hash.hex())"
    said = {
        subprocess.run(
            [sys.executable, "-c", script], capture_output=True, text=True, check=True
        ).stdout
        for _ in range(2)
    }
    assert len(said) == 2
