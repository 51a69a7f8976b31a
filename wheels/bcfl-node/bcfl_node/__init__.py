"""The program ``bcfl-node``, and where it is."""

from __future__ import annotations

import os
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import NoReturn

__all__ = ["binary", "main"]

RUNTIME = "runtime/bcfl_runtime.compact.compressed.wasm"


def binary() -> Path:
    """Return the path of the program, for systemd units and tests."""
    return Path(__file__).resolve().parent / "bin" / "bcfl-node"


def main() -> NoReturn:
    """Become the program. The runtime of ``--dev`` is that of bcfl-plugins, where it is there."""
    packaged = _packaged_runtime()
    if packaged is not None:
        os.environ.setdefault("BCFL_RUNTIME", str(packaged))
    program = str(binary())
    os.execv(program, [program, *sys.argv[1:]])  # noqa: S606 - the program itself, by its path


def _packaged_runtime() -> Path | None:
    found = find_spec("pallet_bridge")
    if found is None or found.origin is None:
        return None
    blob = Path(found.origin).parent / RUNTIME
    return blob if blob.is_file() else None
