"""The first block: built by the runtime from one of its presets, as a node does it."""

from __future__ import annotations

import gc
import json
from typing import TYPE_CHECKING

from pallet_bridge.embedded.chain.block import Block, Header
from pallet_bridge.embedded.errors import BadBlob, GenesisRefused
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import blob, option_blob
from pallet_bridge.embedded.state.storage import Overlay, State
from pallet_bridge.embedded.state.trie_node import EMPTY_TRIE_ROOT

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.embedded.executor.executor import Runtime

CODE = b":code"
NONCE = b":bcfl:nonce"
"""The key of the genesis nonce. Like ``:code`` it is of no pallet: no runtime reads or moves it."""

_NO_HASH = bytes(32)
_STATE_VERSION_V1 = 1


def genesis(
    runtime: Runtime, preset: str | None, patch: Mapping[str, object] | None, nonce: bytes
) -> tuple[Block, State]:
    """Build block 0 and its state.

    Parameters
    ----------
    preset
        Name of a preset of the runtime; None is what the runtime begins with by itself.
    patch
        A JSON merge patch (RFC 7386) on the preset, as a chain specification's ``patch``.
    nonce
        What makes this genesis differ from others of the same preset and patch, under `NONCE`.
        Empty bytes add nothing: the genesis is what a node makes of the preset and the patch.

    Raises
    ------
    GenesisRefused
        The runtime does not know the preset, or refuses the configuration.
    BadBlob
        The runtime asks for a state version that this chain does not compute.
    """
    if _state_version(runtime) != _STATE_VERSION_V1:
        raise BadBlob("its system_version asks for a state trie other than version 1")
    config = merged(preset_of(runtime, None), preset_of(runtime, preset))
    config = merged(config, dict(patch or {}))
    overlay = Overlay(State(None))
    reply = ScaleReader(
        runtime.call("GenesisBuilder_build_state", blob(json.dumps(config).encode()), overlay)
    )
    if reply.flag():
        raise GenesisRefused(str(preset), reply.blob().decode("utf-8", errors="replace"))
    overlay.set(CODE, runtime.blob)
    if nonce:
        overlay.set(NONCE, nonce)
    state = overlay.result()
    del overlay, reply, config
    gc.collect()  # a large genesis leaves holes that later objects would pin
    return Block(Header(_NO_HASH, 0, state.root, EMPTY_TRIE_ROOT), ()), state


def preset_names(runtime: Runtime) -> tuple[str, ...]:
    """Return the names of the presets that the runtime has."""
    reader = ScaleReader(runtime.call("GenesisBuilder_preset_names", b"", Overlay(State(None))))
    return tuple(reader.blob().decode() for _ in range(reader.compact()))


def preset_of(runtime: Runtime, name: str | None) -> object:
    """Return a preset, or the configuration that all presets patch.

    Raises
    ------
    GenesisRefused
        The runtime does not know the preset.
    """
    identifier = None if name is None else name.encode()
    reply = ScaleReader(
        runtime.call("GenesisBuilder_get_preset", option_blob(identifier), Overlay(State(None)))
    )
    found = reply.option_blob()
    if found is None:
        known = ", ".join(preset_names(runtime))
        raise GenesisRefused(str(name), f"it has no such preset; it has {known}")
    document: object = json.loads(found)
    return document


def endowing(runtime: Runtime, preset: str, accounts: Mapping[str, int]) -> Mapping[str, object]:
    """Make a patch on a preset by which these addresses have so many planck besides.

    Raises
    ------
    GenesisRefused
        The runtime does not know the preset.
    """
    document = preset_of(runtime, preset)
    known = document.get("balances", {}).get("balances", []) if isinstance(document, dict) else []
    balances = {str(address): amount for address, amount in known} | dict(accounts)
    return {"balances": {"balances": [[address, balances[address]] for address in balances]}}


def merged(base: object, patch: object) -> object:
    """Apply a JSON merge patch (RFC 7386): objects merge, null deletes, all else replaces."""
    if not isinstance(patch, dict):
        return patch
    result = dict(base) if isinstance(base, dict) else {}
    for name, value in patch.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = merged(result.get(name), value)
    return result


def _state_version(runtime: Runtime) -> int:
    """Read the state version: from 1 on, ``system_version`` (the last field) means version 1."""
    reader = ScaleReader(runtime.version())
    for _ in range(2):
        reader.blob()
    reader.take(3 * 4)
    for _ in range(reader.compact()):
        reader.take(8 + 4)
    reader.take(4)
    return min(reader.uint(1), _STATE_VERSION_V1)
