"""A reader of a page at a machine: a shell runs its blocks, with the names of here in them."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from typing import TYPE_CHECKING

from tests.repo.docs.test_snippets import ROOT, blocks

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

HOW_TO = ROOT / "docs" / "how-to"
PASSWORD = "correct horse battery staple"
_BCFL = f'#!/bin/sh\nexec "{sys.executable}" -m bcfl_plugins.cli "$@"\n'


class Desk:
    """A folder in which a reader works, with the programs of this checkout.

    Parameters
    ----------
    folder : Path
        Where.
    binary : Path
        The node.
    names : mapping
        What stands for what a page writes.
    """

    def __init__(self, folder: Path, binary: Path, names: Mapping[str, str]) -> None:
        self.folder = folder
        self.names = dict(names)
        self.said: dict[str, str] = {}
        programs = folder / "programs"
        programs.mkdir()
        (programs / "bcfl-node").symlink_to(binary)
        self.program("bcfl", _BCFL)
        path = f"{programs}:{os.environ['PATH']}"
        own = {"PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", "BCFL_NODE": str(binary)}
        state = {"XDG_STATE_HOME": str(folder / "state"), "BCFL_KEY_PASSWORD": PASSWORD}
        self.environment = {**os.environ, **own, **state, "PATH": path}

    def program(self, name: str, text: str) -> None:
        """Put a script of a name before all others."""
        file = self.folder / "programs" / name
        file.write_text(text)
        file.chmod(0o755)

    def put(self, text: str) -> str:
        """Write what a page says with the names of here."""
        longest = sorted(self.names, key=len, reverse=True)
        pattern = "|".join(re.escape(name) for name in longest)
        return re.sub(pattern, lambda found: self.names[found[0]], text) if pattern else text

    def run(self, script: str, code: int = 0) -> str:
        """Run some lines; return what they printed."""
        done = subprocess.run(
            ["bash", "-euc", f"umask 077; {self.put(script)}"],
            cwd=self.folder,
            env=self.environment,
            capture_output=True,
            text=True,
            check=False,
        )
        said = done.stderr + done.stdout
        assert done.returncode == code, f"{script}\n{said}"
        assert PASSWORD not in said
        self.said[script] = said
        return said

    def start(self, line: str) -> subprocess.Popen[str]:
        """Start a command that goes on by itself."""
        return subprocess.Popen(
            ["bash", "-euc", f"umask 077; exec {self.put(line)}"],
            cwd=self.folder,
            env=self.environment,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )


def scripts(page: str) -> list[str]:
    """Return the blocks of a how-to, in their order."""
    return [block.strip() for block in blocks(HOW_TO / page, "bash")]
