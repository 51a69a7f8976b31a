"""What the speed benchmark found: records, text and the page docs/measurements/speed.md."""

from __future__ import annotations

import json
import os
import platform
from dataclasses import asdict, dataclass
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, TypeAlias

import numpy as np
import torch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

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
MIXED, MIXED_SIZE, MIXED_BAR = "nnm+trimmed_mean", (100, 1_000_000), 1e9
"""A pre-aggregator, the size at which its memory has a bar of its own, and that bar in bytes."""
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
        Runs of Flower's own strategy, from messages to a record; empty where it has none.
    message_seconds : tuple of float
        Runs of ours, from messages to a record; empty as above.
    busy : float
        Cores that other processes took, on average, while it was timed.
    """

    rule: str
    n: int
    d: int
    seconds: tuple[float, ...]
    gram_seconds: tuple[float, ...]
    extra: float
    flower_seconds: tuple[float, ...] = ()
    message_seconds: tuple[float, ...] = ()
    busy: float = 0.0

    @property
    def grams(self) -> float:
        """Time in units of one Gram matrix."""
        return median(self.seconds) / median(self.gram_seconds)

    @property
    def faster(self) -> float | None:
        """How many times as fast as Flower's own; both from messages to a record."""
        if not self.flower_seconds:
            return None
        return median(self.flower_seconds) / median(self.message_seconds)

    @property
    def extra_bytes(self) -> float:
        """Peak of new memory; updates are of float32."""
        return self.extra * self.n * self.d * 4

    def missed(self) -> list[str]:
        """Return the bars that were not reached."""
        out = []
        if self.rule in WITHIN_GRAMS and self.grams > GRAM_BAR:
            out.append(f"{self.grams:.2f} Grams, over {GRAM_BAR:g}")
        if self.rule in FASTER_THAN_FLOWER and self.faster is not None and self.faster < FLOWER_BAR:
            out.append(f"{self.faster:.1f} times Flower, under {FLOWER_BAR:g}")
        if self.rule not in UNBOUNDED and self.extra > MEMORY_BAR:
            out.append(f"{self.extra:.2f} of the memory, over {MEMORY_BAR:g}")
        if (self.rule, (self.n, self.d)) == (MIXED, MIXED_SIZE) and self.extra_bytes > MIXED_BAR:
            out.append(f"{self.extra_bytes / 1e9:.1f} GB, over {MIXED_BAR / 1e9:g}")
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
            "message_ms": median(self.message_seconds) * 1e3 if self.message_seconds else None,
            "times_flower": self.faster,
            "busy": self.busy,
            "missed": self.missed(),
        }


Key: TypeAlias = tuple[str, int, int]


def read(cache: Path | None) -> dict[Key, Measured]:
    """Return what a cache has, by rule and size; the last line of a kind counts."""
    if cache is None or not cache.exists():
        return {}
    found = {}
    for text in cache.read_text(encoding="utf-8").splitlines():
        fields = {k: tuple(v) if isinstance(v, list) else v for k, v in json.loads(text).items()}
        one = Measured(**fields)
        found[one.rule, one.n, one.d] = one
    return found


def append(cache: Path | None, one: Measured) -> None:
    """Add a line to a cache, if there is one."""
    if cache is None:
        return
    cache.parent.mkdir(parents=True, exist_ok=True)
    with cache.open("a", encoding="utf-8") as file:
        file.write(json.dumps(asdict(one)) + "\n")


def cpu_seconds() -> float:
    """Return the CPU time that all processes have used; 0 where the system does not tell."""
    stat = Path("/proc/stat")
    if not stat.exists():
        return 0.0
    user, nice, system = map(int, stat.read_text().split()[1:4])
    return (user + nice + system) / os.sysconf("SC_CLK_TCK")


def machine() -> dict[str, str]:
    """Name what the numbers were taken on."""
    model = platform.processor() or platform.machine()
    info = Path("/proc/cpuinfo")
    if info.exists():
        named = [line for line in info.read_text().splitlines() if line.startswith("model name")]
        model = named[0].partition(":")[2].strip() if named else model
    return {
        "processor": model,
        "cores": str(os.cpu_count()),
        "python": platform.python_version(),
        "numpy": np.__version__,
        "torch": torch.__version__,
        "settings": ", ".join(
            f"{name}={value}"
            for name, value in sorted(os.environ.items())
            if name.startswith(("OPENBLAS_", "OMP_", "MKL_"))
        ),
    }


