"""Note the blob that ships among those that the project published.

``scripts.runtime.build_wasm build`` does it: it writes ``pallet_bridge/runtime/known.json`` anew
with the new manifest. A spec_version has one line: that of a blob that was built again is replaced,
so raise ``spec_version`` before a change to a runtime that was published.
``python -m scripts.runtime.known`` does the same with the manifest that lies there.
"""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

import pallet_bridge.runtime
from pallet_bridge.__about__ import __version__
from pallet_bridge.runtime import KNOWN_NAME, MANIFEST, KnownRuntime, known_runtimes

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

PATH = Path(pallet_bridge.runtime.__file__).with_name(KNOWN_NAME)


def noted(
    known: Iterable[KnownRuntime], manifest: Mapping[str, object], version: str
) -> list[KnownRuntime]:
    """Return the known runtimes with the manifest's in its place.

    Parameters
    ----------
    known
        Those of before.
    manifest
        What the blob was built from.
    version
        The package that the blob comes with.
    """
    made = KnownRuntime(
        version=version,
        spec_version=int(str(manifest["spec_version"])),
        blake2_256=str(manifest["blob_blake2_256"]),
        sha256=str(manifest["blob_sha256"]),
    )
    if made.blake2_256 in {one.blake2_256 for one in known}:
        return sorted(known, key=_order)
    others = [one for one in known if one.spec_version != made.spec_version]
    return sorted([*others, made], key=_order)


def _order(one: KnownRuntime) -> int:
    return one.spec_version


def render(manifest: Mapping[str, object]) -> str:
    """Return the file's text once the manifest's blob ships."""
    lines = noted(known_runtimes().values(), manifest, __version__)
    return json.dumps([asdict(line) for line in lines], indent=1) + "\n"


if __name__ == "__main__":
    PATH.write_text(render(MANIFEST), encoding="utf-8")
    print(f"wrote {PATH}")
