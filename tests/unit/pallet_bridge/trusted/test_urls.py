from __future__ import annotations

import pytest

from bcfl_plugins.config.run_config import BcflConfig, is_remote
from pallet_bridge.client import connect
from pallet_bridge.errors import ConfigError
from pallet_bridge.trusted.urls import urls_of


def test_one_or_several_nodes_are_named() -> None:
    assert urls_of("ws://a:1") == ("ws://a:1",)
    assert urls_of("ws://a:1, wss://b") == ("ws://a:1", "wss://b")


@pytest.mark.parametrize("target", ["", "embeded", "ws://a:1,", "ws://a:1,http://b", "a,ws://b"])
def test_what_names_no_node_is_refused(target: str) -> None:
    with pytest.raises(ConfigError, match="names no chain"):
        urls_of(target)


def test_one_node_is_no_witness_of_itself() -> None:
    with pytest.raises(ConfigError, match="named twice"):
        urls_of("ws://a:1, ws://a:1")


def test_who_believes_one_node_takes_one() -> None:
    with pytest.raises(ConfigError, match="name one of them"):
        connect("ws://127.0.0.1:1,ws://127.0.0.1:2")


def test_one_node_elsewhere_is_enough_for_a_public_key_to_be_refused() -> None:
    assert not is_remote("ws://127.0.0.1:1, ws://localhost:2")
    assert is_remote("ws://127.0.0.1:1,ws://example.org:2")
    with pytest.raises(ConfigError, match="public development key"):
        BcflConfig(chain="ws://127.0.0.1:1,ws://example.org:2", coordinator="//Alice")


def test_a_pinned_genesis_is_32_bytes() -> None:
    raw = bytes(range(32))
    assert BcflConfig(genesis="0x" + raw.hex()).pinned_genesis == raw
    assert BcflConfig().pinned_genesis is None
    for text in ("0x12", "nonsense", raw.hex() + "00"):
        with pytest.raises(ConfigError, match=r"bcfl\.genesis"):
            BcflConfig(genesis=text)
