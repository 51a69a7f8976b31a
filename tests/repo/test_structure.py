"""The tree keeps the bounds that ARCHITECTURE.md states; `scripts.structure` counts."""

from __future__ import annotations

from statistics import median

from scripts import structure


def test_no_folder_holds_too_many_files() -> None:
    assert structure.full_folders(structure.tracked()) == {}


def test_modules_are_short() -> None:
    lines = structure.lines_of(structure.modules(structure.tracked()))
    assert median(lines.values()) <= structure.LINES_MEDIAN
    assert {name: count for name, count in lines.items() if count > structure.LINES_MAX} == {}


def test_no_chain_of_imports_is_long() -> None:
    chain = structure.longest_chain(structure.imports(with_types=False))
    assert len(chain) <= structure.CHAIN, chain


def test_nothing_imports_in_a_circle_types_included() -> None:
    assert structure.circles(structure.imports(with_types=True)) == []


def test_no_class_name_means_two_things() -> None:
    assert structure.named_twice(structure.modules(structure.tracked())) == {}


def test_a_circle_and_a_chain_are_seen() -> None:
    graph = {
        "a": frozenset({"a.b.x"}),
        "a.b": frozenset[str](),
        "a.b.x": frozenset({"a.c"}),
        "a.b.y": frozenset[str](),
        "a.c": frozenset({"a.b.y"}),
    }
    assert structure.circles(graph) == [("a.b", "a.c")]
    assert structure.longest_chain(graph) == ("a", "a.b.x", "a.c", "a.b.y")
