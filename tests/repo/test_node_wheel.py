"""The wheel `bcfl-node` around a program that is no node: what is in it, and what its command does.

The program itself takes half an hour to compile; `tests/nodes/` asks it where it is at hand.
"""

from __future__ import annotations

import os
import platform
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

import pytest

from pallet_bridge.runtime import load_blob

ROOT = Path(__file__).resolve().parents[2]
WHEEL = ROOT / "wheels" / "bcfl-node"
CRATE = ROOT / "pallet_bridge" / "pallet-bcfl" / "node"
PROGRAM = b'#!/bin/sh\n# GLIBC_2.17 GLIBC_2.34 GLIBC_2.9\necho "$BCFL_RUNTIME"\necho "$@"\n'


def built(folder: Path, program: Path) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--no-isolation", "--outdir", folder, WHEEL],
        env=os.environ | {"BCFL_NODE": str(program)},
        capture_output=True,
        text=True,
        check=False,
    )


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    program = folder / "program"
    program.write_bytes(PROGRAM)
    program.chmod(0o755)
    done = built(folder, program)
    assert done.returncode == 0, done.stdout + done.stderr
    (found,) = folder.glob("*.whl")
    return found


@pytest.mark.slow
def test_it_holds_the_program_its_licence_and_its_sources(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as opened:
        names = opened.namelist()
        (metadata,) = (name for name in names if name.endswith("METADATA"))
        said = message_from_string(opened.read(metadata).decode())
        assert opened.read("bcfl_node/bin/bcfl-node") == PROGRAM
        licence = opened.read(metadata.replace("METADATA", "licenses/LICENSE")).decode()
    crate = tomllib.loads((CRATE / "Cargo.toml").read_text())["package"]
    assert said["License-Expression"] == crate["license"]
    assert said["Version"] == crate["version"]
    assert "GPL-3.0-or-later WITH Classpath-exception-2.0" in said["License-Expression"]
    assert "GNU GENERAL PUBLIC LICENSE" in licence
    assert "As a special exception" in licence
    sources = {f"bcfl_node/source/src/{path.name}" for path in (CRATE / "src").iterdir()}
    assert sources | {"bcfl_node/source/Cargo.lock", "bcfl_node/source/Cargo.toml"} <= {*names}


@pytest.mark.slow
@pytest.mark.skipif(platform.system() != "Linux", reason="the tag is that of a glibc, on Linux")
def test_its_tag_is_the_newest_glibc_that_the_program_wants(wheel: Path) -> None:
    assert wheel.name.endswith(f"-py3-none-manylinux_2_34_{platform.machine()}.whl")


@pytest.mark.slow
def test_its_command_becomes_the_program_with_the_packaged_runtime(
    wheel: Path, tmp_path: Path
) -> None:
    subprocess.run(
        [
            *(sys.executable, "-m", "uv", "pip", "install", "--quiet", "--offline", "--no-index"),
            *("--no-deps", "--target", tmp_path, wheel),
        ],
        check=True,
    )
    environment = {key: value for key, value in os.environ.items() if key != "BCFL_RUNTIME"}
    environment["PYTHONPATH"] = os.pathsep.join([str(tmp_path), str(ROOT)])
    command = [sys.executable, "-m", "bcfl_node", "--dev", "--tmp"]

    def told(more: dict[str, str]) -> list[str]:
        done = subprocess.run(
            command, env=environment | more, capture_output=True, text=True, check=True
        )
        return done.stdout.splitlines()

    runtime, arguments = told({})
    assert Path(runtime).read_bytes() == load_blob()
    assert arguments == "--dev --tmp"
    assert told({"BCFL_RUNTIME": "mine.wasm"})[0] == "mine.wasm"


@pytest.mark.slow
def test_without_a_program_the_build_says_what_to_do(tmp_path: Path) -> None:
    done = built(tmp_path, tmp_path / "absent")
    assert done.returncode != 0
    assert "make node-wheel" in done.stdout + done.stderr


def test_the_extra_takes_the_wheels_version() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    crate = tomllib.loads((CRATE / "Cargo.toml").read_text())["package"]
    major, minor, _ = crate["version"].split(".")
    assert project["optional-dependencies"]["node"] == [
        f"bcfl-node>={major}.{minor},<{major}.{int(minor) + 1}"
    ]
