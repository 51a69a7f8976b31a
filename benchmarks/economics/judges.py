"""What becomes of rejected updates, apart from a strike for each: evidence, and disputes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.evidence import EvidenceState, NodeFacts, observe
from benchmarks.economics.table import ACCEPT, EXCLUDE, REJECT

if TYPE_CHECKING:
    from numpy.typing import NDArray

    from bcfl_plugins.evidence import EvidenceSettings

    Flags = NDArray[np.bool_]
    Integers = NDArray[np.int64]


class Evidence:
    """Strikes by evidence over rounds, as ``evidence = "harm"`` gives them.

    A poisoned update that is rejected counts as harmful, an honest one does not: the best case for
    this evidence. A new account starts with none.

    Parameters
    ----------
    shape : tuple of int
        Runs and members.
    settings : EvidenceSettings
        Of the evidence.
    """

    def __init__(self, shape: tuple[int, int], settings: EvidenceSettings) -> None:
        self._states = [EvidenceState(settings) for _ in range(shape[0])]
        self._accounts = np.zeros(shape, np.int64)

    def __call__(self, rejected: Flags, poison: Flags, here: Flags, renewed: Flags) -> Integers:
        """Exclude what was rejected, and strike where the evidence says so."""
        self._accounts += renewed
        columns: Integers = np.where(rejected, EXCLUDE, ACCEPT)
        for run, state in enumerate(self._states):
            places = {f"{m}.{self._accounts[run, m]}": m for m in np.flatnonzero(here[run])}
            facts = [
                NodeFacts(name, bool(rejected[run, m]), harmful=bool(poison[run, m]))
                for name, m in places.items()
            ]
            self._states[run], findings = observe(state, facts)
            for found in findings:
                if found.strike:
                    columns[run, places[found.node]] = REJECT
        return columns


class Disputes:
    """Everybody disputes every offence of its own.

    Parameters
    ----------
    decided, otherwise : int
        Columns: the end of a dispute that is decided, and of one that is not.
    rate : float
        How often it is decided.
    seed : int
        Of the generator.
    """

    def __init__(self, decided: int, otherwise: int, rate: float, seed: int = 1) -> None:
        self._ends = (decided, otherwise, rate)
        self._rng = np.random.default_rng(seed)

    def __call__(self, rejected: Flags, poison: Flags, here: Flags, renewed: Flags) -> Integers:  # noqa: ARG002
        """Strike for each rejection, and dispute what comes of it."""
        decided, otherwise, rate = self._ends
        ends = np.where(self._rng.random(rejected.shape) < rate, decided, otherwise)
        return np.where(rejected, ends, ACCEPT)
