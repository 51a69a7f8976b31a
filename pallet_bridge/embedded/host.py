"""The host functions of a runtime call, and what one call works on."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pallet_bridge.embedded.codec import option_blob
from pallet_bridge.embedded.errors import EmbeddedError
from pallet_bridge.embedded.host_crypto import crypto_functions, hash_functions
from pallet_bridge.embedded.host_storage import (
    reading_functions,
    transaction_functions,
    trie_functions,
    writing_functions,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pallet_bridge.embedded.memory import Memory
    from pallet_bridge.embedded.storage import Overlay
    from pallet_bridge.embedded.wasm import HostFunction, HostTable

_log = logging.getLogger("pallet_bridge.runtime")
# RuntimeInterfaceLogLevel, and what the runtime is told to log at most (LogLevelFilter).
_LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG, logging.DEBUG)
_ERROR = 0
_MAX_LEVEL_WARN = 2


class Session:
    """What the running call reads and writes.

    Attributes
    ----------
    overlay
        Its storage.
    floor
        How many of the overlay's transactions are not the call's own to close.
    panic
        The last error that the runtime logged: its panic handler logs before it traps.
    """

    __slots__ = ("floor", "overlay", "panic")

    def __init__(self, overlay: Overlay) -> None:
        self.overlay = overlay
        self.floor = overlay.depth
        self.panic: str | None = None

    def begin(self, overlay: Overlay) -> None:
        """Start a call on `overlay`."""
        self.overlay = overlay
        self.floor = overlay.depth
        self.panic = None

    def check_open(self) -> None:
        """Raise `EmbeddedError` unless the call has a transaction of its own to close."""
        if self.overlay.depth <= self.floor:
            raise EmbeddedError("the runtime closed a storage transaction that it never opened")


def host_table(session: Session, version_of: Callable[[bytes], bytes | None]) -> HostTable:
    """Return the maker of all host functions for calls in `session`.

    Parameters
    ----------
    version_of
        Reads the encoded version of another runtime blob; None when it has none.
    """

    def table(memory: Memory) -> Mapping[str, HostFunction]:
        return {
            **reading_functions(memory, session),
            **writing_functions(memory, session),
            **transaction_functions(session),
            **trie_functions(memory),
            **crypto_functions(memory),
            **hash_functions(memory),
            **_misc_functions(memory, session, version_of),
        }

    return table


def _misc_functions(
    memory: Memory, session: Session, version_of: Callable[[bytes], bytes | None]
) -> Mapping[str, HostFunction]:
    def log(level: int, target: int, message: int) -> None:
        text = memory.read(message).decode("utf-8", errors="replace")
        if level == _ERROR:
            session.panic = text
        name = memory.read(target).decode("utf-8", errors="replace")
        _log.log(_LEVELS[min(level, len(_LEVELS) - 1)], "%s: %s", name, text)

    def max_level() -> int:
        return _MAX_LEVEL_WARN

    def print_number(number: int) -> None:
        _log.debug("%d", number)

    def print_text(text: int) -> None:
        _log.debug("%s", memory.read(text).decode("utf-8", errors="replace"))

    def print_hex(data: int) -> None:
        _log.debug("%s", memory.read(data).hex())

    def runtime_version(blob: int) -> int:
        return memory.give(option_blob(version_of(memory.read(blob))))

    return {
        "ext_logging_log_version_1": log,
        "ext_logging_max_level_version_1": max_level,
        "ext_misc_print_num_version_1": print_number,
        "ext_misc_print_utf8_version_1": print_text,
        "ext_misc_print_hex_version_1": print_hex,
        "ext_misc_runtime_version_version_1": runtime_version,
    }
