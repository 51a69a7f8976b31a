"""Trains n small networks at once: one batched matrix product a step, no autograd."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import torch

from benchmarks.accuracy.data import CLASSES, PIXELS, Array

HIDDEN = 100
_CUTS = (PIXELS * HIDDEN, HIDDEN, HIDDEN * CLASSES, CLASSES)
SIZE = sum(_CUTS)
"""Weights of the model 784-100-10."""


@dataclass(frozen=True, slots=True)
class Recipe:
    """How clients train.

    Parameters
    ----------
    rate : float
        Learning rate.
    momentum : float
        Of the client; its running mean of gradients outlives the round when `local_steps` is 1.
    batch : int
        Examples a step.
    local_steps : int
        Steps a round: 1 is distributed SGD, more is FedAvg (momentum restarts each round).
    """

    rate: float = 0.25
    momentum: float = 0.9
    batch: int = 32
    local_steps: int = 1


def initial(seed: int) -> torch.Tensor:
    """Return (SIZE,) float32 weights, He-uniform, zero biases."""
    rng = np.random.Generator(np.random.PCG64([seed, 2]))
    first = rng.uniform(-1, 1, _CUTS[0]) * np.sqrt(6 / PIXELS) / np.sqrt(2)
    second = rng.uniform(-1, 1, _CUTS[2]) * np.sqrt(6 / HIDDEN) / np.sqrt(2)
    flat = np.concatenate([first, np.zeros(_CUTS[1]), second, np.zeros(_CUTS[3])])
    return torch.from_numpy(flat.astype(np.float32))


def predict(weights: torch.Tensor, images: torch.Tensor) -> Array:
    """Return the class that the model names for each image."""
    w1, b1, w2, b2 = _views(weights[None])
    hidden = torch.relu(images @ w1[0] + b1[0, 0])
    answer: Array = (hidden @ w2[0] + b2[0, 0]).argmax(1).numpy()
    return answer


class Cohort:
    """n clients that train side by side.

    Parameters
    ----------
    n : int
        Clients.
    recipe : Recipe
        How they train.
    """

    def __init__(self, n: int, recipe: Recipe) -> None:
        self._recipe = recipe
        self._velocity = torch.zeros(n, SIZE)

    def deltas(
        self, weights: torch.Tensor, batches: list[tuple[torch.Tensor, torch.Tensor]]
    ) -> torch.Tensor:
        """Train one round and return the (n, SIZE) updates.

        Parameters
        ----------
        weights : torch.Tensor
            (SIZE,) the model that went out.
        batches : list
            For each local step (n, batch, 784) images and (n, batch) labels.
        """
        rate, momentum = self._recipe.rate, self._recipe.momentum
        if self._recipe.local_steps == 1:
            _accumulate(weights[None], self._velocity, momentum, *batches[0])
            return self._velocity * -rate
        local = weights.repeat(len(self._velocity), 1)
        velocity = torch.zeros_like(self._velocity)
        for images, labels in batches:
            _accumulate(local, velocity, momentum, images, labels)
            local.add_(velocity, alpha=-rate)
        return local.sub_(weights)


def _accumulate(
    weights: torch.Tensor,
    velocity: torch.Tensor,
    momentum: float,
    images: torch.Tensor,
    labels: torch.Tensor,
) -> None:
    """Velocity <- momentum * velocity + (1 - momentum) * gradient of the mean cross-entropy."""
    w1, b1, w2, b2 = _views(weights)
    n, batch = labels.shape
    shared = len(weights) == 1
    flat = images.reshape(1, n * batch, -1) if shared else images
    hidden = torch.relu(flat @ w1 + b1)
    logits = hidden @ w2 + b2
    error = torch.softmax(logits, -1).reshape(n, batch, -1)
    error.scatter_add_(2, labels[:, :, None], torch.full((n, batch, 1), -1.0))
    error /= batch
    hidden = hidden.reshape(n, batch, -1)
    back = (error @ (w2[0].T if shared else w2.transpose(1, 2))) * (hidden > 0)
    new = 1 - momentum
    v1, c1, v2, c2 = _views(velocity)
    v1.baddbmm_(images.transpose(1, 2), back, beta=momentum, alpha=new)
    c1.mul_(momentum).add_(back.sum(1, keepdim=True), alpha=new)
    v2.baddbmm_(hidden.transpose(1, 2), error, beta=momentum, alpha=new)
    c2.mul_(momentum).add_(error.sum(1, keepdim=True), alpha=new)


def _views(flat: torch.Tensor) -> tuple[torch.Tensor, torch.Tensor, torch.Tensor, torch.Tensor]:
    w1, b1, w2, b2 = flat.split(_CUTS, dim=1)
    return (
        w1.unflatten(1, (PIXELS, HIDDEN)),
        b1[:, None],
        w2.unflatten(1, (HIDDEN, CLASSES)),
        b2[:, None],
    )
