"""Count what ARCHITECTURE.md promises of the tree, and print it.

Run ``python -m scripts.structure``; it exits 1 when a bound is broken. ``tests/repo`` holds the
same bounds.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter, defaultdict
from functools import cache
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import grimp

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parent.parent
PACKAGES: Final = ("strategies", "bcfl_plugins", "pallet_bridge")
CODE: Final = frozenset({".py", ".rs", ".sh", ".mjs"})
ONE_A_CALL: Final = "pallet_bridge/pallet-bcfl/pallet/src/tests/calls"
"""The one folder that may be long: it holds a file for each call of the pallet."""

FILES_A_FOLDER, LINES_MEDIAN, LINES_MAX, CHAIN = 15, 150, 400, 14


def tracked() -> list[Path]:
    """List the code files that git knows or would add, relative to the root."""
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    paths = (Path(line) for line in listing.stdout.splitlines())
    return sorted(path for path in paths if path.suffix in CODE and (ROOT / path).is_file())


def lines_of(paths: Iterable[Path]) -> dict[str, int]:
    """Return how many lines each file has, by its path."""
    return {path.as_posix(): len((ROOT / path).read_text().splitlines()) for path in paths}


def full_folders(paths: Iterable[Path]) -> dict[str, int]:
    """Return the folders with more than `FILES_A_FOLDER` code files, and their counts."""
    counts = Counter(path.parent.as_posix() for path in paths)
    return {
        folder: count
        for folder, count in counts.items()
        if count > FILES_A_FOLDER and folder != ONE_A_CALL
    }


def modules(paths: Iterable[Path]) -> list[Path]:
    """Keep the files of the three packages."""
    return [path for path in paths if path.suffix == ".py" and path.parts[0] in PACKAGES]


# --- imports ----------------------------------------------------------------------------------


def imports(*, with_types: bool) -> dict[str, frozenset[str]]:
    """Map each module of the packages to the modules that it imports, late imports included.

    Parameters
    ----------
    with_types
        Whether imports under ``if TYPE_CHECKING`` count.
    """
    graph = grimp.build_graph(
        *PACKAGES, exclude_type_checking_imports=not with_types, cache_dir=None
    )
    return {
        name: frozenset(graph.find_modules_directly_imported_by(name)) & graph.modules
        for name in graph.modules
    }


def longest_chain(graph: Mapping[str, frozenset[str]]) -> tuple[str, ...]:
    """Return the longest path of imports in a graph without circles, importer first."""

    @cache
    def chain(module: str) -> tuple[str, ...]:
        below = max((chain(name) for name in sorted(graph[module])), key=len, default=())
        return (module, *below)

    return max((chain(module) for module in sorted(graph)), key=len, default=())


def circles(graph: Mapping[str, frozenset[str]]) -> list[tuple[str, ...]]:
    """Return the groups of siblings, modules or packages, that import each other in a circle.

    Two siblings are in a circle when each reaches the other by imports between the children of
    their parent.
    """
    found: list[tuple[str, ...]] = []
    for parent, edges in sorted(_between_siblings(graph).items()):
        reached = {name: _reached(name, edges) for name in edges}
        groups = {
            tuple(sorted(other for other in edges if other in near and name in reached[other]))
            for name, near in reached.items()
            if name in near
        }
        found.extend(tuple(f"{parent}.{name}" for name in group) for group in sorted(groups))
    return found


def _between_siblings(
    graph: Mapping[str, frozenset[str]],
) -> dict[str, dict[str, set[str]]]:
    edges: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for importer, imported in graph.items():
        for other in imported:
            parent, one, two = _parting(importer.split("."), other.split("."))
            if one and two:
                edges[parent][one].add(two)
                edges[parent].setdefault(two, set())
    return edges


def _parting(one: Sequence[str], two: Sequence[str]) -> tuple[str, str, str]:
    """Return the common ancestor of two modules and the children of it that they stand in."""
    shared = 0
    while shared < min(len(one), len(two)) and one[shared] == two[shared]:
        shared += 1
    inner = shared < min(len(one), len(two)) and shared > 0
    return ".".join(one[:shared]), one[shared] if inner else "", two[shared] if inner else ""


def _reached(start: str, edges: Mapping[str, set[str]]) -> set[str]:
    seen: set[str] = set()
    waiting = [start]
    while waiting:
        for name in edges[waiting.pop()] - seen:
            seen.add(name)
            waiting.append(name)
    return seen


# --- names ------------------------------------------------------------------------------------


FLOWERS_NAMES: Final = "strategies.presets"
"""Its classes keep Flower's names: `strategies.Krum` is Flower's, wrapped, and not our rule."""


def _public(path: Path) -> bool:
    return not any(part.startswith("_") and part != "__init__.py" for part in path.parts)


def public_types(module: str) -> dict[str, str]:
    """Return each public class and alias of a type in a module's text, and what it stands for.

    Two aliases with one definition stand for one thing; a class stands for nothing but itself.
    """
    found: dict[str, str] = {}
    for node in ast.parse(module).body:
        if isinstance(node, ast.ClassDef):
            found[node.name] = ""
        elif isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name):
            found[node.targets[0].id] = ast.unparse(node.value)
        elif isinstance(node, ast.AnnAssign) and ast.unparse(node.annotation) == "TypeAlias":
            found[ast.unparse(node.target)] = ast.unparse(node.value or node.target)
    camel = re.compile(r"[A-Z]\w*[a-z]\w*")
    return {name: thing for name, thing in found.items() if camel.fullmatch(name)}


def named_twice(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names of types that stand for more than one thing, and in which modules.

    The module with Flower's names does not count.

    Parameters
    ----------
    sources
        The text of each public module, by the module's name.
    """
    places: dict[str, dict[str, str]] = defaultdict(dict)
    for module, text in sources.items():
        for name, thing in public_types(text).items():
            if module != FLOWERS_NAMES:
                places[name].setdefault(thing or module, module)
    return {name: [*where.values()] for name, where in sorted(places.items()) if len(where) > 1}


