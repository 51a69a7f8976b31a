from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.chain.kept import BLOCKS, kept_chain
from pallet_bridge.embedded.chain.pool import Change, PoolStatus
from pallet_bridge.embedded.errors import (
    AlreadyImported,
    InvalidExtrinsic,
    PriorityTooLow,
    RuntimePanic,
    TemporarilyBanned,
    UnknownSnapshot,
)
from pallet_bridge.embedded.service import Service
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.embedded.store.errors import NotKept
from pallet_bridge.keys import Signer
from tests.unit.pallet_bridge.embedded.conftest import VERSIONS

if TYPE_CHECKING:
    from collections.abc import Callable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from pallet_bridge.embedded.chain.chain import Chain

    Sign = Callable[..., bytes]
    Full = Callable[[int], AbstractContextManager[None]]

UNIT = 10**12
MEGABYTE = 1_000_000
SESSION_BLOCKS = 200


def remark(data: bytes = b"bcfl") -> bytes:
    return b"\x00\x00" + blob(data)


def transfer(uri: str, amount: int) -> bytes:
    """balances.transfer_keep_alive"""
    return b"\x04\x03\x00" + Signer.from_uri(uri).account.raw + compact(amount)


def transfer_all(uri: str) -> bytes:
    """balances.transfer_all, the account's existence included"""
    return b"\x04\x04\x00" + Signer.from_uri(uri).account.raw + b"\x00"


@pytest.fixture
def service(chain: Chain) -> Service:
    return Service(chain)


@pytest.fixture
def seen() -> list[Change]:
    return []


def words(seen: list[Change]) -> list[PoolStatus]:
    return [change.status for change in seen]


