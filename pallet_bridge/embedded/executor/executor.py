"""Calling the API of a runtime on a storage overlay."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from wasmtime import Trap, WasmtimeError

from pallet_bridge.embedded.errors import EmbeddedError, RuntimePanic
from pallet_bridge.embedded.executor.call import CallState
from pallet_bridge.embedded.executor.host import host_table
from pallet_bridge.embedded.executor.wasm import Machine, Program
from pallet_bridge.embedded.state.storage import Overlay, State

if TYPE_CHECKING:
    from collections.abc import Container
    from pathlib import Path

# Instances kept for the next call, and how much heap one may have touched to be kept.
_KEPT = 2
_KEPT_HEAP = 16 * 1024 * 1024


class _Seat(NamedTuple):
    state: CallState
    machine: Machine


class Runtime:
    """A runtime blob that can be called.

    Several threads may call one runtime: each call has an instance for itself.

    Parameters
    ----------
    blob
        The runtime as it stands under ``:code``.
    cache
        Folder for compiled modules; None is the user's cache folder.
    impersonated
        Public keys whose signature may be `MOCK_SIGNATURE`.
    """

    __slots__ = ("_cache", "_idle", "_impersonated", "_program", "blob")

    def __init__(
        self, blob: bytes, cache: Path | None = None, impersonated: Container[bytes] = ()
    ) -> None:
        self.blob = blob
        self._impersonated = impersonated
        self._cache = cache
        self._program = Program(blob, cache)
        self._idle: list[_Seat] = []

    def call(self, method: str, argument: bytes, overlay: Overlay) -> bytes:
        """Call ``method`` with its encoded arguments; changes go into `overlay`.

        Raises
        ------
        RuntimePanic
            The runtime trapped; `overlay` is as it was before.
        MethodMissing
            The runtime does not export `method`.
        """
        seat = self._take(overlay)
        depth = overlay.depth
        overlay.start()
        seat.state.begin(overlay)
        done = False
        try:
            output = seat.machine.call(method, argument)
            done = True
        except (Trap, WasmtimeError) as error:
            raise RuntimePanic(method, seat.state.panic or str(error)) from error
        finally:
            while overlay.depth > depth + done:
                overlay.rollback()
            if done:
                overlay.commit()
            else:
                seat.machine.close()
        self._give_back(seat)
        return output

    def version(self) -> bytes:
        """Return the encoded ``RuntimeVersion``."""
        return self.call("Core_version", b"", Overlay(State(None)))

    def _take(self, overlay: Overlay) -> _Seat:
        try:
            seat = self._idle.pop()
        except IndexError:
            state = CallState(overlay)
            table = host_table(state, self._version_of, self._impersonated)
            seat = _Seat(state, Machine(self._program, table))
        return seat

    def _give_back(self, seat: _Seat) -> None:
        used = seat.machine.reset()
        if used > _KEPT_HEAP or len(self._idle) >= _KEPT:
            seat.machine.close()
        else:
            self._idle.append(seat)

    def _version_of(self, blob: bytes) -> bytes | None:
        try:
            return Runtime(blob, self._cache).version()
        except EmbeddedError:
            return None


class Runtimes:
    """The runtimes of one chain: a call may replace it in any block, and old blocks keep theirs.

    Parameters
    ----------
    cache
        Folder for compiled modules; None is the user's cache folder.

    Attributes
    ----------
    impersonated
        Public keys whose signature may be `MOCK_SIGNATURE`, in calls from now on.
    """

    __slots__ = ("_by_code", "_cache", "impersonated")

    def __init__(self, cache: Path | None = None) -> None:
        self.impersonated: set[bytes] = set()
        self._by_code: dict[bytes, Runtime] = {}
        self._cache = cache

    def of(self, code: bytes) -> Runtime:
        """Give the runtime of this code, made once.

        Raises
        ------
        BadBlob
            It is no runtime that can run here.
        """
        runtime = self._by_code.get(code)
        if runtime is None:
            runtime = self._by_code[code] = Runtime(code, self._cache, self.impersonated)
        return runtime
