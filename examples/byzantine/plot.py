"""The demo's picture: what the defense saves, and who pays."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from examples.byzantine.federation import POISONERS, Variant
from pallet_bridge.types import UNIT

if TYPE_CHECKING:
    from pathlib import Path

    from matplotlib.axes import Axes

    from examples.byzantine.result import Result

# Okabe and Ito's colours: told apart by people who do not see red and green alike.
BLUE, ORANGE, GREY, GREEN, PINK = "#0072B2", "#D55E00", "#767676", "#009E73", "#CC79A7"
LINES = {
    Variant.CLEAN: (GREY, "--", ""),
    Variant.POISONED: (ORANGE, "-", "x"),
    Variant.DEFENDED: (BLUE, "-", "o"),
}
POISONER_LINES = ((ORANGE, "s", -0.12), (PINK, "^", 0.12), (GREEN, "D", 0.0))


def draw(result: Result, path: Path) -> None:
    """Write a PNG with two charts: accuracy over rounds, and stake per node over rounds."""
    figure = Figure(figsize=(12, 4.8), dpi=150, layout="constrained")
    left, right = figure.subplots(1, 2)
    _accuracy(left, result)
    _stakes(right, result)
    figure.suptitle(
        f"{result.setup.nodes} nodes, 3 of them poison "
        f"(scikit-learn digits, Dirichlet {result.setup.alpha:g}, seed {result.setup.seed})",
        fontsize=13,
    )
    figure.savefig(path)


def _accuracy(axes: Axes, result: Result) -> None:
    for variant, (colour, style, marker) in LINES.items():
        curve = [100 * accuracy for accuracy in result.curves[variant]]
        label = f"{variant.value}: {curve[-1]:.1f} %"
        axes.plot(curve, color=colour, linestyle=style, marker=marker, markersize=5, label=label)
    axes.set(title="Accuracy", xlabel="round", ylabel="accuracy on the test set (%)", ylim=(0, 103))
    _finish(axes, "center right")


def _stakes(axes: Axes, result: Result) -> None:
    rounds = result.setup.rounds
    honest = [node for node in range(result.setup.nodes) if node not in POISONERS]
    for node in honest:
        label = f"honest ({len(honest)} nodes)" if node == honest[0] else None
        axes.plot(
            _units(result, node),
            drawstyle="steps-post",
            color=BLUE,
            linewidth=3,
            alpha=0.35,
            label=label,
        )
    for (node, attack), (colour, marker, aside) in zip(
        POISONERS.items(), POISONER_LINES, strict=True
    ):
        stakes = _units(result, node)
        axes.plot(
            [x + aside for x in range(len(stakes))],  # aside: equal stakes would hide each other
            stakes,
            drawstyle="steps-post",
            color=colour,
            marker=marker,
            markersize=5,
            label=f"node {node}: {attack.value}",
        )
    least = result.terms.min_stake / UNIT
    axes.axhline(least, color=GREY, linestyle=":", linewidth=1)
    axes.annotate("least stake to take part", (0, least), (3, 4), textcoords="offset points",
                  color=GREY, fontsize=9)  # fmt: skip
    axes.set(title="Stake on chain", xlabel="round", ylabel="stake (UNIT)", ylim=(0, None))
    axes.set_xlim(-0.5, rounds + 1.5)
    _finish(axes, "lower left")
    axes.set_xticks([*range(0, rounds + 1, 2), rounds + 1], [*range(0, rounds + 1, 2), "end"])


def _units(result: Result, node: int) -> list[float]:
    return [stake / UNIT for stake in result.stakes(node)]


def _finish(axes: Axes, legend: Literal["center right", "lower left"]) -> None:
    axes.xaxis.set_major_locator(MaxNLocator(integer=True))
    axes.grid(color="#dddddd", linewidth=0.6)
    axes.set_axisbelow(True)
    axes.spines[["top", "right"]].set_visible(False)
    axes.legend(frameon=False, fontsize=9, loc=legend)
