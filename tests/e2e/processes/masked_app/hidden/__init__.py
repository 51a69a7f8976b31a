"""An app with masked updates: it says by files where it is, and stops while one asks it to."""

import threading
from pathlib import Path

import numpy as np

SIZE = 1280
STEP = 0.1


def pass_by(folder: str, point: str) -> None:
    """Say that a point was come to, and stay there while a file asks for it."""
    (Path(folder) / point).touch()
    while (Path(folder) / f"hold-{point}").exists():
        threading.Event().wait(0.1)


def trained(model: np.ndarray, node: int) -> np.ndarray:
    """Return what a node makes of a model: the same whenever it is asked again."""
    noise = np.random.default_rng(node).normal(0, STEP / 5, model.shape)
    return (model + STEP + noise).astype(np.float32)
