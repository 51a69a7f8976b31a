"""The vibration of presses, as a sensor takes it, and how to foretell its next value.

The series are drawn from a model of our own: two tones that a press has when it runs, their
overtones, and noise. A machine whose next value is foretold badly is worn.
"""

import numpy as np

LENGTH = 4000
WINDOW = 24
"""So many values of the past foretell the next one."""
SLOW_PRESS = 2
"""This plant has an older press, which turns at two thirds of the speed of the others."""
PUBLIC = 10**6
"""The coordinator's own recording, of both kinds of presses."""


def record(plant, press=None):
    """Return the values of one plant's sensor."""
    rng = np.random.default_rng([31, plant, press or 0])
    speed = 2 / 3 if (plant if press is None else press) == SLOW_PRESS else 1.0
    time = np.arange(LENGTH) * speed * rng.uniform(0.98, 1.02)
    phases = rng.uniform(0, 2 * np.pi, 3)
    tones = zip((0.11, 0.27, 0.54), (1.0, 0.6, 0.2), phases, strict=True)
    clean = sum(height * np.sin(2 * np.pi * tone * time + phase) for tone, height, phase in tones)
    return clean + rng.normal(0, 0.15, LENGTH)


def load_data(plant):
    """Return windows of the past, and the value that came after each."""
    series = [record(plant)] if plant != PUBLIC else [record(plant, 0), record(plant, SLOW_PRESS)]
    windows = [np.lib.stride_tricks.sliding_window_view(one, WINDOW + 1) for one in series]
    joined = np.concatenate(windows)
    return joined[:, :-1], joined[:, -1]


def new_model():
    return {"weights": np.zeros(WINDOW), "offset": np.zeros(1)}


def errors(model, past, following):
    return past @ model["weights"] + model["offset"][0] - following


def train(model, past, following, steps, learning_rate):
    model = {name: array.copy() for name, array in model.items()}
    for _ in range(steps):
        error = errors(model, past, following)
        model["weights"] -= learning_rate * past.T @ error / len(error)
        model["offset"] -= learning_rate * error.mean()
    return model
