from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import given
from hypothesis import strategies as st

from pallet_bridge.embedded.fork.state import ForkedState
from pallet_bridge.embedded.state.storage import Overlay, State

if TYPE_CHECKING:
    from collections.abc import Iterator

KEYS = st.binary(max_size=3)
PAIRS = st.dictionaries(KEYS, st.binary(max_size=40), max_size=12)
CHANGES = st.lists(
    st.dictionaries(KEYS, st.none() | st.binary(max_size=40), max_size=6), max_size=4
)


class Below:
    """A whole state, asked as a remote one is."""

    def __init__(self, pairs: dict[bytes, bytes]) -> None:
        self._state = State.build(pairs)

    def get(self, key: bytes) -> bytes | None:
        return self._state.get(key)

    def keys(self, prefix: bytes, start: bytes | None, page: int = 1) -> Iterator[bytes]:
        assert 0 < page <= 1000
        return self._state.keys(prefix, start=start)


@given(PAIRS, CHANGES, KEYS, st.none() | KEYS, st.booleans())
def test_a_state_over_another_reads_as_one_state(
    pairs: dict[bytes, bytes],
    changes: list[dict[bytes, bytes | None]],
    prefix: bytes,
    start: bytes | None,
    inclusive: bool,
) -> None:
    whole, forked = State.build(pairs), ForkedState(Below(pairs))
    for step in changes:
        whole, forked = whole.apply(step), forked.apply(step)
    touched = {*pairs, *(key for step in changes for key in step), prefix}
    for key in touched:
        assert forked.get(key) == whole.get(key)
        assert forked.next_key(key) == whole.next_key(key)
    found = list(forked.keys(prefix, start=start, inclusive=inclusive))
    assert found == list(whole.keys(prefix, start=start, inclusive=inclusive))


@given(PAIRS, KEYS)
def test_a_prefix_is_cleared_in_both(pairs: dict[bytes, bytes], prefix: bytes) -> None:
    results = []
    for state in (State.build(pairs), ForkedState(Below(pairs))):
        overlay = Overlay(state)
        overlay.set(b"\x01new", b"x")
        overlay.clear_prefix(prefix)
        after = overlay.result()
        results.append({key: after.get(key) for key in after.keys(b"")})
    assert results[0] == results[1]


def test_older_states_stay_what_they_were() -> None:
    first = ForkedState(Below({b"a": b"1"}))
    second = first.apply({b"a": None, b"b": b"2"})
    third = second.apply({b"a": b"3"})
    assert [state.get(b"a") for state in (first, second, third)] == [b"1", None, b"3"]
    assert len({state.root for state in (first, second, third)}) == 3
