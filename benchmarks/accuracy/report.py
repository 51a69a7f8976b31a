"""Tables and plots of a grid of runs."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.accuracy.contestants import PREFIX
from benchmarks.accuracy.grid import Job

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from benchmarks.accuracy.simulate import Outcome

RIVALS = ("flame", "dnc", "caf")
"""The best of these is the bar of `cluster_guard`."""
OURS = "cluster_guard"
BACKDOOR = "backdoor"
MARGIN = 0.5
"""Points that count as a difference."""


@dataclass(frozen=True, slots=True)
class Grid:
    """What was run.

    Parameters
    ----------
    defenses, attacks : tuple of str
        Rows and columns.
    alphas : tuple of float or None
        One table each.
    seeds : tuple of int
        Each cell is a mean over them.
    f, rounds, local_steps : int
        Of every run.
    more : tuple of str
        Rules that run only at the splits of `more_alphas`; Flower's own take most of the time.
    more_alphas : tuple of float or None
        Splits.
    """

    defenses: tuple[str, ...]
    attacks: tuple[str, ...]
    alphas: tuple[float | None, ...]
    seeds: tuple[int, ...]
    f: int = 4
    rounds: int = 200
    local_steps: int = 1
    more: tuple[str, ...] = ()
    more_alphas: tuple[float | None, ...] = (0.5,)

    def rules(self, alpha: float | None) -> tuple[str, ...]:
        """Return the rules that run at a split."""
        return self.defenses + self.more if alpha in self.more_alphas else self.defenses

    def job(self, defense: str, attack: str, alpha: float | None, seed: int) -> Job:
        """Return one run."""
        return Job(
            defense, attack, alpha, seed, self.f, rounds=self.rounds, local_steps=self.local_steps
        )

    def jobs(self) -> list[Job]:
        """Return all runs; whole tables of one seed first, so that a part is worth reading."""
        return [
            self.job(defense, attack, alpha, seed)
            for seed in self.seeds
            for alpha in self.alphas
            for defense in self.rules(alpha)
            for attack in self.attacks
        ]


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a table; percent, means over seeds.

    Parameters
    ----------
    defense : str
        Its name.
    accuracy : tuple of float
        For each attack.
    worst, mean : float
        Of `accuracy`.
    honest_rejected, worst_rejected : float or None
        With no attacker: of all honest updates, and of the rounds of the most rejected client of
        any seed; ``None`` for Flower's, which do not say.
    byzantine_rejected : float or None
        Mean over the attacks.
    backdoor : float or None
        Success rate under the attack of that name.
    """

    defense: str
    accuracy: tuple[float, ...]
    worst: float
    mean: float
    honest_rejected: float | None
    worst_rejected: float | None
    byzantine_rejected: float | None
    backdoor: float | None


def row(grid: Grid, done: Mapping[Job, Outcome], defense: str, alpha: float | None) -> Row:
    """Return a line from finished runs."""
    cells = {
        attack: [done[grid.job(defense, attack, alpha, seed)] for seed in grid.seeds]
        for attack in grid.attacks
    }
    accuracy = tuple(_mean([run.accuracy for run in runs]) for runs in cells.values())
    silent = defense.startswith(PREFIX)
    clean = [] if silent else cells.get("none", [])
    caught = [
        run.byzantine_rejected
        for runs in cells.values()
        for run in runs
        if run.byzantine_rejected is not None and not silent
    ]
    return Row(
        defense,
        accuracy,
        min(accuracy),
        _mean(list(accuracy)),
        _mean([run.honest_rejected for run in clean]) if clean else None,
        max(run.worst_rejected for run in clean) if clean else None,
        _mean(caught) if caught else None,
        _mean([run.backdoor for run in cells[BACKDOOR]]) if BACKDOOR in cells else None,
    )


def finished(grid: Grid, done: Mapping[Job, Outcome]) -> Grid:
    """Return the part of a grid in which every run of a seed is done."""
    seeds = tuple(
        seed
        for seed in grid.seeds
        if all(
            grid.job(d, a, alpha, seed) in done
            for alpha in grid.alphas
            for d in grid.rules(alpha)
            for a in grid.attacks
        )
    )
    return replace(grid, seeds=seeds)