INTRODUCTION = """# Speed and memory of the defenses

`python -m benchmarks.speed --cache runs/speed.jsonl --write docs/measurements/speed.md` wrote this
page. Times are medians of seven runs, or of three to six where a run takes over eight seconds. A
Gram is one `torch.mm` of the stacked updates with themselves in float32. It runs in turn with the
rule, and both are warm. Extra memory is the peak beside the updates, as a multiple of them. "From
messages" is the time with what a server does besides: it decodes the messages, as our strategies do
it, and puts the result into a record. Flower's own strategies do the same with theirs. Both are run
up to 200 million entries in all, Flower's one to three times. f is a fifth of n; Bulyan has the
most that it tolerates. MDA and SMEA search subsets, so they are left out of large rounds.
"""
HEAD = (
    "| rule | ms | Grams | extra memory | from messages, ms | Flower, ms | times as fast | bars |"
)
RULE = "|---|---|---|---|---|---|---|---|"


def line(one: Measured) -> str:
    """Return one line of a table."""
    messages, flower, faster = "", "", ""
    if one.faster is not None:
        messages = f"{median(one.message_seconds) * 1e3:.0f}"
        flower = f"{median(one.flower_seconds) * 1e3:.0f}"
        faster = f"{one.faster:.1f}"
    return (
        f"| `{one.rule}` | {median(one.seconds) * 1e3:.0f} | {one.grams:.2f} | {one.extra:.2f} "
        f"| {messages} | {flower} | {faster} | {'; '.join(one.missed()) or 'kept'} |"
    )


def title(n: int, d: int, gram_seconds: float) -> str:
    """Return the line above a table."""
    return f"n = {n}, d = {d:,} ({n * d * 4 / 1e6:,.0f} MB); one Gram {gram_seconds * 1e3:.0f} ms"


def verdict(results: Sequence[Measured], wanted: Sequence[Key]) -> str:
    """Return which bars were missed, and what was left out."""
    missed = [
        f"- `{one.rule}`, n = {one.n}, d = {one.d:,}: {'; '.join(one.missed())}"
        for one in results
        if one.missed()
    ]
    measured = {(one.rule, one.n, one.d) for one in results}
    left: dict[str, list[str]] = {}
    for rule, n, d in wanted:
        if (rule, n, d) not in measured:
            left.setdefault(rule, []).append(f"n = {n}, d = {d:,}")
    parts = [
        (
            f"Bars: at most {GRAM_BAR:g} Grams for {_names(WITHIN_GRAMS)}; at least "
            f"{FLOWER_BAR:g} times as fast as Flower's own for {_names(FASTER_THAN_FLOWER)}; at "
            f"most {MEMORY_BAR:g} of the memory of the updates for all but {_names(UNBOUNDED)}. "
            "All sizes below count."
        ),
        *(
            f"`{MIXED}` at n = {one.n}, d = {one.d:,} takes {one.extra_bytes / 1e6:.0f} MB beside "
            f"the updates; its bar is {MIXED_BAR / 1e6:,.0f} MB."
            for one in results
            if (one.rule, (one.n, one.d)) == (MIXED, MIXED_SIZE)
        ),
        "Missed:\n\n" + "\n".join(missed) if missed else "None is missed.",
        *(
            f"Left out, as not measured: `{rule}` at {'; '.join(sizes)}."
            for rule, sizes in left.items()
        ),
    ]
    return "\n\n".join(parts) + "\n"


def _names(rules: frozenset[str]) -> str:
    return ", ".join(f"`{rule}`" for rule in sorted(rules))


def page(known_results: Mapping[Key, Measured], wanted: Sequence[Key]) -> str:
    """Return docs/measurements/speed.md: of what was wanted, what is known."""
    results = [known_results[key] for key in wanted if key in known_results]
    known = machine()
    busy = max((one.busy for one in results), default=0.0)
    parts = [
        INTRODUCTION,
        (
            f"Machine: {known['processor']}, {known['cores']} cores; Python {known['python']}, "
            f"numpy {known['numpy']}, torch {known['torch']}; "
            f"set in the environment: {known['settings'] or 'nothing for BLAS'}. Other processes "
            f"took {busy:.2f} of a core at most while a rule was timed.\n"
        ),
        verdict(results, wanted),
    ]
    for n, d in dict.fromkeys((one.n, one.d) for one in results):
        some = [one for one in results if (one.n, one.d) == (n, d)]
        gram = median([seconds for one in some for seconds in one.gram_seconds])
        parts.append(f"## {title(n, d, gram)}\n")
        parts.append("\n".join([HEAD, RULE, *map(line, some)]) + "\n")
    return "\n".join(parts)
