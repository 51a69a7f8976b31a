"""The picture of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.economics.estimates import Runs, cell_of
from benchmarks.economics.report import ATTACKERS
from benchmarks.economics.runs import RATES

if TYPE_CHECKING:
    from pathlib import Path

_FLOOR, _TOP = -2.0, 0.8


def plot(runs: Runs, folder: Path) -> None:
    """Draw ``economics.svg``: what each kind of attacker gets, and what beside honest work."""
    import matplotlib as mpl  # noqa: PLC0415 - of the extra "demo"

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    mpl.rcParams["svg.hashsalt"] = "bcfl"
    folder.mkdir(parents=True, exist_ok=True)
    figure, axes = plt.subplots(1, 2, figsize=(11, 4.2), sharey=True)
    names = {experiment: name for name, experiment in reversed(ATTACKERS.items())}
    for experiment, name in names.items():
        found = [(rate, cell_of(runs, experiment, rate)) for rate in RATES]
        cells = [(rate, cell) for rate, cell in found if cell is not None]
        for axis, part in zip(axes, ("gain", "beside"), strict=True):
            values = [getattr(cell, part) for _, cell in cells]
            axis.errorbar(
                [rate for rate, _ in cells],
                [value.mean for value in values],
                [min(value.half, 1.0) for value in values],
                label=name,
                capsize=2,
            )
    for axis, title in zip(axes, ("Return", "Return less that of honest work"), strict=True):
        axis.axhline(0, color="grey", linewidth=0.8)
        axis.set(
            xlabel="a poisoned update is rejected with probability",
            title=title,
            ylim=(_FLOOR, _TOP),
        )
    axes[0].set_ylabel("UNIT per round")
    axes[0].legend(fontsize=7)
    figure.tight_layout()
    figure.savefig(folder / "economics.svg", metadata={"Date": None})
    plt.close(figure)
