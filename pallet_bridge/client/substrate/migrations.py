"""Whether a chain rewrites its records after an upgrade: its blocks take no calls until it is done.

What is stored meanwhile is partly of the old layout, and cannot be read by the new metadata.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Final, TypeVar

from pallet_bridge.client.rpc import deadline, remaining
from pallet_bridge.errors import BadChainValue
from pallet_bridge.errors.migrations import MigrationStuck, MigrationUnderWay

if TYPE_CHECKING:
    from collections.abc import Callable

    Read = TypeVar("Read")

CURSOR: Final = bytes.fromhex("0b20199ace3564d0964e2c4d4a9ba46987b188618944a73221aaabb35521b0a1")
"""Where a chain keeps how far it came, if it has something to rewrite: MultiBlockMigrations.Cursor.

The key is written out, as the chain of another version may not have it in its metadata.
"""

_STUCK: Final = b"\x01"
_POLL_SECONDS: Final = 0.2


class Migrations:
    """What a chain says of its migrations.

    Parameters
    ----------
    url
        The node.
    value
        Gives what is stored under a key, in a block or in the newest one.
    patience
        Seconds that a read of the newest state may wait for the end of a migration.
    """

    def __init__(
        self, url: str, value: Callable[[bytes, bytes | None], bytes | None], patience: float
    ) -> None:
        self._url = url
        self._value = value
        self._patience = patience

    def excuse(
        self, what: str, seconds: float, at: bytes | None = None
    ) -> MigrationUnderWay | MigrationStuck | None:
        """Say why `what` waits, when it is because of a migration.

        Parameters
        ----------
        seconds
            How long it was waited for.
        at
            The block that is asked; the newest one by default.
        """
        cursor = self._value(CURSOR, at)
        if cursor is None:
            return None
        kind = MigrationStuck if cursor == _STUCK else MigrationUnderWay
        return kind(self._url, what, seconds)

    def outlast(self, read: Callable[[], Read], at: bytes | None, what: str) -> Read:
        """Read, and read again after a migration that is in the way.

        Raises
        ------
        BadChainValue
            When what is stored cannot be read, and no migration is the cause.
        MigrationUnderWay, MigrationStuck
            When it does not end in time, or `at` is a block in the midst of it.
        """
        end = deadline(self._patience)
        is_last = at is not None
        while True:
            try:
                return read()
            except BadChainValue:
                excuse = self.excuse(what, self._patience if at is None else 0.0, at)
                if excuse is None and is_last:
                    raise
                if excuse is None:  # it may have ended since the state was read
                    is_last = True
                    continue
                is_over = at is not None or isinstance(excuse, MigrationStuck)
                if is_over or remaining(end) <= 0:
                    raise excuse from None
                time.sleep(min(_POLL_SECONDS, remaining(end)))
