"""The small Wasm module that stands between the runtime and Python.

It works on the same memory, and answers there what the runtime asks most: allocation and
hashing. Every other host function becomes a shim that puts its arguments into fixed memory cells
and calls Python without any: reading a cell is far cheaper than unpacking a call's arguments.

The allocator is Substrate's freeing-bump allocator: blocks of 2**n bytes, each behind an 8-byte
header, with one free list for each size. Runtimes rely on the header (they write two bytes below
the pointer for alignment) and on pointers being multiples of 8. Its whole state is in memory
cells, so Python can allocate without calling into Wasm.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.embedded.executor import hash_wat

if TYPE_CHECKING:
    from pallet_bridge.embedded.executor.image import FunctionType, Image

PAGE = 65536
# Substrate's default: this many pages for the heap, never more.
HEAP_PAGES = 2048
HEADER = 8
SMALLEST_ORDER = 3  # blocks of 8 bytes
LARGEST_ORDER = 25  # blocks of 32 MiB
OCCUPIED = 1 << 32
ARGUMENTS = 8
_ORDERS = LARGEST_ORDER - SMALLEST_ORDER + 1

_BLAKE = {"ext_hashing_blake2_128_version_1": 16, "ext_hashing_blake2_256_version_1": 32}
_TWOX = {
    "ext_hashing_twox_64_version_1": 1,
    "ext_hashing_twox_128_version_1": 2,
    "ext_hashing_twox_256_version_1": 4,
}
MALLOC = "ext_allocator_malloc_version_1"
FREE = "ext_allocator_free_version_1"


@dataclass(frozen=True, slots=True)
class Layout:
    """Addresses in the shared memory, from the runtime's heap base upwards.

    Attributes
    ----------
    heads
        First block of the free list of each size, u32 each; 0 ends a list.
    bump
        u32: the first address that was never allocated.
    arguments
        Eight u64 cells: arguments of a host call, and its result in the first.
    block
        128 bytes for BLAKE2b.
    heap
        Where allocation starts.
    pages
        The size of the memory.
    """

    heads: int
    bump: int
    arguments: int
    block: int
    heap: int
    pages: int

    @classmethod
    def above(cls, image: Image) -> Layout:
        """Place everything above the static data of `image`."""
        heads = (image.heap_base + 7) // 8 * 8
        bump = heads + 4 * _ORDERS
        arguments = (bump + 4 + 7) // 8 * 8
        block = arguments + 8 * ARGUMENTS
        heap = block + hash_wat.BLAKE_BLOCK
        return cls(heads, bump, arguments, block, heap, image.pages + HEAP_PAGES)


def native(name: str) -> bool:
    """Tell whether the core module answers this host function itself."""
    return name in _BLAKE or name in _TWOX or name in (MALLOC, FREE)


def core_module(image: Image, layout: Layout) -> str:
    """Write the module for a runtime: memory, allocator, hashes and shims, as Wasm text."""
    shims = {name: type_ for name, type_ in image.functions.items() if not native(name)}
    return "\n".join(
        [
            "(module",
            f'(import "env" "memory" (memory {layout.pages} {layout.pages}))',
            *(f'(import "host" "{name}" (func $host_{name}))' for name in shims),
            _allocator(layout),
            hash_wat.blake2b(layout.block),
            hash_wat.xxh64(),
            *(_blake(name, size) for name, size in _BLAKE.items() if name in image.functions),
            *(_twox(name, words) for name, words in _TWOX.items() if name in image.functions),
            *(_shim(name, type_, layout.arguments) for name, type_ in shims.items()),
            ")",
        ]
    )


def _allocator(layout: Layout) -> str:
    smallest = 1 << SMALLEST_ORDER
    return f"""
(func $malloc (export "{MALLOC}") (param $size i32) (result i32)
  (local $order i32) (local $head i32) (local $block i32)
  (if (i32.gt_u (local.get $size) (i32.const {1 << LARGEST_ORDER})) (then unreachable))
  (if (i32.gt_u (local.get $size) (i32.const {smallest})) (then
    (local.set $order (i32.sub (i32.const {32 - SMALLEST_ORDER})
      (i32.clz (i32.sub (local.get $size) (i32.const 1)))))))
  (local.set $head (i32.shl (local.get $order) (i32.const 2)))
  (local.set $block (i32.load offset={layout.heads} (local.get $head)))
  (if (local.get $block)
    (then (i32.store offset={layout.heads} (local.get $head) (i32.load (local.get $block))))
    (else
      (local.set $block (i32.load (i32.const {layout.bump})))
      (local.set $size (i32.add (local.get $block) (i32.add (i32.const {HEADER})
        (i32.shl (i32.const {smallest}) (local.get $order)))))
      (if (i32.gt_u (local.get $size) (i32.const {layout.pages * PAGE})) (then unreachable))
      (i32.store (i32.const {layout.bump}) (local.get $size))))
  (i64.store (local.get $block)
    (i64.or (i64.const {OCCUPIED}) (i64.extend_i32_u (local.get $order))))
  (i32.add (local.get $block) (i32.const {HEADER})))
(func $free (export "{FREE}") (param $at i32)
  (local $block i32) (local $order i32)
  (local.set $block (i32.sub (local.get $at) (i32.const {HEADER})))
  (local.set $order (i32.load (local.get $block)))
  (if (i32.or (i32.ge_u (local.get $order) (i32.const {_ORDERS}))
      (i32.eqz (i32.load8_u offset=4 (local.get $block)))) (then unreachable))
  (i32.store (local.get $block)
    (i32.load offset={layout.heads} (i32.shl (local.get $order) (i32.const 2))))
  (i32.store offset=4 (local.get $block) (i32.const 0))
  (i32.store offset={layout.heads} (i32.shl (local.get $order) (i32.const 2))
    (local.get $block)))
"""


def _blake(name: str, size: int) -> str:
    return f"""
(func (export "{name}") (param $data i64) (result i32) (local $out i32)
  (local.set $out (call $malloc (i32.const {size})))
  (call $blake2b (i32.wrap_i64 (local.get $data))
    (i32.wrap_i64 (i64.shr_u (local.get $data) (i64.const 32)))
    (i32.const {size}) (local.get $out))
  (local.get $out))
"""


def _twox(name: str, words: int) -> str:
    stores = "\n".join(
        f"(i64.store offset={8 * seed} (local.get $out)"
        f" (call $xxh64 (local.get $at) (local.get $len) (i64.const {seed})))"
        for seed in range(words)
    )
    return f"""
(func (export "{name}") (param $data i64) (result i32)
  (local $out i32) (local $at i32) (local $len i32)
  (local.set $at (i32.wrap_i64 (local.get $data)))
  (local.set $len (i32.wrap_i64 (i64.shr_u (local.get $data) (i64.const 32))))
  (local.set $out (call $malloc (i32.const {8 * words})))
  {stores}
  (local.get $out))
"""


def _shim(name: str, type_: FunctionType, arguments: int) -> str:
    parameters = "".join(f" (param {kind})" for kind in type_.parameters)
    results = "".join(f" (result {kind})" for kind in type_.results)
    stores = " ".join(
        f"(i64.store (i32.const {arguments + 8 * index}) "
        + (f"(local.get {index})" if kind == "i64" else f"(i64.extend_i32_u (local.get {index}))")
        + ")"
        for index, kind in enumerate(type_.parameters)
    )
    load = "".join(f"({kind}.load (i32.const {arguments}))" for kind in type_.results)
    return f'(func (export "{name}"){parameters}{results} {stores} (call $host_{name}) {load})'