def exported_twice(sources: Mapping[str, str]) -> dict[str, list[str]]:
    """Return the names in ``__all__`` that stand for more than one thing, and what for.

    A name that one package takes from another and passes on is one thing. The module with Flower's
    names does not count.

    Parameters
    ----------
    sources
        The text of each public module, by the module's name.
    """
    trees = {name: ast.parse(text) for name, text in sources.items()}
    taken = {name: _taken(tree) for name, tree in trees.items()}
    things: dict[str, set[str]] = defaultdict(set)
    for module, tree in trees.items():
        for name in _exported(tree):
            home, own = _home(module, name, taken)
            if home != FLOWERS_NAMES:
                things[name].add(f"{home}.{own}" if own else home)
    return {name: sorted(homes) for name, homes in sorted(things.items()) if len(homes) > 1}


def public_sources(paths: Iterable[Path]) -> dict[str, str]:
    """Return the text of each public module, by its name."""
    return {_module(path): (ROOT / path).read_text() for path in paths if _public(path)}


def _module(path: Path) -> str:
    return ".".join(path.with_suffix("").parts).removesuffix(".__init__")


def _taken(tree: ast.Module) -> dict[str, tuple[str, str]]:
    """Return what each name is that a module imports: another module, and the name there."""
    return {
        alias.asname or alias.name: (node.module or "", alias.name)
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


def _exported(tree: ast.Module) -> tuple[str, ...]:
    for node in tree.body:
        if isinstance(node, ast.Assign) and ast.unparse(node.targets[0]) == "__all__":
            return tuple(ast.literal_eval(node.value))
    return ()


def _home(
    module: str, name: str, taken: Mapping[str, Mapping[str, tuple[str, str]]]
) -> tuple[str, str]:
    """Follow a name to the module that makes it; a module itself has no name there."""
    while name in taken.get(module, {}):
        module, name = taken[module][name]
        if f"{module}.{name}" in taken:
            return f"{module}.{name}", ""
    return module, name


# --- the page ---------------------------------------------------------------------------------


def main() -> int:
    """Print every count beside its bound; 1 when one is broken."""
    paths = tracked()
    ours = modules(paths)
    lines = lines_of(ours)
    chain = longest_chain(imports(with_types=False))
    over = {name: count for name, count in lines_of(paths).items() if count > LINES_MAX}
    rows = [
        ("modules of the three packages", len(ours), None),
        ("lines of a module, median", median(lines.values()), LINES_MEDIAN),
        ("lines of a module, most", max(lines.values()), LINES_MAX),
        ("folders with too many code files", len(full_folders(paths)), 0),
        ("longest chain of imports at run time", len(chain), CHAIN),
        ("circles of siblings, type imports included", len(circles(imports(with_types=True))), 0),
        ("names of types that mean two things", len(named_twice(public_sources(ours))), 0),
        ("exported names that mean two things", len(exported_twice(public_sources(ours))), 0),
    ]
    for what, count, bound in rows:
        print(f"{what:45} {count:g}" + ("" if bound is None else f"  (at most {bound})"))
    print("longest chain:", *chain, sep="\n  ")
    print("files over the bound, each with its reason in ARCHITECTURE.md:", *over, sep="\n  ")
    return int(any(bound is not None and count > bound for _, count, bound in rows))


if __name__ == "__main__":
    sys.exit(main())
