"""Each dependency has its reason, and a release has a bill of materials that is true."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cyclonedx.output.json import JsonV1Dot6
from packaging.requirements import Requirement

from scripts.release import sbom

ROOT = Path(__file__).resolve().parents[2]
RUST = ROOT / "pallet_bridge" / "pallet-bcfl"


def named_on_the_page(heading: str) -> list[str]:
    """Return what the first column of a section's table names."""
    text = (ROOT / "docs" / "explanation" / "dependencies.md").read_text(encoding="utf-8")
    section = re.split(r"^## ", text.partition(f"## {heading}")[2], flags=re.MULTILINE)[0]
    cells = re.findall(r"^\| (`.+?) \|", section, re.MULTILINE)
    return [name for cell in cells for name in re.findall(r"`(.+?)`", cell)]


def test_each_library_of_the_wheel_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    assert named_on_the_page("The wheel") == sorted(
        Requirement(line).name for line in project["dependencies"]
    )


def test_each_crate_has_its_reason() -> None:
    manifest = tomllib.loads((RUST / "Cargo.toml").read_text(encoding="utf-8"))
    declared = manifest["workspace"]["dependencies"]
    foreign = {one.get("package", name) for name, one in declared.items() if "path" not in one}
    named = named_on_the_page("The runtime and its pallets")
    assert len(named) == len({*named})
    assert {*named} == foreign


def test_the_bill_of_the_wheel_has_what_is_imported_and_not_what_builds_it() -> None:
    made, parts = bill("bcfl-plugins")
    assert made["licenses"] == [{"expression": "Apache-2.0"}]
    names = {one["name"] for one in parts}
    assert {"flwr", "numpy", "wasmtime", "grpcio"} <= names
    assert not {"mypy", "ruff", "torch", "bcfl-plugins"} & names
    assert all(one["hashes"] for one in parts)


@pytest.mark.parametrize(("name", "held"), [("bcfl-runtime", "sp-io"), ("bcfl-node", "sc-service")])
def test_the_bill_of_a_binary_has_each_crate_of_its_lock(name: str, held: str) -> None:
    made, parts = bill(name)
    assert made["name"] == name
    assert held in {one["name"] for one in parts}
    published = [one for one in parts if "hashes" in one]
    lock = sbom.CARGO[name].read_text(encoding="utf-8")
    assert len(published) == lock.count("\nchecksum = ")
    assert len(published) > len(parts) / 2


def test_a_package_of_another_version_than_the_locks_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    lock = tmp_path / "dev.txt"
    text = sbom.LOCK.read_text(encoding="utf-8")
    lock.write_text(re.sub(r"^pluggy==\S+", "pluggy==0.1", text, flags=re.MULTILINE))
    monkeypatch.setattr(sbom, "LOCK", lock)
    with pytest.raises(ValueError, match=r"pluggy \S+ is installed, and dev.txt does not pin it"):
        sbom.python_bom()


def bill(name: str) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Return what one bill is of, and its parts."""
    read = json.loads(JsonV1Dot6(sbom.boms()[name]).output_as_string())
    return read["metadata"]["component"], read["components"]
