"""What is learned: which of two kinds a patient is, from six measured values."""

import numpy as np

FEATURES = 6
PATIENTS = 400


def load_data(hospital):
    """Return the patients of one hospital; hospitals measure a little differently."""
    rng = np.random.default_rng([7, hospital])
    kind = rng.integers(0, 2, PATIENTS)
    centre = np.where(kind[:, None] == 1, 0.8, -0.8) + rng.normal(0, 0.1, FEATURES)
    return (centre + rng.normal(0, 1, (PATIENTS, FEATURES))).astype(np.float32), kind


def new_model():
    return {"weights": np.zeros(FEATURES, np.float32), "bias": np.zeros(1, np.float32)}


def probability(model, values):
    return 1 / (1 + np.exp(-(values @ model["weights"] + model["bias"])))


def train(model, values, kind, learning_rate, steps=20):
    model = {name: array.copy() for name, array in model.items()}
    for _ in range(steps):
        error = (probability(model, values) - kind).astype(np.float32)
        model["weights"] -= learning_rate * (values * error[:, None]).mean(axis=0)
        model["bias"] -= learning_rate * error.mean()
    return model


def accuracy(model, values, kind):
    return float((probability(model, values).round() == kind).mean())
