"""Wait for something of another process, which takes as long as the machine lets it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

PAUSE_S = 0.2


def until(is_so: Callable[[], bool], longest_s: float, what: str | Callable[[], str]) -> None:
    """Ask again and again until the answer is yes; `what` says what did not come."""
    end = time.monotonic() + longest_s
    asked = threading.Event()
    while not is_so():
        late = time.monotonic() >= end
        assert not late, f"{what if isinstance(what, str) else what()} did not come"
        asked.wait(PAUSE_S)
