"""A proof of reading holds the nodes that lead to a key, and nothing that can be left out."""

from __future__ import annotations

from hashlib import blake2b
from random import Random

import pytest

from pallet_bridge.embedded.state import trie
from pallet_bridge.embedded.state.proofs import merkle_value, read_proof
from pallet_bridge.embedded.state.trie_node import EMPTY_TRIE_ROOT, encode_node, root_hash

PAIRS = {
    bytes([a, b, *tail]): bytes([b]) * length
    for a, b, tail, length in (
        (1, 1, b"", 3),
        (1, 1, b"\x01", 40),
        (1, 2, b"abcdef", 1),
        (1, 2, b"abcdeg", 100),
        (7, 0, b"", 33),
        (7, 0, b"long tail of a key", 32),
    )
}


def hashes(nodes: list[bytes]) -> set[bytes]:
    return {blake2b(node, digest_size=32).digest() for node in nodes}


@pytest.mark.parametrize("key", [*PAIRS, b"", b"\x01", b"\x09", b"\x01\x02abcdefg"])
def test_a_proof_starts_at_the_root_and_each_node_is_named_by_another(key: bytes) -> None:
    root = trie.update(None, PAIRS)
    assert root is not None
    proof = read_proof(root, [key])
    assert proof == sorted(set(proof))
    assert root_hash(root) in hashes(proof)
    together = b"".join(proof)
    for hash_ in hashes(proof) - {root_hash(root)}:
        assert hash_ in together
    value = PAIRS.get(key)
    assert value is None or value in together


def test_proofs_of_several_keys_share_what_is_common() -> None:
    random = Random(5)
    pairs = {random.randbytes(8): random.randbytes(random.choice((4, 60))) for _ in range(200)}
    root = trie.update(None, pairs)
    keys = list(pairs)[:20]
    proof = read_proof(root, keys)
    alone = [read_proof(root, [key]) for key in keys]
    assert set(proof) == {node for nodes in alone for node in nodes}
    assert len(proof) < sum(map(len, alone))
    assert read_proof(root, []) == []
    assert read_proof(None, keys) == []


def test_the_worth_of_a_subtree_is_the_hash_of_its_highest_node() -> None:
    root = trie.update(None, PAIRS)
    assert root is not None
    assert merkle_value(root, b"") == root_hash(root)
    below = merkle_value(root, b"\x01\x02")
    assert below == merkle_value(root, b"\x01\x02abc")
    assert below != merkle_value(root, b"\x01")
    assert merkle_value(root, b"\x09") is None
    assert merkle_value(root, b"\x01\x02abcdefg") is None
    assert merkle_value(None, b"") is None


def test_a_node_that_stands_in_its_parent_has_no_hash() -> None:
    root = trie.update(None, {b"\x11": b"a", b"\x12": b"b" * 40, b"\x13": b"c" * 40})
    assert merkle_value(root, b"\x11") == b""
    assert len(merkle_value(root, b"\x12") or b"") == 32


def test_the_hash_of_a_root_goes_over_its_encoding() -> None:
    root = trie.update(None, PAIRS)
    assert root is not None
    assert root_hash(root) == blake2b(encode_node(root), digest_size=32).digest()
    assert root_hash(None) == EMPTY_TRIE_ROOT