def test_a_watched_extrinsic_is_told_of_until_it_is_final(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    extrinsic = sign(service.chain, "//Alice", 0, remark())
    hash_ = service.submit(extrinsic, seen.append)
    assert hash_ == blake2_256(extrinsic)
    block = service.seal()
    service.seal()
    assert seen == [
        Change(hash_, PoolStatus.READY),
        Change(hash_, PoolStatus.IN_BLOCK, block),
        Change(hash_, PoolStatus.FINALIZED, block),
    ]
    found = service.chain.block(block)
    assert found is not None
    assert extrinsic in found.extrinsics


def test_nonces_out_of_order_go_into_one_block(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    extrinsics = [sign(service.chain, "//Alice", nonce, remark()) for nonce in range(3)]
    service.submit(extrinsics[2], seen.append)
    service.submit(extrinsics[1])
    assert words(seen) == [PoolStatus.FUTURE]
    service.submit(extrinsics[0])
    found = service.chain.block(service.seal())
    assert found is not None
    assert list(found.extrinsics[1:]) == extrinsics
    assert words(seen) == [
        PoolStatus.FUTURE,
        PoolStatus.READY,
        PoolStatus.IN_BLOCK,
        PoolStatus.FINALIZED,
    ]


def test_a_tip_replaces_and_an_equal_priority_does_not(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    service.submit(sign(service.chain, "//Alice", 0, remark(b"one")), seen.append)
    with pytest.raises(PriorityTooLow):
        service.submit(sign(service.chain, "//Alice", 0, remark(b"two")))
    tipped = sign(service.chain, "//Alice", 0, remark(b"two"), tip=UNIT)
    service.submit(tipped)
    assert seen[-1].status is PoolStatus.USURPED
    assert seen[-1].subject == blake2_256(tipped)


def test_what_was_refused_or_included_is_banned(service: Service, sign: Sign) -> None:
    poor = sign(service.chain, "//Nobody", 0, remark())
    with pytest.raises(InvalidExtrinsic, match="Inability to pay some fees"):
        service.submit(poor)
    with pytest.raises(TemporarilyBanned):
        service.submit(poor)
    with pytest.raises(RuntimePanic):
        service.submit(b"\x04\x99")
    with pytest.raises(TemporarilyBanned):
        service.submit(b"\x04\x99")
    good = sign(service.chain, "//Alice", 0, remark())
    service.submit(good)
    with pytest.raises(AlreadyImported):
        service.submit(good)
    service.seal()
    with pytest.raises(TemporarilyBanned):
        service.submit(good)


@pytest.mark.slow
def test_a_ban_ends(service: Service, sign: Sign) -> None:
    poor = sign(service.chain, "//Nobody", 0, remark())
    with pytest.raises(InvalidExtrinsic):
        service.submit(poor)
    for _ in range(600):
        service.seal()
    with pytest.raises(InvalidExtrinsic):
        service.submit(poor)


def test_what_does_not_fit_waits_for_the_next_block(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    for nonce in range(5):
        call = remark(bytes(MEGABYTE))
        service.submit(sign(service.chain, "//Alice", nonce, call), seen.append)
    wakes: list[int] = []
    service.on_ready = lambda: wakes.append(service.pool.ready_count)

    first, second = (service.chain.block(service.seal()) for _ in range(2))

    assert first is not None
    assert second is not None
    # timestamp and three, then timestamp and two: a block takes 3.75 MB of signed extrinsics
    assert (len(first.extrinsics), len(second.extrinsics)) == (4, 3)
    assert wakes == [2]
    assert PoolStatus.INVALID not in words(seen)


def test_the_block_that_ends_a_session_has_room_for_nothing(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    while service.head_number < SESSION_BLOCKS - 1:
        service.seal()
    hash_ = service.submit(sign(service.chain, "//Alice", 0, remark()), seen.append)
    service.seal()
    assert words(seen) == [PoolStatus.READY]
    assert service.pool.ready_count == 1
    block = service.seal()
    assert seen[1:] == [
        Change(hash_, PoolStatus.IN_BLOCK, block),
        Change(hash_, PoolStatus.FINALIZED, block),
    ]


def test_what_turns_invalid_in_the_block_leaves_with_what_builds_on_it(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    service.submit(sign(service.chain, "//Bob", 0, transfer_all("//Alice")))
    service.submit(sign(service.chain, "//Bob", 1, remark()), seen.append)
    service.submit(sign(service.chain, "//Bob", 2, remark()), seen.append)
    found = service.chain.block(service.seal())
    assert found is not None
    assert len(found.extrinsics) == 2
    assert words(seen) == [
        PoolStatus.READY,
        PoolStatus.READY,
        PoolStatus.INVALID,
        PoolStatus.INVALID,
    ]
    assert service.pool.ready_count == 0


def test_an_extrinsic_leaves_when_its_era_ends(service: Service, seen: list[Change]) -> None:
    # nonce 1 waits for nonce 0, which never comes; the era is the four blocks from genesis on
    signer = Signer.from_uri("//Alice")
    extra = b"\x01\x00" + compact(1) + compact(0)
    signature = signer.sign(remark() + extra + VERSIONS + service.chain.genesis_hash * 2)
    body = b"\x84\x00" + signer.account.raw + b"\x01" + signature + extra + remark()
    service.submit(blob(body), seen.append)
    for _ in range(2):
        service.seal()
    assert words(seen) == [PoolStatus.FUTURE]
    for _ in range(2):
        service.seal()
    assert words(seen) == [PoolStatus.FUTURE, PoolStatus.INVALID]
    assert list(service.pool) == []


def test_reverting_goes_back_and_validates_what_waits_again(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    included = sign(service.chain, "//Alice", 0, remark())
    head = service.chain.head
    snapshot = service.chain.snapshot()
    heads: list[bytes] = []
    service.listen(heads.append)
    service.submit(included)
    service.seal()
    service.submit(sign(service.chain, "//Alice", 1, remark()), seen.append)

    service.revert(snapshot)

    assert service.chain.head == heads[-1] == head
    # its nonce 0 is no longer on the chain
    assert words(seen) == [PoolStatus.READY, PoolStatus.FUTURE]
    service.submit(included)
    found = service.chain.block(service.seal())
    assert found is not None
    assert len(found.extrinsics) == 3
    with pytest.raises(UnknownSnapshot):
        service.revert(snapshot)


def test_removing_tells_the_watcher(service: Service, sign: Sign, seen: list[Change]) -> None:
    hash_ = service.submit(sign(service.chain, "//Alice", 0, remark()), seen.append)
    assert service.remove([hash_]) == (hash_,)
    assert words(seen) == [PoolStatus.READY, PoolStatus.INVALID]


def test_an_unwatched_extrinsic_is_not_told_of(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    watcher = seen.append
    hash_ = service.submit(sign(service.chain, "//Alice", 0, remark()), watcher)
    service.unwatch(hash_, watcher)
    service.seal()
    assert words(seen) == [PoolStatus.READY]


def test_a_block_that_cannot_be_written_is_not_made_until_there_is_room(
    tmp_path: Path, modules: Path, sign: Sign, seen: list[Change], full_disk: Full
) -> None:
    chain = kept_chain(tmp_path, nonce=b"unit", cache_dir=modules)
    service = Service(chain)
    head = service.seal()
    hash_ = service.submit(sign(chain, "//Alice", 0, remark(b"x" * 9000)), seen.append)
    with full_disk((tmp_path / BLOCKS).stat().st_size + 2000):
        with pytest.raises(NotKept, match="blocks cannot be written"):
            service.seal()
        assert chain.head == head
        assert service.pool.ready_count == 1
        with pytest.raises(NotKept, match="File too large"):
            service.submit(sign(chain, "//Bob", 0, remark()))
    service.submit(sign(chain, "//Bob", 0, remark()))
    block = service.seal()
    assert service.trouble is None
    assert Change(hash_, PoolStatus.FINALIZED, block) in seen
    chain.close()


def test_what_no_block_can_take_is_dropped_and_its_watcher_told(
    service: Service, sign: Sign, seen: list[Change]
) -> None:
    service.submit(sign(service.chain, "//Alice", 0, remark()), seen.append)
    service.give_up()
    assert words(seen) == [PoolStatus.READY, PoolStatus.DROPPED]
    assert service.pool.ready_count == 0
    service.submit(sign(service.chain, "//Alice", 0, remark()))


def test_metadata_is_read_once_of_a_runtime_and_differs_by_a_new_accounts_nonce_only(
    chain: Chain,
) -> None:
    service = Service(chain)
    first = service.metadata(chain.head)
    chain.author()
    assert service.metadata(chain.head) == first
    now = ScaleReader(chain.call("Metadata_metadata")).blob()
    differ = [place for place in range(len(now)) if now[place] != first[place]]
    assert len(now) == len(first)
    assert [now[place] - first[place] for place in differ] == [16]
