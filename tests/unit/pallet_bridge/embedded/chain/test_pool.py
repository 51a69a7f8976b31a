from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge.embedded.chain.pool import Change, Pool, PoolLimits, PoolStatus, Transaction
from pallet_bridge.embedded.errors import (
    AlreadyImported,
    CycleDetected,
    ImmediatelyDropped,
    PriorityTooLow,
)

FOREVER = 2**64 - 1


def tx(name: str, *, requires: str = "", provides: str = "", priority: int = 1) -> Transaction:
    return Transaction(
        hash=name.encode(),
        data=name.encode() * 4,
        priority=priority,
        requires=tuple(tag.encode() for tag in requires.split()),
        provides=tuple(tag.encode() for tag in (provides or f"{name}!").split()),
        valid_till=FOREVER,
    )


def names(pool: Pool) -> list[str]:
    return [transaction.hash.decode() for transaction in pool.ready()]


def told(changes: tuple[Change, ...]) -> list[tuple[str, PoolStatus]]:
    return [(change.hash.decode(), change.status) for change in changes]


def test_a_gap_in_the_nonces_waits_until_it_is_filled() -> None:
    pool = Pool()
    third = pool.submit(tx("n2", requires="t1", provides="t2"))
    second = pool.submit(tx("n1", requires="t0", provides="t1"))
    assert told(third) == [("n2", PoolStatus.FUTURE)]
    assert told(second) == [("n1", PoolStatus.FUTURE)]
    assert names(pool) == []

    first = pool.submit(tx("n0", provides="t0"))

    assert told(first) == [(name, PoolStatus.READY) for name in ("n0", "n1", "n2")]
    assert names(pool) == ["n0", "n1", "n2"]


def test_order_is_dependency_then_priority_then_validity_then_age() -> None:
    pool = Pool()
    pool.submit(tx("old", priority=5))
    pool.submit(tx("new", priority=5))
    pool.submit(replace(tx("short", priority=5), valid_till=9))
    pool.submit(tx("first", priority=1, provides="a0"))
    pool.submit(tx("rich", priority=90, requires="a0"))
    pool.submit(tx("best", priority=7))
    assert names(pool) == ["best", "short", "old", "new", "first", "rich"]


def test_the_same_extrinsic_twice_is_refused() -> None:
    pool = Pool()
    pool.submit(tx("a"))
    with pytest.raises(AlreadyImported) as caught:
        pool.submit(tx("a"))
    assert caught.value.extrinsic_hash == b"a"


@pytest.mark.parametrize("priority", [4, 5])
def test_a_replacement_needs_a_higher_priority(priority: int) -> None:
    pool = Pool()
    pool.submit(tx("a", provides="t", priority=5))
    with pytest.raises(PriorityTooLow) as caught:
        pool.submit(tx("b", provides="t", priority=priority))
    assert (caught.value.old, caught.value.new) == (5, priority)
    assert names(pool) == ["a"]


def test_a_replacement_usurps_and_keeps_what_builds_on_the_tag() -> None:
    pool = Pool()
    pool.submit(tx("a", provides="t", priority=5))
    pool.submit(tx("next", requires="t"))
    changes = pool.submit(tx("b", provides="t", priority=6))
    assert changes == (
        Change(b"b", PoolStatus.READY),
        Change(b"a", PoolStatus.USURPED, b"b"),
    )
    assert names(pool) == ["b", "next"]


def test_a_replacement_takes_what_built_on_its_other_tags_along() -> None:
    pool = Pool()
    pool.submit(tx("a", provides="t u", priority=5))
    pool.submit(tx("on-u", requires="u", provides="v"))
    pool.submit(tx("on-v", requires="v"))
    changes = pool.submit(tx("b", provides="t", priority=6))
    usurped = [change.hash for change in changes if change.status is PoolStatus.USURPED]
    assert usurped == [b"a", b"on-u", b"on-v"]
    assert names(pool) == ["b"]


def test_pruning_removes_providers_and_promotes_waiters() -> None:
    pool = Pool()
    pool.submit(tx("in-block", provides="t0"))
    pool.submit(tx("waits", requires="t1", provides="t2"))
    pool.submit(tx("loser", requires="t9", provides="t1"))

    changes = pool.prune([b"t0", b"t1"])

    assert told(changes) == [("loser", PoolStatus.INVALID), ("waits", PoolStatus.READY)]
    assert names(pool) == ["waits"]


def test_tags_of_the_last_two_blocks_count_as_provided() -> None:
    pool = Pool()
    pool.prune([b"t0"])
    pool.prune([])
    assert told(pool.submit(tx("a", requires="t0"))) == [("a", PoolStatus.READY)]
    pool.prune([])
    assert told(pool.submit(tx("b", requires="t0"))) == [("b", PoolStatus.FUTURE)]


def test_removing_takes_dependants_along_but_not_the_future() -> None:
    pool = Pool()
    pool.submit(tx("a", provides="t"))
    pool.submit(tx("b", requires="t", provides="u"))
    pool.submit(tx("c", requires="u"))
    pool.submit(tx("later", requires="zz"))
    assert {gone.hash for gone in pool.remove([b"a"])} == {b"a", b"b", b"c"}
    assert [item.hash for item in pool] == [b"later"]


def test_what_unlocks_its_own_rival_is_a_cycle() -> None:
    pool = Pool()
    pool.submit(tx("rival", requires="t1", provides="t0", priority=9))
    with pytest.raises(CycleDetected):
        pool.submit(tx("a", provides="t0 t1", priority=1))
    assert list(pool) == []


def test_expired_extrinsics_leave() -> None:
    pool = Pool()
    pool.submit(replace(tx("mortal"), valid_till=10))
    pool.submit(tx("immortal"))
    assert pool.expire(9) == ()
    assert told(pool.expire(10)) == [("mortal", PoolStatus.INVALID)]
    assert names(pool) == ["immortal"]


def test_a_full_pool_drops_its_worst_and_refuses_worse() -> None:
    pool = Pool(PoolLimits(ready_count=2))
    pool.submit(tx("low", priority=1))
    pool.submit(tx("mid", priority=5))
    assert told(pool.submit(tx("high", priority=9)))[-1] == ("low", PoolStatus.DROPPED)
    with pytest.raises(ImmediatelyDropped):
        pool.submit(tx("worse", priority=2))
    assert names(pool) == ["high", "mid"]


def test_a_full_pool_drops_the_oldest_future() -> None:
    pool = Pool(PoolLimits(future_count=1))
    pool.submit(tx("f1", requires="x"))
    assert told(pool.submit(tx("f2", requires="y"))) == [
        ("f2", PoolStatus.FUTURE),
        ("f1", PoolStatus.DROPPED),
    ]


def test_draining_gives_everything_and_forgets_recent_tags() -> None:
    pool = Pool()
    pool.prune([b"t0"])
    pool.submit(tx("future", requires="z"))
    pool.submit(tx("ready"))
    assert [item.hash for item in pool.drain()] == [b"ready", b"future"]
    assert list(pool) == []
    assert told(pool.submit(tx("a", requires="t0"))) == [("a", PoolStatus.FUTURE)]
