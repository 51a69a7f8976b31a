"""The host functions of a runtime call."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pallet_bridge.embedded.executor.host_crypto import crypto_functions, hash_functions
from pallet_bridge.embedded.executor.host_storage import (
    reading_functions,
    transaction_functions,
    trie_functions,
    writing_functions,
)
from pallet_bridge.embedded.state.encode import option_blob

if TYPE_CHECKING:
    from collections.abc import Callable, Container, Mapping

    from pallet_bridge.embedded.executor.call import CallState
    from pallet_bridge.embedded.executor.memory import MemoryWindow
    from pallet_bridge.embedded.executor.wasm import HostFunction, HostTable

_log = logging.getLogger("pallet_bridge.runtime")
# RuntimeInterfaceLogLevel, and what the runtime is told to log at most (LogLevelFilter).
_LEVELS = (logging.ERROR, logging.WARNING, logging.INFO, logging.DEBUG, logging.DEBUG)
_ERROR = 0
_MAX_LEVEL_WARN = 2


def host_table(
    state: CallState,
    version_of: Callable[[bytes], bytes | None],
    impersonated: Container[bytes] = (),
) -> HostTable:
    """Return the maker of all host functions for calls in `state`.

    Parameters
    ----------
    version_of
        Reads the encoded version of another runtime blob; None when it has none.
    impersonated
        Public keys whose signature may be `MOCK_SIGNATURE`.
    """

    def table(memory: MemoryWindow) -> Mapping[str, HostFunction]:
        return {
            **reading_functions(memory, state),
            **writing_functions(memory, state),
            **transaction_functions(state),
            **trie_functions(memory),
            **crypto_functions(memory, impersonated),
            **hash_functions(memory),
            **_misc_functions(memory, state, version_of),
        }

    return table


def _misc_functions(
    memory: MemoryWindow, state: CallState, version_of: Callable[[bytes], bytes | None]
) -> Mapping[str, HostFunction]:
    def log(level: int, target: int, message: int) -> None:
        text = memory.read(message).decode("utf-8", errors="replace")
        if level == _ERROR:
            state.panic = text
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
