"""The repository's rules about its own files."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

from scripts.release.line_ends import tidied

ROOT = Path(__file__).resolve().parents[2]
BUDGET = 400
CODE = {".py", ".rs", ".sh", ".mjs"}
RECORDED = ROOT / "tests" / "data"
"""What older versions wrote, as they wrote it."""
LICENCE = "// SPDX-License-Identifier: Apache-2.0"


def _tracked() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listing.stdout.splitlines() if (path := ROOT / line).is_file()]


def _text_files() -> list[Path]:
    return [path for path in _tracked() if b"\0" not in path.read_bytes()[:4096]]


def test_no_code_file_is_over_the_budget_without_a_stated_reason() -> None:
    architecture = (ROOT / "ARCHITECTURE.md").read_text()
    over = [
        f"{path.relative_to(ROOT)}: {count} lines"
        for path in _tracked()
        if path.suffix in CODE
        and (count := len(path.read_text().splitlines())) > BUDGET
        and f"`{path.relative_to(ROOT)}`" not in architecture
    ]
    assert over == []


def test_every_rust_file_names_its_licence_first() -> None:
    rust = [path for path in _tracked() if path.suffix == ".rs"]
    silent = [
        str(path.relative_to(ROOT))
        for path in rust
        if path.read_text().partition("\n")[0] != LICENCE
    ]
    assert rust
    assert silent == []


@pytest.mark.parametrize(
    "pattern",
    [
        r"(^|[^a-zA-Z0-9_.])/(work|root|farm)/[a-z]",  # a path of one machine
        r"py[p]i\.org|pythonh[o]sted|crates\.i[o]/|registry\.n[p]mjs|deb\.d[e]bian|proxy\.g[o]lang",
        r"gh[c]r\.io|mcr\.micr[o]soft|dock[e]r\.io|qu[a]y\.io|stat[i]c\.rust-lang",
        r"\b(TO" + r"DO|FIX" + r"ME|XX" + r"X)\b",
        r"to" + r"do!\(|unimplemented" + r"!\(",
    ],
)
def test_no_file_holds(pattern: str) -> None:
    wanted = re.compile(pattern)
    generated = {"Cargo.lock", "package-lock.json"}
    hits = [
        f"{path.relative_to(ROOT)}:{number}: {line.strip()[:80]}"
        for path in _text_files()
        if path.name not in generated and path != Path(__file__).resolve()
        for number, line in enumerate(path.read_text(errors="replace").splitlines(), 1)
        if wanted.search(line)
    ]
    assert hits == []


def test_lines_have_no_blanks_at_their_ends_and_files_end_once() -> None:
    theirs = {".patch", ".svg", ".tsv"}  # blanks mean something, or another program wrote them
    untidy = [
        str(path.relative_to(ROOT))
        for path in _text_files()
        if path.suffix not in theirs and RECORDED not in path.parents
        if (text := path.read_text()) != tidied(text)
    ]
    assert untidy == []


@pytest.mark.parametrize(
    ("text", "clean"), [("", ""), ("\n\n", ""), ("a \n\tb\t\n\n", "a\n\tb\n"), ("a", "a\n")]
)
def test_what_is_untidy_is_tidied(text: str, clean: str) -> None:
    assert tidied(text) == clean


def test_lock_files_hold_no_download_address() -> None:
    hits = [
        str(path.relative_to(ROOT))
        for path in _tracked()
        if path.name == "package-lock.json" or path.parent.name == "requirements"
        if re.search(r"https?://", re.sub(r'"url": "https://[^"]*"', "", path.read_text()))
    ]
    assert hits == []


def test_no_binary_is_tracked_but_the_runtime_and_docs_images() -> None:
    binaries = {
        str(path.relative_to(ROOT)) for path in _tracked() if b"\0" in path.read_bytes()[:4096]
    }
    allowed = {"pallet_bridge/runtime/bcfl_runtime.compact.compressed.wasm"}
    others = r"docs/.*\.png|tests/data/[a-z0-9_]+\.(tsv|json)\.gz"
    assert {name for name in binaries - allowed if not re.fullmatch(others, name)} == set()
