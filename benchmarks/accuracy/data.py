"""Fashion-MNIST from the Debian package dataset-fashion-mnist, and its split over clients."""

from __future__ import annotations

import gzip
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeAlias

import numpy as np

FOLDER = Path("/usr/share/datasets/fashion-mnist")
VARIABLE = "BCFL_FASHION_MNIST"
CLASSES = 10
PIXELS = 784
_MEAN, _STD = 0.2860, 0.3530  # of all training pixels in [0, 1]
WHITE = (1.0 - _MEAN) / _STD
"""The brightest pixel, normalised."""
_IMAGE_HEADER, _LABEL_HEADER = 16, 8  # bytes
_TRIES = 1000

Array: TypeAlias = np.ndarray[Any, Any]


class NoDataError(Exception):
    """The data set is not on this machine."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        super().__init__(
            f"{folder} does not hold Fashion-MNIST. Install it with 'apt-get install "
            f"dataset-fashion-mnist', or set {VARIABLE} to a folder with its four .gz files."
        )


@dataclass(frozen=True, slots=True, eq=False)
class Data:
    """Normalised images, one a row, and their labels.

    Parameters
    ----------
    train_x, test_x : Array
        (60000, 784) and (10000, 784) float32.
    train_y, test_y : Array
        (60000,) and (10000,) int64, from 0 to 9.
    """

    train_x: Array
    train_y: Array
    test_x: Array
    test_y: Array


def load(folder: Path | None = None) -> Data:
    """Read the four files.

    Parameters
    ----------
    folder : Path or None
        Where they are; ``None`` takes the environment variable, or else where Debian puts them.

    Raises
    ------
    NoDataError
        If one of them is not there.
    """
    where = folder or Path(os.environ.get(VARIABLE, FOLDER))
    return Data(
        _images(where, "train"),
        _labels(where, "train"),
        _images(where, "t10k"),
        _labels(where, "t10k"),
    )


def split(labels: Array, n: int, alpha: float | None, least: int, seed: int) -> list[Array]:
    """Return the row numbers of each of n clients.

    Parameters
    ----------
    labels : Array
        (rows,) class of each row.
    n : int
        Clients.
    alpha : float or None
        Each class is shared out by a symmetric Dirichlet(alpha) draw; ``None`` deals rows evenly.
    least : int
        Fewest rows of a client; draws with a poorer client are drawn again.
    seed : int
        Names the split.
    """
    rng = np.random.Generator(np.random.PCG64([seed, 1]))
    if alpha is None:
        return np.array_split(rng.permutation(len(labels)), n)
    pools = [rng.permutation(np.flatnonzero(labels == c)) for c in range(CLASSES)]
    for _ in range(_TRIES):
        shares = rng.dirichlet(np.full(n, alpha), size=len(pools))
        cuts = [
            (np.cumsum(share)[:-1] * len(pool)).astype(int)
            for share, pool in zip(shares, pools, strict=True)
        ]
        parts = [np.split(pool, cut) for pool, cut in zip(pools, cuts, strict=True)]
        clients = [np.concatenate([part[i] for part in parts]) for i in range(n)]
        if min(map(len, clients)) >= least:
            return clients
    raise ValueError(f"no split of {len(labels)} rows gives each of {n} clients {least}")


def _images(folder: Path, name: str) -> Array:
    raw = np.frombuffer(_read(folder, f"{name}-images-idx3-ubyte.gz"), np.uint8, -1, _IMAGE_HEADER)
    return ((raw.reshape(-1, PIXELS).astype(np.float32) / 255) - _MEAN) / _STD


def _labels(folder: Path, name: str) -> Array:
    raw = _read(folder, f"{name}-labels-idx1-ubyte.gz")
    return np.frombuffer(raw, np.uint8, -1, _LABEL_HEADER).astype(np.int64)


def _read(folder: Path, name: str) -> bytes:
    path = folder / name
    if not path.is_file():
        raise NoDataError(folder)
    return gzip.decompress(path.read_bytes())
