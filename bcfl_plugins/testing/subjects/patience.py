"""A limit of time for code that may never return.

On POSIX, in the main thread, an alarm ticks while the code runs, and ends it between two of its
Python instructions. Time in which the process is stopped does not count: its ticks are lost.
Elsewhere nothing can end a call, and the time is looked at between calls. A call of compiled code
that never comes back to Python is never ended; only another process could.
"""

from __future__ import annotations

import signal
import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable
    from types import FrameType

T = TypeVar("T")

_TICK_S = 1.0
_TICKS = 10
"""A limit is divided into at least this many ticks."""


class TookTooLong(BaseException):
    """The time is over. No `Exception`: code under test often goes on after any of those."""


@dataclass(slots=True)
class Patience:
    """How long is left.

    Parameters
    ----------
    seconds : float
        The limit.
    ticking : bool
        Whether an alarm counts; otherwise the clock does.
    """

    seconds: float
    ticking: bool = False
    _ticked: float = 0.0
    _began: float = field(default_factory=time.monotonic)

    @property
    def spent(self) -> float:
        """Seconds so far."""
        return self._ticked if self.ticking else time.monotonic() - self._began

    def look(self) -> None:
        """Raise `TookTooLong` when the time is over."""
        if self.spent >= self.seconds:
            raise TookTooLong

    def tick(self, seconds: float) -> None:
        """Count a tick."""
        self._ticked += seconds


class _Alarm:
    """SIGALRM at every tick. Another's alarm, such as pytest-timeout's, still comes when due."""

    def __init__(self, patience: Patience) -> None:
        self._patience = patience
        self._step = min(_TICK_S, patience.seconds / _TICKS)
        self._due = patience.seconds
        self._began = time.monotonic()
        self._other = self._interval = 0.0
        self._handler = signal.signal(signal.SIGALRM, self._ring)
        self._other, self._interval = signal.setitimer(signal.ITIMER_REAL, self._step, self._step)

    def _ring(self, number: int, frame: FrameType | None) -> None:
        self._patience.tick(self._step)
        if self._other and self._left() <= 0 and callable(self._handler):
            self._other = self._interval and self._other + self._interval
            self._handler(number, frame)
        if self._patience.spent >= self._due:
            self._due += _TICK_S  # again, in case that the code swallows it
            raise TookTooLong

    def _left(self) -> float:
        return self._other - (time.monotonic() - self._began)

    def stop(self) -> None:
        """Give the alarm back."""
        signal.setitimer(signal.ITIMER_REAL, 0)
        signal.signal(signal.SIGALRM, self._handler)
        if self._other:
            signal.setitimer(signal.ITIMER_REAL, max(self._left(), 1e-3), self._interval)


def within(seconds: float, work: Callable[[Patience], T]) -> T:
    """Return what work returns, given how long is left.

    Raises
    ------
    TookTooLong
        If it takes longer.
    """
    patience = Patience(seconds)
    in_main = threading.current_thread() is threading.main_thread()
    if not in_main or not hasattr(signal, "setitimer"):
        return work(patience)
    patience.ticking = True
    alarm = _Alarm(patience)
    try:
        try:
            return work(patience)
        finally:
            alarm.stop()
    except TookTooLong:
        alarm.stop()  # it may have rung while it was being stopped
        raise
