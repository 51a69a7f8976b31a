"""Running a runtime in wasmtime: linking, calling, and resetting an instance between calls.

This module speaks wasmtime's C interface where wasmtime-py's own functions would cost more than
the work: host calls go through unchecked functions without arguments (see `core_wat`), and the
runtime is called without looking its types up again.

A call wants a fresh instance. Making one takes milliseconds, so an instance that returned
normally is made fresh instead: its static data is copied back and its heap emptied. The one
mutable global of a runtime, the stack pointer, is back where it was once a call returns; an
instance that trapped is thrown away.
"""

from __future__ import annotations

import ctypes
from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING

from wasmtime import Func, FuncType, Instance, Limits, MemoryType, Store, Trap, WasmtimeError
from wasmtime import Memory as WasmMemory
from wasmtime import _ffi as ffi

from pallet_bridge.embedded.errors import HostFunctionMissing, MethodMissing
from pallet_bridge.embedded.executor.core_wat import Layout, core_module
from pallet_bridge.embedded.executor.image import inspect
from pallet_bridge.embedded.executor.memory import MemoryWindow
from pallet_bridge.embedded.executor.module_cache import compiled, engine

if TYPE_CHECKING:
    from pathlib import Path

    from wasmtime._exportable import AsExtern

# Takes integers, returns one where the Wasm function has a result.
HostFunction = Callable[..., int | None]
# Host functions by name, made for the memory of an instance.
HostTable = Callable[[MemoryWindow], Mapping[str, HostFunction]]

_Callback = ctypes.CFUNCTYPE(
    ctypes.c_size_t, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_void_p, ctypes.c_size_t
)
# Called without giving up the interpreter lock: a runtime call comes back into Python hundreds
# of times, and each time would otherwise wait for whichever thread took the lock.
_call = ctypes.PyDLL(str(ffi.filename)).wasmtime_func_call_unchecked
_call.restype = ctypes.POINTER(ffi.wasmtime_error_t)
_call.argtypes = (ctypes.c_void_p,) * 3 + (ctypes.c_size_t, ctypes.c_void_p)
_new_function = ffi.dll.wasmtime_func_new_unchecked
_HOST_TRAP = b"a host function failed"


class Program:
    """A compiled runtime and its core module; instances are made from it.

    Parameters
    ----------
    blob
        The runtime as it is stored on chain: compressed or plain Wasm.
    cache
        Folder for compiled modules, see `module_cache`.

    Raises
    ------
    BadBlob
        The blob is not a runtime that can be linked.
    """

    __slots__ = ("core", "image", "layout", "runtime")

    def __init__(self, blob: bytes, cache: Path | None = None) -> None:
        self.image = inspect(blob)
        self.layout = Layout.above(self.image)
        self.core = compiled(core_module(self.image, self.layout), cache)
        self.runtime = compiled(self.image.wasm, cache)


