from __future__ import annotations

import sr25519

from pallet_bridge.accounts.signatures import Checked, holds

PAIR = sr25519.pair_from_seed(b"\x09" * 32)
OTHER = sr25519.pair_from_seed(b"\x0a" * 32)


def test_what_was_checked_once_holds_for_exactly_this_and_nothing_else() -> None:
    signed = sr25519.sign(PAIR, b"a message")
    for _ in range(2):
        assert holds(PAIR[0], b"a message", signed)
        assert not holds(PAIR[0], b"a massage", signed)
        assert not holds(OTHER[0], b"a message", signed)
        assert not holds(PAIR[0], b"a message", signed[:-1] + bytes([signed[-1] ^ 1]))


def test_bytes_that_move_from_one_part_to_the_next_are_something_else() -> None:
    """Parts have their lengths, so that no two triples are one."""
    signed = sr25519.sign(PAIR, b"a message")
    checked = Checked()
    assert checked.holds(PAIR[0], b"a message", signed)
    assert not checked.holds(PAIR[0] + signed[:1], b"a message", signed[1:])
    assert not checked.holds(PAIR[0], b"message", signed + b"a ")
    assert not checked.holds(PAIR[0][:-1], b"a message", PAIR[0][-1:] + signed)


def test_the_oldest_are_forgotten_and_checked_anew() -> None:
    checked = Checked(most=3)
    messages = [bytes([n]) for n in range(10)]
    signed = [sr25519.sign(PAIR, one) for one in messages]
    for _ in range(2):
        assert all(map(checked.holds, [PAIR[0]] * 10, messages, signed))
    assert len(checked._held) == 3
