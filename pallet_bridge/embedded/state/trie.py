"""Reading and changing the state trie: batches of changes, ordered keys, Merkle roots."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.state.encode import compact
from pallet_bridge.embedded.state.trie_node import BranchNode, LeafNode, Node, nibble, root_hash

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

# Hex key and value, sorted by key; None deletes.
_Changes = list[tuple[str, bytes | None]]
_Children = tuple[Node | None, ...]
_NO_CHILDREN: _Children = (None,) * 16
_DIGITS = "0123456789abcdef"


def get(root: Node | None, key: bytes) -> bytes | None:
    """Return the value of `key`, None when the trie has none."""
    node = root
    path = key.hex()
    depth = 0
    while node is not None:
        partial = node.partial
        if not path.startswith(partial, depth):
            return None
        depth += len(partial)
        if depth == len(path):
            return node.value
        if isinstance(node, LeafNode):
            return None
        node = node.children[nibble(path[depth])]
        depth += 1
    return None


def update(root: Node | None, changes: Mapping[bytes, bytes | None]) -> Node | None:
    """Return the trie with `changes` made: None deletes a key.

    Nodes off the changed paths are shared with the old trie, which stays valid.
    """
    if not changes:
        return root
    items: _Changes = sorted((key.hex(), value) for key, value in changes.items())
    return _update(root, items, 0, len(items), 0)


def keys_from(root: Node | None, start: bytes, *, inclusive: bool = True) -> Iterator[bytes]:
    """Iterate over the keys at or after `start`, in byte order.

    Parameters
    ----------
    inclusive
        Whether `start` itself is given when the trie has it.
    """
    if root is None:
        return
    first = start.hex()
    stack: list[tuple[Node, str]] = [(root, "")]
    while stack:
        node, above = stack.pop()
        path = above + node.partial
        if path > first or (inclusive and path == first):
            if node.value is not None:
                yield bytes.fromhex(path)
            lowest = 0
        elif first.startswith(path):
            lowest = nibble(first[len(path)]) if len(first) > len(path) else 0
        else:
            continue
        if isinstance(node, BranchNode):
            stack.extend(
                (child, path + _DIGITS[index])
                for index in range(15, lowest - 1, -1)
                if (child := node.children[index]) is not None
            )


def ordered_root(values: Sequence[bytes], *, hash_values: bool) -> bytes:
    """Root of the trie that holds `values` under their compact-encoded positions."""
    trie = update(None, {compact(index): value for index, value in enumerate(values)})
    return root_hash(trie, hash_values=hash_values)


def pairs_root(pairs: Iterable[tuple[bytes, bytes]], *, hash_values: bool) -> bytes:
    """Root of the trie that holds the key-value `pairs`."""
    return root_hash(update(None, dict(pairs)), hash_values=hash_values)


def _update(node: Node | None, items: _Changes, low: int, high: int, depth: int) -> Node | None:
    """Change the subtree at `depth` by ``items[low:high]``, which all lie below it."""
    if node is None:
        return _build([item for item in items[low:high] if item[1] is not None], depth)
    if isinstance(node, LeafNode):
        return _update_leaf(node, items, low, high, depth)
    partial = node.partial
    shared = min(
        _common(items[low][0], depth, partial), _common(items[high - 1][0], depth, partial)
    )
    if shared == len(partial):
        value, children = _change(node.value, node.children, items, low, high, depth=depth + shared)
        if value is node.value and children == node.children:
            return node
        return _normal(partial, value, children)
    # Some key leaves the branch inside its partial key: split it there, then go on.
    below = BranchNode(partial[shared + 1 :], node.value, node.children)
    split = list(_NO_CHILDREN)
    split[nibble(partial[shared])] = below
    value, children = _change(None, tuple(split), items, low, high, depth=depth + shared)
    return _normal(partial[:shared], value, children)


def _update_leaf(leaf: LeafNode, items: _Changes, low: int, high: int, depth: int) -> Node | None:
    key = items[low][0][:depth] + leaf.partial
    own: bytes | None = leaf.value
    live: _Changes = []
    for item in items[low:high]:
        if item[0] == key:
            own = item[1]
        elif item[1] is not None:
            live.append(item)
    if not live:
        if own is None:
            return None
        return leaf if own == leaf.value else LeafNode(leaf.partial, own)
    if own is not None:
        live.append((key, own))
        live.sort()
    return _build(live, depth)


def _change(
    value: bytes | None, children: _Children, items: _Changes, low: int, high: int, *, depth: int
) -> tuple[bytes | None, _Children]:
    """Change what a branch holds; its own key has `depth` nibbles, all items are at or below it."""
    if len(items[low][0]) == depth:
        value = items[low][1]
        low += 1
    changed = list(children)
    while low < high:
        digit = items[low][0][depth]
        end = low + 1
        while end < high and items[end][0][depth] == digit:
            end += 1
        index = nibble(digit)
        changed[index] = _update(changed[index], items, low, end, depth + 1)
        low = end
    return value, tuple(changed)


def _normal(partial: str, value: bytes | None, children: _Children) -> Node | None:
    """Return the node in its only legal form: a branch has two things below or at it."""
    present = [index for index, child in enumerate(children) if child is not None]
    if not present:
        return None if value is None else LeafNode(partial, value)
    if len(present) == 1 and value is None:
        only = children[present[0]]
        joined = partial + _DIGITS[present[0]]
        if isinstance(only, BranchNode):
            return BranchNode(joined + only.partial, only.value, only.children)
        if only is not None:
            return LeafNode(joined + only.partial, only.value)
    return BranchNode(partial, value, children)


def _build(items: _Changes, depth: int) -> Node | None:
    """Build a subtree from sorted pairs without deletions."""
    if not items:
        return None
    first, value = items[0]
    if len(items) == 1:
        return None if value is None else LeafNode(first[depth:], value)
    last = items[-1][0]
    shared = _common(last, depth, first[depth:])
    value, children = _change(None, _NO_CHILDREN, items, 0, len(items), depth=depth + shared)
    return BranchNode(first[depth : depth + shared], value, children)


def _common(key: str, depth: int, partial: str) -> int:
    """Count the nibbles that `key` from `depth` on and `partial` share."""
    if key.startswith(partial, depth):
        return len(partial)
    limit = min(len(partial), len(key) - depth)
    for index in range(limit):
        if key[depth + index] != partial[index]:
            return index
    return limit
