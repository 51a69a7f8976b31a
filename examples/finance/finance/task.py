"""Card payments, drawn from a model of our own: real ones are secret, and these are not real.

One payment in fifty is a fraud. Most frauds are payments far from home, in a hurry. The online bank
meets another kind, which no other bank has in its data: small amounts from new accounts.
"""

from functools import cache

import numpy as np
import torch
from sklearn.metrics import average_precision_score
from torch import nn

PAYMENTS = (3000, 2000, 1500, 1200, 900)
ONLINE = 2
RATE, ABROAD, ABROAD_IF_FRAUD, BY_THE_ONLINE_BANK = 0.02, 0.1, 0.6, 0.25
PUBLIC = 10**6
"""The coordinator's own payments, of both kinds of fraud."""


@cache
def load_data(bank):
    """Return the payments of one bank, six numbers each, and which of them are frauds."""
    rng = np.random.default_rng([23, bank])
    count = PAYMENTS[bank] if bank != PUBLIC else 3000
    fraud = rng.random(count) < RATE
    amount, distance, hurry, age, risk = rng.normal(size=(5, count))
    abroad = (rng.random(count) < ABROAD).astype(float)
    online = (
        np.full(count, bank == ONLINE) if bank != PUBLIC else rng.random(count) < BY_THE_ONLINE_BANK
    )
    far, small = fraud & ~online, fraud & online
    distance[far] += 2.2
    hurry[far] += 1.8
    abroad[far] = rng.random(far.sum()) < ABROAD_IF_FRAUD
    amount[small] -= 1.8
    age[small] -= 2.0
    risk[small] += 1.5
    values = np.stack([amount, distance, hurry, age, risk, abroad], axis=1)
    return torch.tensor(values, dtype=torch.float32), torch.tensor(fraud, dtype=torch.float32)


def new_model():
    torch.manual_seed(5)
    return nn.Sequential(nn.Linear(6, 12), nn.Tanh(), nn.Linear(12, 1))


def with_weights(arrays):
    """Return the network with these weights, by name."""
    model = new_model()
    model.load_state_dict({name: torch.as_tensor(array) for name, array in arrays.items()})
    return model


def losses(model, values, fraud):
    """Return the loss of each payment; a missed fraud weighs as much as fifty false alarms."""
    weight = torch.where(fraud == 1, 1 / RATE, 1.0)
    with torch.set_grad_enabled(model.training):
        logits = model(values)[:, 0]
        plain = nn.functional.binary_cross_entropy_with_logits(logits, fraud, reduction="none")
    return plain * weight


def train(model, values, fraud, steps, learning_rate):
    optimizer = torch.optim.SGD(model.parameters(), lr=learning_rate, momentum=0.9)
    model.train()
    for _ in range(steps):
        optimizer.zero_grad()
        losses(model, values, fraud).mean().backward()
        optimizer.step()
    return model.state_dict()


def precision(model, values, fraud):
    """Return the average precision: the part of alarms that are frauds, over all thresholds."""
    model.eval()
    with torch.no_grad():
        scores = model(values)[:, 0]
    return float(average_precision_score(fraud.numpy(), scores.numpy()))
