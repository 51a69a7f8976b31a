"""The runtime blob that ships with the package, and what it was built from."""

from __future__ import annotations

import json
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOB_NAME: Final = "bcfl_runtime.compact.compressed.wasm"
INTERFACE_NAME: Final = "interface.json"
MANIFEST: Final[Mapping[str, object]] = json.loads(
    files(__name__).joinpath("manifest.json").read_text(encoding="utf-8")
)


@cache
def load_interface() -> Mapping[str, str]:
    """Return what the blob's metadata says, as `pallet_bridge.interface.describe` puts it."""
    text = files(__name__).joinpath(INTERFACE_NAME).read_text(encoding="utf-8")
    items: dict[str, str] = json.loads(text)
    return items


@cache
def load_blob() -> bytes:
    """Return the runtime as it goes under ``:code``: compressed Wasm with its 8-byte marker."""
    return files(__name__).joinpath(BLOB_NAME).read_bytes()
