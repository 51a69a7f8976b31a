"""Use the packages with each version of Flower that `pyproject.toml` allows: a table of them.

``python -m scripts.matrix`` asks the index which versions there are, makes an environment for each,
installs the wheel of this tree beside that Flower, imports it from an empty folder, and runs tests
of what touches Flower. It writes docs/measurements/flower-versions.md, and fails when a version
does. ``--versions 1.38.0 1.42.0`` asks for some. It needs an index, and the extra ``dev``.
"""

from __future__ import annotations

import argparse
import os
import re
import subprocess
import sys
import tempfile
import tomllib
from pathlib import Path
from typing import TYPE_CHECKING, Final, NamedTuple

from packaging.requirements import Requirement
from packaging.version import Version

from benchmarks.pages import write_page

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from packaging.specifiers import SpecifierSet

ROOT: Final = Path(__file__).resolve().parents[1]
LOCK: Final = ROOT / "requirements" / "dev.txt"
PAGE: Final = ROOT / "docs" / "measurements" / "flower-versions.md"
UV: Final = (sys.executable, "-m", "uv")
TESTS: Final = {
    "strategies": ("tests/unit/strategies/test_presets.py", "tests/unit/strategies/test_guard.py"),
    "own steps, loops, words": (
        "tests/unit/strategies/test_steps.py",
        "tests/unit/strategies/test_loop.py",
        "tests/unit/strategies/test_unprotected.py",
    ),
    "adopted apps": ("tests/apps",),
    "runs on a chain": ("tests/e2e/deployed/test_several_starts.py",),
}
"""What is run, by the column of the table that it fills."""

OURS: Final = frozenset({"hypothesis", "numpy", "pytest", "pytest-timeout", "scikit-learn"})
"""What is taken at its locked version: the rest is what each version of Flower asks for."""

IMPORTS: Final = """
import flwr, strategies
from flwr.serverapp import strategy
missing = {n for n in strategy.__all__ if not hasattr(strategies, n)} - {"Strategy", "Result"}
assert not missing, missing
print(flwr.__version__)
"""
TEXT: Final = """# Versions of Flower

`pyproject.toml` allows `flwr{allowed}`. Each version that the index offers in this range was
installed in an environment of its own, beside the wheel of this tree, and these tests were run with
it. The numbers are tests that passed. Tests of apps that need PyTorch, XGBoost or a real node are
not among them, nor are slow ones.

| flwr | wheel, all strategies | {heads} |
| -- | -- | {dashes} |
{rows}

`python -m scripts.matrix` writes this page, and fails when a test does.
"""


class Found(NamedTuple):
    """What came of one version."""

    version: str
    cells: tuple[str, ...]
    is_well: bool


def allowed() -> SpecifierSet:
    """Return which versions of Flower the project allows."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    named = map(Requirement, project["dependencies"])
    return next(one.specifier for one in named if one.name == "flwr")


def offered() -> list[str]:
    """Ask the index for the versions that are allowed, the oldest first."""
    said = _run([sys.executable, "-m", "pip", "index", "versions", "flwr"]).stdout
    told = re.search(r"Available versions: (.*)", said)
    if told is None:
        sys.exit(f"pip does not tell which versions there are:\n{said}")
    return sorted(allowed().filter(told[1].split(", ")), key=Version)


def pins(version: str) -> str:
    """Return the locked versions of what the project itself needs, and this version of Flower."""
    held = re.findall(r"^([a-z0-9_.-]+==[^\\\n]+)", LOCK.read_text(encoding="utf-8"), re.MULTILINE)
    kept = (one for one in held if one.partition("==")[0] in OURS)
    return "\n".join([*kept, f"flwr=={version}"])


def use(version: str, wheel: Path, folder: Path) -> Found:
    """Install one version beside the wheel, and run the tests."""
    python = folder / "venv" / "bin" / "python"
    _done(_run([*UV, "venv", "--quiet", "--python", sys.executable, str(folder / "venv")]))
    (folder / "pins.txt").write_text(pins(version), encoding="utf-8")
    wanted = [f"{wheel}[testing]", "scikit-learn", "pytest-timeout"]
    install = [*UV, "pip", "install", "--quiet", "--python", str(python)]
    _done(_run([*install, "--constraint", str(folder / "pins.txt"), *wanted]))
    said = _run([str(python), "-c", IMPORTS], cwd=folder)
    cells = [(said.stdout.strip() == version and "imported") or _last(said)]
    well = cells[0] == "imported"
    for files in TESTS.values():
        pytest = (str(python), "-m", "pytest", "-q", "-p", "no:cacheprovider", "-m", "not slow")
        done = _run([*pytest, *files])
        passed = re.search(r"(\d+) passed", done.stdout)
        well &= done.returncode == 0
        cells.append(passed[1] if done.returncode == 0 and passed else _last(done))
    return Found(version, tuple(cells), well)


def page(found: Iterable[Found]) -> str:
    """Return the page."""
    return TEXT.format(
        allowed=allowed(),
        heads=" | ".join(TESTS),
        dashes=" | ".join("--" for _ in TESTS),
        rows="\n".join(f"| {one.version} | {' | '.join(one.cells)} |" for one in found),
    )


def _run(command: Sequence[str], cwd: Path = ROOT) -> subprocess.CompletedProcess[str]:
    quiet = {"FLWR_TELEMETRY_ENABLED": "0", "FLWR_DISABLE_UPDATE_CHECK": "1"}
    clean = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    return subprocess.run(
        command, cwd=cwd, env=clean | quiet, text=True, capture_output=True, check=False
    )


def _done(done: subprocess.CompletedProcess[str]) -> None:
    if done.returncode:
        sys.exit(f"{' '.join(done.args)}:\n{done.stdout[-2000:]}{done.stderr[-2000:]}")


def _last(done: subprocess.CompletedProcess[str]) -> str:
    lines = (done.stdout + done.stderr).strip().splitlines()
    return f"failed: {lines[-1] if lines else done.returncode}"


def main(arguments: Sequence[str] | None = None) -> None:
    """Go through the versions, and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--versions", nargs="+", help="instead of all; the page is then printed")
    asked = parser.parse_args(arguments)
    found = []
    with tempfile.TemporaryDirectory(prefix="bcfl-matrix-") as name:
        folder = Path(name)
        build = [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir"]
        _done(_run([*build, str(folder), str(ROOT)]))
        (wheel,) = folder.glob("*.whl")
        for version in asked.versions or offered():
            place = folder / version
            place.mkdir()
            found.append(use(version, wheel, place))
            print(*found[-1], flush=True)
    text = page(found)
    if asked.versions:
        print(text)
    else:
        write_page(PAGE, text)
    sys.exit(0 if all(one.is_well for one in found) else 1)


if __name__ == "__main__":
    main()
