"""Nodes of the base-16 Patricia Merkle trie and their encoding (Substrate's state trie).

A node is immutable: an update builds new nodes along the paths that changed and shares the
rest, so that the state of every block stays readable. The only thing written later is `ref`, a
memo of what the parent holds of the node.

Keys are lower-case hex strings here: one character is one nibble, comparison is that of the
bytes, and `bytes.hex` and `bytes.fromhex` convert at the speed of C.
"""

from __future__ import annotations

from hashlib import blake2b

from pallet_bridge.embedded.state.encode import compact

# A value of at least this many bytes is in its node as a hash (state version 1).
HASHED_VALUE_LENGTH = 33
_HASH_LENGTH = 32
_HASH_PREFIX = b"\x80"  # Compact(32), in front of every hash that a branch holds
_NIBBLE = {character: index for index, character in enumerate("0123456789abcdef")}
EMPTY_TRIE_ROOT = blake2b(b"\x00", digest_size=_HASH_LENGTH).digest()

# Header bits, and how many of the first byte's bits are left for the number of nibbles.
_LEAF = (0b01_000000, 6)
_BRANCH = (0b10_000000, 6)
_BRANCH_VALUE = (0b11_000000, 6)
_LEAF_HASHED = (0b001_00000, 5)
_BRANCH_HASHED = (0b0001_0000, 4)
_OVERFLOW = 255


class LeafNode:
    """The rest of one key, and its value."""

    __slots__ = ("partial", "ref", "value")

    def __init__(self, partial: str, value: bytes) -> None:
        self.partial = partial
        self.value = value
        self.ref: bytes | None = None


class BranchNode:
    """A part of several keys, 16 children by the next nibble, and the value of the key here."""

    __slots__ = ("children", "partial", "ref", "value")

    def __init__(
        self, partial: str, value: bytes | None, children: tuple[LeafNode | BranchNode | None, ...]
    ) -> None:
        self.partial = partial
        self.value = value
        self.children = children
        self.ref: bytes | None = None


Node = LeafNode | BranchNode


def nibble(character: str) -> int:
    """Return the number of a hex digit."""
    return _NIBBLE[character]


def root_hash(root: Node | None, *, hash_values: bool = True) -> bytes:
    """Return the trie's root: 32 bytes.

    Parameters
    ----------
    root
        The top node; None is the empty trie.
    hash_values
        Whether long values are in their nodes as hashes (state version 1) or whole (version 0).
        All roots of one trie must be asked for with the same choice.
    """
    if root is None:
        return EMPTY_TRIE_ROOT
    return blake2b(encode_node(root, hash_values=hash_values), digest_size=_HASH_LENGTH).digest()


def _reference(node: Node, *, hash_values: bool) -> bytes:
    """Return what the parent's encoding holds: the length-prefixed hash, or a short node whole."""
    encoded = encode_node(node, hash_values=hash_values)
    if len(encoded) < _HASH_LENGTH:
        ref = compact(len(encoded)) + encoded
    else:
        ref = _HASH_PREFIX + blake2b(encoded, digest_size=_HASH_LENGTH).digest()
    if isinstance(node, BranchNode):
        node.ref = ref  # of a leaf it is cheap to make, and there are many leaves
    return ref


def encode_node(node: Node, *, hash_values: bool = True) -> bytes:
    """Encode a node as its parent's hash of it goes over."""
    value = node.value
    hashed = hash_values and value is not None and len(value) >= HASHED_VALUE_LENGTH
    if value is None:
        payload = b""
    elif hashed:
        payload = blake2b(value, digest_size=_HASH_LENGTH).digest()
    else:
        payload = compact(len(value)) + value
    if isinstance(node, LeafNode):
        return _partial(_LEAF_HASHED if hashed else _LEAF, node.partial) + payload
    kind = _BRANCH if value is None else _BRANCH_HASHED if hashed else _BRANCH_VALUE
    bitmap = 0
    bit = 1
    parts = [_partial(kind, node.partial), b"", payload]
    for child in node.children:
        if child is not None:
            bitmap |= bit
            parts.append(child.ref or _reference(child, hash_values=hash_values))
        bit <<= 1
    parts[1] = bitmap.to_bytes(2, "little")
    return b"".join(parts)


def _partial(kind: tuple[int, int], partial: str) -> bytes:
    """Encode the header and the nibbles: the count with its overflow, an odd nibble first."""
    prefix, bits = kind
    count = len(partial)
    largest = (1 << bits) - 1
    nibbles = bytes.fromhex("0" + partial if count & 1 else partial)
    if count < largest:
        return bytes((prefix | count,)) + nibbles
    full, rest = divmod(count - largest, _OVERFLOW)
    return bytes((prefix | largest, *([_OVERFLOW] * full), rest)) + nibbles
