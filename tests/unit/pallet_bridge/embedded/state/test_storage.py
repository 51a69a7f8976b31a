"""The overlay against a plain dictionary, and the corner cases of sp-state-machine."""

from __future__ import annotations

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.state.encode import compact
from pallet_bridge.embedded.state.storage import Overlay, Removal, State

KEYS = st.sampled_from([b"", b"a", b"ab", b"abc", b"abd", b"b", b"bb", b"c" * 20, b"\xff"])
VALUES = st.sampled_from([b"", b"\x00", b"\x04x", b"\x08xy", b"\x03bad", b"w" * 40])


def appended(value: bytes | None, element: bytes) -> bytes:
    """What storage_append does, for lists of up to 63 elements."""
    if not value or value[0] & 3:
        return compact(1) + element
    return compact((value[0] >> 2) + 1) + value[1:] + element


class OverlayModel(RuleBasedStateMachine):
    """Every operation on the overlay, and the same on copies of a dictionary."""

    def __init__(self) -> None:
        super().__init__()
        self.state = State.build({b"a": b"1", b"ab": b"\x04x", b"abd": b"3", b"b": b"w" * 40})
        self.overlay = Overlay(self.state)
        self.stack = [{key: self.state.get(key) for key in self.state.keys(b"")}]

    @property
    def model(self) -> dict[bytes, bytes]:
        return self.stack[-1]

    @rule(key=KEYS, value=VALUES)
    def set(self, key: bytes, value: bytes) -> None:
        self.overlay.set(key, value)
        self.model[key] = value

    @rule(key=KEYS)
    def clear(self, key: bytes) -> None:
        self.overlay.set(key, None)
        self.model.pop(key, None)

    @rule(key=KEYS, element=VALUES)
    def append(self, key: bytes, element: bytes) -> None:
        self.overlay.append(key, element)
        self.model[key] = appended(self.model.get(key), element)

    @rule(key=KEYS)
    def get(self, key: bytes) -> None:
        assert self.overlay.get(key) == self.model.get(key)

    @rule(key=KEYS)
    def next_key(self, key: bytes) -> None:
        assert self.overlay.next_key(key) == min((k for k in self.model if k > key), default=None)

    @rule(prefix=KEYS.filter(bool))
    def clear_prefix(self, prefix: bytes) -> None:
        below = list(self.state.keys(prefix))
        assert self.overlay.clear_prefix(prefix) == Removal(len(below), some_left=False)
        for key in [key for key in self.model if key.startswith(prefix)]:
            del self.model[key]

    @rule(prefix=KEYS.filter(bool), limit=st.integers(0, 2))
    def clear_prefix_with_limit(self, prefix: bytes, limit: int) -> None:
        below = list(self.state.keys(prefix))
        removal = self.overlay.clear_prefix(prefix, limit)
        assert removal == Removal(min(limit, len(below)), some_left=len(below) > limit)
        for key in [key for key in self.model if key.startswith(prefix)]:
            # A key that only the state below holds counts towards the limit; one that was
            # written since is deleted whatever the limit.
            if key in below[:limit] or self.overlay.get(key) is None:
                del self.model[key]

    @rule()
    def start(self) -> None:
        self.overlay.start()
        self.stack.append(dict(self.model))

    @precondition(lambda self: len(self.stack) > 1)
    @rule()
    def commit(self) -> None:
        self.overlay.commit()
        top = self.stack.pop()
        self.stack[-1] = top

    @precondition(lambda self: len(self.stack) > 1)
    @rule()
    def rollback(self) -> None:
        self.overlay.rollback()
        self.stack.pop()

    @invariant()
    def the_result_is_the_state_with_the_changes(self) -> None:
        result = self.overlay.result()
        assert result.root == State.build(self.model).root
        assert list(result.keys(b"")) == sorted(self.model)
        assert self.overlay.depth == len(self.stack) - 1


OverlayModel.TestCase.settings = settings(max_examples=80, stateful_step_count=20, deadline=None)
TestOverlayModel = OverlayModel.TestCase


