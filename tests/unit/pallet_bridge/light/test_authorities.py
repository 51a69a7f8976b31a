from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.authorities import AuthoritySet, next_set, read_authorities
from tests.unit.pallet_bridge.light.signing import SET, chain

HEADER = chain(1)[0]


def listed(*weights: int, same: bool = False) -> bytes:
    keys = [bytes([0 if same else number]) * 32 for number in range(len(weights))]
    pairs = zip(keys, weights, strict=True)
    return compact(len(keys)) + b"".join(key + one.to_bytes(8, "little") for key, one in pairs)


def log(kind: int, content: bytes, engine: bytes = b"FRNK") -> bytes:
    return b"\x04" + engine + blob(bytes([kind]) + content)


def after(*items: bytes) -> AuthoritySet | None:
    return next_set(SET, replace(HEADER, digest=items))


@pytest.mark.parametrize(
    ("weights", "threshold"),
    [((1,), 1), ((1, 1), 2), ((1, 1, 1), 3), ((1, 1, 1, 1), 3), ((1,) * 6, 5), ((1,) * 7, 5)],
)
def test_more_than_two_thirds_are_needed(weights: tuple[int, ...], threshold: int) -> None:
    found = read_authorities(3, listed(*weights))
    assert (found.id, found.threshold) == (3, threshold)


@pytest.mark.parametrize(
    "data", [b"", b"\0", listed(1)[:-1], listed(1) + b"\0", listed(0), listed(1, 1, same=True)]
)
def test_a_list_that_is_none_is_refused(data: bytes) -> None:
    with pytest.raises(ProofRefused):
        read_authorities(0, data)


def test_the_digest_says_who_follows() -> None:
    found = after(log(1, listed(1, 1) + bytes(4)))
    assert found is not None
    assert (found.id, len(found.weights)) == (1, 2)


def test_other_items_change_nothing() -> None:
    assert after() is None
    assert after(log(1, listed(1) + bytes(4), b"aura"), log(3, bytes(8)), b"\x08") is None


@pytest.mark.parametrize(
    ("item", "reason"),
    [
        (log(1, listed(1) + b"\1\0\0\0"), "waits 1 blocks"),
        (log(2, bytes(4) + listed(1) + bytes(4)), "forced"),
        (log(1, listed(1) + bytes(3)), "bytes wanted"),
        (log(1, listed(1) + bytes(5)), "too many"),
    ],
)
def test_a_change_that_is_not_followed_is_refused(item: bytes, reason: str) -> None:
    with pytest.raises(ProofRefused, match=reason):
        after(item)
