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


def test_no_exported_name_means_two_things() -> None:
    sources = structure.public_sources(structure.modules(structure.tracked()))
    assert structure.exported_twice(sources) == {}


def test_an_exported_name_is_followed_to_where_it_is_made() -> None:
    sources = {
        "a": "from a.one import f, g\nfrom a import two\n__all__ = ['f', 'g', 'two']\n",
        "a.one": "from b import h as g\n\ndef f(): ...\n__all__ = ['f', 'g']\n",
        "a.two": "def f(): ...\n__all__ = ['f']\n",
        "b": "def h(): ...\n__all__ = ['h']\n",
        "c": "two = 2\n__all__ = ['two']\n",
    }
    assert structure.exported_twice(sources) == {
        "f": ["a.one.f", "a.two.f"],
        "two": ["a.two", "c.two"],
    }


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
