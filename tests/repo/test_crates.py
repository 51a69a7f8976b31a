"""The Rust crates say of themselves what is so."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

WORKSPACE = Path(__file__).resolve().parents[2] / "pallet_bridge" / "pallet-bcfl"
CRATES = ("pallet", "runtime", "validators")
RUNTIME = "\n".join(path.read_text() for path in (WORKSPACE / "runtime" / "src").glob("*.rs"))


def found(pattern: str, text: str) -> str:
    """Return what the only group of the pattern matched first."""
    match = re.search(pattern, text)
    assert match is not None, pattern
    return match[1]


@pytest.mark.parametrize("crate", CRATES)
def test_rust_shown_in_a_readme_is_code_of_the_runtime(crate: str) -> None:
    shown = re.findall(
        r"^```rust\n(.*?)^```$",
        (WORKSPACE / crate / "README.md").read_text(),
        re.MULTILINE | re.DOTALL,
    )
    assert bool(shown) is (crate != "runtime")
    assert [block for block in shown if block not in RUNTIME] == []


@pytest.mark.parametrize("crate", CRATES)
def test_links_of_a_readme_lead_somewhere(crate: str) -> None:
    folder = WORKSPACE / crate
    links = re.findall(r"\]\(([^)#]+)\)", (folder / "README.md").read_text())
    assert [link for link in links if not (folder / link).exists()] == []


def test_the_changelog_begins_with_the_versions_of_the_sources() -> None:
    heading = found(r"(?m)^## (.*)$", (WORKSPACE / "pallet" / "CHANGELOG.md").read_text())
    package = found(r'(?m)^version = "(.*)"$', (WORKSPACE / "Cargo.toml").read_text())
    storage = found(r"StorageVersion::new\((\d+)\)", (WORKSPACE / "pallet/src/lib.rs").read_text())
    spec = found(r"(?m)^ *spec_version: (\d+),$", RUNTIME)
    assert heading.startswith(f"{package} ")
    assert heading.endswith(f": storage version {storage}, `spec_version` {spec}")


def test_each_call_has_a_file_of_tests() -> None:
    source = (WORKSPACE / "pallet/src/sections/calls.rs").read_text()
    calls = set(re.findall(r"#\[pallet::call_index\(\d+\)\][^{]*?pub fn (\w+)", source))
    files = {path.stem for path in (WORKSPACE / "pallet/src/tests/calls").glob("*.rs")}
    assert len(calls) > 30
    assert files - {"mod"} == calls


def test_the_node_and_the_runtime_are_built_from_one_set_of_crates() -> None:
    """Two lock files, lest the client crates move what the blob is compiled from."""
    ours, nodes = (
        tomllib.loads((folder / "Cargo.lock").read_text())["package"]
        for folder in (WORKSPACE, WORKSPACE / "node")
    )
    pinned = {name for name in locked(ours) if name.startswith(("sp-", "frame-", "pallet-"))}
    both = {name: (locked(ours)[name], locked(nodes)[name]) for name in pinned & {*locked(nodes)}}
    assert len(both) > 30
    assert {name: pair for name, pair in both.items() if pair[0] != pair[1]} == {}


def locked(packages: list[dict[str, str]]) -> dict[str, set[str]]:
    """Return the versions of each package of a lock file."""
    found: dict[str, set[str]] = {}
    for package in packages:
        found.setdefault(package["name"], set()).add(package["version"])
    return found
