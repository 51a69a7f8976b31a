"""A whole run in which no key on a machine can move money."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.types import KeyScope
from tests.e2e.test_url import KEYS, PLUGINS, keys, node

if TYPE_CHECKING:
    from pallet_bridge.embedded import EmbeddedNode

__all__ = ["keys", "node"]


@pytest.mark.parametrize("settlement", ["list", "merkle"])
def test_a_run_needs_no_call_beyond_the_scopes(
    federate: Any, node: EmbeddedNode, keys: Any, settlement: str
) -> None:
    owner = Signer.from_uri("//Ferdie").account
    with connect(node.url) as client:
        for uri in KEYS:
            client.execute(calls.restrict(owner, KeyScope.NODE), Signer.from_uri(uri))
        boss = Signer.from_uri("//Alice")
        client.execute(calls.restrict(owner, KeyScope.COORDINATOR), boss)
    settings = {"chain": node.url, "on_chain_error": "fail", "round_log.settlement": settlement}
    run = federate(3, plugins=PLUGINS, node_configs=keys, **settings)
    assert [line.outcome for line in run.record.rounds] == ["settled"] * 3
    report = audit_run(run.folder, chain=node.url)
    assert report.ok, report.findings
