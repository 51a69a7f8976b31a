"""The state of one block of a live node, read over JSON-RPC when it is asked for."""

from __future__ import annotations

import json
import re
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING, Any, Final

from websockets.exceptions import WebSocketException
from websockets.sync.client import connect

from pallet_bridge.embedded.chain.block import Block, Header
from pallet_bridge.embedded.fork.errors import ForkUnreadable
from pallet_bridge.embedded.fork.state import ForkedState

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE: Final = 1000
_SECONDS: Final = 30.0
_MOST_OLDER: Final = 64
_HASH_BYTES: Final = 32
_SHOWN: Final = 80
_NUMBER: Final = re.compile("0x[0-9a-fA-F]{1,8}")


class _Reads:
    """The state of one block, by the connection of another; each key is asked for once."""

    def __init__(self, remote: RemoteState, block: bytes) -> None:
        self._remote = remote
        self._at = "0x" + block.hex()
        self._values: dict[bytes, bytes | None] = {}

    def get(self, key: bytes) -> bytes | None:
        if key not in self._values:
            self._values[key] = self._remote.value(key, self._at)
        return self._values[key]

    def keys(self, prefix: bytes, start: bytes | None, page: int = PAGE) -> Iterator[bytes]:
        return self._remote.keys(prefix, start, page, at=self._at)


class RemoteState:
    """What a node says of one of its blocks. Each key is asked for once.

    Parameters
    ----------
    url
        The node, ``ws://HOST:PORT`` or ``wss://HOST``.
    block
        The hash of the block; None is the node's last final one.

    Raises
    ------
    ForkUnreadable
        The node does not answer, or has no such block. So do all methods.
    """

    def __init__(self, url: str, block: bytes | None = None) -> None:
        self.url = url
        self._lock = threading.Lock()
        self._values: dict[bytes, bytes | None] = {}
        self._older: dict[bytes, ForkedState] = {}
        self._open = ExitStack()
        try:
            opening = connect(url, max_size=None, compression=None, open_timeout=_SECONDS)
            self._socket = self._open.enter_context(opening)
        except (OSError, WebSocketException, ValueError) as error:
            raise ForkUnreadable(url, str(error) or type(error).__name__) from error
        try:
            self._begin(block)
        except BaseException:
            self.close()
            raise

    def _begin(self, block: bytes | None) -> None:
        chosen = self._ask("chain_getFinalizedHead") if block is None else "0x" + block.hex()
        self._at = chosen
        self.genesis_hash = self._hash(self._ask("chain_getBlockHash", 0))
        self.header = self._header(self._ask("chain_getHeader", chosen))

    def get(self, key: bytes) -> bytes | None:
        """Return a value."""
        if key not in self._values:
            self._values[key] = self.value(key, self._at)
        return self._values[key]

    def value(self, key: bytes, at: str) -> bytes | None:
        """Ask for a value after a block."""
        found = self._ask("state_getStorage", "0x" + key.hex(), at)
        return None if found is None else self._bytes(found)

    def keys(
        self, prefix: bytes, start: bytes | None, page: int = PAGE, *, at: str | None = None
    ) -> Iterator[bytes]:
        """Iterate over the keys with `prefix`, in order, behind `start` when that is given.

        `page` is how many are asked for at a time, at most 1000; `at` names another block.
        """
        last = start
        while True:
            params = ["0x" + prefix.hex(), page, None if last is None else "0x" + last.hex()]
            found = self._ask("state_getKeysPaged", *params, at or self._at)
            if not isinstance(found, list) or len(found) > page:
                raise ForkUnreadable(self.url, f"its keys are no list of up to {page}")
            for text in found:
                key = self._bytes(text)
                # else a node that answers the same again and again would never be done
                if not key.startswith(prefix) or (last is not None and key <= last):
                    raise ForkUnreadable(self.url, "its keys are out of order, or of others")
                yield key
                last = key
            if len(found) < page:
                return

    def hash_at(self, number: int) -> bytes | None:
        """Return the hash of a block before this one, None when there is none."""
        if not 0 <= number < self.header.number:
            return None
        return self._hash(self._ask("chain_getBlockHash", number))

    def block(self, hash_: bytes) -> Block | None:
        """Return a block on the way to this one, None when it is none."""
        found = self._ask("chain_getBlock", "0x" + hash_.hex())
        if found is None:
            return None
        try:
            inner = found["block"]
            extrinsics = tuple(self._bytes(one) for one in inner["extrinsics"])
            shown = inner["header"]
        except (KeyError, TypeError) as error:
            raise ForkUnreadable(self.url, "its block is none") from error
        block = Block(self._header(shown), extrinsics)
        is_ours = block.hash == hash_ == self.hash_at(block.header.number)
        return block if is_ours else None

    def state(self, hash_: bytes) -> ForkedState | None:
        """Return the state after such a block, None when it is none."""
        if hash_ not in self._older:
            if self.block(hash_) is None:
                return None
            if len(self._older) == _MOST_OLDER:
                self._older.clear()
            self._older[hash_] = ForkedState(_Reads(self, hash_))
        return self._older[hash_]

    def close(self) -> None:
        """End the connection."""
        self._open.close()

    def _ask(self, method: str, *params: Any) -> Any:  # noqa: ANN401 - JSON
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        try:
            with self._lock:
                self._socket.send(json.dumps(request))
                answer = json.loads(self._socket.recv(timeout=_SECONDS))
        except (OSError, WebSocketException, ValueError, RecursionError) as error:
            raise ForkUnreadable(self.url, f"{method}: {error or type(error).__name__}") from error
        if not isinstance(answer, dict) or "result" not in answer:
            raise ForkUnreadable(self.url, f"{method}: {str(answer)[:_SHOWN]}")
        return answer["result"]

    def _bytes(self, value: object) -> bytes:
        try:
            if isinstance(value, str) and value.startswith("0x"):
                return bytes.fromhex(value[2:])
        except ValueError as error:
            raise ForkUnreadable(self.url, f"{str(value)[:_SHOWN]!r} is no hex") from error
        raise ForkUnreadable(self.url, f"{str(value)[:_SHOWN]!r} is no hex")

    def _hash(self, value: object) -> bytes:
        found = self._bytes(value)
        if len(found) != _HASH_BYTES:
            raise ForkUnreadable(self.url, f"{str(value)[:_SHOWN]!r} is no hash")
        return found

    def _header(self, value: Any) -> Header:  # noqa: ANN401 - JSON
        try:
            return Header(
                self._hash(value["parentHash"]),
                self._number(value["number"]),
                self._hash(value["stateRoot"]),
                self._hash(value["extrinsicsRoot"]),
                tuple(self._bytes(item) for item in value["digest"]["logs"]),
            )
        except (KeyError, TypeError) as error:
            raise ForkUnreadable(self.url, f"it has no block {self._at}") from error

    def _number(self, value: object) -> int:
        """Read a number as a header has it: up to 32 bits, in hexadecimal."""
        if not isinstance(value, str) or not _NUMBER.fullmatch(value):
            raise ForkUnreadable(self.url, f"{str(value)[:_SHOWN]!r} is no number of a block")
        return int(value, 16)
