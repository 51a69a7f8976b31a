"""Contribution to a utility: leave-one-out and Shapley values.

A utility v takes (n,) flags, which updates are in the coalition, and returns a number; larger is
better, and nobody at all is worth ``v(none)``. The Shapley value of node i is the mean, over all
orders of the nodes, of what i adds to those before it. It is the one division that is efficient
(sums to v(all) - v(none)), symmetric, linear, and pays nothing to who adds nothing (Shapley. A
value for n-person games. Contributions to the Theory of Games 2, 1953).
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from bcfl_plugins.contribution.shares import Contribution, contribution
from bcfl_plugins.defenses.base import Flags, Floats
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Iterable

Utility: TypeAlias = Callable[[Flags], float]

_MOST_EXACT = 12


def of_loss(loss: Callable[[Floats], Floats]) -> Utility:
    """Return the utility of a coalition: how much the mean of its updates lowers the mean loss.

    Parameters
    ----------
    loss : callable
        As for `bcfl_plugins.evidence.judge_harm`: (n,) coefficients to the (m,) losses
        of the validation examples.
    """

    def utility(members: Flags) -> float:
        size = int(members.sum())
        coefficients: Floats = members / max(size, 1)
        return -float(loss(coefficients).mean())

    return utility


def leave_one_out(utility: Utility, n: int) -> Contribution:
    """Pay what the result would lose without the node: ``v(all) - v(all but i)``.

    n + 1 evaluations. Two nodes with the same data each look worthless.
    """
    everyone = np.ones(n, np.bool_)
    whole = utility(everyone)
    values = np.empty(n)
    for node in range(n):
        rest = everyone.copy()
        rest[node] = False
        values[node] = whole - utility(rest)
    return contribution(values, n + 1)


def shapley_exact(utility: Utility, n: int) -> Contribution:
    """Return the Shapley values from all coalitions: 2^n evaluations, n <= 12.

    Raises
    ------
    BadUpdates
        If n is greater.
    """
    if n > _MOST_EXACT:
        raise BadUpdates(
            "n", f"2^{n} evaluations are too many; use shapley_monte_carlo or shapley_quadratic"
        )
    worth = np.array([utility(_members(code, n)) for code in range(1 << n)])
    sizes = np.array([code.bit_count() for code in range(1 << n)])
    factorial = np.cumprod([1.0, *range(1, n + 1)])
    values = np.zeros(n)
    for node in range(n):
        without = np.flatnonzero((np.arange(1 << n) >> node) % 2 == 0)
        size = sizes[without]
        share = factorial[size] * factorial[n - size - 1] / factorial[n]
        values[node] = share @ (worth[without | (1 << node)] - worth[without])
    return contribution(values, 1 << n)


@dataclass(frozen=True, slots=True)
class Sampling:
    """How Shapley values are sampled.

    Parameters
    ----------
    permutations : int
        Orders to draw.
    tolerance : float
        An order is cut off where what is left to gain is less than this share of
        ``|v(all) - v(none)|``; the rest of it then adds nothing.
    """

    permutations: int = 32
    tolerance: float = 0.01

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.permutations < 1 or not self.tolerance >= 0.0:
            raise BadUpdates("permutations", "at least one order, and a tolerance not below zero")


def shapley_monte_carlo(
    utility: Utility, n: int, *, rng: np.random.Generator, sampling: Sampling | None = None
) -> Contribution:
    """Estimate the Shapley values from random orders, each cut off when little is left to gain.

    Ghorbani, Zou. Data Shapley: equitable valuation of data for machine learning. ICML 2019
    (truncated Monte Carlo). At most ``permutations * (n - 1) + 2`` evaluations; the standard
    error falls with the square root of `permutations`. Without truncation (tolerance 0) the
    values sum to v(all) - v(none) exactly.
    """
    made = sampling or Sampling()
    empty, whole = utility(np.zeros(n, np.bool_)), utility(np.ones(n, np.bool_))
    enough = made.tolerance * abs(whole - empty)
    values, evaluations = np.zeros(n), 2
    for _ in range(made.permutations):
        added, used = _walk(utility, rng.permutation(n).tolist(), (empty, whole), enough)
        values += added
        evaluations += used
    return contribution(values / made.permutations, evaluations)


def shapley_quadratic(linear: Floats, gram: Floats) -> Contribution:
    """Return the exact Shapley values of a quadratic utility of the coalition's mean update.

    ``v(S) = mean_S(b) - mean_{S x S}(K) / 2`` and ``v(none) = 0``. With b the inner products of
    the updates with a trusted update u and K their Gram matrix this is
    ``(||u||^2 - ||mean_S - u||^2) / 2``; with b minus the inner products with the validation
    gradient and K = h times the Gram matrix, the loss to second order at curvature h. O(n^2) and
    no evaluation: for coalitions of one size the mean of v depends on sums over b and K only.

    Parameters
    ----------
    linear : Floats
        (n,) b.
    gram : Floats
        (n, n) K, symmetric.
    """
    n = len(linear)
    rest = max(n - 1, 1)
    diagonal = np.diagonal(gram)
    rows = gram.sum(axis=1)
    # Means over the other nodes: of b, of K's diagonal, of K between two of them, and with i.
    others = (linear.sum() - linear) / rest
    squares = (diagonal.sum() - diagonal) / rest
    pairs = (gram.sum() - 2.0 * rows + diagonal) - (diagonal.sum() - diagonal)
    between = pairs / max(rest * (n - 2), 1)
    with_me = (rows - diagonal) / rest
    values = np.zeros(n)
    for size in range(n):  # of the coalition that i joins
        before = size * squares + size * (size - 1) * between
        after = diagonal + 2.0 * size * with_me + before
        gained = (linear + size * others) / (size + 1) - (others if size else 0.0)
        spread = after / (size + 1) ** 2 - before / max(size, 1) ** 2
        values += (gained - spread / 2.0) / n
    return contribution(values)


def _walk(
    utility: Utility, order: Iterable[int], ends: tuple[float, float], enough: float
) -> tuple[Floats, int]:
    """Return what each node adds in one order, and the evaluations; `ends` are known already."""
    nodes = list(order)
    empty, whole = ends
    members = np.zeros(len(nodes), np.bool_)
    added, before, evaluations = np.zeros(len(nodes)), empty, 0
    for place, node in enumerate(nodes):
        if abs(whole - before) < enough:
            break
        members[node] = True
        last = place == len(nodes) - 1
        now = whole if last else utility(members.copy())
        evaluations += not last
        added[node] = now - before
        before = now
    return added, evaluations


def _members(code: int, n: int) -> Flags:
    return np.array([code >> node & 1 for node in range(n)], np.bool_)
