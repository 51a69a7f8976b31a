"""Blocks of the shipped runtime: authored, executed again, read at any height, undone."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.chain.block import aura_pre_digest
from pallet_bridge.embedded.chain.chain import (
    DEFAULT_START_TIME_MS,
    Block,
    Chain,
    Header,
    Invalid,
    InvalidKind,
    Valid,
)
from pallet_bridge.embedded.errors import (
    BlockRefused,
    MethodMissing,
    NotExportable,
    RuntimePanic,
    UnknownBlock,
    UnknownSnapshot,
)
from pallet_bridge.embedded.executor.image import decompress
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.embedded.state.hashing import blake2_128, storage_prefix
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from pallet_bridge.embedded.state.trie_node import Node


UNIT = 10**12
EVENTS = storage_prefix("System", "Events")
NUMBER = storage_prefix("System", "Number")
NOW = storage_prefix("Timestamp", "Now")
ACCOUNTS = storage_prefix("System", "Account")


def account(uri: str) -> bytes:
    return Signer.from_uri(uri).account.raw


def transfer(to: str, amount: int) -> bytes:
    """Balances.transfer_keep_alive."""
    return b"\x04\x03\x00" + account(to) + compact(amount)


def remark(data: bytes) -> bytes:
    """System.remark_with_event."""
    return b"\x00\x07" + blob(data)


def calls(*items: bytes) -> bytes:
    return compact(len(items)) + b"".join(items)


def sudo(call: bytes) -> bytes:
    return b"\x07\x00" + call


def set_storage(items: dict[bytes, bytes]) -> bytes:
    pairs = [blob(key) + blob(value) for key, value in items.items()]
    return sudo(b"\x00\x04" + compact(len(pairs)) + b"".join(pairs))


def kill_storage(*keys: bytes) -> bytes:
    return sudo(b"\x00\x05" + compact(len(keys)) + b"".join(blob(key) for key in keys))


def kill_prefix(prefix: bytes, subkeys: int) -> bytes:
    return sudo(b"\x00\x06" + blob(prefix) + subkeys.to_bytes(4, "little"))


def account_key(uri: str) -> bytes:
    return ACCOUNTS + blake2_128(account(uri)) + account(uri)


def free_balance(chain: Chain, uri: str, at: bytes | None = None) -> int:
    data = chain.get(account_key(uri), at)
    return 0 if data is None else int.from_bytes(data[16:32], "little")


def re_executed(chain: Chain, other: Chain) -> Chain:
    """Execute every block of `chain` on `other`, through Core_execute_block."""
    number = 1
    while (hash_ := chain.hash_at(number)) is not None:
        block = chain.block(hash_)
        assert block is not None
        assert other.import_block(block) == hash_
        number += 1
    assert other.head == chain.head
    return other


@pytest.mark.slow
def test_blocks_of_every_kind_of_call_re_execute_on_another_chain(
    chain: Chain, make_chain: Callable[..., Chain], sign: Callable[..., bytes]
) -> None:
    keys = {b"\x05" + bytes([i]) * 20: bytes([i]) * (3 * i) for i in range(1, 40)}
    blocks = [
        [],
        [sign(chain, "//Alice", 0, transfer("//New", 3 * UNIT))],
        [
            sign(chain, "//Alice", 1, transfer("//Bob", 10**30)),  # fails, and is included
            sign(chain, "//Bob", 0, remark(b"r" * 500)),
            sign(chain, "//Alice", 2, b"\x06\x00" + calls(remark(b"a"), remark(b"b"))),
        ],
        [sign(chain, "//Alice", 3, set_storage(keys))],
        [sign(chain, "//Alice", 4, kill_storage(*list(keys)[10:20]))],
        [sign(chain, "//Alice", 5, kill_prefix(b"\x05", 7))],
        # batch_all: the first call is undone with the second
        [sign(chain, "//Bob", 1, b"\x06\x02" + calls(remark(b"x"), transfer("//Bob", 10**30)))],
        [sign(chain, "//Charlie", 0, b"\x04\x04\x00" + account("//Bob") + b"\x00")],
        [sign(chain, "//Alice", 6, kill_prefix(b"\x05", 1000))],
    ]
    results = [chain.author(extrinsics) for extrinsics in blocks]
    ok = [[outcome.ok for outcome in result.outcomes] for result in results]
    assert ok == [[], [True], [False, True, True], [True], [True], [True], [False], [True], [True]]
    assert all(outcome.included for result in results for outcome in result.outcomes)
    left = list(keys)[:10] + list(keys)[20:]
    assert chain.keys(b"\x05", count=99, at=results[5].hash) == left[7:]
    assert chain.keys(b"\x05", count=99) == []
    assert free_balance(chain, "//New") == 3 * UNIT
    assert free_balance(chain, "//Charlie") == 0
    copy = re_executed(chain, make_chain())
    assert copy.get(EVENTS) == chain.get(EVENTS)


def test_a_block_with_the_seal_of_a_node_executes_and_keeps_its_hash(
    chain: Chain, make_chain: Callable[..., Chain]
) -> None:
    block = chain.author().block
    seal = b"\x05aura\x01\x01" + bytes(64)
    sealed = Block(replace(block.header, digest=(*block.header.digest, seal)), block.extrinsics)
    other = make_chain()
    assert other.import_block(sealed) == sealed.hash != block.hash
    assert other.head == sealed.hash
    other.author()
    assert other.header(other.head).parent_hash == sealed.hash


def test_equal_chains_make_equal_blocks(make_chain: Callable[..., Chain]) -> None:
    assert make_chain().author().hash == make_chain().author().hash


def test_time_and_slots_follow_the_clock(chain: Chain) -> None:
    first, second = chain.author(), chain.author()
    slot = int.from_bytes(chain.call("AuraApi_slot_duration"), "little")
    times = [int.from_bytes(chain.get(NOW, at.hash), "little") for at in (first, second)]
    assert times == [DEFAULT_START_TIME_MS, DEFAULT_START_TIME_MS + slot]
    assert first.block.header.digest == (aura_pre_digest(times[0] // slot),)
    chain.advance_time(3_600_000)
    chain.author()
    assert int.from_bytes(chain.get(NOW), "little") == times[1] + slot + 3_600_000
    chain.author()
    assert int.from_bytes(chain.get(NOW), "little") == times[1] + 2 * slot + 3_600_000


def test_the_wall_clock_is_used_only_when_asked_for(make_chain: Callable[..., Chain]) -> None:
    chain = make_chain(wall_clock=True, start_time_ms=1_000_000)
    chain.author()
    assert int.from_bytes(chain.get(NOW), "little") > DEFAULT_START_TIME_MS


def test_old_blocks_keep_their_state(chain: Chain, sign: Callable[..., bytes]) -> None:
    hashes = [chain.genesis_hash]
    hashes += [
        chain.author([sign(chain, "//Alice", nonce, transfer("//New", UNIT))]).hash
        for nonce in range(5)
    ]
    for number, hash_ in enumerate(hashes):
        assert chain.hash_at(number) == hash_
        assert free_balance(chain, "//New", hash_) == number * UNIT
        assert int.from_bytes(chain.get(NUMBER, hash_) or b"", "little") == number
        nonce = chain.call("AccountNonceApi_account_nonce", account("//Alice"), hash_)
        assert int.from_bytes(nonce, "little") == number
    assert chain.hash_at(6) is chain.hash_at(-1) is None


def test_keys_are_paged_in_order(chain: Chain) -> None:
    everything = chain.keys(ACCOUNTS, count=1000)
    assert len(everything) == 12
    assert everything == sorted(everything)
    assert chain.keys(ACCOUNTS, count=5) == everything[:5]
    assert chain.keys(ACCOUNTS, count=5, start=everything[4]) == everything[5:10]
    assert chain.keys(ACCOUNTS, count=5, start=everything[-1]) == []


def test_unknown_blocks_are_named(chain: Chain) -> None:
    missing = b"\x42" * 32
    assert chain.header(missing) is None
    assert chain.block(missing) is None
    for read in (
        lambda: chain.get(b"k", missing),
        lambda: chain.keys(b"", count=1, at=missing),
        lambda: chain.call("Core_version", at=missing),
    ):
        with pytest.raises(UnknownBlock, match="4242"):
            read()


def test_calls_throw_their_changes_away(chain: Chain, sign: Callable[..., bytes]) -> None:
    root = chain.header(chain.head).state_root
    extrinsic = sign(chain, "//Alice", 0, transfer("//New", UNIT))
    draft = Header(chain.head, 1, bytes(32), bytes(32), (aura_pre_digest(5),))
    chain.call("Core_initialize_block", draft.encode())
    with pytest.raises(RuntimePanic):
        chain.call("BlockBuilder_apply_extrinsic", extrinsic[:-1])
    assert chain.author().block.header.parent_hash == chain.genesis_hash
    assert chain.header(chain.genesis_hash).state_root == root
    with pytest.raises(MethodMissing, match="No_such_method"):
        chain.call("No_such_method")


def test_validity_is_what_the_runtime_says(chain: Chain, sign: Callable[..., bytes]) -> None:
    ready = chain.validate(sign(chain, "//Alice", 0, remark(b"")))
    assert isinstance(ready, Valid)
    assert ready.requires == ()
    assert ready.provides == (account("//Alice") + bytes(4),)
    future = chain.validate(sign(chain, "//Alice", 3, remark(b"")))
    assert isinstance(future, Valid)
    assert future.requires == (account("//Alice") + b"\x02\x00\x00\x00",)
    tipped = chain.validate(sign(chain, "//Alice", 0, remark(b""), tip=UNIT))
    assert isinstance(tipped, Valid)
    assert tipped.priority > ready.priority
    poor = chain.validate(sign(chain, "//Nobody", 0, remark(b"")))
    assert poor == Invalid(InvalidKind.PAYMENT)
    extrinsic = sign(chain, "//Alice", 0, remark(b""))
    chain.author([extrinsic])
    assert chain.validate(extrinsic) == Invalid(InvalidKind.STALE)
    assert isinstance(chain.validate(extrinsic, at=chain.genesis_hash), Valid)
    forged = bytearray(sign(chain, "//Alice", 1, remark(b"")))
    forged[50] ^= 1
    assert chain.validate(bytes(forged)) == Invalid(InvalidKind.BAD_PROOF)


def test_rejected_extrinsics_are_not_in_the_block_and_leave_no_trace(
    chain: Chain, make_chain: Callable[..., Chain], sign: Callable[..., bytes]
) -> None:
    good = [sign(chain, "//Alice", nonce, remark(b"g")) for nonce in range(2)]
    stale, future = good[0], sign(chain, "//Alice", 9, remark(b"f"))
    result = chain.author([good[0], stale, future, good[1]])
    assert [outcome.ok for outcome in result.outcomes] == [True, False, False, True]
    assert result.outcomes[1].rejected == Invalid(InvalidKind.STALE)
    assert result.outcomes[2].rejected == Invalid(InvalidKind.FUTURE)
    assert result.block.extrinsics[1:] == tuple(good)
    re_executed(chain, make_chain())


def test_a_full_block_says_that_a_later_one_may_take_the_rest(
    chain: Chain, make_chain: Callable[..., Chain], sign: Callable[..., bytes]
) -> None:
    large = remark(b"x" * 900_000)
    batch = [sign(chain, "//Alice", nonce, large) for nonce in range(6)]
    first = chain.author(batch)
    taken = sum(outcome.included for outcome in first.outcomes)
    assert 0 < taken < 6
    assert all(outcome.retry for outcome in first.outcomes[taken:])
    second = chain.author(batch[taken:])
    assert second.outcomes[0].included
    re_executed(chain, make_chain())


def test_bytes_that_are_no_extrinsic_panic_and_change_nothing(chain: Chain) -> None:
    head = chain.author().hash
    with pytest.raises(RuntimePanic) as caught:
        chain.author([blob(b"\x84junk")])
    assert "Bad input data provided to apply_extrinsic" in caught.value.message
    assert chain.head == head
    assert chain.hash_at(2) is None
    assert chain.author().block.header.number == 2


def test_a_block_that_does_not_follow_from_its_parent_is_refused(
    chain: Chain, make_chain: Callable[..., Chain]
) -> None:
    block = chain.author().block
    header = block.header
    other = make_chain()
    bad = [
        (Block(replace(header, state_root=bytes(32)), block.extrinsics), "Storage root"),
        (Block(replace(header, extrinsics_root=bytes(32)), block.extrinsics), "Transaction trie"),
        (Block(header, ()), "Timestamp must be updated"),
        (Block(replace(header, number=2), block.extrinsics), "does not follow"),
        (Block(replace(header, digest=()), block.extrinsics), "panicked"),
    ]
    for forged, words in bad:
        with pytest.raises(BlockRefused, match=words):
            other.import_block(forged)
        assert other.head == other.genesis_hash
        assert other.block(forged.hash) is None
    with pytest.raises(UnknownBlock):
        other.import_block(chain.author().block)
    assert other.import_block(block) == block.hash
    assert other.import_block(block) == block.hash


def test_a_fork_is_kept_without_moving_the_head(
    chain: Chain, make_chain: Callable[..., Chain]
) -> None:
    other = make_chain(start_time_ms=DEFAULT_START_TIME_MS + 600_000)
    fork = other.author().block
    first, second = chain.author(), chain.author()
    assert chain.import_block(fork) == fork.hash
    assert chain.head == second.hash
    assert chain.hash_at(1) == first.hash
    assert chain.block(fork.hash) == fork
    now = int.from_bytes(chain.get(NOW, fork.hash), "little")
    assert now == DEFAULT_START_TIME_MS + 600_000


def test_reverting_forgets_every_block_after_the_snapshot(
    chain: Chain, sign: Callable[..., bytes]
) -> None:
    chain.author()
    before = chain.head
    outer = chain.snapshot()
    chain.advance_time(60_000)
    inner = chain.snapshot()
    extrinsic = sign(chain, "//Alice", 0, transfer("//New", UNIT))
    lost = chain.author([extrinsic]).hash
    chain.revert(inner)
    assert chain.head == before
    assert chain.block(lost) is None
    assert free_balance(chain, "//New") == 0
    assert chain.author([extrinsic]).hash == lost
    chain.revert(outer)
    assert chain.author().hash != lost
    for snapshot in (outer, inner, -1, 7):
        with pytest.raises(UnknownSnapshot):
            chain.revert(snapshot)


def test_new_code_runs_from_the_next_block_on(
    chain: Chain, make_chain: Callable[..., Chain], sign: Callable[..., bytes]
) -> None:
    """Setting code makes the runtime ask for the version of a blob: a call within a call."""
    unchecked = sudo(b"\x00\x03" + blob(decompress(load_blob())))
    again = sudo(b"\x00\x02" + blob(load_blob()))
    first = chain.author(
        [sign(chain, "//Alice", 0, again), sign(chain, "//Alice", 1, sudo(b"\x00\x02\x10junk"))]
    )
    assert [outcome.ok for outcome in first.outcomes] == [True, True]
    events = chain.get(EVENTS)
    for error in (1, 2):  # SpecVersionNeedsToIncrease, FailedToExtractRuntimeVersion
        assert b"\x07\x00\x01\x03\x00" + bytes([error, 0, 0, 0]) in events
    assert chain.get(b":code") == load_blob()
    changed = chain.author([sign(chain, "//Alice", 2, unchecked)])
    assert changed.block.header.digest[1:] == (b"\x08",)
    assert chain.get(b":code") == decompress(load_blob())
    assert chain.get(b":code", first.hash) == load_blob()
    assert chain.author().block.header.number == 3
    re_executed(chain, make_chain())


def test_an_upgrade_by_hand_counts_from_the_next_block_on_and_is_not_exported(
    chain: Chain, tmp_path: Path
) -> None:
    before, plain = chain.head, decompress(load_blob())
    made = chain.upgrade(plain)
    assert chain.head == made.hash
    assert made.block.header.number == 1
    assert chain.get(b":code") == plain
    assert chain.get(b":code", before) == load_blob()
    assert chain.author().block.header.number == 2
    with pytest.raises(NotExportable, match="replaced by hand"):
        chain.export(tmp_path / "chain.jsonl")


def test_memory_of_empty_blocks_is_bounded_by_what_they_change(chain: Chain) -> None:
    """Histories share what did not change: a block costs its own nodes and no copy of the state."""
    for _ in range(3):
        chain.author()
    older = chain.state(chain.head)
    chain.author()
    newer = chain.state(chain.head)

    def nodes(node: Node, seen: dict[int, Node]) -> dict[int, Node]:
        seen[id(node)] = node
        for child in getattr(node, "children", ()):
            if child is not None:
                nodes(child, seen)
        return seen

    before, after = nodes(older.trie, {}), nodes(newer.trie, {})
    assert len(set(after) - set(before)) < 40
    assert len(chain._reads) == 0
