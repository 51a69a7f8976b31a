"""The runtime that ships, as a version that is not written yet: for tests of an upgrade."""

from __future__ import annotations

import re

import zstandard

from pallet_bridge.runtime import MANIFEST, load_blob

PREFIX_BYTES = 8
"""What marks a compressed runtime."""
TRANSACTION_VERSION = 3
FOLLOWS = rb"(?=\x00?" + re.escape(TRANSACTION_VERSION.to_bytes(4, "little")) + rb")"
"""After the three versions comes that of transactions; in the section a list before it is empty."""
I64_CONST = b"\x42"


def next_runtime() -> tuple[int, bytes]:
    """Return the next `spec_version`, and a runtime that says it is that one, and is else the same.

    It says so in its data, in the section that a node reads, and where it checks a signature. It
    does not migrate: where it compares versions the compiler has worked the answer out.
    """
    spec = int(str(MANIFEST["spec_version"]))
    prefix, packed = load_blob()[:PREFIX_BYTES], load_blob()[PREFIX_BYTES:]
    code = zstandard.ZstdDecompressor().decompress(packed, max_output_size=1 << 26)
    for of, after, count in ((_stored, FOLLOWS, 2), (_signed, b"", 1)):
        code, found = re.subn(re.escape(of(spec)) + after, of(spec + 1), code)
        assert found >= count, "the compiler puts the version elsewhere now"
    return spec + 1, prefix + zstandard.ZstdCompressor().compress(code)


def _stored(spec: int) -> bytes:
    """Authoring version, spec version and implementation version, one after the other."""
    return b"".join(number.to_bytes(4, "little") for number in (1, spec, 1))


def _signed(spec: int) -> bytes:
    """The instruction that makes the two versions which a signature covers."""
    return I64_CONST + _leb128(TRANSACTION_VERSION << 32 | spec)


def _leb128(value: int) -> bytes:
    parts = []  # the last part has a bit for the sign
    while value > 0x3F:
        parts.append(value & 0x7F | 0x80)
        value >>= 7
    return bytes([*parts, value])
