"""Proofs of reading: the nodes of a trie on the way to some keys, and what a subtree is worth."""

from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING

from pallet_bridge.embedded.state.trie import get
from pallet_bridge.embedded.state.trie_node import (
    HASHED_VALUE_LENGTH,
    LeafNode,
    encode_node,
    nibble,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from pallet_bridge.embedded.state.trie_node import Node

_INLINE_BELOW = 32


def read_proof(root: Node | None, keys: Iterable[bytes]) -> list[bytes]:
    """Return the encoded nodes, and long values, that show what is at `keys` under this root.

    They are in ascending order. A short node stands inside its parent and not by itself.
    """
    found: set[bytes] = set()
    for key in keys:
        for depth, node in enumerate(_way(root, key)):
            encoded = encode_node(node)
            if not depth or len(encoded) >= _INLINE_BELOW:
                found.add(encoded)
        value = get(root, key)
        if value is not None and len(value) >= HASHED_VALUE_LENGTH:
            found.add(value)
    return sorted(found)


def merkle_value(root: Node | None, key: bytes) -> bytes | None:
    """Return the hash of the node that is closest at or below `key`; None when there is none.

    A short node has no hash: a Substrate node answers no bytes for it.
    """
    path, depth, node = key.hex(), 0, root
    while node is not None:
        partial = node.partial
        rest = path[depth:]
        if partial.startswith(rest):
            encoded = encode_node(node)
            if depth and len(encoded) < _INLINE_BELOW:
                return b""
            return blake2b(encoded, digest_size=32).digest()
        if not rest.startswith(partial) or isinstance(node, LeafNode):
            return None
        depth += len(partial)
        node = node.children[nibble(path[depth])]
        depth += 1
    return None


def _way(root: Node | None, key: bytes) -> Iterator[Node]:
    """Iterate over the nodes that are looked at to find a key."""
    path, depth, node = key.hex(), 0, root
    while node is not None:
        yield node
        if not path.startswith(node.partial, depth) or isinstance(node, LeafNode):
            return
        depth += len(node.partial)
        if depth == len(path):
            return
        node = node.children[nibble(path[depth])]
        depth += 1
