"""The node's key, for whom it signs for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.config.node_config import KEY, folder_of, pinned_by
from pallet_bridge.keys import Signer
from pallet_bridge.memory.pins import Pin, PinMemory
from strategies._flower import ConfigRecord
from strategies.client.pins import check_pins, hold_to_pins
from strategies.errors import NothingSigned

if TYPE_CHECKING:
    from bcfl_plugins.types import OpenedRound
    from strategies._flower import Context

_DEV = "bcfl.dev"


def note_dev(context: Context, *, dev: bool) -> None:
    """Note whether the server said that public development keys will do."""
    context.state[_DEV] = ConfigRecord({"dev": dev})


def key_for_round(opened: OpenedRound, context: Context) -> tuple[Signer, str | None]:
    """Return the node's key for the federation of a round, as `known_to`."""
    binding = opened.binding
    asked = Pin(binding.genesis, binding.federation, binding.coordinator)
    dev = _DEV in context.state and context.state.config_records[_DEV].get("dev") is True
    return known_to(asked, context, dev=dev)


def known_to(asked: Pin, context: Context, *, dev: bool) -> tuple[Signer, str | None]:
    """Return the node's key for whom it signs for, and its URI if it is a public one.

    Raises
    ------
    NothingSigned, ConfigError, MemoryUnusable
        If it signs for another, or has no key.
    """
    said = pinned_by(context.node_config)
    check_pins(asked, said)
    signer, dev_uri = _signer(context, dev=dev)
    secret = dev_uri is None
    memory = PinMemory(folder_of(context.node_config), signer.account) if secret else None
    hold_to_pins(asked, said, memory)
    return signer, dev_uri


def _signer(context: Context, *, dev: bool) -> tuple[Signer, str | None]:
    """Return the node's key, and its URI if it is a public development key."""
    uri = context.node_config.get(KEY)
    if uri is None:
        if not dev:
            raise NothingSigned(
                f"this node has no key: its operator sets {KEY} in --node-config, to env:NAME or "
                f"file:PATH"
            )
        uri = f"//bcfl//node-{context.node_config.get('partition-id', context.node_id)}"
    source = str(uri)
    return Signer.from_source(source, KEY), source if source.startswith("//") else None
