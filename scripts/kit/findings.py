"""Run the testing kit on Flower's own strategies and, where it is installed, on byzfl.

``python -m scripts.kit.findings flower`` or ``... byzfl``; ``--show`` prints each counterexample.
byzfl belongs into an environment of its own: its package pulls another torch. Its plots and data
sets are not needed here and are not imported.

Some rules never return: a check that takes longer than ``--limit`` fails, and is marked by a star.
A dagger marks a check that failed because the rule raised: there was no result to look at.
What is found is compared with `LISTED`, the failures that a battery of random trials found before
the kit existed.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from dataclasses import replace
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bcfl_plugins.testing import Tags, check_defense
from bcfl_plugins.testing.checks import ALL_CHECKS
from bcfl_plugins.testing.subjects.sources import SourceCode
from bcfl_plugins.testing.subjects.tags import PROFILES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from bcfl_plugins.testing import CheckResult

    Subject = tuple[str, Any, Tags | None]
    Findings = dict[str, dict[str, CheckResult]]

TENSORS = " (tensors)"
"""byzfl keeps the dtype of numpy arrays: only with torch is it another."""

BYZFL = (
    *("TrMean", "CAF", "SMEA", "MultiKrum", "MDA", "Krum", "Meamed", "Median"),
    *("GeometricMedian", "CenteredClipping", "MoNNA", "NNM", "ARC", "Bucketing"),
)
"""What is tried of byzfl."""

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
        ("f = 0 gives the mean", ("mean_without_byzantine", "answers"), ("CAF",)),
        ("n = 2f refused", ("refuses",), ("Median", "GeometricMedian", "CenteredClipping")),
        (
            "float64 kept, of tensors",
            ("form",),
            tuple(f"{name}{TENSORS}" for name in BYZFL),
        ),
    ),
}
"""Failures that were known: what was tried, the kit's checks for it, who failed."""


UNASKED = {"MoNNA": {"non_finite"}}
"""Checks that would ask too much: MoNNA trusts a pivot, and no call says which update it is."""


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
    """Yield byzfl's rules on numpy arrays, and then on tensors."""
    torch = importlib.import_module("torch")

    def on_tensors(make: Callable[[int], Any]) -> Callable[[int], Any]:
        return lambda f: lambda updates: make(f)(torch.tensor(updates))

    found = tuple(byzfl_rules())
    yield from found
    for name, make, tags in found:
        yield f"{name}{TENSORS}", on_tensors(make), tags


def byzfl_rules() -> Iterator[Subject]:
    """Yield byzfl's aggregators, and its pre-aggregators before a plain rule."""
    _without_init("byzfl")
    rules = importlib.import_module("byzfl.aggregators.aggregators")
    before = importlib.import_module("byzfl.aggregators.preaggregators")

    def with_mean(pre: Callable[..., Any]) -> Callable[[int], Any]:
        def make(f: int) -> Callable[[Any], Any]:
            made = pre(f=f)
            return lambda updates: rules.Average()(made(updates))

        return make

    def bucketing(f: int) -> Callable[[Any], Any]:  # noqa: ARG001 - it takes none
        made = before.Bucketing(s=2)
        return lambda updates: rules.Median()(made(updates))

    def pivot(f: int) -> Any:  # noqa: ANN401 - byzfl's rule
        return rules.MoNNA(f=f, idx=0)

    def plain(name: str) -> Callable[[int], Any]:
        return lambda f: getattr(rules, name)(f=f)

    mean = Tags(translation=True, scale=True, unanimity=True, mean_without_byzantine=True)
    for name in ("TrMean", "CAF", "SMEA", "MultiKrum"):
        yield name, plain(name), mean
    yield "MDA", plain("MDA"), replace(mean, ties=True)
    # It scores by n - f neighbours: Allouah et al. (AISTATS 2023) prove that for any minority.
    yield "Krum", plain("Krum"), replace(EXACT, kappa=lambda n, f: 6 * (1 + f / (n - 2 * f)))
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


def source(library: str, name: str) -> SourceCode | None:
    """Return how a test makes a rule of byzfl; the kit knows by itself for Flower's."""
    if library == "flower":
        return None
    if name not in {"TrMean", "CAF", "SMEA", "MultiKrum", "MDA", "Krum", "Meamed"}:
        return SourceCode(name, "", "...")
    return SourceCode(name, f"from byzfl import {name}", f"lambda f: {name}(f=f)")


def failures(library: str, one: Subject, seconds: float, profile: str) -> dict[str, CheckResult]:
    """Return the checks that a rule fails."""
    name, obj, tags = one
    effort = replace(PROFILES[profile], seconds=seconds)
    asked = [check.name for check in ALL_CHECKS if check.name not in UNASKED.get(name, ())]
    checks = ["form"] if name.endswith(TENSORS) else asked
    results = check_defense(obj, tags, profile=effort, checks=checks, source=source(library, name))
    return {result.name: result for result in results if result.status == "failed"}


def hangs(result: CheckResult) -> bool:
    """Say whether a check failed because the rule does not return."""
    example = result.counterexample
    problem = result.problem if example is None else example.problem
    return "took longer" in problem or "takes too long" in problem


def raises(result: CheckResult) -> bool:
    """Say whether a check failed because the rule raised."""
    return result.counterexample is not None and result.counterexample.problem == "It raises."


def marked(name: str, result: CheckResult) -> str:
    """Return a name with what there is to say of how it failed."""
    return f"{name}{'*' * hangs(result)}{'†' * raises(result)}"


def who(check: str, names: Iterable[str], found: Findings) -> str:
    """Return who fails a check, marked."""
    failing = {name: found[name][check] for name in names if check in found.get(name, {})}
    shown = (marked(name, result) for name, result in failing.items())
    return f"`{check}`: {', '.join(shown).replace(TENSORS, '')}" if failing else ""


def tables(library: str, found: Findings) -> str:
    """Return the failures that were known, with what the kit says, and those that were not."""
    rows = ["| known failure | found by the kit | not found |", "| -- | -- | -- |"]
    known = set()
    for tried, checks, names in LISTED[library]:
        told = [who(check, names, found) for check in checks]
        missed = [name for name in names if not set(checks) & set(found.get(name, {}))]
        shown = "; ".join(filter(None, told)).replace("*", r"\*")
        rows.append(f"| {tried} | {shown} | {', '.join(missed)} |")
        known |= {(name, check) for name in names for check in checks}
    rows += ["", "Found besides:", ""]
    for check in ALL_CHECKS:
        others = [name for name in found if (name, check.name) not in known]
        rows += [f"* {line}" for line in [who(check.name, others, found)] if line]
    return "\n".join(rows)


def main() -> None:
    """Print the checks that fail, one rule a line; then what of it was known."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=("flower", "byzfl"))
    parser.add_argument("--profile", choices=("fast", "thorough"), default="fast")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", nargs="*", default=None, help="names of strategies or rules")
    parser.add_argument("--limit", type=float, default=30.0, help="seconds for each check")
    arguments = parser.parse_args()
    found: Findings = {}
    for one in flower() if arguments.library == "flower" else byzfl():
        name = one[0]
        if arguments.only is not None and name not in arguments.only:
            continue
        found[name] = failures(arguments.library, one, arguments.limit, arguments.profile)
        broken = ", ".join(marked(check, result) for check, result in found[name].items())
        print(f"{name:22} {broken or 'keeps every rule'}", flush=True)
        if arguments.show:
            print("\n\n".join(result.text() for result in found[name].values()), flush=True)
    print("\n" + tables(arguments.library, found))


if __name__ == "__main__":
    main()
