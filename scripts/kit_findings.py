"""Run the testing kit on Flower's own strategies and, where it is installed, on byzfl.

``python -m scripts.kit_findings flower`` or ``... byzfl``; ``--show`` prints each counterexample.
byzfl belongs into an environment of its own: its package pulls another torch. Its plots and data
sets are not needed here and are not imported.

Each rule runs in a process of its own, which is ended when a check takes more CPU seconds than
``--limit``: some rules never return. What is found is compared with `LISTED`, the failures that a
battery of random trials found before the kit existed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import json
import signal
import subprocess
import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bcfl_plugins.testing import Tags
from bcfl_plugins.testing.checks import ALL
from bcfl_plugins.testing.engine import run_check
from bcfl_plugins.testing.subjects import subject_of
from bcfl_plugins.testing.tags import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Subject = tuple[str, Any, Tags | None]
    Findings = dict[str, dict[str, str]]

EXACT = Tags(translation=True, scale=True, unanimity=True)
LISTED = {
    "flower": (
        ("permutation", ("order",), ("legacy Bulyan",)),
        ("translation by 1e3", ("translation", "cancellation"), ("Krum", "MultiKrum", "Bulyan")),
        (
            "NaN rows",
            ("non_finite",),
            ("FedMedian", "legacy FedMedian", "legacy Krum", "legacy Bulyan"),
        ),
        ("n = 2f refused", ("refuses",), ("FedMedian", "Krum", "MultiKrum")),
    ),
    "byzfl": (
        ("permutation", ("order",), ("MDA", "MoNNA", "CAF", "SMEA", "Bucketing")),
        (
            "translation by 1, 1e3",
            ("translation", "cancellation"),
            ("GeometricMedian", "CenteredClipping", "CAF", "SMEA", "ARC", "Bucketing"),
        ),
        (
            "scale by 1e-3, 1e3",
            ("scale",),
            ("GeometricMedian", "CenteredClipping", "CAF", "SMEA"),
        ),
        (
            "NaN, infinite rows",
            ("non_finite",),
            ("Median", "Krum", "GeometricMedian", "CenteredClipping", "Meamed", "CAF"),
        ),
        ("bounded at 1e12", ("bounded", "breakdown"), ("CAF", "SMEA")),
        ("determinism", ("deterministic",), ("CAF", "SMEA", "Bucketing")),
        ("no mutation", ("no_mutation",), ("ARC",)),
        ("unanimity", ("unanimity",), ("SMEA",)),
        ("f = 0 gives the mean", ("mean_without_byzantine",), ("CAF",)),
        ("n = 2f refused", ("refuses",), ("Median", "GeometricMedian", "CenteredClipping")),
        (
            "float64 kept",
            ("form",),
            ("TrMean", "MultiKrum", "Median", "GeometricMedian", "CenteredClipping"),
        ),
    ),
}
"""Failures that were known: what was tried, the kit's checks for it, who failed."""


def flower() -> Iterator[Subject]:
    """Yield Flower's robust strategies of both APIs; the adapter knows what they promise."""
    from flwr.server import strategy as legacy  # noqa: PLC0415
    from flwr.serverapp import strategy as current  # noqa: PLC0415

    def multikrum(f: int) -> Any:  # noqa: ANN401 - Flower's strategy
        return current.MultiKrum(num_malicious_nodes=f, num_nodes_to_select=3)

    yield "FedMedian", current.FedMedian(), None
    yield "FedTrimmedAvg", current.FedTrimmedAvg(beta=0.2), None
    yield "Krum", current.Krum(), None
    yield "MultiKrum", multikrum, None
    yield "Bulyan", current.Bulyan(), None
    yield "legacy FedMedian", legacy.FedMedian(), None
    yield "legacy FedTrimmedAvg", legacy.FedTrimmedAvg(beta=0.2), None
    yield "legacy Krum", legacy.Krum(), None
    yield "legacy Bulyan", legacy.Bulyan(to_keep=0), None


def byzfl() -> Iterator[Subject]:
    """Yield byzfl's aggregators, and its pre-aggregators before a plain rule."""
    _without_init("byzfl")
    rules = importlib.import_module("byzfl.aggregators.aggregators")
    before = importlib.import_module("byzfl.aggregators.preaggregators")

    def krum_like(n: int) -> int:
        return (n - 3) // 2

    def with_mean(pre: Callable[..., Any]) -> Callable[[int], Any]:
        def make(f: int) -> Callable[[Any], Any]:
            made = pre(f=f)
            return lambda updates: rules.Average()(made(updates))

        return make

    def bucketing(f: int) -> Callable[[Any], Any]:  # noqa: ARG001 - it takes none
        made = before.Bucketing()
        return lambda updates: rules.Median()(made(updates))

    def pivot(f: int) -> Any:  # noqa: ANN401 - byzfl's rule
        return rules.MoNNA(f=f, idx=0)

    def plain(name: str) -> Callable[[int], Any]:
        return lambda f: getattr(rules, name)(f=f)

    mean = Tags(translation=True, scale=True, unanimity=True, mean_without_byzantine=True)
    for name in ("TrMean", "CAF", "SMEA", "MultiKrum"):
        yield name, plain(name), mean
    yield "MDA", plain("MDA"), replace(mean, ties=True)
    yield (
        "Krum",
        plain("Krum"),
        Tags(translation=True, scale=True, unanimity=True, max_byzantine=krum_like),
    )
    yield "Meamed", plain("Meamed"), mean
    yield "Median", lambda f: rules.Median(), EXACT  # noqa: ARG005
    yield "GeometricMedian", lambda f: rules.GeometricMedian(), EXACT  # noqa: ARG005
    yield "CenteredClipping", lambda f: rules.CenteredClipping(), EXACT  # noqa: ARG005
    yield "MoNNA", pivot, Tags(bounded=False, translation=True, scale=True)
    loose = Tags(translation=True, scale=True, bounded=False)
    yield "NNM", with_mean(before.NNM), loose
    yield "ARC", with_mean(before.ARC), loose
    yield "Bucketing", bucketing, loose


