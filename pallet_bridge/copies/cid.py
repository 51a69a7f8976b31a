"""Names of bytes, as IPFS and others write them: CID version 1, codec raw, hash sha2-256.

https://github.com/multiformats/cid
"""

from __future__ import annotations

import re
from base64 import b32encode
from hashlib import sha256

_HEAD = bytes([0x01, 0x55, 0x12, 0x20])  # version 1, raw, sha2-256, 32 bytes
_FORM = re.compile(r"bafkrei[a-z2-7]{52}")


def cid_of(data: bytes) -> str:
    """Return the CID of some bytes, 59 characters in base32."""
    return "b" + b32encode(_HEAD + sha256(data).digest()).decode("ascii").rstrip("=").lower()


def is_cid(text: object) -> bool:
    """Say whether this is a CID of that kind."""
    return isinstance(text, str) and _FORM.fullmatch(text) is not None