class Machine:
    """One instance of a runtime, used for one call at a time.

    Parameters
    ----------
    program
        What to instantiate.
    hosts
        Gives the host functions. One that the runtime imports and this lacks fails when called.
    """

    __slots__ = (
        "_callbacks",
        "_functions",
        "_instance",
        "_pristine",
        "_program",
        "_raised",
        "_store",
        "memory",
    )

    def __init__(self, program: Program, hosts: HostTable) -> None:
        self._program = program
        self._store = Store(engine())
        self._raised: list[BaseException] = []
        self._callbacks: list[object] = []
        self._functions: dict[str, ffi.wasmtime_func_t] = {}
        pages = program.layout.pages
        memory = WasmMemory(self._store, MemoryType(Limits(pages, pages)))
        address = ctypes.addressof(memory.data_ptr(self._store).contents)
        self.memory = MemoryWindow(address, program.layout)
        table = hosts(self.memory)
        imports: list[AsExtern] = [
            memory if item.module == "env" else self._host(item.name or "", table)
            for item in program.core.imports
        ]
        core = Instance(self._store, program.core, imports).exports(self._store)
        self._instance = Instance(
            self._store,
            program.runtime,
            [memory if name == "memory" else core[name] for name in program.image.imports],
        )
        self._pristine = self.memory.pristine(program.image.dirty_from)

    def call(self, name: str, argument: bytes) -> bytes:
        """Call an exported function of the runtime; the instance must be fresh.

        Raises
        ------
        MethodMissing
            The runtime has no such function.
        Trap
            The runtime trapped. Whatever a host function raised is raised instead.
        """
        function = self._functions.get(name) or self._find(name)
        values = (ffi.wasmtime_val_raw_t * 2)()
        values[0].i32 = self.memory.give_at(argument)
        values[1].i32 = len(argument)
        trap = ctypes.POINTER(ffi.wasm_trap_t)()
        error = _call(
            self._store._context(),  # noqa: SLF001 - no public way to the C interface
            ctypes.byref(function),
            values,
            len(values),
            ctypes.byref(trap),
        )
        if trap or error:
            failure = (
                Trap._from_ptr(trap)  # noqa: SLF001 - as above
                if trap
                else WasmtimeError._from_ptr(error)  # noqa: SLF001 - as above
            )
            if self._raised:
                raise self._raised.pop() from failure
            raise failure
        return self.memory.read(values[0].i64 & 0xFFFFFFFF_FFFFFFFF)

    def reset(self) -> int:
        """Make the instance fresh after a call that returned; return the heap it had used."""
        return self.memory.reset(self._program.image.dirty_from, self._pristine)

    def close(self) -> None:
        """Free the instance and its memory."""
        self._store.close()

    def _find(self, name: str) -> ffi.wasmtime_func_t:
        function = self._instance.exports(self._store).get(name)
        if not isinstance(function, Func):
            raise MethodMissing(name)
        raw: ffi.wasmtime_func_t = function._func  # noqa: SLF001 - no public way to the C interface
        self._functions[name] = raw
        return raw

    def _host(self, name: str, table: Mapping[str, HostFunction]) -> Func:
        parameters = self._program.image.functions[name].parameters
        function = table.get(name) or _missing(name)
        callback = _Callback(
            _adapter(function, len(parameters), self.memory.arguments, self._raised)
        )
        self._callbacks.append(callback)
        raw = ffi.wasmtime_func_t()
        type_ = FuncType([], [])
        _new_function(
            self._store._context(),  # noqa: SLF001 - no public way to the C interface
            type_.ptr(),
            ctypes.cast(callback, ffi.wasmtime_func_unchecked_callback_t),
            None,
            ctypes.cast(0, ctypes.CFUNCTYPE(None, ctypes.c_void_p)),
            ctypes.byref(raw),
        )
        return Func._from_raw(raw)  # noqa: SLF001 - as above


def _missing(name: str) -> HostFunction:
    def fail(*_: int) -> int:
        raise HostFunctionMissing(name)

    return fail


def _adapter(
    function: HostFunction, arity: int, cells: memoryview, raised: list[BaseException]
) -> Callable[[object, object, object, int], int]:
    """Make of `function` what wasmtime calls: arguments and result go through `cells`.

    Nothing may leave a callback from C, so what it raises is kept for `Machine.call`.
    """

    def fail(error: BaseException) -> int:
        raised.append(error)
        trap = ffi.wasmtime_trap_new(_HOST_TRAP, len(_HOST_TRAP))
        return ctypes.cast(trap, ctypes.c_void_p).value or 0

    invoke: Callable[[], int | None]
    if arity == 1:
        invoke = lambda: function(cells[0])  # noqa: E731 - hundreds of calls for each extrinsic
    elif arity == 2:  # noqa: PLR2004
        invoke = lambda: function(cells[0], cells[1])  # noqa: E731 - as above
    else:
        invoke = lambda: function(*cells[:arity])  # noqa: E731 - as above

    def callback(_env: object, _caller: object, _values: object, _count: int) -> int:
        try:
            result = invoke()
        except BaseException as error:  # noqa: BLE001 - raised again by `Machine.call`
            return fail(error)
        if result is not None:
            cells[0] = result
        return 0

    return callback
