"""A server that wants both halves of an update."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.secure.halves import HalvesWay
from bcfl_plugins.secure.keys import MaskKey
from bcfl_plugins.secure.sizes import MaskScale
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import key_payload
from pallet_bridge.keys import Signer
from strategies.errors import MasksRefused, NotTheCoordinators
from strategies.messages.halves import HALVES, AskedHalves, halves_record
from tests.cheats.by_server.mask_server import BIG
from tests.cheats.nodes import KEY_NAME, Node, training
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat
from tests.unit.opened import COORDINATOR, opened

if TYPE_CHECKING:
    from pathlib import Path

SECOND, OWN = (Signer.from_uri(f"//bcfl//second//{name}") for name in ("theirs", "own"))
PINNED = {"bcfl_secure_aggregator": str(SECOND.account)}
KEY = MaskKey()
WAY = HalvesWay(SECOND.account, KEY.public, MaskScale(1.0, 26), SketchSize(1, 64), 1300)


@pytest.fixture
def folder(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    monkeypatch.setenv(KEY_NAME, "0x" + "5d" * 32)
    return tmp_path / "memory"


def ask(
    node: Node, way: HalvesWay = WAY, second: Signer = SECOND, signer: Signer = COORDINATOR
) -> None:
    """Ask a node for the halves of its update."""
    round_ = opened(model=BIG)
    content = training(round_, BIG)
    said = key_payload(round_.genesis, round_.federation, way.aggregator, way.key)
    signature = signer.sign(way.payload(round_.key))
    asked = AskedHalves("http://127.0.0.1:1", way, second.sign(said), 0.0, signature)
    content[HALVES] = halves_record(asked)
    node.ask(content)


@cheat(
    Role.SERVER,
    "Names a second server of its own, or itself, and so gets both halves of each update.",
    Comes.REFUSED,
    "A node takes the one only whose account its operator named; with a secret key it takes none "
    "without that. That the organisation behind it is another one, the operator has to know.",
)
def test_a_second_server_of_its_own(folder: Path) -> None:
    with pytest.raises(MasksRefused, match="the node's operator named none"):
        ask(Node(folder))
    with pytest.raises(MasksRefused, match="and bcfl-secure-aggregator in --node-config is"):
        ask(Node(folder, **PINNED), replace(WAY, aggregator=OWN.account), OWN)
    itself = {"bcfl_secure_aggregator": str(COORDINATOR.account)}
    with pytest.raises(MasksRefused, match="is the coordinator"):
        ask(Node(folder, **itself), replace(WAY, aggregator=COORDINATOR.account), COORDINATOR)


@cheat(
    Role.SERVER,
    "Gives the key for halves out as that of the second server, to read them on the way.",
    Comes.REFUSED,
    "A half is sealed for a key that the second server's account signed, for this chain and "
    "federation. So the URL that the server says, and whoever hands the bytes on, learn nothing.",
)
def test_a_key_of_its_own(folder: Path) -> None:
    with pytest.raises(MasksRefused, match="the key for halves is not signed by"):
        ask(Node(folder, **PINNED), replace(WAY, key=MaskKey().public), OWN)


@cheat(
    Role.SERVER,
    "Lets a node halve its update in another way than the other nodes, or with a sketch that "
    "tells it.",
    Comes.REFUSED,
    "The coordinator signs the way for the round, and the node commits to its digest: the second "
    "server counts halves of one way only. A node refuses sketches of more than a twentieth of "
    "its parameters, and a model of another length.",
)
@pytest.mark.parametrize(
    ("changes", "problem"),
    [({"sketch": SketchSize(2, 64)}, "tells too much"), ({"length": 1299}, "1299 parameters")],
)
def test_a_way_that_tells_the_update(folder: Path, changes: dict[str, Any], problem: str) -> None:
    with pytest.raises(NotTheCoordinators, match="to halve"):
        ask(Node(folder, **PINNED), signer=OWN)
    with pytest.raises(MasksRefused, match=problem):
        ask(Node(folder, **PINNED), replace(WAY, **changes))


@cheat(
    Role.SERVER,
    "Asks a node that has a second server for its update as it is.",
    Comes.REFUSED,
    "A node whose operator named a second server sends no update unmasked.",
)
def test_an_update_in_the_clear(folder: Path) -> None:
    with pytest.raises(MasksRefused, match="bcfl-secure-aggregator is set"):
        Node(folder, **PINNED).ask(training(opened(model=BIG), BIG))
