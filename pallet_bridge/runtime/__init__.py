"""The runtime blob that ships with the package, what it was built from, and which came before.

``known.json`` names every runtime that the project published. Old runs are executed again with the
runtime that they ran on, and only a file whose hash is listed here is believed to be that.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

BLOB_NAME: Final = "bcfl_runtime.compact.compressed.wasm"
INTERFACE_NAME: Final = "interface.json"
KNOWN_NAME: Final = "known.json"
MANIFEST: Final[Mapping[str, object]] = json.loads(
    files(__name__).joinpath("manifest.json").read_text(encoding="utf-8")
)


@dataclass(frozen=True, slots=True)
class KnownRuntime:
    """A runtime that the project published.

    Attributes
    ----------
    version
        The version of the package that it came with.
    spec_version
        What the runtime calls itself; each has one blob.
    blake2_256, sha256
        Hashes of the blob as it ships, in hex. The first is what chains and exports name it by.
    """

    version: str
    spec_version: int
    blake2_256: str
    sha256: str


@cache
def known_runtimes() -> Mapping[str, KnownRuntime]:
    """Return every runtime that the project published, by its BLAKE2-256 hash in hex."""
    text = files(__name__).joinpath(KNOWN_NAME).read_text(encoding="utf-8")
    return {line["blake2_256"]: KnownRuntime(**line) for line in json.loads(text)}


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
