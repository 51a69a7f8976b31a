"""Do the chain's work in order, beside the training or within it.

A round's work on chain waits for blocks; the training need not. In mode ``queue`` jobs run in one
thread, in the order in which they were given, and try again while the chain is away. In mode
``fail`` a job runs at once, in the caller's thread, and raises there.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from itertools import repeat
from time import monotonic
from typing import TYPE_CHECKING, Literal, TypeVar

from pallet_bridge.errors import BcflError
from pallet_bridge.run.fate import UNDECIDED

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

T = TypeVar("T")

_log = logging.getLogger("flwr.bcfl")

_SLICE = 0.5  # seconds between looks at whether the work was stopped
_PAUSE = 1.0  # seconds between reads while the chain is away
_FIRST_PAUSE = 0.25  # the same between tries to send, twice as long each time
_LONGEST_PAUSE = 30.0


class Stopped(BcflError):
    """The work was stopped before the chain answered; what was put in the outbox stays there."""


class ChainBehind(BcflError, TimeoutError):
    """Jobs are left over.

    Attributes
    ----------
    waiting
        The jobs in words, in their order.
    cause
        What the chain said last; empty when it answers.
    """

    def __init__(self, waiting: tuple[str, ...], timeout: float, cause: str = "") -> None:
        self.waiting = waiting
        self.cause = cause
        super().__init__(
            f"after {timeout:g} seconds the chain has not done: {', then '.join(waiting)}. "
            f"{cause.rstrip('.') or 'See whether the node answers (bcfl doctor --chain URL)'}"
        )


class JobBroke(BcflError):
    """A job ended with an error that is none of ours: a defect, or the machine's.

    Attributes
    ----------
    what
        The job in words.
    """

    def __init__(self, what: str, cause: str) -> None:
        super().__init__(what, cause)
        self.what = what
        self.cause = cause

    def __str__(self) -> str:
        return (
            f"{self.what} broke: {self.cause}. The chain's work of this run ends here; what was "
            "put in the outbox stays there"
        )


class ChainWork:
    """An ordered queue of jobs on one chain.

    Parameters
    ----------
    mode
        ``queue`` or ``fail``, see above.
    """

    def __init__(self, mode: Literal["queue", "fail"]) -> None:
        self.mode = mode
        self._jobs: deque[tuple[str, Callable[[], object]]] = deque()
        self._changed = threading.Condition()
        self._stopping = threading.Event()
        self._error: BcflError | None = None
        self._away = ""
        self._worker: threading.Thread | None = None
        if mode == "queue":
            self._worker = threading.Thread(target=self._run, name="bcfl-chain", daemon=True)
            self._worker.start()

    def do(self, what: str, job: Callable[[], object]) -> None:
        """Run a job now (``fail``), or after those before it (``queue``).

        Parameters
        ----------
        what
            The job in words, for messages.
        job
            Raises a `BcflError` when it cannot be done.

        Raises
        ------
        BcflError
            What the job raised, or, in mode ``queue``, what an earlier one did.
        """
        if self._worker is None:
            job()
            return
        with self._changed:
            self._raise_error()
            self._jobs.append((what, job))
            self._changed.notify_all()

    @property
    def waiting(self) -> tuple[str, ...]:
        """The jobs that are not done, in words and in their order."""
        with self._changed:
            return tuple(what for what, _ in self._jobs)

    def drain(self, timeout: float) -> None:
        """Wait until all jobs are done.

        Raises
        ------
        BcflError
            What a job raised.
        ChainBehind
            When `timeout` seconds were not enough; it lists what is left.
        """
        end = monotonic() + timeout
        with self._changed:
            while self._jobs and self._error is None and (left := end - monotonic()) > 0:
                self._changed.wait(min(left, _SLICE))
            self._raise_error()
            if self._jobs:
                raise ChainBehind(self.waiting, timeout, self._away)

    def drain_while_moving(self, step: float) -> None:
        """Wait until all jobs are done, as long as one is done within each `step` seconds.

        Raises
        ------
        BcflError
            What a job raised.
        ChainBehind
            When no job was done for `step` seconds; it lists what is left.
        """
        left = len(self.waiting)
        while True:
            try:
                self.drain(step)
            except ChainBehind as behind:
                if len(behind.waiting) >= left:
                    raise
                left = len(behind.waiting)
            else:
                return

    def reading(self, read: Callable[[], T]) -> T:
        """Read from the chain, in mode ``queue`` again and again while it is away."""
        return self._insist(read, repeat(_PAUSE))

    def sending(self, send: Callable[[], T], timeout: float | None = None) -> T:
        """Send to the chain, in mode ``queue`` again and again until it is known what came of it.

        Parameters
        ----------
        send : callable
            Does nothing twice when it is called again, as `Outbox.send`.
        timeout : float or None
            Seconds after which it is not tried again.
        """
        until = None if timeout is None else monotonic() + timeout
        return self._insist(send, _longer_and_longer(), until)

    def pause(self, seconds: float) -> None:
        """Wait within a job.

        Raises
        ------
        Stopped
            When the work is stopped meanwhile.
        """
        self._stopping.wait(seconds)
        self._check_stopped()

    def is_stopping(self) -> bool:
        """Say whether what waits for the chain should give up."""
        return self._stopping.is_set()

    def close(self) -> None:
        """Stop. A job that waits for the chain ends with `Stopped`."""
        self._stopping.set()
        with self._changed:
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.join()

    def _run(self) -> None:
        while (entry := self._first()) is not None:
            try:
                entry[1]()
            except Stopped:
                return
            except BcflError as error:
                self._end(error)
                return
            except Exception as error:  # noqa: BLE001 - else the thread ends and nobody knows
                broke = JobBroke(entry[0], f"{type(error).__name__}: {error}")
                broke.__cause__ = error
                self._end(broke)
                return
            with self._changed:
                self._jobs.popleft()
                self._changed.notify_all()

    def _end(self, error: BcflError) -> None:
        _log.error("bcfl: %s", error)
        with self._changed:
            self._error = error
            self._changed.notify_all()

    def _first(self) -> tuple[str, Callable[[], object]] | None:
        with self._changed:
            while not self._jobs and not self._stopping.is_set():
                self._changed.wait()
            return None if self._stopping.is_set() else self._jobs[0]

    def _insist(
        self, act: Callable[[], T], pauses: Iterator[float], until: float | None = None
    ) -> T:
        while True:
            try:
                done = act()
            except UNDECIDED as error:
                self._away = str(error)
                if self._worker is None or (until is not None and monotonic() >= until):
                    raise
                self._stopping.wait(next(pauses))
                self._check_stopped()
            else:
                self._away = ""
                return done

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _check_stopped(self) -> None:
        if self._stopping.is_set():
            raise Stopped("the run ended before the chain answered")


def _longer_and_longer() -> Iterator[float]:
    pause = _FIRST_PAUSE
    while True:
        yield pause
        pause = min(2 * pause, _LONGEST_PAUSE)
