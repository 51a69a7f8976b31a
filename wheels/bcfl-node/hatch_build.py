"""Put the program into the wheel, with its sources, and name the platform that it runs on."""

from __future__ import annotations

import os
import platform
import re
import sysconfig
from pathlib import Path
from typing import Any

from hatchling.builders.hooks.plugin.interface import BuildHookInterface

NODE = Path(__file__).resolve().parents[2] / "pallet_bridge" / "pallet-bcfl" / "node"
SOURCES = ("Cargo.lock", "Cargo.toml", "src")


def platform_of(program: bytes) -> str:
    """Return the wheel's platform: on Linux the newest glibc whose symbols the program wants."""
    versions = [int(found) for found in re.findall(rb"GLIBC_2\.(\d+)", program)]
    if platform.system() == "Linux" and versions:
        return f"manylinux_2_{max(versions)}_{platform.machine()}"
    return re.sub(r"[-.]", "_", sysconfig.get_platform())


class BuildHook(BuildHookInterface):  # type: ignore[type-arg]
    """What hatchling calls before it writes the wheel."""

    def initialize(self, version: str, build_data: dict[str, Any]) -> None:  # noqa: ARG002
        """Add the files and the tag."""
        named = os.environ.get("BCFL_NODE", "")
        program = Path(named)
        if not named or not program.is_file():
            message = f"BCFL_NODE is {named!r}: name the built program, or run `make node-wheel`"
            raise FileNotFoundError(message)
        included = {str(NODE / name): f"bcfl_node/source/{name}" for name in SOURCES}
        build_data["force_include"] |= included | {str(program): "bcfl_node/bin/bcfl-node"}
        build_data["pure_python"] = False
        build_data["tag"] = f"py3-none-{platform_of(program.read_bytes())}"