def test_a_limit_counts_only_keys_of_the_state_below() -> None:
    overlay = Overlay(State.build({b"p1": b"1", b"p2": b"2", b"p3": b"3", b"q": b"4"}))
    overlay.set(b"p0", b"new")
    overlay.set(b"p2", b"changed")
    assert overlay.clear_prefix(b"p", 1) == Removal(1, some_left=True)
    assert [overlay.get(k) for k in (b"p0", b"p1", b"p2", b"p3")] == [None, None, None, b"3"]
    # the second call starts at the prefix again, as the node's does within a block
    assert overlay.clear_prefix(b"p", 1) == Removal(1, some_left=True)
    assert overlay.clear_prefix(b"p", 1, cursor=b"p3") == Removal(1, some_left=False)
    assert overlay.get(b"p3") is None
    assert overlay.get(b"q") == b"4"


def test_child_trie_roots_can_not_be_written_from_the_top() -> None:
    overlay = Overlay(State.build({b":child_storage:default:x": b"root", b":code": b"c"}))
    overlay.set(b":child_storage:default:x", b"forged")
    overlay.set(b":child_storage:", None)
    for prefix in (b"", b":child", b":child_storage:default:x"):
        assert overlay.clear_prefix(prefix) == Removal(0, some_left=False)
    assert overlay.result().root == overlay.state.root


def test_appends_of_an_inner_transaction_go_away_with_it() -> None:
    overlay = Overlay(State.build({b"list": b"\x04a"}))
    overlay.append(b"list", b"b")
    overlay.start()
    overlay.append(b"list", b"c")
    assert overlay.get(b"list") == b"\x0cabc"
    overlay.append(b"list", b"d")
    overlay.rollback()
    overlay.append(b"list", b"e")
    assert overlay.get(b"list") == b"\x0cabe"


def test_a_list_whose_length_needs_more_bytes_keeps_its_elements() -> None:
    overlay = Overlay(State.build({b"list": compact(62) + b"x" * 62}))
    for _ in range(3):
        overlay.append(b"list", b"y")
    assert overlay.get(b"list") == compact(65) + b"x" * 62 + b"yyy"


def test_values_that_are_no_list_are_replaced_on_append() -> None:
    huge = b"\x07" + b"\xff" * 5  # a compact number beyond u32
    overlay = Overlay(State.build({b"empty": b"", b"bad": b"\x03\x00", b"huge": huge}))
    for key in (b"empty", b"bad", b"huge"):
        overlay.append(key, b"z")
        assert overlay.get(key) == b"\x04z"


def test_closing_a_transaction_that_is_not_open_is_an_error() -> None:
    overlay = Overlay(State(None))
    with pytest.raises(EmbeddedError, match="no storage transaction is open"):
        overlay.commit()
    with pytest.raises(EmbeddedError, match="no storage transaction is open"):
        overlay.rollback()


def test_the_result_is_computed_once_until_the_next_write() -> None:
    overlay = Overlay(State.build({b"a": b"1"}))
    overlay.set(b"b", b"2")
    first = overlay.result()
    assert overlay.result() is first
    overlay.set(b"c", b"3")
    assert overlay.result() is not first
    assert first.get(b"c") is None


def test_keys_of_a_state_by_prefix_and_start() -> None:
    state = State.build(dict.fromkeys((b"a", b"ab", b"abc", b"b", b"c"), b"v"))
    assert list(state.keys(b"a")) == [b"a", b"ab", b"abc"]
    assert list(state.keys(b"a", start=b"a")) == [b"ab", b"abc"]
    assert list(state.keys(b"a", start=b"ab", inclusive=True)) == [b"ab", b"abc"]
    assert list(state.keys(b"b", start=b"a")) == [b"b"]
    assert list(state.keys(b"a", start=b"b")) == []
    assert state.next_key(b"abc") == b"b"
    assert state.next_key(b"c") is None
