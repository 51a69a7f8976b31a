"""The unit tests mirror the tree: who changes a module finds its tests in one guess."""

from __future__ import annotations

from pathlib import Path, PurePosixPath

import pytest

ROOT = Path(__file__).resolve().parents[2]
UNIT = ROOT / "tests" / "unit"
PROPERTIES = {
    "bcfl_plugins/attacks/test_every_attack.py",
    "bcfl_plugins/defenses/every_rule",
    "bcfl_plugins/defenses/inspection/test_every_inspection.py",
    "bcfl_plugins/plugins/test_every_plugin.py",
    "bcfl_plugins/replay/test_every_lie.py",
    "pallet_bridge/client/test_every_lie.py",
    "strategies/client/test_every_attack.py",
    "strategies/test_every_process_setting.py",
}
"""Files and folders that ask something of every member of the folder that they stand in."""


def of_modules() -> list[PurePosixPath]:
    return sorted(
        PurePosixPath(path.relative_to(UNIT).as_posix()) for path in UNIT.rglob("test_*.py")
    )


def asked(test: PurePosixPath) -> list[PurePosixPath]:
    """Return what a test may ask: a module, or the folder of a package."""
    name = test.stem.removeprefix("test_")
    return [test.parent / f"{name}.py", test.parent / name]


def is_property(test: PurePosixPath) -> bool:
    return any(str(place) in PROPERTIES for place in (test, *test.parents))


def test_each_test_stands_where_its_module_stands() -> None:
    astray = [
        str(test)
        for test in of_modules()
        if not is_property(test) and not any((ROOT / place).exists() for place in asked(test))
    ]
    assert astray == [], "name it after a module of the same folder, or after a folder in it"


@pytest.mark.parametrize("place", sorted(PROPERTIES))
def test_a_suite_of_a_property_is_there_and_says_of_whom(place: str) -> None:
    suite = PurePosixPath(place)
    assert (UNIT / place).exists()
    assert suite.stem.removeprefix("test_").startswith("every_")
    assert (ROOT / suite.parent).is_dir()


def test_helpers_stand_beside_tests() -> None:
    lonely = [
        str(path.relative_to(UNIT))
        for path in UNIT.rglob("*.py")
        if not path.name.startswith("test_") and not any(path.parent.rglob("test_*.py"))
    ]
    assert lonely == []


def test_what_is_asked_is_a_module_or_a_folder() -> None:
    found = asked(PurePosixPath("pallet_bridge/client/test_rpc.py"))
    assert [str(place) for place in found] == [
        "pallet_bridge/client/rpc.py",
        "pallet_bridge/client/rpc",
    ]
    assert not is_property(PurePosixPath("bcfl_plugins/defenses/rules/test_krum.py"))
    assert is_property(PurePosixPath("bcfl_plugins/defenses/every_rule/test_needs.py"))
