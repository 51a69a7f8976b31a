"""Do the chain's work in order, beside the training or within it.

A round's work on chain waits for blocks; the training need not. In mode ``queue`` jobs run in one
thread, in the order in which they were given, and try again while the chain is away. In mode
``fail`` a job runs at once, in the caller's thread, and raises there.
"""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING, Literal, TypeVar

from pallet_bridge.errors import BcflError, ChainTimeout, ChainUnavailable

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.outbox import Ticket
    from pallet_bridge.types import Receipt

T = TypeVar("T")

_SLICE = 0.5  # seconds between looks at whether the work was stopped
_FAIL_WAIT = 60.0  # seconds that a call may take in mode "fail"
_PAUSE = 1.0  # seconds between tries while the chain is away


class Stopped(BcflError):
    """The work was stopped before the chain answered; what was put in the outbox stays there."""


class ChainBehind(BcflError, TimeoutError):
    """Jobs are left over.

    Attributes
    ----------
    waiting
        The jobs in words, in their order.
    """

    def __init__(self, waiting: tuple[str, ...], timeout: float) -> None:
        self.waiting = waiting
        super().__init__(
            f"after {timeout:g} seconds the chain has not done: {', then '.join(waiting)}. "
            f"See whether the node answers (bcfl doctor --chain URL)"
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
                raise ChainBehind(tuple(what for what, _ in self._jobs), timeout)

    def included(self, ticket: Ticket) -> Receipt:
        """Wait until a call of the outbox is in a block, in mode ``queue`` as long as it takes."""
        if self._worker is None:
            return ticket.wait(_FAIL_WAIT)
        while True:
            try:
                return ticket.wait(_SLICE)
            except ChainTimeout:
                self._check_stopped()

    def reading(self, read: Callable[[], T]) -> T:
        """Read from the chain, in mode ``queue`` again and again while it is away."""
        while True:
            try:
                return read()
            except (ChainUnavailable, ChainTimeout):
                if self._worker is None:
                    raise
                self._stopping.wait(_PAUSE)
                self._check_stopped()

    def pause(self, seconds: float) -> None:
        """Wait within a job.

        Raises
        ------
        Stopped
            When the work is stopped meanwhile.
        """
        self._stopping.wait(seconds)
        self._check_stopped()

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
                with self._changed:
                    self._error = error
                    self._changed.notify_all()
                return
            with self._changed:
                self._jobs.popleft()
                self._changed.notify_all()

    def _first(self) -> tuple[str, Callable[[], object]] | None:
        with self._changed:
            while not self._jobs and not self._stopping.is_set():
                self._changed.wait()
            return None if self._stopping.is_set() else self._jobs[0]

    def _raise_error(self) -> None:
        if self._error is not None:
            raise self._error

    def _check_stopped(self) -> None:
        if self._stopping.is_set():
            raise Stopped("the run ended before the chain answered")
