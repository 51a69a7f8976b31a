"""scikit-learn's digits, split over the nodes as a federation finds them: unevenly."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING

import numpy as np
from sklearn.datasets import load_digits

if TYPE_CHECKING:
    from numpy.typing import NDArray

CLASSES = 10
TEST_SHARE = 0.25
MAX_DRAWS = 10_000


@dataclass(frozen=True, slots=True)
class Digits:
    """Labelled 8x8 images.

    Attributes
    ----------
    images
        float32, shape (n, 1, 8, 8), values in [0, 1].
    labels
        int64, shape (n,), values 0..9.
    """

    images: NDArray[np.float32]
    labels: NDArray[np.int64]

    def __len__(self) -> int:
        return len(self.labels)

    def take(self, index: NDArray[np.int64]) -> Digits:
        return Digits(self.images[index], self.labels[index])


@dataclass(frozen=True, slots=True)
class FederatedData:
    """One share of the training data per node, and a test set that no node holds."""

    nodes: tuple[Digits, ...]
    test: Digits


@cache
def federated_digits(seed: int, nodes: int, alpha: float, min_examples: int) -> FederatedData:
    """Split the digits over `nodes`, each class by a Dirichlet draw of its own (Hsu et al., 2019).

    Parameters
    ----------
    seed
        Decides the test set and the split; nothing else does.
    alpha
        Concentration. Small values give a node few classes, large ones give all nodes alike data.
    min_examples
        The draw is repeated until the smallest node holds that many.

    Raises
    ------
    ValueError
        No draw gave each node `min_examples`: raise `alpha` or lower `min_examples`.
    """
    rng = np.random.default_rng(seed)
    raw = load_digits()
    images = (raw.images[:, None] / 16).astype(np.float32)
    digits = Digits(images, raw.target.astype(np.int64))
    order = rng.permutation(len(digits))
    cut = round(len(digits) * TEST_SHARE)
    test, train = digits.take(order[:cut]), digits.take(order[cut:])
    for _ in range(MAX_DRAWS):
        shares = _dirichlet_shares(rng, train.labels, nodes, alpha)
        if min(map(len, shares)) >= min_examples:
            return FederatedData(tuple(train.take(share) for share in shares), test)
    msg = (
        f"no split of {len(train)} digits in {MAX_DRAWS} draws gave each of {nodes} nodes "
        f"{min_examples} examples at alpha={alpha}; raise alpha or lower min_examples"
    )
    raise ValueError(msg)


def _dirichlet_shares(
    rng: np.random.Generator, labels: NDArray[np.int64], nodes: int, alpha: float
) -> list[NDArray[np.int64]]:
    """Indices of each node: every class is cut at the cumulated weights of one Dirichlet draw."""
    parts: list[list[NDArray[np.int64]]] = [[] for _ in range(nodes)]
    for label in range(CLASSES):
        index = np.flatnonzero(labels == label)
        weights = rng.dirichlet(np.full(nodes, alpha))
        cuts = np.floor(np.cumsum(weights)[:-1] * len(index)).astype(np.int64)
        for node, part in enumerate(np.split(index, cuts)):
            parts[node].append(part)
    return [np.concatenate(own) for own in parts]
