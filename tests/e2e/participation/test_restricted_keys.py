"""A whole run in which no key on a machine can move money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.types import KeyScope
from tests.e2e.commands.test_every_command import run as run_command
from tests.e2e.test_url import KEYS, PLUGINS, keys, node

if TYPE_CHECKING:
    from pallet_bridge.embedded import EmbeddedNode

__all__ = ["keys", "node"]


@pytest.mark.parametrize("settlement", ["list", "root"])
def test_a_run_needs_no_call_beyond_the_scopes(
    federate: Any, node: EmbeddedNode, keys: Any, settlement: str
) -> None:
    owner = Signer.from_uri("//Ferdie").account
    with connect(node.url) as client:
        for uri in KEYS:
            client.execute(calls.restrict(owner, KeyScope.NODE), Signer.from_uri(uri))
        boss = Signer.from_uri("//Alice")
        client.execute(calls.restrict(owner, KeyScope.COORDINATOR), boss)
    settings = {"chain": node.url, "on_chain_error": "fail", "round_log.settle": settlement}
    run = federate(3, plugins=PLUGINS, node_configs=keys, **settings)
    assert [line.outcome for line in run.record.rounds] == ["settled"] * 3
    if settlement == "root":
        with connect(node.url) as client:
            last = client.round(0, 2)
            assert last is not None
            assert last.settlement is not None
            client.wait_until_block(last.settlement.dispute_until + 1, timeout=120)
        code, out, err = run_command("claim", run.folder, "--key", "//Alice", "--chain", node.url)
        assert code == 0, out + err
        assert "20 verdicts of roots applied" in out, "in batches of calls of the scope"
    report = audit_run(run.folder, chain=node.url)
    assert report.ok, report.findings
