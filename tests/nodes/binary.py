"""Which program the tests start as a node."""

from __future__ import annotations

import lzma
import os
import shutil
import subprocess
from functools import cache
from importlib.util import find_spec
from pathlib import Path

NEEDS_NODE = (
    "needs a Substrate node: run `make node`, install the wheel bcfl-node,"
    " or set BCFL_NODE=/path/to/bcfl-node"
)
NEEDS_OWN_NODE = "needs the project's own node: run `make node` or install the wheel bcfl-node"
PACKED_NODE = Path(__file__).parents[3] / "shared" / "bin" / "substrate-node.xz"


def find_node(folder: Path) -> Path | None:
    """Return the node's program, unpacked into the folder where it has to be; `None`: no node."""
    named = os.environ.get("BCFL_NODE")
    if named:
        return Path(named)
    return own_node() or _unpacked(folder)


def own_node() -> Path | None:
    """Return `bcfl-node`: the one that `BCFL_NODE` names, that was built, or that is installed."""
    named = os.environ.get("BCFL_NODE")
    if named:
        return Path(named) if is_own(Path(named)) else None
    built = target_folder() / "release" / "bcfl-node"
    return built if built.is_file() else _installed()


def target_folder() -> Path:
    """Return where `make node` builds."""
    cache_folder = os.environ.get("BCFL_CACHE") or Path.home() / ".cache" / "bcfl-plugins"
    return Path(os.environ.get("BCFL_NODE_TARGET_DIR") or Path(cache_folder) / "target-node")


@cache
def is_own(binary: Path) -> bool:
    """Say whether a program is the project's own node, by its own word."""
    done = subprocess.run([binary, "--version"], capture_output=True, text=True, check=True)
    return done.stdout.startswith("bcfl-node ")


def _installed() -> Path | None:
    if find_spec("bcfl_node") is None:
        return None
    import bcfl_node  # noqa: PLC0415 - a wheel of its own, which is not everywhere

    return Path(bcfl_node.binary())


def _unpacked(folder: Path) -> Path | None:
    if not PACKED_NODE.is_file():
        return None
    path = folder / "substrate-node"
    with lzma.open(PACKED_NODE) as packed, path.open("wb") as unpacked:
        shutil.copyfileobj(packed, unpacked, 1 << 20)
    path.chmod(0o755)
    return path
