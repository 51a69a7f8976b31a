"""Linking, allocation, hashing, traps and resets, with small runtimes written as Wasm text."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from hashlib import blake2b
from threading import Barrier
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from wasmtime import Trap, WasmtimeError, wat2wasm
from xxhash import xxh64_intdigest

from pallet_bridge.embedded.errors import (
    BadBlob,
    EmbeddedError,
    HostFunctionMissing,
    MethodMissing,
    RuntimePanic,
)
from pallet_bridge.embedded.executor.core_wat import HEAP_PAGES
from pallet_bridge.embedded.executor.executor import Runtime
from pallet_bridge.embedded.executor.image import inspect
from pallet_bridge.embedded.executor.wasm import Machine, Program
from pallet_bridge.embedded.state.storage import Overlay, State

if TYPE_CHECKING:
    from pathlib import Path


HEAP_BASE = 70_001

IMPORTS = {
    "ext_allocator_malloc_version_1": "(param i32) (result i32)",
    "ext_allocator_free_version_1": "(param i32)",
    "ext_hashing_blake2_128_version_1": "(param i64) (result i32)",
    "ext_hashing_blake2_256_version_1": "(param i64) (result i32)",
    "ext_hashing_twox_64_version_1": "(param i64) (result i32)",
    "ext_hashing_twox_128_version_1": "(param i64) (result i32)",
    "ext_hashing_twox_256_version_1": "(param i64) (result i32)",
    "ext_storage_get_version_1": "(param i64) (result i64)",
    "ext_storage_set_version_1": "(param i64 i64)",
    "ext_storage_start_transaction_version_1": "",
    "ext_storage_rollback_transaction_version_1": "",
    "ext_logging_log_version_1": "(param i32 i64 i64)",
    "ext_nobody_has_this_version_1": "(param i64 i32) (result i64)",
}
SPAN = (
    "(i64.or (i64.extend_i32_u (local.get 0))"
    " (i64.shl (i64.extend_i32_u (local.get 1)) (i64.const 32)))"
)


def hashing(name: str, size: int) -> str:
    return f"""(func (export "{name}") (param i32 i32) (result i64)
      (i64.or (i64.const {size << 32}) (i64.extend_i32_u
        (call $ext_hashing_{name}_version_1 {SPAN}))))"""


BODY = f"""
(global $stack (mut i32) (i32.const 65536))
(global (export "__heap_base") i32 (i32.const {HEAP_BASE}))
(data (i32.const 65536) "static")
{hashing("blake2_128", 16)} {hashing("blake2_256", 32)}
{hashing("twox_64", 8)} {hashing("twox_128", 16)} {hashing("twox_256", 32)}
(func (export "echo") (param i32 i32) (result i64) {SPAN})
(func (export "statics") (param i32 i32) (result i64)
  (i64.or (i64.const {65536 | 6 << 32}) (i64.const 0)))
(func (export "scribble") (param i32 i32) (result i64)
  (memory.fill (i32.const 65536) (i32.const 88) (i32.const 4000))
  (memory.fill (call $ext_allocator_malloc_version_1 (i32.const 1000))
    (i32.const 88) (i32.const 1000))
  (i64.const 0))
(func (export "heap") (param i32 i32) (result i64)
  (i64.or (i64.const {1000 << 32})
    (i64.extend_i32_u (call $ext_allocator_malloc_version_1 (i32.const 1000)))))
(func (export "free_twice") (param i32 i32) (result i64) (local $a i32)
  (local.set $a (call $ext_allocator_malloc_version_1 (i32.const 9)))
  (call $ext_allocator_free_version_1 (local.get $a))
  (call $ext_allocator_free_version_1 (local.get $a)) (i64.const 0))
(func (export "exhaust") (param i32 i32) (result i64)
  (loop (drop (call $ext_allocator_malloc_version_1 (i32.const 33554432))) (br 0)) (i64.const 0))
(func (export "reuse") (param i32 i32) (result i64) (local $a i32) (local $b i32)
  (local.set $a (call $ext_allocator_malloc_version_1 (i32.const 9)))
  (call $ext_allocator_free_version_1 (local.get $a))
  (local.set $b (call $ext_allocator_malloc_version_1 (i32.const 16)))
  (i64.extend_i32_u (i32.sub (local.get $a) (local.get $b))))
(func (export "missing") (param i32 i32) (result i64)
  (call $ext_nobody_has_this_version_1 (i64.const 1) (i32.const 2)))
(func (export "put") (param i32 i32) (result i64)
  (call $ext_storage_set_version_1 {SPAN} {SPAN}) (i64.const 0))
