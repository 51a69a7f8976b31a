"""An account registers session keys by commands, the council lists it, and two sessions pass."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from pallet_bridge.client import connect
from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT

if TYPE_CHECKING:
    from pathlib import Path

DAVE = Signer.from_uri("//Dave").account
SESSION_BLOCKS = 200


def run(*words: object, code: int = 0) -> dict[str, Any]:
    done = CliRunner().invoke(app, [*map(str, words), "--json"])
    assert done.exit_code == code, (done.output, done.exception)
    found: dict[str, Any] = json.loads(done.stdout) if done.stdout else {}
    return found


@pytest.mark.slow
def test_keys_are_in_force_from_the_session_after_the_next_one(tmp_path: Path) -> None:
    file = tmp_path / "keys.json"
    with EmbeddedNode.start(dev_rpc=True) as node, connect(node.url) as client:
        place = ("--chain", node.url)
        look = ("validator", "show", *place, "--account", DAVE, "--node", node.url)
        rpc = RpcClient(node.url, 120)
        assert run(*look)["keys"] is None
        run("validator", "new-keys", file, "--node", node.url, "--account", DAVE)
        before = client.balance(DAVE)
        run("validator", "set-keys", file, *place, "--key", "//Dave")
        assert client.balance(DAVE).held - before.held == UNIT
        run("council", "propose", *place, "--add-validator", DAVE, "--key", "//Alice")
        for who in ("//Alice", "//Bob"):
            run("council", "vote", 0, *place, "--approve", "--key", who)
        run("council", "close", 0, *place, "--key", "//Alice")
        now = run(*look)
        assert (now["listed"], now["validating"], now["in_force"]) == (True, False, False)
        rpc.request("dev_newBlock", [{"to": SESSION_BLOCKS + 1}])
        now = run(*look)
        assert (now["next_session"], now["in_force"]) == (now["keys"], False)
        rpc.request("dev_newBlock", [{"to": 2 * SESSION_BLOCKS + 1}])
        now = run(*look)
        assert (now["validating"], now["in_force"], now["lacking"]) == (True, True, [])
        other = tmp_path / "keystore"
        other.mkdir()
        lacking = run("validator", "show", *place, "--account", DAVE, "--keystore", other, code=1)
        assert lacking["lacking"] == ["aura", "gran"]
        rpc.close()
        run("validator", "purge-keys", *place, "--key", "//Dave")
        assert client.balance(DAVE).held == before.held
        assert run(*look, code=1)["keys"] is None, "the list keeps it"
