"""Run the testing kit on Flower's own strategies and, where it is installed, on byzfl.

``python -m scripts.kit_findings flower`` or ``... byzfl``; ``--show`` prints each counterexample.
byzfl belongs into an environment of its own: its package pulls another torch. Its plots and data
sets are not needed here and are not imported.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.util
import sys
from collections import defaultdict
from types import ModuleType
from typing import TYPE_CHECKING, Any

from bcfl_plugins.testing import Tags, check_defense

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    Subject = tuple[str, Any, Tags | None]

EXACT = Tags(translation=True, scale=True, unanimity=True)
NOTES = {
    "order": "permutation",
    "translation": "translation",
    "cancellation": "translation by a model, float32",
    "scale": "scale 1e-3 / 1e3",
    "non_finite": "NaN, Inf rows <= f",
    "bounded": "bounded at 1e6 .. 1e20",
    "breakdown": "bounded at 1e12, 1e30",
    "deterministic": "determinism",
    "no_mutation": "no mutation",
    "unanimity": "unanimity",
    "mean_without_byzantine": "f = 0 -> mean",
    "refuses": "n = 2f refused",
    "form": "dtype kept",
}
"""The same rules in the words of the survey that the kit was built from."""


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
    """Yield byzfl's aggregators, and its pre-aggregators before its mean."""
    _without_init("byzfl")
    rules = importlib.import_module("byzfl.aggregators.aggregators")
    before = importlib.import_module("byzfl.aggregators.preaggregators")

    def krum_like(n: int) -> int:
        return (n - 3) // 2

    def with_mean(pre: Callable[..., Any], *, takes_f: bool) -> Callable[[int], Any]:
        def make(f: int) -> Callable[[Any], Any]:
            made = pre(f=f) if takes_f else pre()
            return lambda updates: rules.Average()(made(updates))

        return make

    def pivot(f: int) -> Any:  # noqa: ANN401 - byzfl's rule
        return rules.MoNNA(f=f, idx=0)

    def plain(name: str) -> Callable[[int], Any]:
        return lambda f: getattr(rules, name)(f=f)

    mean = Tags(translation=True, scale=True, unanimity=True, mean_without_byzantine=True)
    for name in ("TrMean", "MDA", "CAF", "SMEA", "MultiKrum"):
        yield name, plain(name), mean
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
    yield "NNM", with_mean(before.NNM, takes_f=True), loose
    yield "ARC", with_mean(before.ARC, takes_f=True), loose
    yield "Bucketing", with_mean(before.Bucketing, takes_f=False), loose


def _without_init(package: str) -> None:
    """Let the modules of a package be imported without what its ``__init__`` imports."""
    spec = importlib.util.find_spec(package)
    if spec is None or spec.submodule_search_locations is None:
        sys.exit(f"{package} is not installed here: pip install --no-deps {package}")
    bare = ModuleType(package)
    bare.__path__ = list(spec.submodule_search_locations)
    sys.modules[package] = bare


def main() -> None:
    """Print the rows that fail, then who fails each rule."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("library", choices=("flower", "byzfl"))
    parser.add_argument("--profile", choices=("fast", "thorough"), default="fast")
    parser.add_argument("--show", action="store_true")
    parser.add_argument("--only", nargs="*", default=None, help="names of strategies or rules")
    arguments = parser.parse_args()
    listed = flower() if arguments.library == "flower" else byzfl()
    by_check: dict[str, list[str]] = defaultdict(list)
    for name, obj, tags in listed:
        if arguments.only is not None and name not in arguments.only:
            continue
        results = check_defense(obj, tags, profile=arguments.profile)
        broken = [result for result in results if result.status == "failed"]
        print(f"{name:22} {', '.join(result.name for result in broken) or 'keeps every rule'}")
        sys.stdout.flush()
        for result in broken:
            by_check[result.name].append(name)
            if arguments.show:
                print(result.text() + "\n")
    print(f"\n| rule | in the survey's words | {arguments.library} fails |\n|---|---|---|")
    for check, names in by_check.items():
        print(f"| {check} | {NOTES.get(check, '')} | {', '.join(names)} |")


if __name__ == "__main__":
    main()
