"""XGBoost models that nodes send: read once here, and written anew for whoever joins them.

`FedXgbBagging` takes the trees of a reply into the model of all. A tree whose children make a
circle, or whose lists have other lengths, would end the training of every node that loads it.
"""

from __future__ import annotations

import json
import math
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from strategies.errors import UnreadableArray

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

LEAST_BOUND = 16 * 1024 * 1024
"""Bytes that a reply may have, however small the model that went out is."""

_GROWTH = 2
_LISTS = ("left_children", "right_children", "parents", "split_indices", "split_conditions")
_MORE_LISTS = ("default_left", "loss_changes", "split_type", "sum_hessian")
_NONE = -1
_INT32 = 2**31
_FLOAT32 = 3.4028235e38


def bound_of(reference: int) -> int:
    """Return how many bytes a reply may have, by those of the model that went out."""
    return max(LEAST_BOUND, _GROWTH * reference)


def rewritten_trees(blob: bytes) -> bytes:
    """Read an XGBoost model in JSON, and write it anew.

    Raises
    ------
    UnreadableArray
        If `FedXgbBagging` could not join it, or XGBoost not load what was joined.
    """
    try:
        value = json.loads(blob)
        model = value["learner"]["gradient_booster"]["model"]
        counts, trees = model["gbtree_model_param"], model["trees"]
        number, parallel = int(counts["num_trees"]), int(counts["num_parallel_tree"])
        complete = (
            isinstance(trees, list)
            and number == len(trees) == len(model["tree_info"])
            and 0 < parallel <= number
            and _are_whole(model["tree_info"], 0, _INT32)
            and _is_index(model["iteration_indptr"], number)
        )
        problem = None if complete else "an XGBoost model without its trees"
        if problem is None:
            problem = next((said for tree in trees for said in _problems(tree)), None)
    except (ValueError, LookupError, TypeError, ArithmeticError, RecursionError) as error:
        problem = f"no XGBoost model in JSON ({type(error).__name__})"
    if problem is not None:
        raise UnreadableArray(problem)
    return json.dumps(value).encode()


def _is_index(value: object, trees: int) -> bool:
    """Say whether a list tells where the trees of each iteration begin."""
    if not _are_whole(value, 0, trees + 1):
        return False
    ends: list[int] = value  # type: ignore[assignment]  # what was just asked
    rises = all(before <= after for before, after in pairwise(ends))
    return len(ends) > 1 and rises and (ends[0], ends[-1]) == (0, trees)


def _problems(tree: dict[str, Any]) -> Iterator[str]:
    """Say what is wrong with a tree, the first of it first."""
    nodes, features = (int(tree["tree_param"][name]) for name in ("num_nodes", "num_feature"))
    listed = [tree[name] for name in _LISTS]
    listed += [tree[name] for name in _MORE_LISTS if name in tree]
    if nodes < 1 or any(not isinstance(one, list) or len(one) != nodes for one in listed):
        yield "a tree whose lists are not as long as it has nodes"
    left, right, parents, indices, conditions = listed[: len(_LISTS)]
    if not _are_whole(left + right, _NONE, nodes) or not _are_whole(parents, _NONE, _INT32):
        yield "a tree with children that it does not have"
    inner, leaves = _reached(left, right, parents)
    if not leaves:
        yield "a tree whose children make a circle"
    # what was pruned stays in the lists, with any index
    if not _are_whole([indices[node] for node in inner], 0, features):
        yield "a tree that splits by features that it does not have"
    weights = [conditions[node] for node in leaves] + tree.get("base_weights", [])
    numbers = all(isinstance(one, int | float) for one in conditions)  # NaN splits by category
    if not numbers or not all(_is_finite(one) for one in weights):
        yield "a tree with weights that are no numbers"


def _reached(
    left: Sequence[int], right: Sequence[int], parents: Sequence[int]
) -> tuple[list[int], list[int]]:
    """Return the splits and leaves from the root on; none where a node is there twice, or alone."""
    waiting, seen = [0], {0}
    inner: list[int] = []
    leaves: list[int] = []
    while waiting:
        node = waiting.pop()
        children = (left[node], right[node])
        if children == (_NONE, _NONE):
            leaves.append(node)
            continue
        inner.append(node)
        for child in children:
            if child in seen or child == _NONE or parents[child] != node:
                return [], []
            seen.add(child)
            waiting.append(child)
    return inner, leaves


def _are_whole(value: object, least: int, beyond: int) -> bool:
    return isinstance(value, list) and all(
        type(one) is int and least <= one < beyond for one in value
    )


def _is_finite(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return math.isfinite(value) and abs(value) <= _FLOAT32
