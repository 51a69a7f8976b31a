"""Small defenses, right and wrong, for tests of the kit."""

from __future__ import annotations

from typing import Any

import numpy as np

from bcfl_plugins import ClientUpdate, Rejection, Verdict, hookimpl
from bcfl_plugins.testing import Tags

Rows = np.ndarray[Any, np.dtype[Any]]


def mean(updates: Rows, f: int) -> Rows:
    return updates.mean(axis=0)


def drop_farthest(updates: Rows, f: int) -> Rows:
    """The naive defense: leave out the f updates farthest from the mean."""
    far = np.linalg.norm(updates - updates.mean(axis=0), axis=1)
    return updates[np.argsort(far)[: len(updates) - f]].mean(axis=0)


def trimmed(updates: Rows, f: int) -> Rows:
    if len(updates) <= 2 * f or len(updates) == 0:
        raise ValueError("too few updates")
    finite = np.isfinite(updates).all(axis=1)
    left = max(f - int((~finite).sum()), 0)
    ordered = np.sort(updates[finite].astype(np.float64), axis=0)
    return ordered[left : len(ordered) - left].mean(axis=0).astype(updates.dtype)


trimmed.tags = Tags(
    translation=True, scale=True, unanimity=True, mean_without_byzantine=True, box=True
)


class Trimmed:
    """The same as a class that takes f, as byzfl writes it."""

    tags = trimmed.tags

    def __init__(self, f: int) -> None:
        self.f = f

    def __call__(self, updates: Rows) -> Rows:
        return trimmed(updates, self.f)


def zeroes_the_first(updates: Rows, f: int) -> Rows:
    updates[0] = 0
    return trimmed(updates, f)


def counts_calls(updates: Rows, f: int, calls: list[int] = []) -> Rows:  # noqa: B006 - the mistake that is tested
    calls.append(1)
    return trimmed(updates, f) + len(calls)


def first_is_best(updates: Rows, f: int) -> Rows:
    return trimmed(updates, f) * 0 + updates[0]


class NoGiants:
    """A plugin that rejects what is far from the median."""

    @hookimpl
    def bcfl_judge_updates(self, updates: tuple[ClientUpdate, ...]) -> Verdict:
        rows = np.array([np.concatenate([a.ravel() for a in u.arrays.values()]) for u in updates])
        far = np.linalg.norm(rows - np.median(rows, axis=0), axis=1)
        limit = 10 * np.median(far) + 1e-6
        return Verdict(
            "no_giants",
            tuple(
                Rejection(u.node.node_id, 130, "far out")
                for u, one in zip(updates, far, strict=True)
                if one > limit
            ),
        )


class SeesNothing:
    """A plugin that rejects nobody."""

    @hookimpl
    def bcfl_judge_updates(self) -> None:
        """Say nothing."""