def _without_init(package: str) -> None:
    """Let the modules of a package be imported without what its ``__init__`` imports."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        sys.exit(f"{package} is not installed here: pip install --no-deps {package}")
    bare = ModuleType(package)
    bare.__path__ = list(spec.submodule_search_locations)
    sys.modules[package] = bare


def listed(library: str) -> dict[str, Subject]:
    """Return what is tested of a library, by name."""
    made = flower() if library == "flower" else byzfl()
    return {one[0]: one for one in made}


def one_rule(arguments: argparse.Namespace) -> None:
    """Print a line of JSON for each check of one rule, when it is done.

    The operating system ends this process when a check has used the limit.
    """
    _, obj, tags = listed(arguments.library)[arguments.rule]
    signal.setitimer(signal.ITIMER_PROF, arguments.limit)
    subject = subject_of(obj, tags)
    for check in ALL:
        if check.name in arguments.checks:
            signal.setitimer(signal.ITIMER_PROF, arguments.limit)
            result = run_check(check, subject, PROFILES[arguments.profile])
            text = result.text() if result.status == "failed" else ""
            print(json.dumps([check.name, result.status, text]), flush=True)


def watched(arguments: argparse.Namespace, name: str) -> Iterator[tuple[str, str, str]]:
    """Yield check, verdict and text for one rule; what takes too long has no verdict.

    A rule that hangs is started anew for the checks that are left.
    """
    left = [check.name for check in ALL]
    while left:
        command = [sys.executable, "-m", "scripts.kit_findings", arguments.library, "--rule", name]
        command += ["--profile", arguments.profile, "--limit", str(arguments.limit)]
        command += ["--checks", *left]
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
            for line in child.stdout or ():
                check, verdict, text = json.loads(line)
                left.remove(check)
                yield check, verdict, text
        if child.returncode == -signal.SIGPROF:
            yield left.pop(0), f"no answer in {arguments.limit:g} s", ""
        elif left:
            sys.exit(f"{name}: its process ended at the check {left[0]}")


def tables(library: str, found: Findings) -> str:
    """Return the failures that were known, with what the kit says, and those that were not."""
    rows = ["| known failure | who | the kit's verdict |", "|---|---|---|"]
    known = set()
    for tried, checks, names in LISTED[library]:
        for name in names:
            verdicts = found.get(name, {})
            hits = [f"`{check}` {verdicts[check]}" for check in checks if check in verdicts]
            rows.append(f"| {tried} | {name} | {', '.join(hits) or 'not found'} |")
            known |= {(name, check) for check in checks}
    rows += ["", "| found besides | who |", "|---|---|"]
    for check in ALL:
        names = [
            name for name in found if check.name in found[name] and (name, check.name) not in known
        ]
        if names:
            rows.append(f"| `{check.name}` | {', '.join(names)} |")
    return "\n".join(rows)


def main() -> None:
    """Print the checks that fail, one rule a line; then what of it was known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=("flower", "byzfl"))
    parser.add_argument("--profile", choices=("fast", "thorough"), default="fast")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", nargs="*", default=None, help="names of strategies or rules")
    parser.add_argument("--limit", type=float, default=60.0, help="CPU seconds for each check")
    parser.add_argument("--rule", default="", help=argparse.SUPPRESS)
    parser.add_argument("--checks", nargs="*", default=[], help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.rule:
        one_rule(arguments)
        return
    found: Findings = {}
    for name in arguments.only or listed(arguments.library):
        verdicts = found[name] = {}
        texts = []
        for check, verdict, text in watched(arguments, name):
            if verdict not in {"passed", "skipped"}:
                verdicts[check] = verdict
                texts.append(text)
        said = [
            check if verdict == "failed" else f"{check} ({verdict})"
            for check, verdict in verdicts.items()
        ]
        print(f"{name:22} {', '.join(said) or 'keeps every rule'}", flush=True)
        if arguments.show:
            print("\n\n".join(texts))
    print("\n" + tables(arguments.library, found))


if __name__ == "__main__":
    main()
