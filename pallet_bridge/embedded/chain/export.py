"""Chains in files: one JSON line that says which chain, then one for each block.

A file holds no state. Whoever reads it executes every block again, and so proves it.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, Final

from pallet_bridge.embedded.chain.block import Block, Header
from pallet_bridge.embedded.errors import BadExport, DecodeError
from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.jsonio import write_parts

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

FORMAT: Final = "bcfl-chain/2"
_WITHOUT_NONCE: Final = "bcfl-chain/1"


@dataclass(frozen=True, slots=True)
class Spec:
    """What a genesis is made from, besides the runtime.

    The patch is kept as text: it may name a hundred thousand accounts.
    """

    preset: str
    patch_json: str
    start_time_ms: int
    nonce: bytes

    @classmethod
    def of(
        cls, preset: str, patch: Mapping[str, object] | None, start_time_ms: int, nonce: bytes
    ) -> Spec:
        """Note a preset, a patch on it, the time of block 0, and the genesis nonce."""
        return cls(preset, json.dumps(patch), start_time_ms, nonce)

    @property
    def patch(self) -> Mapping[str, object] | None:
        """The patch, read again from its text."""
        patch: Mapping[str, object] | None = json.loads(self.patch_json)
        return patch


@dataclass(frozen=True, slots=True)
class Saved:
    """An export as read, nothing executed yet."""

    path: str
    spec: Spec
    genesis_hash: bytes
    blocks: tuple[Block, ...]

    def check_genesis(self, genesis_hash: bytes) -> None:
        """Raise `BadExport` unless the chain made from `spec` has the export's genesis."""
        if genesis_hash != self.genesis_hash:
            raise BadExport(
                self.path,
                1,
                f"preset, patch and nonce give genesis 0x{genesis_hash.hex()}, "
                f"the file says 0x{self.genesis_hash.hex()}",
            )


def write(
    path: Path, spec: Spec, blob: bytes, genesis_hash: bytes, blocks: Iterable[Block]
) -> None:
    """Write an export; a reader sees the whole file or none of it.

    Raises
    ------
    NotWritten
        When the disk is full or read-only.
    """
    head = {
        "format": FORMAT,
        "blob": blake2_256(blob).hex(),
        "preset": spec.preset,
        "patch": spec.patch,
        "start_time_ms": spec.start_time_ms,
        "nonce": spec.nonce.hex(),
        "genesis_hash": genesis_hash.hex(),
    }
    write_parts(path, _lines(head, blocks))


def _lines(head: object, blocks: Iterable[Block]) -> Iterator[bytes]:
    yield json.dumps(head).encode() + b"\n"
    for block in blocks:
        line = {
            "header": block.header.encode().hex(),
            "extrinsics": [extrinsic.hex() for extrinsic in block.extrinsics],
        }
        yield json.dumps(line).encode() + b"\n"


def runtime_of(path: Path) -> str:
    """Return the BLAKE2-256 hash, in hex, of the runtime that an export says it was made with.

    Raises
    ------
    BadExport
        The file is no export.
    """
    name = str(path)
    with path.open("rb") as file:
        head = _head(name, [_line(name, 1, line) for line in islice(file, 1)])
    try:
        return _text(head["blob"])
    except (KeyError, TypeError) as error:
        raise BadExport(name, 1, f"its first line lacks or misstates {error}") from error


def read(path: Path, blob: bytes) -> Saved:
    """Read an export that was made with the runtime `blob`.

    Raises
    ------
    BadExport
        The file is damaged, of another format, or of another runtime.
    """
    name = str(path)
    with path.open("rb") as file:
        lines = [_line(name, number, line) for number, line in enumerate(file, start=1)]
    head = _head(name, lines)
    if head.get("blob") != blake2_256(blob).hex():
        raise BadExport(name, 1, f"made with runtime {head.get('blob')}; load it with that blob")
    try:
        nonce = "" if head["format"] == _WITHOUT_NONCE else _text(head["nonce"])
        spec = Spec.of(
            _text(head["preset"]),
            _patch(head["patch"]),
            _number(head["start_time_ms"]),
            bytes.fromhex(nonce),
        )
        genesis_hash = bytes.fromhex(_text(head["genesis_hash"]))
    except (KeyError, TypeError, ValueError) as error:
        raise BadExport(name, 1, f"its first line lacks or misstates {error}") from error
    blocks = tuple(_block(name, number, line) for number, line in enumerate(lines[1:], start=2))
    return Saved(name, spec, genesis_hash, blocks)


def _head(path: str, lines: Sequence[dict[str, object]]) -> dict[str, object]:
    if not lines or lines[0].get("format") not in (FORMAT, _WITHOUT_NONCE):
        raise BadExport(path, 1, f"no chain export of format {FORMAT}")
    return lines[0]


def _line(path: str, number: int, line: bytes) -> dict[str, object]:
    try:
        value: object = json.loads(line.decode())
    except (ValueError, RecursionError) as error:
        raise BadExport(path, number, f"not a line of JSON ({error})") from error
    if not isinstance(value, dict) or not line.endswith(b"\n"):
        raise BadExport(path, number, "the line is cut off, or is no JSON object")
    return value


def _block(path: str, number: int, line: dict[str, object]) -> Block:
    try:
        header = Header.decode(bytes.fromhex(_text(line["header"])))
        extrinsics = tuple(bytes.fromhex(item) for item in _texts(line["extrinsics"]))
    except (KeyError, TypeError, ValueError, DecodeError) as error:
        raise BadExport(path, number, f"no block: {error}") from error
    return Block(header, extrinsics)


def _text(value: object) -> str:
    if not isinstance(value, str):
        raise TypeError(f"text, not {value!r}")
    return value


def _texts(value: object) -> list[str]:
    if not isinstance(value, list):
        raise TypeError(f"a list, not {value!r}")
    return [_text(item) for item in value]


def _number(value: object) -> int:
    if not isinstance(value, int) or isinstance(value, bool) or not 0 <= value < 1 << 64:
        raise TypeError(f"a number of 64 bits, not {value!r}")
    return value


def _patch(value: object) -> Mapping[str, object] | None:
    if value is not None and not isinstance(value, dict):
        raise TypeError(f"a patch, not {value!r}")
    return value
