"""The two pictures of the page."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.economics.experiments import ZONES, needed_gain
from benchmarks.economics.model import ATTACKERS, Kind

if TYPE_CHECKING:
    from pathlib import Path

    from benchmarks.economics.study import Study

_COLOURS = ("#c0392b", "#e59866", "#f7dc6f", "#82c891")
_FLOOR = -4.0


def plot(study: Study, folder: Path) -> None:
    """Draw ``economics.svg`` (returns, break-even) and ``economics_map.svg`` (where it fails)."""
    import matplotlib as mpl  # noqa: PLC0415 - of the extra "demo"

    mpl.use("svg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 - after the backend is chosen

    mpl.rcParams["svg.hashsalt"] = "bcfl"
    folder.mkdir(parents=True, exist_ok=True)
    curves = study.recommended
    rates = list(study.size.detect)
    figure, (left, right) = plt.subplots(1, 2, figsize=(11, 4.2))
    for kind in ATTACKERS:
        left.plot(rates, [curves[kind][d].attacker.mean for d in rates], label=kind.value)
        gains = [
            max(gain, 0.0)
            if (gain := needed_gain(curves[kind][d], curves[kind][d].honest.mean)) is not None
            else float("nan")
            for d in rates
        ]
        right.plot(rates, gains, label=kind.value)
    honest = [curves[Kind.HOPPING][d].honest.mean for d in rates]
    left.plot(rates, honest, "k--", label="honest work")
    left.axhline(0, color="grey", linewidth=0.8)
    left.set(
        xlabel="a poisoned update is rejected with probability",
        ylabel="UNIT per round and member",
        title="Return, recommended terms",
        ylim=(_FLOOR, 1),
    )
    left.legend(fontsize=8)
    right.set(
        xlabel="a poisoned update is rejected with probability",
        ylabel="UNIT per averaged poisoned update",
        title="Outside gain above which attacking beats working",
        yscale="symlog",
        ylim=(0, 1000),
    )
    figure.tight_layout()
    figure.savefig(folder / "economics.svg", metadata={"Date": None})
    plt.close(figure)
    _map(study, folder)


def _map(study: Study, folder: Path) -> None:
    from matplotlib import pyplot as plt  # noqa: PLC0415 - of the extra "demo"
    from matplotlib.colors import ListedColormap  # noqa: PLC0415
    from matplotlib.patches import Patch  # noqa: PLC0415

    size = study.size
    width = 3.6 * len(study.zones)
    figure, axes = plt.subplots(1, len(study.zones), figsize=(width, 4.4), squeeze=False)
    for axis, (strikes, zones) in zip(axes[0], sorted(study.zones.items()), strict=True):
        colours = ListedColormap(_COLOURS)
        axis.imshow(zones, origin="lower", aspect="auto", cmap=colours, vmin=-0.5, vmax=3.5)
        axis.set_xticks(range(len(size.map_detect)), [f"{d:.0%}" for d in size.map_detect])
        axis.set_yticks(range(len(size.map_false)), [f"{f:.0%}" for f in size.map_false])
        axis.tick_params(axis="x", rotation=90)
        axis.set(title=f"strikes_to_slash = {strikes}", xlabel="poisoned updates rejected")
    axes[0][0].set_ylabel("honest updates rejected")
    patches = [Patch(color=c, label=text) for c, text in zip(_COLOURS, ZONES, strict=True)]
    figure.legend(handles=patches, loc="lower center", ncols=2, fontsize=8)
    figure.tight_layout(rect=(0, 0.12, 1, 1))
    figure.savefig(folder / "economics_map.svg", metadata={"Date": None})
    plt.close(figure)