def table(grid: Grid, rows: Sequence[Row]) -> str:
    """Return a Markdown table."""
    heads = [
        "rule",
        *grid.attacks,
        "**worst**",
        "mean",
        "honest rejected, no attack: all / worst client",
        "attackers rejected",
        "backdoor success",
    ]
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    for one in rows:
        rejected = "-"
        if one.honest_rejected is not None:
            rejected = f"{one.honest_rejected:.1f} / {_whole(one.worst_rejected)}"
        cells = [
            _called(one),
            *(f"{value:.1f}" for value in one.accuracy),
            f"**{one.worst:.1f}**",
            f"{one.mean:.1f}",
            rejected,
            _whole(one.byzantine_rejected),
            _whole(one.backdoor),
        ]
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def verdict(grid: Grid, rows: Sequence[Row]) -> str:
    """Say how `cluster_guard` stands against its rivals, and where it loses to any other row."""
    named = {one.defense: one for one in rows}
    rivals = [named[name] for name in RIVALS if name in named]
    if OURS not in named or not rivals:
        return ""
    ours, best = named[OURS], max(rivals, key=lambda one: one.worst)
    others = [one for one in rows if one is not ours]
    lost = [
        f"{attack} ({ours.accuracy[i]:.1f}, {_called(first)} {first.accuracy[i]:.1f})"
        for i, attack in enumerate(grid.attacks)
        for first in [max(others, key=lambda one: one.accuracy[i])]
        if ours.accuracy[i] < first.accuracy[i] - MARGIN
    ]
    where = "; ".join(lost) or "nowhere"
    return (
        f"Worst accuracy: `{OURS}` {ours.worst:.1f}, the best of {', '.join(RIVALS)}: "
        f"{best.worst:.1f} ({best.defense}). Attacks under which it is over {MARGIN} points behind "
        f"the best row: {where}.{_backdoors(ours, others)}"
    )


def _backdoors(ours: Row, others: Sequence[Row]) -> str:
    """Name the row that a backdoor gets past least often, where that is less than with ours."""
    stopped = [(one.backdoor, _called(one)) for one in others if one.backdoor is not None]
    if ours.backdoor is None or not stopped:
        return ""
    least, name = min(stopped)
    if least >= ours.backdoor - MARGIN:
        return ""
    return (
        f" The backdoor works in {ours.backdoor:.0f} % of images with `{OURS}`, in "
        f"{least:.0f} % with {name}."
    )


def _called(one: Row) -> str:
    return one.defense.replace(PREFIX, "Flower ")


def label(alpha: float | None) -> str:
    """Return how a split is called."""
    return "IID" if alpha is None else f"Dirichlet {alpha:g}"


def plot(tables: Mapping[float | None, Sequence[Row]], path: Path) -> None:
    """Draw worst and mean accuracy of each rule, one panel a split."""
    import matplotlib as mpl  # noqa: PLC0415 - of the extra "demo"

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    mpl.rcParams["svg.hashsalt"] = "bcfl"
    size = (4.8 * len(tables), 0.32 * max(map(len, tables.values())) + 1.2)
    figure, axes = plt.subplots(1, len(tables), figsize=size, squeeze=False)
    for axis, (alpha, rows) in zip(axes[0], tables.items(), strict=True):
        names = [_called(one) for one in rows]
        colours = ["tab:green" if one.defense == OURS else "tab:blue" for one in rows]
        axis.barh(names, [one.worst for one in rows], color=colours, label="worst attack")
        axis.plot([one.mean for one in rows], names, "k|", markersize=12, label="mean")
        axis.set(title=label(alpha), xlabel="test accuracy, %", xlim=(0, 90))
        axis.invert_yaxis()
    figure.tight_layout()
    path.parent.mkdir(parents=True, exist_ok=True)
    figure.savefig(path, metadata={"Date": None})
    plt.close(figure)


def _mean(values: Sequence[float]) -> float:
    return float(np.mean(values))


def _whole(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"
