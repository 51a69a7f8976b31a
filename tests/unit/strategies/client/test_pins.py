from __future__ import annotations

import logging
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bcfl_plugins.config.node_config import pinned_by
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import Signer
from pallet_bridge.memory.pins import Pin, PinMemory
from strategies.client.pins import hold_to_pins
from strategies.errors import NotPinned

NODE = Signer.from_uri("//Node//with//pins").account
BOSS, EVE = (Signer.from_uri(f"//{name}//and//pins").account for name in ("Boss", "Eve"))
ASKED = Pin(b"\x77" * 32, 41, BOSS)
OTHER = {
    "chain": replace(ASKED, genesis=b"\x78" * 32),
    "federation": replace(ASKED, federation=42),
    "coordinator": replace(ASKED, coordinator=EVE),
}
KEY = {"chain": "bcfl-genesis", "federation": "bcfl-federation", "coordinator": "bcfl-coordinator"}
WHOLE = {"bcfl-genesis": "0x" + "77" * 32, "bcfl-federation": 41, "bcfl-coordinator": str(BOSS)}


def hold(asked: Pin, config: dict[str, Any], *, public_key: bool = False) -> None:
    folder = Path(config["bcfl-memory"])
    hold_to_pins(asked, pinned_by(config), None if public_key else PinMemory(folder, NODE))


@pytest.mark.parametrize("what", OTHER)
@pytest.mark.parametrize("public_key", [False, True])
def test_what_the_operator_pinned_is_all_that_is_signed_for(
    tmp_path: Path, what: str, public_key: bool
) -> None:
    config = {**WHOLE, "bcfl-memory": str(tmp_path)}
    hold(ASKED, config, public_key=public_key)
    with pytest.raises(NotPinned, match=f"{KEY[what]} in its --node-config") as error:
        hold(OTHER[what], config, public_key=public_key)
    assert (error.value.what, error.value.key, error.value.account) == (what, KEY[what], None)
    assert not list(tmp_path.iterdir())  # a node that is pinned remembers nothing


@pytest.mark.parametrize("what", OTHER)
def test_what_came_first_is_pinned_and_told(
    tmp_path: Path, caplog: pytest.LogCaptureFixture, what: str
) -> None:
    config = {"bcfl-memory": str(tmp_path)}
    with caplog.at_level(logging.WARNING, "flwr.bcfl"):
        hold(ASKED, config)
        hold(ASKED, config)
    (told,) = caplog.messages
    for line in (
        f'bcfl-genesis="0x{"77" * 32}"',
        "bcfl-federation=41",
        f'bcfl-coordinator="{BOSS}"',
    ):
        assert line in told.splitlines()
    with pytest.raises(NotPinned, match=f"bcfl node unpin {NODE}") as error:
        hold(OTHER[what], config)
    assert (error.value.what, error.value.account) == (what, NODE)
    PinMemory(tmp_path, NODE).remove()
    hold(OTHER[what], config)


@pytest.mark.parametrize("what", ["federation", "coordinator"])
def test_what_the_operator_left_open_is_what_came_first(tmp_path: Path, what: str) -> None:
    config = {"bcfl-memory": str(tmp_path), "bcfl-genesis": "77" * 32}
    hold(ASKED, config)
    with pytest.raises(NotPinned, match="came first"):
        hold(OTHER[what], config)
    with pytest.raises(NotPinned, match="bcfl-genesis in its"):
        hold(OTHER["chain"], config)


def test_an_operator_who_names_another_place_is_followed(tmp_path: Path) -> None:
    config = {"bcfl-memory": str(tmp_path)}
    hold(ASKED, config)
    hold(OTHER["coordinator"], {**config, "bcfl-coordinator": "0x" + EVE.raw.hex()})
    with pytest.raises(NotPinned, match="bcfl-coordinator"):
        hold(ASKED, {**config, "bcfl-coordinator": "0x" + EVE.raw.hex()})


def test_a_public_key_pins_nothing_by_itself(tmp_path: Path) -> None:
    for asked in (ASKED, *OTHER.values()):
        hold(asked, {"bcfl-memory": str(tmp_path)}, public_key=True)
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bcfl-genesis", "0x" + "77" * 31),
        ("bcfl-genesis", "no hex"),
        ("bcfl-genesis", 7),
        ("bcfl-genesis", 10**63),  # hex without quotes is a number, and its digits may look right
        ("bcfl-federation", -1),
        ("bcfl-federation", 2**32),
        ("bcfl-federation", "41"),
        ("bcfl-federation", True),
        ("bcfl-federation", 1.0),
        ("bcfl-coordinator", "0x77"),
        ("bcfl-coordinator", str(BOSS)[:-1]),
        ("bcfl-coordinator", 5),
    ],
)
def test_a_pin_that_is_none_is_named(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=key):
        pinned_by({key: value})


def test_successors_are_served_as_well_and_nobody_else(tmp_path: Path) -> None:
    third = Signer.from_uri("//Third//and//pins").account
    config = {**WHOLE, "bcfl-coordinator": f"{BOSS}, {EVE}", "bcfl-memory": str(tmp_path)}
    hold(ASKED, config)
    hold(OTHER["coordinator"], config)
    with pytest.raises(NotPinned, match=f"{BOSS}, {EVE}"):
        hold(replace(ASKED, coordinator=third), config)
    with pytest.raises(ConfigError, match="with commas those of its successors"):
        pinned_by({**config, "bcfl-coordinator": f"{BOSS},"})
