"""The runtime blob that ships with the package, and what it was built from."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOB_NAME: Final = "bcfl_runtime.compact.compressed.wasm"
MANIFEST: Final[Mapping[str, object]] = json.loads(
    files(__name__).joinpath("manifest.json").read_text(encoding="utf-8")
)


@cache
def load_blob() -> bytes:
    """Return the runtime as it goes under ``:code``: compressed Wasm with its 8-byte marker."""
    return files(__name__).joinpath(BLOB_NAME).read_bytes()
