"""Reading a runtime blob: decompression, and the facts of the Wasm module that we link against.

Only the sections that say how to link a module are read (WebAssembly core specification 1.0,
chapter 5): types, imports, globals, exports and data. Code is left to wasmtime.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple, TypeVar

import zstandard

from pallet_bridge.embedded.errors import BadBlob

if TYPE_CHECKING:
    from collections.abc import Callable

_T = TypeVar("_T")

# The marker that sp-maybe-compressed-blob puts in front of zstd, and its limit for a runtime.
_COMPRESSED = bytes.fromhex("52bc537646db8e05")
_MAX_SIZE = 50 * 1024 * 1024
_WASM_MAGIC = b"\x00asm\x01\x00\x00\x00"
_TYPE, _IMPORT, _GLOBAL, _EXPORT, _DATA = 1, 2, 6, 7, 11
_FUNCTION, _TABLE, _MEMORY, _GLOBAL_KIND = 0, 1, 2, 3
_VALUE_TYPES = {0x7F: "i32", 0x7E: "i64", 0x7D: "f32", 0x7C: "f64"}
_I32_CONST, _I64_CONST, _END = 0x41, 0x42, 0x0B
_LEB_MORE = 0x80
_LEB_SIGN = 0x40


class FunctionType(NamedTuple):
    """Parameter and result types by their names in Wasm text."""

    parameters: tuple[str, ...]
    results: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Image:
    """What linking a runtime needs to know.

    Attributes
    ----------
    wasm
        The decompressed module.
    functions
        The imported functions in the module's order, with their types.
    imports
        The names of all imports in the module's order: the functions and ``memory``.
    pages
        The pages of 64 KiB that the module wants its imported memory to have at least.
    heap_base
        The first address that the module leaves to the allocator.
    dirty_from
        The first address that a call can leave changed and a next call could read before it
        writes it. Below it is only the stack, when the linker put that first.
    """

    wasm: bytes
    functions: dict[str, FunctionType]
    imports: tuple[str, ...]
    pages: int
    heap_base: int
    dirty_from: int


def decompress(blob: bytes) -> bytes:
    """Return the Wasm module in `blob`, which may be compressed or plain.

    Raises
    ------
    BadBlob
        The bytes do not decompress, are too large, or are no Wasm module.
    """
    wasm = blob
    if blob.startswith(_COMPRESSED):
        try:
            reader = zstandard.ZstdDecompressor().stream_reader(blob[len(_COMPRESSED) :])
            wasm = reader.read(_MAX_SIZE + 1)
        except zstandard.ZstdError as error:
            raise BadBlob(f"it does not decompress ({error})") from error
        if len(wasm) > _MAX_SIZE:
            raise BadBlob(f"it decompresses to over {_MAX_SIZE} bytes")
    if not wasm.startswith(_WASM_MAGIC):
        raise BadBlob("it is no Wasm module")
    return wasm


def inspect(blob: bytes) -> Image:
    """Decompress `blob` and read how to link it.

    Raises
    ------
    BadBlob
        The blob is no Substrate runtime: it imports something that is no host function, or has
        state between calls that is not in its memory.
    """
    wasm = decompress(blob)
    try:
        sections = _sections(wasm)
        types = _read(sections[_TYPE], _function_type)
        imports = _read(sections[_IMPORT], _import)
        globals_ = _read(sections[_GLOBAL], _global)
        exports = {name: (kind, index) for name, kind, index in _read(sections[_EXPORT], _export)}
        segments = _read(sections[_DATA], _segment) if _DATA in sections else []
        kind, index = exports["__heap_base"]
    except (IndexError, KeyError) as error:
        raise BadBlob(f"its Wasm sections cannot be read ({error!r})") from error
    if kind != _GLOBAL_KIND or sum(mutable for mutable, _ in globals_) > 1:
        raise BadBlob("it has more mutable globals than the stack pointer")
    functions: dict[str, FunctionType] = {}
    pages = 0
    for module, name, import_kind, detail in imports:
        if module != "env" or import_kind not in (_FUNCTION, _MEMORY):
            raise BadBlob(f"it imports {module}.{name}, which is no host function")
        if import_kind == _FUNCTION:
            functions[name] = types[detail]
        else:
            pages = detail
    stack_top = next((value for mutable, value in globals_ if mutable), 0)
    lowest = min(segments, default=0)
    return Image(
        wasm=wasm,
        functions=functions,
        imports=tuple(name for _, name, _, _ in imports),
        pages=pages,
        heap_base=globals_[index][1],
        dirty_from=lowest if 0 < stack_top <= lowest else 0,
    )


class _Cursor:
    __slots__ = ("at", "data")

    def __init__(self, data: bytes) -> None:
        self.data = data
        self.at = 0

    def byte(self) -> int:
        value = self.data[self.at]
        self.at += 1
        return value

    def unsigned(self) -> int:
        value, shift = 0, 0
        while True:
            byte = self.byte()
            value |= (byte & ~_LEB_MORE) << shift
            shift += 7
            if not byte & _LEB_MORE:
                return value

    def signed(self) -> int:
        start = self.at
        value = self.unsigned()
        if self.data[self.at - 1] & _LEB_SIGN:
            value -= 1 << 7 * (self.at - start)
        return value

    def bytes(self) -> bytes:
        length = self.unsigned()
        piece = self.data[self.at : self.at + length]
        if len(piece) < length:
            raise IndexError("a Wasm section ends too early")
        self.at += length
        return piece

    def name(self) -> str:
        return self.bytes().decode("utf-8", errors="replace")


def _sections(wasm: bytes) -> dict[int, bytes]:
    cursor = _Cursor(wasm)
    cursor.at = len(_WASM_MAGIC)
    sections: dict[int, bytes] = {}
    while cursor.at < len(wasm):
        number = cursor.byte()
        sections[number] = cursor.bytes()
    return sections


def _read(section: bytes, item: Callable[[_Cursor], _T]) -> list[_T]:
    cursor = _Cursor(section)
    return [item(cursor) for _ in range(cursor.unsigned())]


def _function_type(cursor: _Cursor) -> FunctionType:
    cursor.byte()
    parameters = tuple(_VALUE_TYPES[byte] for byte in cursor.bytes())
    return FunctionType(parameters, tuple(_VALUE_TYPES[byte] for byte in cursor.bytes()))


def _import(cursor: _Cursor) -> tuple[str, str, int, int]:
    """Read module, name, kind, and the type's index or the memory's pages."""
    module, name, kind = cursor.name(), cursor.name(), cursor.byte()
    if kind == _MEMORY:
        limited = cursor.byte()
        pages = cursor.unsigned()
        if limited & 1:
            cursor.unsigned()
        return module, name, kind, pages
    if kind == _FUNCTION:
        return module, name, kind, cursor.unsigned()
    raise KeyError(f"import {module}.{name}")


def _global(cursor: _Cursor) -> tuple[bool, int]:
    """Read whether it is mutable, and its first value."""
    cursor.byte()
    mutable = cursor.byte() == 1
    return mutable, _constant(cursor)


def _export(cursor: _Cursor) -> tuple[str, int, int]:
    return cursor.name(), cursor.byte(), cursor.unsigned()


def _segment(cursor: _Cursor) -> int:
    """Return the address of an active data segment."""
    if cursor.unsigned() != 0:
        raise KeyError("passive data segment")
    address = _constant(cursor)
    cursor.bytes()
    return address


def _constant(cursor: _Cursor) -> int:
    if cursor.byte() not in (_I32_CONST, _I64_CONST):
        raise KeyError("computed initial value")
    value = cursor.signed()
    if cursor.byte() != _END:
        raise KeyError("computed initial value")
    return value
