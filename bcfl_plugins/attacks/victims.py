"""A torch module as attackers hold it, for triggers that are fitted to a model."""

from __future__ import annotations

import copy
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats, Matrix
    from bcfl_plugins.attacks.data import Labels

_MOMENTUM = 0.9


@dataclass(frozen=True, slots=True, eq=False)
class TorchVictim:
    """A classifier that gives logits. It is evaluated in ``eval`` mode and never written to.

    Parameters
    ----------
    model : torch.nn.Module
        The model that went out.
    rate : float
        Of the training that shall unlearn a trigger.
    epochs : int
        Passes over the examples, each one step.
    """

    model: torch.nn.Module
    rate: float = 0.01
    epochs: int = 5

    def gradient(self, x: Matrix, y: Labels) -> Floats:
        """Return (m, ...) the gradient of each example's own loss by the example."""
        model = copy.deepcopy(self.model).eval()
        images = self._tensor(x).requires_grad_()
        loss = torch.nn.functional.cross_entropy(
            model(images), torch.as_tensor(y, dtype=torch.long), reduction="sum"
        )
        (slope,) = torch.autograd.grad(loss, images)
        return np.asarray(slope.detach().cpu().numpy(), dtype=np.float64)

    def trained(self, x: Matrix, y: Labels) -> TorchVictim:
        """Return a copy that was trained on examples, as a node would."""
        model = copy.deepcopy(self.model).train()
        images, labels = self._tensor(x), torch.as_tensor(y, dtype=torch.long)
        weights = [one for one in model.parameters() if one.requires_grad]
        velocities = [torch.zeros_like(one) for one in weights]
        for _ in range(self.epochs):
            loss = torch.nn.functional.cross_entropy(model(images), labels)
            slopes = torch.autograd.grad(loss, weights)
            with torch.no_grad():
                for weight, velocity, slope in zip(weights, velocities, slopes, strict=True):
                    velocity.mul_(_MOMENTUM).add_(slope)
                    weight.sub_(self.rate * velocity)
        return TorchVictim(model, self.rate, self.epochs)

    def parameters(self) -> Floats:
        """Return (d,) the weights."""
        parts = [one.detach().cpu().numpy().ravel() for one in self.model.parameters()]
        return np.concatenate(parts).astype(np.float64)

    def _tensor(self, x: Matrix) -> torch.Tensor:
        kind = next(self.model.parameters()).dtype
        return torch.as_tensor(np.ascontiguousarray(x)).to(kind)
