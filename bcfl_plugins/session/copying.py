"""A run is copied while it goes on, beside the training: a slow place holds up nothing."""

from __future__ import annotations

import logging
import threading
from typing import TYPE_CHECKING

from pallet_bridge.copies.age import Recipients
from pallet_bridge.copies.errors import CopyError, CopyLeft
from pallet_bridge.copies.place import CopyPlace
from pallet_bridge.copies.pushing import RunCopy

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.config.copying import CopyConfig

_log = logging.getLogger("flwr.bcfl")


class Copying:
    """Copies a run to a URL until it is closed.

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
        self._every_s = config.every_s
        self._stop = threading.Event()
        self._copy.push()
        _log.info("bcfl: this run is copied to %s: %s", self._copy.url, _told(config))
        self._thread = threading.Thread(target=self._follow, name="bcfl-copy", daemon=True)
        self._thread.start()

    def close(self) -> None:
        """Copy what is left.

        Raises
        ------
        CopyLeft
            When the URL cannot be used: the run is in its folder only.
        """
        self._stop.set()
        self._thread.join()
        try:
            self._copy.push()
        except (CopyError, OSError) as error:
            raise CopyLeft(self._copy.url, str(error)) from error

    def _follow(self) -> None:
        """Copy what is new; what cannot be copied now is tried again, and said once."""
        away = ""
        while not self._stop.wait(self._every_s):
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


def _told(config: CopyConfig) -> str:
    count = len(config.recipient_keys)
    if count:
        return f"models, updates and statistics encrypted to {count} recipients, the rest open"
    return (
        "what it publishes. Models stay here, and a standby needs them: name who can read them "
        "with bcfl.copy.recipients"
    )
