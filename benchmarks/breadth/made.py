"""Data that is not collected: two processes of our own, and the text of Python's own library."""

from __future__ import annotations

import ast
import re
import sysconfig
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias
from zlib import crc32

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Iterator

    Made: TypeAlias = "tuple[np.ndarray[Any, Any], np.ndarray[Any, Any]]"

MONTHS, SAMPLES = 6, 16
PLACES, WORDS, BUCKETS = 4, 4, 48
SOURCES = ("email", "asyncio", "idlelib", "_pydecimal.py")
"""Parts of the standard library whose doc strings are told apart."""
STATES = (
    ((1.0, 0.2, 0.1), 0.25),
    ((1.6, 0.2, 0.1), 0.25),
    ((1.0, 0.7, 0.1), 0.25),
    ((1.0, 0.2, 0.5), 0.25),
    ((0.9, 0.3, 0.2), 0.60),
)
"""Of a machine: heights of the turning tone, its double and a tone of the bearing, and noise."""
_TONES = (0.06, 0.12, 0.31)  # turns a sample
_AXES = (1.0, 0.7, 0.4)


def loans(rows: int) -> Made:
    """Return (rows, 6, 4) months of borrowers, and whether they paid, paid late, or did not.

    Each borrower has a reliability and an income that nobody sees. Month by month they make how
    much of the credit is used, what part of the bill is paid, days of delay, and new debts. What
    came of the loan follows from both, from how the months went, and from chance: half paid, three
    in ten paid late, two in ten did not.
    """
    rng = np.random.default_rng([20, 1])
    reliable, income = rng.standard_normal((2, rows))
    strain = -0.5 * income + 0.6 * rng.standard_normal(rows)
    months = []
    for _ in range(MONTHS):
        strain = 0.8 * strain + 0.5 * rng.standard_normal(rows) - 0.1 * income
        noise = rng.standard_normal((4, rows))
        used = np.tanh(0.8 * strain + 0.4 * noise[0])
        paid = np.tanh(0.7 * reliable - 0.6 * strain + 0.4 * noise[1])
        delay = np.maximum(0.0, 0.9 * strain - 0.8 * reliable + 0.5 * noise[2])
        debts = (0.6 * strain + noise[3] > 1.0).astype(np.float64)
        months.append(np.stack([used, paid, delay, debts], axis=1))
    score = 0.9 * strain - reliable - 0.4 * income + 0.4 * rng.standard_normal(rows)
    outcome = np.digitize(score, np.quantile(score, [0.5, 0.8]))
    return _standard(np.stack(months, axis=1)), outcome


def sensors(rows: int) -> Made:
    """Return (rows, 16, 3) windows of vibration on three axes, and which of five states it is.

    A state is a mixture of three tones and noise (`STATES`). The speed of the machine and the
    phases of the tones are drawn for each window.
    """
    rng = np.random.default_rng([20, 2])
    state = rng.integers(0, len(STATES), rows)
    heights = np.array([one for one, _ in STATES])[state]
    noise = np.array([one for _, one in STATES])[state]
    time = np.arange(SAMPLES) * rng.uniform(0.95, 1.05, (rows, 1))
    signal = np.zeros((rows, SAMPLES, len(_AXES)))
    for place, tone in enumerate(_TONES):
        phase = rng.uniform(0.0, 0.6, (rows, 1))
        wave = np.sin(2.0 * np.pi * (tone * time + phase))
        reach = np.roll(_AXES, place)  # each tone shakes another axis most
        signal += (heights[:, place, None] * wave)[:, :, None] * reach
    signal += noise[:, None, None] * rng.standard_normal(signal.shape)
    return _standard(signal), state


def passages(rows: int) -> Made:
    """Return (rows, 4, 48) passages, and from which part of Python's library they are.

    The words are those of four letters and more in the doc strings of `SOURCES`, as this Python
    ships them: another version has other texts. Sixteen words in a row are a passage, and four of
    them a place of it, which counts its words by their CRC-32 modulo 48. Passages do not overlap.
    """
    found, labels = [], []
    for label, source in enumerate(SOURCES):
        words = [word for text in _doc_strings(source) for word in re.findall("[a-z]{4,}", text)]
        marks = np.eye(BUCKETS)[[crc32(word.encode()) % BUCKETS for word in words]]
        whole = len(marks) // (PLACES * WORDS) * PLACES * WORDS
        cut = marks[:whole].reshape(-1, PLACES, WORDS, BUCKETS).sum(axis=2)
        found.append(cut)
        labels += [label] * len(cut)
    order = np.random.default_rng([20, 3]).permutation(len(labels))[:rows]
    return _standard(np.concatenate(found)[order]), np.array(labels)[order]


def _doc_strings(source: str) -> Iterator[str]:
    path = Path(sysconfig.get_paths()["stdlib"]) / source
    files = sorted(path.rglob("*.py")) if path.is_dir() else [path]
    some = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    for file in files:
        inside = file.relative_to(path.parent).parts
        if any(part.startswith(("test", "idle_test")) for part in inside):
            continue
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, some) and (text := ast.get_docstring(node)):
                yield text.lower()


def _standard(x: np.ndarray[Any, Any]) -> np.ndarray[Any, Any]:
    """Return features of mean zero and spread one, each over all rows and places."""
    found: np.ndarray[Any, Any] = (x - x.mean(axis=(0, 1))) / x.std(axis=(0, 1))
    return found
