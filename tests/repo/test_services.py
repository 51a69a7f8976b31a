"""The files that start our processes as services name commands and options that exist."""

from __future__ import annotations

import re
import shlex
import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
import yaml

from tests.nodes.binary import NEEDS_OWN_NODE, own_node

if TYPE_CHECKING:
    from collections.abc import Iterator

FOLDER = Path(__file__).resolve().parents[2] / "examples" / "network"
UNITS = sorted((FOLDER / "systemd").glob("*.service"))
PODS = [one for one in yaml.safe_load_all((FOLDER / "kubernetes.yaml").read_text()) if one]
COMPOSE: dict[str, Any] = yaml.safe_load((FOLDER / "compose.yaml").read_text())


def started() -> Iterator[tuple[str, list[str]]]:
    """Give each command, with the file that it stands in."""
    for unit in UNITS:
        (line,) = re.findall(r"^ExecStart=(.*)$", unit.read_text(), re.MULTILINE)
        yield unit.name, shlex.split(line)
    for name, service in COMPOSE["services"].items():
        yield f"compose: {name}", service["command"]
    for pod in PODS:
        if pod["kind"] == "StatefulSet":
            (container,) = pod["spec"]["template"]["spec"]["containers"]
            yield "kubernetes", container["command"]


COMMANDS = dict(started())


@cache
def options_of(program: str) -> frozenset[str]:
    path: Path | None = Path(sys.executable).with_name(program)
    if program == "bcfl-node":
        path = own_node()
    if path is None:
        pytest.skip(NEEDS_OWN_NODE)
    done = subprocess.run([path, "--help"], capture_output=True, text=True, check=True)
    return frozenset(re.findall(r"(?<![\w-])--[a-z][a-z-]*", done.stdout))


def test_each_of_the_three_processes_is_started_by_both() -> None:
    programs = [Path(command[0]).name for command in COMMANDS.values()]
    wanted = {"bcfl-node", "flower-superlink", "flower-supernode"}
    assert {Path(COMMANDS[unit.name][0]).name for unit in UNITS} == wanted
    assert {service["command"][0] for service in COMPOSE["services"].values()} == wanted
    assert len(programs) == 7


@pytest.mark.parametrize("name", COMMANDS)
def test_its_options_are_the_programs(name: str) -> None:
    program, *words = COMMANDS[name]
    used = {word.partition("=")[0] for word in words if word.startswith("--")}
    assert used
    assert used <= options_of(Path(program).name)


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="needs systemd-analyze")
def test_systemd_reads_the_unit(unit: Path, tmp_path: Path) -> None:
    """The program is the one thing that a unit may lack here."""
    there = tmp_path / unit.name
    there.write_text(re.sub(r"/opt/bcfl/bin/[a-z-]+ ", "/bin/true ", unit.read_text()))
    done = subprocess.run(
        ["systemd-analyze", "verify", there], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stderr) == (0, "")


@pytest.mark.parametrize("unit", UNITS, ids=lambda unit: unit.stem)
def test_nobody_else_reads_what_a_service_writes(unit: Path) -> None:
    text = unit.read_text()
    for line in ("UMask=0077", "StateDirectoryMode=0700", "NoNewPrivileges=yes"):
        assert line in text


def test_what_has_to_outlive_a_container_is_on_a_volume_of_its_own() -> None:
    services = COMPOSE["services"]
    kept = {name: {one.partition(":")[0] for one in service["volumes"]} & {*COMPOSE["volumes"]}
            for name, service in services.items()}  # fmt: skip
    assert kept == {
        "node": {"chain"},
        "supernode": {"member"},
        "superlink": {"runs", "coordinator"},
    }
    for service in services.values():
        assert {*service["secrets"]} <= {*COMPOSE["secrets"]}
