"""Build what a user installs, install it in clean environments, and use it.

Run as ``python -m scripts.release.check_artifacts``. Wheel and sdist are built with the pinned
build backend, described to the index's rules by twine, and compared with the lists below. Then
each is installed alone, with the extra `testing` at the pinned versions, and does what a newcomer
does first. With ``--python 3.13`` the environments are of another Python; with ``--keep dist``
the artefacts that passed are kept.
"""

from __future__ import annotations

import argparse
import os
import shutil
import subprocess
import sys
import tarfile
import tempfile
import zipfile
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Final

from pallet_bridge.__about__ import __version__

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

ROOT: Final = Path(__file__).resolve().parents[2]
LOCK: Final = ROOT / "requirements" / "dev.txt"
PACKAGES: Final = ("bcfl_plugins", "pallet_bridge", "strategies")
DATA: Final = frozenset(
    {
        *(f"{package}/py.typed" for package in PACKAGES),
        "pallet_bridge/runtime/bcfl_runtime.compact.compressed.wasm",
        "pallet_bridge/runtime/interface.json",
        "pallet_bridge/runtime/known.json",
        "pallet_bridge/runtime/manifest.json",
    }
)
"""All that a wheel holds beside Python files."""

SDIST: Final = frozenset(
    {
        *(".gitignore", "LICENSE", "PKG-INFO", "README.md", "pyproject.toml"),  # always there
        *("ARCHITECTURE.md", "CHANGELOG.md", "CITATION.cff", "SECURITY.md"),
        *("bcfl_plugins", "docs", "examples", "pallet_bridge", "scripts", "strategies", "tests"),
    }
)
"""What lies at the top of an sdist."""

ABSENT: Final = ("torch", "matplotlib", "ruff")
"""What a plain installation must not bring."""

DEFENSE: Final = """
import numpy as np


def median(updates, f):
    finite = updates[np.isfinite(updates).all(axis=1)]
    if len(updates) <= 2 * f or len(finite) == 0:
        raise ValueError(f"f = {f} is too many among {len(updates)} updates")
    return np.median(finite, axis=0)


def mean(updates, f):
    return updates.mean(axis=0)
"""


def wheel_faults(files: Iterable[str], modules: Iterable[str]) -> list[str]:
    """Return what a wheel holds too much or lacks.

    Parameters
    ----------
    files : iterable of str
        The wheel's files.
    modules : iterable of str
        The Python files of the checkout's packages.
    """
    held = {name for name in files if not PurePosixPath(name).parts[0].endswith(".dist-info")}
    wanted = DATA | set(modules)
    tests = {name for name in held if _is_test(PurePosixPath(name))}
    return [
        *(f"not wanted in the wheel: {name}" for name in sorted((held - wanted) | tests)),
        *(f"missing in the wheel: {name}" for name in sorted(wanted - held)),
    ]


def _is_test(path: PurePosixPath) -> bool:
    return path.name == "conftest.py" or path.name.startswith("test_") or "tests" in path.parts


def sdist_faults(files: Iterable[str]) -> list[str]:
    """Return what an sdist holds too much or lacks; its files are given below its one folder."""
    paths = [PurePosixPath(name) for name in files]
    top = {path.parts[0] for path in paths}
    needed = {"pallet_bridge/pallet-bcfl/Cargo.lock", "pallet_bridge/vectors/leaf.tsv"}
    built = {str(path) for path in paths if {"target", "node_modules"} & set(path.parts)}
    return [
        *(f"not wanted in the sdist: {name}" for name in sorted((top - SDIST) | built)),
        *(f"missing in the sdist: {name}" for name in sorted(SDIST - top)),
        *(f"missing in the sdist: {name}" for name in sorted(needed - set(map(str, paths)))),
    ]


def build(folder: Path) -> tuple[Path, Path]:
    """Build the sdist, and the wheel out of it, into a folder."""
    run(sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, ROOT)
    wheel = folder / f"bcfl_plugins-{__version__}-py3-none-any.whl"
    sdist = folder / f"bcfl_plugins-{__version__}.tar.gz"
    run(sys.executable, "-m", "twine", "check", "--strict", wheel, sdist)
    return wheel, sdist


