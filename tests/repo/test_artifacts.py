"""The check of wheel and sdist finds what does not belong there; building them is its own job."""

from __future__ import annotations

import pytest

from scripts.release.check_artifacts import DATA, SDIST, sdist_faults, wheel_faults

MODULES = ["strategies/__init__.py", "bcfl_plugins/__init__.py", "pallet_bridge/__init__.py"]
WHEEL = [*MODULES, *DATA, "bcfl_plugins-1.0.dist-info/METADATA"]
NEEDED = ["pallet_bridge/pallet-bcfl/Cargo.lock", "pallet_bridge/vectors/leaf.tsv"]
SOURCES = [*(name if "." in name else f"{name}/file" for name in SDIST), *NEEDED]


def test_what_belongs_there_is_let_through() -> None:
    assert wheel_faults(WHEEL, MODULES) == []
    assert sdist_faults(SOURCES) == []


@pytest.mark.parametrize(
    "name",
    [
        "pallet_bridge/vectors/leaf.tsv",
        "pallet_bridge/pallet-bcfl/pallet/src/lib.rs",
        "tests/conftest.py",
        "benchmarks/speed.py",
        "bcfl_plugins/notes.md",
    ],
)
def test_a_wheel_with_more_is_refused(name: str) -> None:
    assert wheel_faults([*WHEEL, name], MODULES) == [f"not wanted in the wheel: {name}"]


def test_a_test_is_refused_though_it_lies_in_a_package() -> None:
    name = "strategies/test_screen.py"
    faults = wheel_faults([*WHEEL, name], [*MODULES, name])
    assert faults == [f"not wanted in the wheel: {name}"]


@pytest.mark.parametrize("name", sorted({*MODULES, *DATA}))
def test_a_wheel_with_less_is_refused(name: str) -> None:
    files = [held for held in WHEEL if held != name]
    assert wheel_faults(files, MODULES) == [f"missing in the wheel: {name}"]


@pytest.mark.parametrize(
    ("name", "shown"),
    [
        ("benchmarks/speed.py", "benchmarks"),
        (".ci/run", ".ci"),
        ("requirements/dev.txt", "requirements"),
        (".github/dependabot.yml", ".github"),
        ("pallet_bridge/pallet-bcfl/target/x.rlib", "pallet_bridge/pallet-bcfl/target/x.rlib"),
    ],
)
def test_an_sdist_with_more_is_refused(name: str, shown: str) -> None:
    assert sdist_faults([*SOURCES, name]) == [f"not wanted in the sdist: {shown}"]


@pytest.mark.parametrize("name", NEEDED)
def test_an_sdist_with_less_is_refused(name: str) -> None:
    files = [held for held in SOURCES if held != name]
    assert sdist_faults(files) == [f"missing in the sdist: {name}"]
