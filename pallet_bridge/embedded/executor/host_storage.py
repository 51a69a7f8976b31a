"""Host functions of ``sp_io::storage`` and of the trie interface."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import option_blob
from pallet_bridge.embedded.state.trie import ordered_root, pairs_root

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.embedded.executor.call import CallState
    from pallet_bridge.embedded.executor.memory import MemoryWindow
    from pallet_bridge.embedded.executor.wasm import HostFunction
    from pallet_bridge.embedded.state.storage import Removal

_LOW = 0xFFFFFFFF


def reading_functions(memory: MemoryWindow, state: CallState) -> Mapping[str, HostFunction]:
    """Make the functions that read the storage of the running call."""
    read, give = memory.read, memory.give

    def get(key: int) -> int:
        return give(option_blob(state.overlay.get(read(key))))

    def read_value(key: int, out: int, offset: int) -> int:
        value = state.overlay.get(read(key))
        if value is None:
            return give(b"\x00")
        rest = value[offset:]
        memory.write_at(out & _LOW, rest[: out >> 32])
        return give(b"\x01" + len(rest).to_bytes(4, "little"))

    def exists(key: int) -> int:
        return int(state.overlay.get(read(key)) is not None)

    def next_key(key: int) -> int:
        return give(option_blob(state.overlay.next_key(read(key))))

    def root(_version: int) -> int:
        return give(state.overlay.result().root)

    return {
        "ext_storage_get_version_1": get,
        "ext_storage_read_version_1": read_value,
        "ext_storage_exists_version_1": exists,
        "ext_storage_next_key_version_1": next_key,
        "ext_storage_root_version_2": root,
    }


def writing_functions(memory: MemoryWindow, state: CallState) -> Mapping[str, HostFunction]:
    """Make the functions that change the storage of the running call."""
    read = memory.read

    def set_(key: int, value: int) -> None:
        state.overlay.set(read(key), read(value))

    def clear(key: int) -> None:
        state.overlay.set(read(key), None)

    def append(key: int, element: int) -> None:
        state.overlay.append(read(key), read(element))

    def clear_prefix(prefix: int) -> None:
        state.overlay.clear_prefix(read(prefix))

    def clear_prefix_limited(prefix: int, limit: int) -> int:
        removal = state.overlay.clear_prefix(read(prefix), _option_u32(read(limit)))
        return memory.give(_kill_result(removal))

    return {
        "ext_storage_set_version_1": set_,
        "ext_storage_clear_version_1": clear,
        "ext_storage_append_version_1": append,
        "ext_storage_clear_prefix_version_1": clear_prefix,
        "ext_storage_clear_prefix_version_2": clear_prefix_limited,
    }


def transaction_functions(state: CallState) -> Mapping[str, HostFunction]:
    """Make the functions that open and close storage transactions."""

    def start() -> None:
        state.overlay.start()

    def commit() -> None:
        state.check_open()
        state.overlay.commit()

    def rollback() -> None:
        state.check_open()
        state.overlay.rollback()

    return {
        "ext_storage_start_transaction_version_1": start,
        "ext_storage_commit_transaction_version_1": commit,
        "ext_storage_rollback_transaction_version_1": rollback,
    }


def trie_functions(memory: MemoryWindow) -> Mapping[str, HostFunction]:
    """Make the functions that compute the root of a list or of a map."""

    def ordered(data: int, version: int) -> int:
        reader = ScaleReader(memory.read(data))
        values = [reader.blob() for _ in range(reader.compact())]
        return memory.give_at(ordered_root(values, hash_values=version == 1))

    def of_pairs(data: int, version: int) -> int:
        reader = ScaleReader(memory.read(data))
        pairs = [(reader.blob(), reader.blob()) for _ in range(reader.compact())]
        return memory.give_at(pairs_root(pairs, hash_values=version == 1))

    return {
        "ext_trie_blake2_256_ordered_root_version_1": lambda data: ordered(data, 0),
        "ext_trie_blake2_256_ordered_root_version_2": ordered,
        "ext_trie_blake2_256_root_version_1": lambda data: of_pairs(data, 0),
        "ext_trie_blake2_256_root_version_2": of_pairs,
    }


def _option_u32(data: bytes) -> int | None:
    reader = ScaleReader(data)
    return reader.uint(4) if reader.flag() else None


def _kill_result(removal: Removal) -> bytes:
    """Encode ``KillStorageResult``: AllRemoved(u32) or SomeRemaining(u32)."""
    return bytes((removal.some_left,)) + removal.visited.to_bytes(4, "little")
