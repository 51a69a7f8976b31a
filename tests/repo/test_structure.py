"""The tree keeps the bounds that ARCHITECTURE.md states; `scripts.structure` counts."""

from __future__ import annotations

from statistics import median

import pytest

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


@pytest.fixture(scope="module")
def sources() -> dict[str, str]:
    return structure.public_sources(structure.modules(structure.tracked()))


def test_no_name_of_a_type_means_two_things(sources: dict[str, str]) -> None:
    assert structure.named_twice(sources) == {}


def test_no_exported_name_means_two_things(sources: dict[str, str]) -> None:
    assert structure.exported_twice(sources) == {}


def test_a_class_and_an_alias_of_one_name_are_seen() -> None:
    sources = {
        "a": "class Round: ...\nRow = list[int]\nMOST = 3\nclass _Own: ...\n",
        "b": "Round = int\nRow = list[int]\nMOST = 4\nclass _Own: ...\n",
        "c": "Wait: TypeAlias = 'float'\n",
        "d": "Wait: TypeAlias = 'int'\n",
    }
    assert structure.named_twice(sources) == {"Round": ["a", "b"], "Wait": ["c", "d"]}


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
