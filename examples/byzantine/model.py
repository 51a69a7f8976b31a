"""A small convolutional network, how a node trains it and how anyone tests it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

import torch
from torch import nn

if TYPE_CHECKING:
    from examples.byzantine.data import Digits

LEARNING_RATE = 0.02
MOMENTUM = 0.9
BATCH = 16
LOCAL_EPOCHS = 2
NOISE = 0.15
"""Standard deviation of what is added to each pixel (0 to 1) while training."""

State = Mapping[str, torch.Tensor]


def digits_net() -> nn.Sequential:
    """Two convolutions and one linear layer: 10 250 parameters."""
    return nn.Sequential(
        nn.Conv2d(1, 16, 5, padding=2),
        nn.ReLU(),
        nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, padding=1),
        nn.GroupNorm(4, 32),
        nn.ReLU(),
        nn.Flatten(),
        nn.Linear(32 * 4 * 4, 10),
    )


def initial_state(seed: int) -> dict[str, torch.Tensor]:
    """Weights that depend on `seed` alone; the global generator is left as it was."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return digits_net().state_dict()


def train(state: State, data: Digits, seed: int) -> tuple[dict[str, torch.Tensor], float]:
    """Train `LOCAL_EPOCHS` over `data` from `state`; the weights after it and the mean loss.

    `seed` decides the order of the examples and the noise.
    """
    net = digits_net()
    net.load_state_dict(state)
    optimizer = torch.optim.SGD(net.parameters(), lr=LEARNING_RATE, momentum=MOMENTUM)
    images, labels = torch.from_numpy(data.images), torch.from_numpy(data.labels)
    random = torch.Generator().manual_seed(seed)
    losses = []
    for _ in range(LOCAL_EPOCHS):
        for batch in torch.randperm(len(data), generator=random).split(BATCH):
            optimizer.zero_grad()
            clean = images[batch]
            noisy = clean + NOISE * torch.randn(clean.shape, generator=random)
            loss = nn.functional.cross_entropy(net(noisy), labels[batch])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
    return net.state_dict(), sum(losses) / len(losses)


def accuracy(state: State, data: Digits) -> float:
    """Share of `data` that the model names right, in [0, 1]."""
    net = digits_net()
    net.load_state_dict(state)
    with torch.no_grad():
        answers = net(torch.from_numpy(data.images)).argmax(1)
    return float((answers == torch.from_numpy(data.labels)).float().mean())
