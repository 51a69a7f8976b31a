"""Links of pages lead somewhere; `make docs` checks those between pages of the site once more."""

from __future__ import annotations

import re
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[3]


def _pages() -> list[Path]:
    listing = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "*.md"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    return [path for line in listing.stdout.splitlines() if (path := ROOT / line).is_file()]


PAGES = _pages()
CODE = re.compile(r"^ *```.*?^ *```$|`[^`\n]*`", re.MULTILINE | re.DOTALL)


def anchors(page: Path) -> set[str]:
    """Return the ids of a page's headings, as MkDocs and code hosts make them of plain words."""
    text = re.sub(r"^ *```.*?^ *```$", "", page.read_text(), flags=re.MULTILINE | re.DOTALL)
    headings = re.findall(r"^#+ (.*)$", text, re.MULTILINE)
    return {
        re.sub(r"[\s]+", "-", re.sub(r"[^\w\s-]", "", heading).strip().lower())
        for heading in headings
    }


@pytest.mark.parametrize("page", PAGES, ids=lambda page: str(page.relative_to(ROOT)))
def test_every_link_of_a_page_leads_somewhere(page: Path) -> None:
    dead = []
    for target in re.findall(r"\]\(([^)\s]+)\)", CODE.sub("", page.read_text())):
        if re.match(r"https?:|mailto:", target):
            continue
        name, _, anchor = target.partition("#")
        found = (page.parent / name).resolve() if name else page
        if not found.exists() or (
            anchor and found.suffix == ".md" and anchor not in anchors(found)
        ):
            dead.append(target)
    assert dead == []


@pytest.mark.parametrize(
    "page",
    [page for page in PAGES if page.is_relative_to(ROOT / "docs" / "reference")],
    ids=lambda page: str(page.relative_to(ROOT)),
)
def test_every_page_of_the_reference_leads_to_the_glossary(page: Path) -> None:
    assert re.search(r"\]\((\.\./)+explanation/glossary\.md(#[\w-]+)?\)", page.read_text())


def test_no_page_of_the_site_links_out_of_it() -> None:
    site = ROOT / "docs"
    out = [
        f"{page.relative_to(ROOT)}: {target}"
        for page in PAGES
        if page.is_relative_to(site)
        for target in re.findall(r"\]\(((?!https?:|#)[^)\s#]+)", CODE.sub("", page.read_text()))
        if not (page.parent / target).resolve().is_relative_to(site)
    ]
    assert out == []
