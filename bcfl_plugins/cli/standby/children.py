"""Other programs that run as long as a command of ours, and no longer."""

from __future__ import annotations

import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, NoReturn

import typer

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from types import FrameType

Poll = Annotated[float, typer.Option("--poll", min=0.1, help="Seconds between looks at the chain.")]

GRACE_S = 20.0
"""Flower's programs end their children first."""


def start(command: Sequence[str]) -> subprocess.Popen[bytes]:
    """Start a program, of this environment where it has one of that name.

    Raises
    ------
    FileNotFoundError
        When there is no such program.
    """
    name, *rest = command
    beside = Path(sys.executable).parent / name
    program = str(beside) if beside.exists() else name
    return subprocess.Popen([program, *rest])  # noqa: S603 - what the user named


def end(child: subprocess.Popen[bytes]) -> None:
    """Ask a program to end, and end it when it does not."""
    if child.poll() is not None:
        return
    child.terminate()
    try:
        child.wait(GRACE_S)
    except subprocess.TimeoutExpired:
        child.kill()
        child.wait()


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """Leave the block when this process is asked to end, so that it can end its children."""

    def leave(number: int, _frame: FrameType | None) -> NoReturn:
        raise SystemExit(128 + number)

    before = signal.signal(signal.SIGTERM, leave)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, before)
