"""What the speed benchmark found, as records, as text and as the page docs/speed.md."""

from __future__ import annotations

import os
import platform
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Sequence

GRAM_BAR = 2.0
FLOWER_BAR = 8.0
WITHIN_GRAMS = frozenset(
    {
        *("krum", "multikrum", "geometric_median", "centered_clipping"),
        *("flame", "dnc", "caf", "cluster_guard"),
    }
)
FASTER_THAN_FLOWER = frozenset({"median", "trimmed_mean", "bulyan"})
MEMORY_BAR = 0.25
UNBOUNDED = frozenset({"smea"})


@dataclass(frozen=True, slots=True)
class Measured:
    """One rule on one size.

    Parameters
    ----------
    rule : str
        Its name.
    n, d : int
        Updates, and entries of each.
    seconds, gram_seconds : tuple of float
        Runs of the rule, each next to a run of the yardstick.
    extra : float
        Peak of new memory, as a multiple of the updates.
    flower_seconds : tuple of float
        Runs of Flower's own strategy on messages; empty where it has none.
    decoded_seconds : tuple of float
        Runs of ours on messages, decoding included; empty as above.
    """

    rule: str
    n: int
    d: int
    seconds: tuple[float, ...]
    gram_seconds: tuple[float, ...]
    extra: float
    flower_seconds: tuple[float, ...] = ()
    decoded_seconds: tuple[float, ...] = ()

    @property
    def grams(self) -> float:
        """Time in units of one Gram matrix."""
        return median(self.seconds) / median(self.gram_seconds)

    @property
    def faster(self) -> float | None:
        """How many times as fast as Flower's own; both are given decoded or encoded as they are."""
        return median(self.flower_seconds) / median(self.seconds) if self.flower_seconds else None

    @property
    def faster_decoding(self) -> float | None:
        """The same, with our side decoding the messages too."""
        if not self.flower_seconds:
            return None
        return median(self.flower_seconds) / median(self.decoded_seconds)

    def missed(self) -> list[str]:
        """Return the bars that were not reached."""
        out = []
        if self.rule in WITHIN_GRAMS and self.grams > GRAM_BAR:
            out.append(f"over {GRAM_BAR:g} Gram")
        if self.rule in FASTER_THAN_FLOWER and self.faster is not None and self.faster < FLOWER_BAR:
            out.append(f"under {FLOWER_BAR:g} times Flower")
        if self.rule not in UNBOUNDED and self.extra > MEMORY_BAR:
            out.append(f"over {MEMORY_BAR:g} of the memory")
        return out

    def record(self) -> dict[str, object]:
        """Return it for JSON."""
        return {
            "rule": self.rule,
            "n": self.n,
            "d": self.d,
            "ms": median(self.seconds) * 1e3,
            "runs": len(self.seconds),
            "grams": self.grams,
            "extra_memory": self.extra,
            "flower_ms": median(self.flower_seconds) * 1e3 if self.flower_seconds else None,
            "times_flower": self.faster,
            "times_flower_decoding": self.faster_decoding,
            "missed": self.missed(),
        }


def machine() -> dict[str, str]:
    """Name what the numbers were taken on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    load = os.getloadavg()[0]
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "load": f"{load:.1f}",
    }


INTRODUCTION = """# Speed and memory of the defenses

`python -m benchmarks.speed --write docs/speed.md` wrote this page. Times are medians. A Gram is
one `torch.mm` of the stacked updates with themselves in float32, run next to each run of a rule.
Extra memory is the peak beside the updates, as a multiple of them. Flower's own strategies are
given messages, as a server gets them; they decode them on the way, our rules are given arrays.
The column "decoding too" is the ratio when ours decode the messages as well. f is a fifth of n;
Bulyan has the most that it tolerates.
"""
HEAD = "| rule | ms | Grams | extra memory | Flower, ms | times as fast | decoding too | bars |"
RULE = "|---|---|---|---|---|---|---|---|"


def line(one: Measured) -> str:
    """Return one line of a table."""
    flower = f"{median(one.flower_seconds) * 1e3:.0f}" if one.flower_seconds else ""
    faster = f"{one.faster:.1f}" if one.faster is not None else ""
    decoding = f"{one.faster_decoding:.1f}" if one.faster_decoding is not None else ""
    return (
        f"| `{one.rule}` | {median(one.seconds) * 1e3:.0f} | {one.grams:.2f} | {one.extra:.2f} "
        f"| {flower} | {faster} | {decoding} | {'; '.join(one.missed()) or 'kept'} |"
    )


def title(n: int, d: int, gram_seconds: float) -> str:
    """Return the line above a table."""
    return f"n = {n}, d = {d:,} ({n * d * 4 / 1e6:,.0f} MB); one Gram {gram_seconds * 1e3:.0f} ms"


def page(results: Sequence[Measured]) -> str:
    """Return docs/speed.md."""
    known = machine()
    parts = [
        INTRODUCTION,
        (
            f"Machine: {known['processor']}, {known['cores']} cores; Python {known['python']}, "
            f"numpy {known['numpy']}, torch {known['torch']}; load {known['load']} at the end.\n"
        ),
    ]
    for n, d in dict.fromkeys((one.n, one.d) for one in results):
        some = [one for one in results if (one.n, one.d) == (n, d)]
        gram = median([seconds for one in some for seconds in one.gram_seconds])
        parts.append(f"## {title(n, d, gram)}\n")
        parts.append("\n".join([HEAD, RULE, *map(line, some)]) + "\n")
    return "\n".join(parts)
