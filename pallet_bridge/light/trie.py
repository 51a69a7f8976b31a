"""Reading out of a proof: values under a state root, that a key has none, all keys of a prefix.

A proof is a list of encoded trie nodes and long values, as `state_getReadProof` answers it. Each
counts only under its hash, from the root down: what else a node adds is never looked at.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.embedded.state.trie_node import EMPTY_TRIE_ROOT
from pallet_bridge.errors.proofs import ProofRefused

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

_WHAT = "what is stored"
_HASH_BYTES = 32
_CHILDREN = 16
_OVERFLOW = 255
# of a header's first byte: mask, bits, bits left for the number of nibbles
_LEAF = (0b1100_0000, 0b0100_0000, 6)
_BRANCH = (0b1100_0000, 0b1000_0000, 6)
_BRANCH_VALUE = (0b1100_0000, 0b1100_0000, 6)
_LEAF_HASHED = (0b1110_0000, 0b0010_0000, 5)
_BRANCH_HASHED = (0b1111_0000, 0b0001_0000, 4)
_KINDS = (_LEAF, _BRANCH, _BRANCH_VALUE, _LEAF_HASHED, _BRANCH_HASHED)


@dataclass(frozen=True, slots=True)
class _Shown:
    """A node of a proof: its nibbles as hex, its value or that value's hash, its children."""

    partial: str
    value: bytes | None
    value_hash: bytes | None
    children: tuple[bytes | None, ...]
    """Either a hash of 32 bytes, or a shorter node whole."""


class ReadProof:
    """The nodes of a proof under a state root.

    Parameters
    ----------
    root
        The state root, out of a header that is believed.
    nodes
        What a node answered.
    """

    def __init__(self, root: bytes, nodes: Iterable[bytes]) -> None:
        self._root = root
        self._nodes = {blake2_256(node): node for node in nodes}

    def get(self, key: bytes) -> bytes | None:
        """Return the value of a key; None when the proof shows that it has none.

        Raises
        ------
        ProofRefused
            When the nodes do not lead from the root to the key, or to where it would be.
        """
        path, depth = key.hex(), 0
        node = self._top()
        while node is not None:
            if not path.startswith(node.partial, depth):
                return None
            depth += len(node.partial)
            if depth == len(path):
                return self._value(node)
            child = node.children[int(path[depth], 16)] if node.children else None
            node = None if child is None else self._node(child)
            depth += 1
        return None

    def below(self, prefix: bytes) -> Iterator[tuple[bytes, bytes]]:
        """Give all keys that begin with `prefix`, in order, with their values.

        Raises
        ------
        ProofRefused
            When the proof leaves any of them out.
        """
        path = prefix.hex()
        top = self._top()
        waiting = [] if top is None else [("", top)]
        while waiting:
            above, node = waiting.pop()
            here = above + node.partial
            if here.startswith(path):
                value = self._value(node)
                if value is not None:
                    if len(here) % 2:
                        raise ProofRefused(_WHAT, "a key ends within a byte")
                    yield bytes.fromhex(here), value
            elif not path.startswith(here):
                continue
            for digit in range(len(node.children) - 1, -1, -1):
                child, way = node.children[digit], here + f"{digit:x}"
                if child is not None and (way.startswith(path) or path.startswith(way)):
                    waiting.append((way, self._node(child)))

    def _top(self) -> _Shown | None:
        return None if self._root == EMPTY_TRIE_ROOT else self._node(self._root)

    def _node(self, reference: bytes) -> _Shown:
        encoded = self._of_hash(reference) if len(reference) == _HASH_BYTES else reference
        try:
            return _decode(encoded)
        except DecodeError as error:
            raise ProofRefused(_WHAT, f"a node of the trie cannot be read: {error}") from None

    def _value(self, node: _Shown) -> bytes | None:
        return node.value if node.value_hash is None else self._of_hash(node.value_hash)

    def _of_hash(self, hash_: bytes) -> bytes:
        found = self._nodes.get(hash_)
        if found is None:
            raise ProofRefused(_WHAT, f"nothing in it has the hash {hash_.hex()}")
        return found


def _decode(encoded: bytes) -> _Shown:
    reader = ScaleReader(encoded)
    kind, partial = _partial(reader)
    is_leaf, is_hashed = kind in (_LEAF, _LEAF_HASHED), kind in (_LEAF_HASHED, _BRANCH_HASHED)
    bitmap = 0 if is_leaf else reader.uint(2)
    value = reader.blob() if kind in (_LEAF, _BRANCH_VALUE) else None
    value_hash = reader.take(_HASH_BYTES) if is_hashed else None
    children: list[bytes | None] = []
    for index in range(0 if is_leaf else _CHILDREN):
        child = reader.blob() if bitmap >> index & 1 else None
        if child is not None and len(child) > _HASH_BYTES:
            raise DecodeError("a child is longer than a hash")
        children.append(child)
    reader.finish()
    return _Shown(partial, value, value_hash, tuple(children))


def _partial(reader: ScaleReader) -> tuple[tuple[int, int, int], str]:
    first = reader.uint(1)
    for kind in _KINDS:
        mask, bits, left = kind
        if first & mask == bits:
            break
    else:
        raise DecodeError(f"no node begins with {first}")
    count = first & ~mask
    if count == (1 << left) - 1:
        while (more := reader.uint(1)) == _OVERFLOW:
            count += _OVERFLOW
        count += more
    nibbles = reader.take((count + 1) // 2).hex()
    if count % 2:
        if nibbles[0] != "0":
            raise DecodeError("the nibble before an odd number of nibbles is not 0")
        nibbles = nibbles[1:]
    return kind, nibbles
