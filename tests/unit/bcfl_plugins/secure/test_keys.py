from __future__ import annotations

import hashlib
import hmac
from dataclasses import replace

import pytest

from bcfl_plugins.secure.keys import CannotOpen, MaskKey
from bcfl_plugins.secure.sharing import combine, split
from pallet_bridge.scale import scale_str, uint
from tests.unit.bcfl_plugins.secure.nodes import PLACE, account, drawn

# RFC 7748, section 6.1.
BOB_SECRET = "5dab087e624a8a4b79e17f8b83800ee66f3bb1292618b6fd1c2f8b27ff88e0eb"
BOB = "de9edb7d7b7dc1b4d35b61c2ece435373f8343c85b78674dadfc7e146f882b4f"
ALICE = "8520f0098930a754748b7ddcb43ef75a0dbf3a0d26381af4eba4a98eaa9b4e6a"
SHARED = "4a5d9d5ba4ce2de1728e3bf480350f25e07e21c947d19e3376f09b3c1e161742"
ME, PEER, OTHER = account(1), account(2), account(3)


def test_a_pair_seed_is_that_of_rfc_7748_and_rfc_5869() -> None:
    bob = MaskKey(bytes.fromhex(BOB_SECRET))
    assert bob.public.hex() == BOB
    low, high = sorted((ME.raw, PEER.raw))
    info = scale_str("bcfl/mask/v1") + PLACE.genesis + uint(7, 4) + uint(3, 4) + low + high
    extracted = hmac.digest(bytes(32), bytes.fromhex(SHARED), hashlib.sha256)
    wanted = hmac.digest(extracted, info + b"\x01", hashlib.sha256)
    assert bob.pair_seed(PLACE, ME, PEER, bytes.fromhex(ALICE)) == wanted


def test_both_ends_derive_one_seed() -> None:
    one, two = MaskKey(drawn("one")), MaskKey(drawn("two"))
    seed = one.pair_seed(PLACE, ME, PEER, two.public)
    assert seed == two.pair_seed(PLACE, PEER, ME, one.public)
    assert seed != one.pair_seed(PLACE, ME, OTHER, two.public)


def test_another_round_federation_or_chain_is_another_seed() -> None:
    one, two = MaskKey(drawn("one")), MaskKey(drawn("two"))
    places = [
        PLACE,
        replace(PLACE, round=4),
        replace(PLACE, federation=8),
        replace(PLACE, genesis=bytes(32)),
    ]
    seeds = {one.pair_seed(place, ME, PEER, two.public) for place in places}
    assert len(seeds) == 4


def test_only_the_receiver_opens_a_share_in_its_round() -> None:
    dealer, holder, stranger = (MaskKey(drawn(name)) for name in "abc")
    sealed = dealer.seal(PLACE, ME, PEER, holder.public, b"share" * 6)
    assert holder.open(PLACE, ME, PEER, dealer.public, sealed) == b"share" * 6
    wrong = [
        (stranger, PLACE, ME, PEER, dealer.public, sealed),
        (holder, replace(PLACE, round=4), ME, PEER, dealer.public, sealed),
        (holder, PLACE, PEER, ME, dealer.public, sealed),
        (holder, PLACE, OTHER, PEER, dealer.public, sealed),
        (holder, PLACE, ME, PEER, stranger.public, sealed),
        (holder, PLACE, ME, PEER, dealer.public, sealed[:-1] + bytes([sealed[-1] ^ 1])),
        (holder, PLACE, ME, PEER, dealer.public, b""),
    ]
    for key, place, dealt_by, held_by, public, said in wrong:
        with pytest.raises((CannotOpen, ValueError)):
            key.open(place, dealt_by, held_by, public, said)


def test_a_key_on_which_nothing_can_be_agreed_is_refused() -> None:
    for low_order in (bytes(32), bytes([1]) + bytes(31)):
        with pytest.raises(ValueError):
            MaskKey().agrees_with(low_order)


def test_enough_shares_give_the_seed_and_fewer_do_not() -> None:
    seed = drawn("seed")
    shares = dict(enumerate(split(seed, 4, 6), 1))
    assert {len(share) for share in shares.values()} == {32}
    for left in range(1, 7):
        for other in range(left + 1, 7):
            kept = {n: one for n, one in shares.items() if n not in {left, other}}
            assert combine(kept) == seed
            kept.pop(min(kept))
            assert combine(kept) != seed


def times(one: int, other: int) -> int:
    """Multiply in GF(2^128) by x^128 + x^7 + x^2 + x + 1, which is that of GCM."""
    found = 0
    while other:
        if other & 1:
            found ^= one
        one, other = one << 1, other >> 1
        if one >> 128:
            one ^= (1 << 128) | 0x87
    return found


def inverse(one: int) -> int:
    """Return the power 2^128 - 2."""
    found, power = 1, one
    for _ in range(127):
        power = times(power, power)
        found = times(found, power)
    return found


def at_zero(points: dict[int, int]) -> int:
    """Return where the polynomial through some points passes zero."""
    total = 0
    for number, value in points.items():
        factor = 1
        for other in points.keys() - {number}:
            factor = times(factor, times(other, inverse(number ^ other)))
        total ^= times(factor, value)
    return total


def test_shares_are_points_of_a_polynomial_over_the_field_of_gcm() -> None:
    """Interpolated here once more, by nothing of the library that made them."""
    seed = drawn("another seed")
    shares = dict(enumerate(split(seed, 3, 5), 1))
    for half in (slice(16), slice(16, None)):
        points = {number: int.from_bytes(shares[number][half], "big") for number in (2, 3, 5)}
        assert at_zero(points).to_bytes(16, "big") == seed[half]
