"""The first idea: leave out the f updates that are farthest from the mean."""

import numpy as np


def drop_farthest(updates, f):
    mean = updates.mean(axis=0)
    distances = np.linalg.norm(updates - mean, axis=1)
    kept = np.argsort(distances)[: len(updates) - f]
    return updates[kept].mean(axis=0)
