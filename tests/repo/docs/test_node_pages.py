"""The commands of `bcfl-node` that pages show are commands of the program."""

from __future__ import annotations

import re
import shlex
import subprocess
from itertools import takewhile

import pytest

from tests.nodes.binary import NEEDS_OWN_NODE, own_node
from tests.repo.docs.test_snippets import NODE, PAGES, ROOT, blocks

SHOWN = sorted(
    {
        line.partition("#")[0].strip()
        for page in (*PAGES, *(ROOT / "wheels").rglob("*.md"))
        for block in blocks(page, "bash")
        for line in block.splitlines()
        if line.startswith(f"{NODE} ")
    }
)


def test_pages_show_some() -> None:
    assert len(SHOWN) > 10


@pytest.mark.parametrize("line", SHOWN)
def test_a_command_and_its_options_are_the_programs(line: str) -> None:
    binary = own_node()
    if binary is None:
        pytest.skip(NEEDS_OWN_NODE)
    words = shlex.split(line)[1:]
    commands = [*takewhile(lambda word: re.fullmatch(r"[a-z][a-z-]*", word), words)]
    commands = commands[: 2 if commands[:1] == ["key"] else 1]
    done = subprocess.run([binary, *commands, "--help"], capture_output=True, text=True, check=True)
    options = [word for word in words if word.startswith("-")]
    unknown = [one for one in options if not re.search(rf"(^|[\s,]){one}\b", done.stdout)]
    assert unknown == []
