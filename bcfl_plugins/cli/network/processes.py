"""Nodes as processes that outlive the command which starts them.

A node is known by the words that it was started with, which name folders of its own: a number of a
process alone may be somebody else's by now.
"""

from __future__ import annotations

import os
import select
import signal
import subprocess
import time
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from bcfl_plugins.cli.network.errors import NetworkError, NoNodeProgram

if TYPE_CHECKING:
    from collections.abc import Sequence

_PROC = Path("/proc")
PATIENCE_S = 60.0
"""How long a node may take to begin, and to end before it is killed."""

_AGAIN_S = 0.02


def running(words: Sequence[str]) -> int | None:
    """Return the process that was started with exactly these words after its program."""
    if not (_PROC / "self" / "cmdline").exists():
        raise NetworkError(
            f"this system has no {_PROC}, by which running nodes are found. Networks need Linux; "
            f"a chain in this process does not: `bcfl chain start`"
        )
    for entry in _PROC.iterdir():
        if entry.name.isdecimal() and _is(int(entry.name), words):
            return int(entry.name)
    return None


def start(program: Path, words: Sequence[str], log: Path) -> subprocess.Popen[bytes]:
    """Start a node in a session of its own; what it says goes to the end of a log.

    Raises
    ------
    NoNodeProgram
        If the program runs under another command line: it would not be found again.
    """
    with log.open("ab") as file:
        os.fchmod(file.fileno(), 0o600)
        process = subprocess.Popen(  # noqa: S603 - the program that the user named
            [program, *words],
            stdin=subprocess.DEVNULL,
            stdout=file,
            stderr=file,
            cwd=log.parent,
            start_new_session=True,
            umask=0o077,
        )
    until = time.monotonic() + PATIENCE_S
    while process.poll() is None and not _is(process.pid, words):  # it begins, or is a script
        if time.monotonic() > until:
            os.killpg(process.pid, signal.SIGKILL)  # with what it started
            process.wait()
            raise NoNodeProgram(f"{program} did not become the node; a script has to exec it")
        time.sleep(_AGAIN_S)
    return process


class NodeEnding:
    """A node that is told to end. Its process is held: no other gets its number meanwhile."""

    def __init__(self, words: Sequence[str]) -> None:
        self._handle = -1
        process = running(words)
        if process is None:
            return
        try:
            self._handle = os.pidfd_open(process)
            if _is(process, words):  # still, now that it is held
                signal.pidfd_send_signal(self._handle, signal.SIGTERM)
                return
        except ProcessLookupError:
            pass
        except OSError as error:
            self._release()
            raise NetworkError(
                f"process {process} cannot be ended: {error.strerror}. Run this as the user who "
                f"started the network, on Linux 5.3 or later"
            ) from None
        self._release()

    @property
    def found(self) -> bool:
        """Whether there was one."""
        return self._handle >= 0

    def wait(self) -> bool:
        """Wait until it has ended; say whether it had to be killed."""
        if not self.found:
            return False
        try:
            if _ended(self._handle, PATIENCE_S):
                return False
            with suppress(ProcessLookupError):
                signal.pidfd_send_signal(self._handle, signal.SIGKILL)
            _ended(self._handle, PATIENCE_S)
            return True
        finally:
            self._release()

    def _release(self) -> None:
        if self.found:
            os.close(self._handle)
            self._handle = -1


def _ended(handle: int, seconds: float) -> bool:
    waiting = select.poll()
    waiting.register(handle, select.POLLIN)
    return bool(waiting.poll(seconds * 1000))


def _is(process: int, words: Sequence[str]) -> bool:
    try:
        line = (_PROC / str(process) / "cmdline").read_bytes()
    except OSError:  # it ended, or is another user's
        return False
    return line.split(b"\0")[1:-1] == [os.fsencode(word) for word in words]
