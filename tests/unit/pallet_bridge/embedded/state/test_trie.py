"""The trie against vectors of sp-trie, a plain second implementation, and itself."""

from __future__ import annotations

from hashlib import blake2b

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pallet_bridge.embedded.state import trie
from pallet_bridge.embedded.state.trie_node import EMPTY_TRIE_ROOT, root_hash


def blake(data: bytes) -> bytes:
    return blake2b(data, digest_size=32).digest()


def compact(number: int) -> bytes:
    assert number < 2**14
    return bytes([number << 2]) if number < 64 else (number << 2 | 1).to_bytes(2, "little")


def naive_encoding(pairs: list[tuple[list[int], bytes]], *, hash_values: bool) -> bytes:
    """Encode a subtree straight from the specification (Polkadot specification, section 2.4.8)."""
    keys = [key for key, _ in pairs]
    shared = 0
    while all(len(key) > shared for key in keys) and len({key[shared] for key in keys}) == 1:
        shared += 1
    partial = keys[0][:shared]
    value = next((value for key, value in pairs if len(key) == shared), None)
    leaf = len(pairs) == 1
    hashed = hash_values and value is not None and len(value) > 32
    if leaf:
        prefix, bits = (0x20, 5) if hashed else (0x40, 6)
    elif value is None:
        prefix, bits = 0x80, 6
    else:
        prefix, bits = (0x10, 4) if hashed else (0xC0, 6)
    room = 2**bits - 1
    header = bytes([prefix | min(len(partial), room)])
    left = len(partial) - room
    while left >= 0:
        header += bytes([min(left, 255)])
        left -= 255
    padded = [0, *partial] if len(partial) % 2 else partial
    body = header + bytes(a << 4 | b for a, b in zip(padded[::2], padded[1::2], strict=True))
    stored = b"" if value is None else blake(value) if hashed else compact(len(value)) + value
    if leaf:
        return body + stored
    bitmap, below = 0, b""
    for nibble in range(16):
        group = [(k[shared + 1 :], v) for k, v in pairs if len(k) > shared and k[shared] == nibble]
        if group:
            bitmap |= 1 << nibble
            node = naive_encoding(group, hash_values=hash_values)
            node = node if len(node) < 32 else blake(node)
            below += compact(len(node)) + node
    return body + bitmap.to_bytes(2, "little") + stored + below


def naive_root(content: dict[bytes, bytes], *, hash_values: bool = True) -> bytes:
    if not content:
        return blake(b"\x00")
    pairs = [([n for b in k for n in (b >> 4, b & 15)], v) for k, v in sorted(content.items())]
    return blake(naive_encoding(pairs, hash_values=hash_values))


def test_the_empty_root_is_the_hash_of_one_zero_byte() -> None:
    known = "03170a2e7597b7b7e3d84c05391d139a62b157e78786d8c082f29dcf4c111314"
    assert EMPTY_TRIE_ROOT.hex() == known
    assert root_hash(trie.update(None, {})) == EMPTY_TRIE_ROOT


@pytest.mark.parametrize(
    ("content", "encoded"),
    [
        # sp-trie: codec_trie_single_tuple and codec_trie_two_tuples_disjoint_keys
        ({"aa": "bb"}, "42aa04bb"),
        ({"4819": "fe", "1314": "ff"}, "80120014" + "43031404ff" + "14" + "43081904fe"),
    ],
)
def test_small_tries_are_encoded_as_sp_trie_encodes_them(
    content: dict[str, str], encoded: str
) -> None:
    built = trie.update(None, {bytes.fromhex(k): bytes.fromhex(v) for k, v in content.items()})
    assert root_hash(built) == blake(bytes.fromhex(encoded))


@pytest.mark.parametrize("length", [0, 1, 30, 31, 32, 33, 34, 157, 158, 286, 287, 300])
@pytest.mark.parametrize("value", [b"", b"v" * 32, b"v" * 33])
def test_long_partial_keys_and_long_values_change_the_header(length: int, value: bytes) -> None:
    content = {b"\x11" * length + b"\x00": value, b"\x11" * length + b"\x0f": b"x"}
    only = {b"\x11" * length: value}
    both = {**content, **only}
    for case in (content, only, both):
        assert root_hash(trie.update(None, case)) == naive_root(case)


KEYS = st.one_of(
    st.binary(max_size=3),
    st.builds(lambda head, tail: head + tail, st.sampled_from([b"ab", b"abc" * 9]),
              st.binary(max_size=2)),
)  # fmt: skip
VALUES = st.one_of(st.binary(max_size=3), st.sampled_from([b"x" * 32, b"y" * 33, b"z" * 70]))
BATCHES = st.lists(
    st.dictionaries(KEYS, st.one_of(st.none(), VALUES), max_size=12), min_size=1, max_size=8
)


@pytest.mark.slow
@settings(max_examples=300, deadline=None)
@given(BATCHES)
def test_changing_a_trie_batch_by_batch_gives_the_root_of_building_it_whole(
    batches: list[dict[bytes, bytes | None]],
) -> None:
    content: dict[bytes, bytes] = {}
    node = None
    seen = []
    for batch in batches:
        node = trie.update(node, batch)
        for key, value in batch.items():
            if value is None:
                content.pop(key, None)
            else:
                content[key] = value
        assert root_hash(node) == naive_root(content)
        seen.append((node, dict(content)))
    for older, expected in seen:
        assert list(trie.keys_from(older, b"")) == sorted(expected)
        assert root_hash(trie.update(None, expected)) == root_hash(older)
        for key in (*expected, b"ab", b"no"):
            assert trie.get(older, key) == expected.get(key)


@settings(max_examples=200, deadline=None)
@given(st.dictionaries(KEYS, VALUES, max_size=20), KEYS, st.booleans())
def test_keys_come_in_order_from_any_start(
    content: dict[bytes, bytes], start: bytes, inclusive: bool
) -> None:
    node = trie.update(None, content)
    expected = [k for k in sorted(content) if k > start or (inclusive and k == start)]
    assert list(trie.keys_from(node, start, inclusive=inclusive)) == expected


def test_a_change_that_changes_nothing_gives_the_same_nodes() -> None:
    node = trie.update(None, {bytes([i, j]): b"v" for i in range(4) for j in range(4)})
    assert trie.update(node, {b"\x09\x09": None}) is node
    assert trie.update(node, {}) is node


@pytest.mark.parametrize("hash_values", [False, True])
def test_the_root_of_a_list_is_over_compact_positions(hash_values: bool) -> None:
    values = [bytes([i % 256]) * (i % 50) for i in range(70)]
    expected = naive_root({compact(i): v for i, v in enumerate(values)}, hash_values=hash_values)
    assert trie.ordered_root(values, hash_values=hash_values) == expected


def test_long_values_are_hashed_only_in_version_1() -> None:
    pairs = [(b"k", b"v" * 33)]
    assert trie.pairs_root(pairs, hash_values=True) == naive_root(dict(pairs))
    assert trie.pairs_root(pairs, hash_values=False) == naive_root(dict(pairs), hash_values=False)
    assert trie.pairs_root(pairs, hash_values=False) != trie.pairs_root(pairs, hash_values=True)