(func (export "take") (param i32 i32) (result i64) (call $ext_storage_get_version_1 {SPAN}))
(func (export "panic") (param i32 i32) (result i64)
  (call $ext_storage_set_version_1 {SPAN} {SPAN})
  (call $ext_logging_log_version_1 (i32.const 0) (i64.const {65536 | 6 << 32}) {SPAN})
  unreachable)
(func (export "leave_open") (param i32 i32) (result i64)
  (call $ext_storage_start_transaction_version_1)
  (call $ext_storage_set_version_1 {SPAN} {SPAN}) (i64.const 0))
(func (export "close_ours") (param i32 i32) (result i64)
  (call $ext_storage_rollback_transaction_version_1) (i64.const 0))
"""


def module(body: str = BODY, imports: dict[str, str] = IMPORTS) -> bytes:
    lines = [f'(import "env" "{n}" (func ${n} {t}))' for n, t in imports.items()]
    return bytes(wat2wasm(f'(module {"".join(lines)} (import "env" "memory" (memory 2)) {body})'))


@pytest.fixture(scope="module")
def runtime(modules: Path) -> Runtime:
    return Runtime(module(), modules)


@pytest.fixture
def overlay() -> Overlay:
    return Overlay(State(None))


HASHES = {
    "blake2_128": lambda data: blake2b(data, digest_size=16).digest(),
    "blake2_256": lambda data: blake2b(data, digest_size=32).digest(),
    "twox_64": lambda data: xxh64_intdigest(data, 0).to_bytes(8, "little"),
    "twox_128": lambda data: b"".join(
        xxh64_intdigest(data, seed).to_bytes(8, "little") for seed in range(2)
    ),
    "twox_256": lambda data: b"".join(
        xxh64_intdigest(data, seed).to_bytes(8, "little") for seed in range(4)
    ),
}


@pytest.mark.parametrize("name", HASHES)
def test_hashes_of_every_short_length_are_right(
    runtime: Runtime, overlay: Overlay, name: str
) -> None:
    data = bytes(i * 7 % 256 for i in range(300))
    for length in [*range(140), 255, 256, 257, 300]:
        assert runtime.call(name, data[:length], overlay) == HASHES[name](data[:length])


@pytest.mark.parametrize("name", HASHES)
@settings(max_examples=30, deadline=None)
@given(data=st.binary(max_size=5000))
def test_hashes_of_any_bytes_are_right(runtime: Runtime, name: str, data: bytes) -> None:
    assert runtime.call(name, data, Overlay(State(None))) == HASHES[name](data)


@settings(max_examples=60, deadline=None)
@given(st.lists(st.tuples(st.integers(0, 5000), st.booleans()), min_size=1, max_size=60))
def test_wasm_and_python_allocate_from_the_same_free_lists(
    modules: Path, script: list[tuple[int, bool]]
) -> None:
    """Blocks never overlap, are multiples of 8 and have 8 bytes of header, whoever made them."""
    machine = Machine(Program(module(), modules), lambda _memory: {})
    memory = machine.memory
    live: list[tuple[int, int]] = []
    for index, (size, in_python) in enumerate(script):
        if in_python or not live:
            span = memory.give(bytes([index]) * size)
            live.append((span & 0xFFFFFFFF, size))
        else:
            machine.call("reuse", b"")
    for index, (address, size) in enumerate(live):
        assert address % 8 == 0
        others = live[:index] + live[index + 1 :]
        assert all(
            address + size + 8 <= other or other + end + 8 <= address for other, end in others
        )
    machine.close()


def test_a_freed_block_of_the_same_size_class_is_used_again(
    runtime: Runtime, overlay: Overlay
) -> None:
    assert runtime.call("reuse", b"", overlay) == b""


def test_arguments_and_results_of_any_size_pass(runtime: Runtime, overlay: Overlay) -> None:
    for size in (0, 1, 7, 8, 9, 4096, 3_000_000):
        data = bytes(size)
        assert runtime.call("echo", data, overlay) == data


def test_every_call_finds_the_memory_as_it_was_first(runtime: Runtime, overlay: Overlay) -> None:
    assert runtime.call("statics", b"", overlay) == b"static"
    clean = runtime.call("heap", b"", overlay)
    assert clean == bytes(1000)
    runtime.call("scribble", b"", overlay)
    assert runtime.call("statics", b"", overlay) == b"static"
    assert runtime.call("heap", b"", overlay) == clean


def test_a_double_free_and_an_exhausted_heap_trap(runtime: Runtime, overlay: Overlay) -> None:
    for method in ("free_twice", "exhaust"):
        with pytest.raises(RuntimePanic, match=method):
            runtime.call(method, b"", overlay)
    assert runtime.call("echo", b"still fine", overlay) == b"still fine"


def test_an_argument_larger_than_any_block_is_refused(runtime: Runtime, overlay: Overlay) -> None:
    with pytest.raises(EmbeddedError, match="no block of 33554433 bytes"):
        runtime.call("echo", bytes(2**25 + 1), overlay)


def test_storage_passes_through_the_overlay(runtime: Runtime, overlay: Overlay) -> None:
    runtime.call("put", b"key", overlay)
    assert overlay.get(b"key") == b"key"
    assert runtime.call("take", b"key", overlay) == b"\x01\x0ckey"
    assert runtime.call("take", b"no", overlay) == b"\x00"


def test_a_panic_carries_what_was_logged_and_leaves_no_change(
    runtime: Runtime, overlay: Overlay
) -> None:
    overlay.set(b"before", b"1")
    with pytest.raises(RuntimePanic) as caught:
        runtime.call("panic", b"the reason", overlay)
    assert caught.value.method == "panic"
    assert caught.value.message == "the reason"
    assert overlay.get(b"the reason") is None
    assert overlay.get(b"before") == b"1"
    assert overlay.depth == 0


def test_what_a_call_leaves_open_is_rolled_back(runtime: Runtime, overlay: Overlay) -> None:
    runtime.call("leave_open", b"key", overlay)
    assert overlay.depth == 0
    assert overlay.get(b"key") is None


def test_a_call_can_not_close_a_transaction_of_its_caller(
    runtime: Runtime, overlay: Overlay
) -> None:
    overlay.start()
    with pytest.raises(EmbeddedError, match="never opened"):
        runtime.call("close_ours", b"", overlay)
    assert overlay.depth == 1


def test_a_missing_host_function_or_method_is_named(runtime: Runtime, overlay: Overlay) -> None:
    with pytest.raises(HostFunctionMissing, match="ext_nobody_has_this_version_1"):
        runtime.call("missing", b"", overlay)
    with pytest.raises(MethodMissing, match="No_such"):
        runtime.call("No_such", b"", overlay)


def test_what_a_host_function_raises_comes_out_of_the_call(modules: Path) -> None:
    def fail(_key: int) -> int:
        raise KeyboardInterrupt

    machine = Machine(
        Program(module(), modules), lambda _memory: {"ext_storage_get_version_1": fail}
    )
    with pytest.raises(KeyboardInterrupt) as caught:
        machine.call("take", b"x")
    assert isinstance(caught.value.__cause__, (Trap, WasmtimeError))
    machine.close()


def test_the_image_says_how_to_link(modules: Path) -> None:
    image = inspect(module())
    assert image.imports == (*IMPORTS, "memory")
    assert image.functions["ext_storage_get_version_1"] == (("i64",), ("i64",))
    assert image.heap_base == HEAP_BASE
    assert image.dirty_from == 65536
    assert Program(module(), modules).layout.pages == image.pages + HEAP_PAGES


@pytest.mark.parametrize(
    ("blob", "reason"),
    [
        (b"", "no Wasm module"),
        (b"\x00asm\x01\x00\x00\x00", "sections cannot be read"),
        (bytes.fromhex("52bc537646db8e05") + b"junk", "does not decompress"),
        (module()[:-200], "sections cannot be read"),
        (module(BODY.replace("__heap_base", "other")), "sections cannot be read"),
        (module(BODY + "(global (mut i64) (i64.const 0))"), "more mutable globals"),
        (bytes(wat2wasm('(module (import "wasi" "f" (func)) (memory 1) (global $g (export'
                        ' "__heap_base") i32 (i32.const 8)))')), "wasi.f"),
    ],
)  # fmt: skip
def test_bytes_that_are_no_runtime_are_refused(blob: bytes, reason: str) -> None:
    with pytest.raises(BadBlob, match=reason):
        inspect(blob)


def test_threads_can_call_one_runtime_at_once(runtime: Runtime) -> None:
    barrier = Barrier(4)

    def work(index: int) -> list[bytes]:
        barrier.wait(timeout=60)
        data = bytes([index]) * 3000
        return [runtime.call("blake2_256", data, Overlay(State(None))) for _ in range(50)]

    with ThreadPoolExecutor(4) as pool:
        for index, results in enumerate(pool.map(work, range(4))):
            assert set(results) == {HASHES["blake2_256"](bytes([index]) * 3000)}
