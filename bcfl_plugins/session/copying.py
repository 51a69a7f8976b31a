"""A run is copied while it goes on, beside the training: a slow place holds up nothing."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING, Self

from pallet_bridge.copies.age import Recipients
from pallet_bridge.copies.errors import CopyError, CopyLeft
from pallet_bridge.copies.place import CopyPlace
from pallet_bridge.copies.pushing import RunCopy

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.config.copying import CopyConfig

_log = logging.getLogger("flwr.bcfl")

_AGAIN_S = 10.0  # so long at most until a place that is away is tried again


class Copying:
    """Copies a run to a URL until it is closed; a context manager.

    Parameters
    ----------
    config
        Where to, for whom, and how often.
    run
        The run's folder.

    Raises
    ------
    ConfigError
        If the URL or a recipient is none, or a package is not there.
    CopyUnreachable
        If the URL cannot be used at the start: better now than when a copy is needed.
    CopyDamaged
        If something else lies there.
    """

    def __init__(self, config: CopyConfig, run: Path) -> None:
        recipients = Recipients(config.recipient_keys)
        self._copy = RunCopy(CopyPlace(config.to), run, recipients)
        self._every_s, self.hold_s = config.every_s, config.hold_s
        self._asked = self._answered = self._given_up = 0
        self._closed = False
        self._changed = threading.Condition()
        self._copy.push()
        _log.info("bcfl: this run is copied to %s: %s", self._copy.url, _told(config))
        self._thread = threading.Thread(target=self._follow, name="bcfl-copy", daemon=True)
        self._thread.start()

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *raised: object) -> None:
        self.close()

    def ask(self) -> int:
        """Have the run copied as it is now, and return the number of this question."""
        with self._changed:
            self._asked += 1
            self._changed.notify_all()
            return self._asked

    def has(self, question: int, wait_s: float) -> bool:
        """Say whether the run is copied as it was when `ask` returned this number.

        Parameters
        ----------
        question
            From `ask`.
        wait_s
            The longest to wait for it, in seconds.
        """
        with self._changed:
            return self._changed.wait_for(lambda: self._answered >= question, wait_s)

    def close(self) -> None:
        """Copy what is left.

        Raises
        ------
        CopyLeft
            When the URL cannot be used: the run is in its folder only.
        """
        with self._changed:
            self._closed = True
            self._changed.notify_all()
        self._thread.join()
        try:
            self._copy.push()
        except (CopyError, OSError) as error:
            raise CopyLeft(self._copy.url, str(error)) from error

    @property
    def is_behind(self) -> bool:
        """Whether nothing was copied since `give_up`."""
        return self._given_up > self._answered

    def give_up(self, question: int) -> None:
        """Say that nobody waits any longer for the answer to a question."""
        self._given_up = question

    def _follow(self) -> None:
        """Copy what is new; what cannot be copied now is tried again, and said once."""
        away = ""
        while (asked := self._next(away=bool(away))) is not None:
            try:
                self._copy.push()
            except Exception as error:  # noqa: BLE001 - else nobody would see the thread end
                if not away:
                    _log.warning("bcfl: the run is not copied for now: %s", error)
                away = str(error)
            else:
                if away:
                    _log.info("bcfl: the run is copied to %s again", self._copy.url)
                away = ""
                with self._changed:
                    self._answered = asked
                    self._changed.notify_all()

    def _next(self, *, away: bool) -> int | None:
        """Wait until it is time to look, and return the last question; None once it is closed."""

        def due() -> bool:
            return self._closed or (not away and self._asked > self._answered)

        pause_s = min(self._every_s, _AGAIN_S) if away else self._every_s
        with self._changed:
            self._changed.wait_for(due, pause_s)
            return None if self._closed else self._asked


def _told(config: CopyConfig) -> str:
    count = len(config.recipient_keys)
    if count:
        return f"models, updates and statistics encrypted to {count} recipients, the rest open"
    return (
        "what it publishes. Models stay here, and a standby needs them: name who can read them "
        "with bcfl.copy.recipients"
    )
