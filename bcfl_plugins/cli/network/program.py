"""Which program runs a node, and what it says when it is asked."""

from __future__ import annotations

import shutil
import subprocess
from importlib.util import find_spec
from pathlib import Path

from bcfl_plugins.cli.network.errors import NoNodeProgram

NAME = "bcfl-node"


def node_program(named: Path | None) -> Path:
    """Return the program: the one that is named, that of the wheel, or the one on PATH.

    Raises
    ------
    NoNodeProgram
        If there is none, or it is another program.
    """
    found = named or _of_wheel() or _on_path()
    if found is None:
        raise NoNodeProgram(f"there is no {NAME}, neither the wheel nor on PATH")
    found = found.absolute()
    version = said(found, "--version")
    if not version.startswith(f"{NAME} "):
        raise NoNodeProgram(f"{found} is another program: {version.partition(chr(10))[0]!r}")
    return found


def said(program: Path, *words: str | Path) -> str:
    """Run one command of the program, and return what it printed, errors after the rest.

    Raises
    ------
    NoNodeProgram
        If it cannot be run, or fails.
    """
    try:
        done = subprocess.run(  # noqa: S603 - the program that the user named
            [program, *words], capture_output=True, text=True, check=False, umask=0o077
        )
    except OSError as error:
        raise NoNodeProgram(f"{program} cannot be run: {error.strerror}") from None
    if done.returncode != 0:
        command = " ".join(map(str, words[:2]))
        raise NoNodeProgram(f"{program} {command} failed: {done.stderr.strip()}")
    return done.stdout + done.stderr


def _of_wheel() -> Path | None:
    if find_spec("bcfl_node") is None:
        return None
    import bcfl_node  # type: ignore[import-not-found,unused-ignore]  # noqa: PLC0415 - its wheel

    return Path(bcfl_node.binary())


def _on_path() -> Path | None:
    found = shutil.which(NAME)
    return None if found is None else Path(found)
