"""The kit loads its tools when it is used, and says what to install when they are not there."""

from __future__ import annotations

import pkgutil
import subprocess
import sys
from typing import Any

import pytest

import bcfl_plugins
import bcfl_plugins.testing


def run(program: str) -> str:
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    return done.stdout.strip()


@pytest.mark.parametrize(
    "module", ["bcfl_plugins.testing", "bcfl_plugins.testing.pytest_plugin", "bcfl_plugins.cli"]
)
def test_importing_loads_no_hypothesis(module: str) -> None:
    heavy = "hypothesis flwr torch wasmtime substrateinterface"
    loaded = f"[m for m in {heavy.split()!r} if m in sys.modules]"
    assert run(f"import sys, {module}; print({loaded})") == "[]"


@pytest.mark.parametrize(
    ("program", "heavy", "loaded"),
    [
        ("import bcfl_plugins", {"numpy", "pluggy"}, ["bcfl_plugins"]),
        (
            "from bcfl_plugins import hookimpl",
            {"numpy"},
            ["bcfl_plugins", "bcfl_plugins.hooks", "bcfl_plugins.hooks.markers"],
        ),
        (
            "import bcfl_plugins.testing.pytest_plugin",
            {"numpy"},  # pytest itself loads pluggy
            ["bcfl_plugins", "bcfl_plugins.testing", "bcfl_plugins.testing.pytest_plugin"],
        ),
    ],
)
def test_what_every_pytest_run_loads_is_little(
    program: str, heavy: set[str], loaded: list[str]
) -> None:
    packages = {"bcfl_plugins", "pallet_bridge", "strategies"} | heavy
    told = f"sorted(m for m in sys.modules if m.split('.')[0] in {packages})"
    assert run(f"import sys; {program}; print({told})") == str(loaded)


@pytest.mark.parametrize("package", [bcfl_plugins, bcfl_plugins.testing], ids=lambda p: p.__name__)
def test_no_name_that_is_loaded_on_use_is_a_module_too(package: Any) -> None:
    """A module that was imported would take the name's place."""
    modules = {found.name for found in pkgutil.iter_modules(package.__path__)}
    assert modules & set(package.__all__) == set()
    assert dir(package) == package.__all__


@pytest.mark.parametrize(
    ("missing", "use"),
    [
        ("hypothesis", "check_defense"),
        ("hypothesis", "rounds"),
        ("pytest", "DefenseTests"),
        ("pytest", "parametrize_with_checks"),
    ],
)
@pytest.mark.slow
def test_a_missing_extra_is_named_with_its_cure(missing: str, use: str) -> None:
    said = run(
        f"import sys; sys.modules[{missing!r}] = None\n"
        "import bcfl_plugins.testing as kit\n"
        "try:\n"
        f"    kit.{use}\n"
        "except kit.MissingExtra as error:\n"
        "    print(error)"
    )
    assert said == (
        f"bcfl_plugins.testing needs {missing}, which is not installed. "
        'Run: pip install "bcfl-plugins[testing]"'
    )


def test_cases_and_tags_need_no_extra() -> None:
    program = "import sys; sys.modules['hypothesis'] = None\nfrom bcfl_plugins.testing import "
    assert run(program + "Case, Tags, CheckResult; print(Case([[1]]))") == "Case([[1]])"


def test_all_is_sorted_and_there() -> None:
    names = bcfl_plugins.testing.__all__
    assert list(names) == sorted(names)
    assert [name for name in names if not hasattr(bcfl_plugins.testing, name)] == []
    assert dir(bcfl_plugins.testing) == names
