"""Chain specifications: what a node reads to know which chain it is on."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from pallet_bridge.embedded.chain.genesis import genesis, preset_of
from pallet_bridge.embedded.executor.executor import Runtime
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_PROPERTIES = {"ss58Format": 42, "tokenDecimals": 12, "tokenSymbol": "UNIT"}


@dataclass(frozen=True, slots=True)
class Title:
    """How a chain is called, and its type in a node's words."""

    name: str
    id: str
    kind: str


DEVELOPMENT = ("development", Title("Development", "dev", "Development"))
LOCAL = ("local_testnet", Title("Local testnet", "local", "Local"))
"""Presets of the runtime, with the titles that `bcfl-node` gives them."""


@dataclass(frozen=True, slots=True)
class Specification:
    """A chain specification in both forms.

    Attributes
    ----------
    plain, raw
        The documents. The plain one says what the genesis is made of; the raw one is its state,
        which no other version of a runtime reads differently.
    genesis_hash
        Hash of block 0: two specifications with the same one are of one chain.
    """

    plain: Mapping[str, Any]
    raw: Mapping[str, Any]
    genesis_hash: bytes


def preset_patch(preset: str) -> Mapping[str, Any]:
    """Return a preset of the packaged runtime, as the patch of a plain specification."""
    patch = preset_of(Runtime(load_blob()), preset)
    return patch if isinstance(patch, dict) else {}


def specification(
    title: Title, patch: Mapping[str, Any], boot_nodes: Sequence[str] = ()
) -> Specification:
    """Let the packaged runtime build a genesis, and write it down.

    Raises
    ------
    GenesisRefused, RuntimePanic
        If the runtime does not take the patch.
    """
    runtime = Runtime(load_blob())
    block, state = genesis(runtime, None, patch, b"")
    top = {_hex(key): _hex(state.get(key) or b"") for key in state.keys(b"")}
    common = {
        "name": title.name,
        "id": title.id,
        "chainType": title.kind,
        "bootNodes": [*boot_nodes],
        "telemetryEndpoints": None,
        "protocolId": "bcfl",
        "properties": _PROPERTIES,
        "codeSubstitutes": {},
    }
    made_of = {"code": _hex(runtime.blob), "patch": patch}
    return Specification(
        plain={**common, "genesis": {"runtimeGenesis": made_of}},
        raw={**common, "genesis": {"raw": {"top": top, "childrenDefault": {}}}},
        genesis_hash=block.header.hash,
    )


def _hex(data: bytes) -> str:
    return "0x" + data.hex()
