"""Keys and values by our reader of metadata are those that the chain's runtime has stored."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from scalecodec.base import ScaleBytes

from pallet_bridge.embedded.portable.storage import read_metadata

if TYPE_CHECKING:
    from collections.abc import Callable

    from substrateinterface import SubstrateInterface

    from tests.conformance.conftest import Client, Included

OWN_FORM = {"System.Events"}
"""What scalecodec gives in a form of its own, with fields beside those of the type."""


def test_all_that_is_stored_is_written_again_as_it_lies(
    client: Client,
    substrate: SubstrateInterface,
    history: dict[str, Included],
    connect_to: Callable[[str], Client],
) -> None:
    at = history["commit"].block
    pallets = read_metadata(bytes.fromhex(client.call("state_getMetadata", at)[2:]))
    seen = {}
    for pallet in pallets:
        for name, item in pallet.items.items():
            if item.place in OWN_FORM:
                continue
            prefix = "0x" + item.prefix.hex()
            keys = client.call("state_getKeysPaged", prefix, 1000, prefix, at)
            keys += [prefix] * (client.call("state_getStorage", prefix, at) is not None)
            for key in keys:
                stored = client.call("state_getStorage", key, at)
                value = plain(substrate, pallet.name, name, stored)
                assert "0x" + item.encoded(value, item.place).hex() == stored, (item.place, value)
                seen[item.place] = seen.get(item.place, 0) + 1
    assert seen["System.Account"] >= 6
    assert seen["Bcfl.Federations"] == seen["Bcfl.Rounds"] == 1
    assert len(seen) > 30


def test_keys_are_those_of_another_client(client: Client, substrate: SubstrateInterface) -> None:
    pallets = read_metadata(bytes.fromhex(client.call("state_getMetadata")[2:]))
    items = {f"{one.name}.{name}": item for one in pallets for name, item in one.items.items()}
    account = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
    asked: dict[str, list[Any]] = {
        "System.Account": [account],
        "System.BlockHash": [7],
        "Bcfl.Rounds": [3, 4],
        "Bcfl.Participants": [3, account],
        "Sudo.Key": [],
    }
    for place, keys in asked.items():
        theirs = substrate.create_storage_key(*place.split("."), keys).to_hex()
        assert "0x" + items[place].full_key(keys).hex() == theirs


def plain(substrate: SubstrateInterface, pallet: str, name: str, stored: str) -> Any:
    """What scalecodec reads of stored bytes, as JSON."""
    function = substrate.get_metadata_storage_function(pallet, name)
    kind = function.get_value_type_string()
    value = substrate.create_scale_object(kind, data=ScaleBytes(stored)).decode()
    return json.loads(json.dumps(value))
