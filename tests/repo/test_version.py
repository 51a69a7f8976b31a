"""One place says the version, and whatever else names it agrees."""

from __future__ import annotations

import re
import subprocess
import tomllib
from pathlib import Path

import pytest

import bcfl_plugins
import pallet_bridge
import strategies
from pallet_bridge.__about__ import __version__
from scripts.release.check_tag import newest_heading, tag_faults

ROOT = Path(__file__).resolve().parents[2]


def _git(*arguments: str) -> list[str]:
    command = ["git", *arguments]
    return subprocess.run(
        command, cwd=ROOT, capture_output=True, text=True, check=True
    ).stdout.split()


@pytest.mark.parametrize(
    "package", [bcfl_plugins, pallet_bridge, strategies], ids=lambda package: package.__name__
)
def test_each_package_says_it(package: object) -> None:
    assert package.__version__ == __version__
    assert "__version__" in package.__all__


def test_it_is_written_once() -> None:
    written = [
        name
        for name in _git("ls-files", "--cached", "--others", "--exclude-standard", "*.py")
        if (path := ROOT / name).is_file()
        and re.search(r"^__version__ *=", path.read_text(), re.MULTILINE)
    ]
    assert written == ["pallet_bridge/__about__.py"]


def test_the_build_reads_it_there() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())
    assert "version" not in project["project"]
    assert project["tool"]["hatch"]["version"] == {"path": "pallet_bridge/__about__.py"}


def test_the_changelog_has_a_section_for_it() -> None:
    assert newest_heading((ROOT / "CHANGELOG.md").read_text())[0] == __version__


def test_a_tag_of_this_commit_agrees() -> None:
    tags = [tag for tag in _git("tag", "--points-at", "HEAD") if re.match(r"v\d", tag)]
    changelog = (ROOT / "CHANGELOG.md").read_text()
    assert [fault for tag in tags for fault in tag_faults(tag, __version__, changelog)] == []


@pytest.mark.parametrize("heading", ["## 1.2.0 (2026-11-29)", "## [1.2.0] - 2026-11-29"])
def test_a_release_that_agrees_is_let_through(heading: str) -> None:
    assert tag_faults("v1.2.0", "1.2.0", f"# Changelog\n\n## Unreleased\n\n{heading}\n") == []


@pytest.mark.parametrize(
    ("tag", "heading", "fault"),
    [
        ("v1.3.0", "## 1.2.0 (2026-11-29)", "the tag is v1.3.0"),
        ("1.2.0", "## 1.2.0 (2026-11-29)", "the tag is 1.2.0"),
        ("v1.2.0", "## 1.1.0 (2026-11-29)", "begins with 1.1.0, not 1.2.0"),
        ("v1.2.0", "## 1.2.0 (unreleased)", "has no date"),
        ("v1.2.0", "nothing", "begins with nothing"),
    ],
)
def test_one_that_does_not_is_refused(tag: str, heading: str, fault: str) -> None:
    (found,) = tag_faults(tag, "1.2.0", f"{heading}\n")
    assert fault in found