def use(artefact: Path, folder: Path, interpreter: str) -> None:
    """Install an artefact in a clean environment and do what a newcomer does first."""
    print(f"-- {artefact.name}", flush=True)
    commands, desk = folder / "venv" / "bin", folder / "desk"
    python = commands / "python"
    uv = (sys.executable, "-m", "uv")
    run(*uv, "venv", "--quiet", "--python", interpreter, folder / "venv")
    desk.mkdir()
    pins = ("--constraint", LOCK, "--build-constraint", LOCK)
    run(*uv, "pip", "install", "--quiet", "--python", python, *pins, f"{artefact}[testing]")
    run(*uv, "pip", "check", "--python", python)
    bcfl = commands / "bcfl"
    said = run(bcfl, "--version", cwd=desk)
    expect(said.strip() == f"bcfl {__version__}", f"`bcfl --version` says {said!r}")
    run(bcfl, "doctor", cwd=desk)
    found = run(python, "-c", _imports(), cwd=desk).split()
    expect(not found, f"installed, and should not be: {found}")
    (desk / "tiny.py").write_text(DEFENSE)
    pytest = (python, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--bcfl-defense")
    run(*pytest, "tiny:median", cwd=desk)
    broken = run(*pytest, "tiny:mean", cwd=desk, code=1)
    expect("mean breaks the rule 'bounded'" in broken, "the kit lets a plain mean pass")


def _imports() -> str:
    """Return a program that imports the packages and prints which heavy ones are there too."""
    return (
        f"import importlib.util as u, {', '.join(PACKAGES)}\n"
        f"print(*(name for name in {ABSENT!r} if u.find_spec(name)))\n"
    )


def run(
    *command: str | Path, cwd: Path = ROOT, code: int = 0, env: Mapping[str, str] | None = None
) -> str:
    """Run a program, and return what it printed; another exit code ends this one."""
    mine = {name: value for name, value in os.environ.items() if not name.startswith("PYTHON")}
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env=mine if env is None else env,
        text=True,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        check=False,
    )
    shown = " ".join(Path(part).name if isinstance(part, Path) else part for part in command)
    expect(
        done.returncode == code, f"`{shown}` ended with {done.returncode}:\n{done.stdout[-4000:]}"
    )
    return done.stdout


def expect(held: bool, message: str) -> None:  # noqa: FBT001 - reads as an assertion
    """End this program where something does not hold."""
    if not held:
        sys.exit(message)


def _modules() -> list[str]:
    return [
        path.relative_to(ROOT).as_posix()
        for package in PACKAGES
        for path in (ROOT / package).rglob("*.py")
        if "pallet-bcfl" not in path.parts
    ]


def main(arguments: Sequence[str] | None = None) -> None:
    """Build, look inside, install, use."""
    parser = argparse.ArgumentParser(description=__doc__, allow_abbrev=False)
    parser.add_argument("--python", default=sys.executable, help="interpreter of the environments")
    parser.add_argument("--keep", type=Path, help="folder for the artefacts that passed")
    asked = parser.parse_args(arguments)
    with tempfile.TemporaryDirectory(prefix="bcfl-artefacts-") as name:
        folder = Path(name)
        wheel, sdist = build(folder / "dist")
        with zipfile.ZipFile(wheel) as archive:
            faults = wheel_faults(archive.namelist(), _modules())
        with tarfile.open(sdist) as archive:
            faults += sdist_faults(path.partition("/")[2] for path in archive.getnames())
        expect(not faults, "\n".join(faults))
        for artefact in (wheel, sdist):
            use(artefact, folder / artefact.suffix[1:], asked.python)
        if asked.keep:
            asked.keep.mkdir(parents=True, exist_ok=True)
            for artefact in (wheel, sdist):
                shutil.copy(artefact, asked.keep)
    print("wheel and sdist install and work")


if __name__ == "__main__":
    main()
