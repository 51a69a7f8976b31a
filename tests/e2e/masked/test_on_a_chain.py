"""Nodes that look on the chain who is in a round, and do not take the server's word for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.errors import RecordIncomplete
from bcfl_plugins.plugins.secure_aggregation import SecureAggregation
from bcfl_plugins.secure.statements import Sealed
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck
from tests.e2e.masked.federation import federate

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.types import RoundKey

pytestmark = pytest.mark.slow

NODES = 5
MEMBERS = [f"//hospital-{number}" for number in range(NODES)]
STRANGER = "//nobody"
PLUGINS = "secure_aggregation, outliers, round_log"
SOON = {"round_log.flush_s": 20.0}
"""A run of which nothing came waits no longer for the chain."""


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            alice = Signer.from_uri("//Alice")
            terms = terms_of(
                TermsConfig(admission="open", coordinator_bond=Planck(0), quorum=NODES)
            )
            signers = [Signer.from_uri(uri) for uri in MEMBERS]
            client.execute(calls.create_federation(terms, bytes(32)), alice)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), alice)
            gifts = [calls.transfer(one.account, Planck(200 * UNIT)) for one in signers]
            client.execute(calls.batch(gifts), alice)
            joining = calls.join(0, Planck(100 * UNIT), client.terms_hash(0))
            for submission in [client.submit(joining, one) for one in signers]:
                submission.wait(120)
        yield running


def looking(uris: list[str], url: str) -> list[dict[str, Any]]:
    """Return what operators say whose nodes ask a node of the chain that they trust."""
    said = {"bcfl-secure-proofs": "node", "bcfl-memory-chain": url}
    return [{"bcfl-key-uri": uri, **said} for uri in uris]


def test_who_is_in_a_round_is_what_the_chain_has(tmp_path: Path, node: EmbeddedNode) -> None:
    run = federate(
        tmp_path,
        nodes=NODES,
        plugins=PLUGINS,
        chain=node.url,
        node_configs=looking(MEMBERS, node.url),
    )
    assert run.sum_is_of(1, range(NODES), roster=NODES)
    report = audit_run(run.folder, chain=node.url)
    assert report.ok, report.findings


def test_nobody_deals_to_an_account_that_is_no_member(tmp_path: Path, node: EmbeddedNode) -> None:
    uris = [*MEMBERS[:-1], STRANGER]
    with pytest.raises(RecordIncomplete):
        federate(
            tmp_path,
            nodes=NODES,
            plugins=PLUGINS,
            chain=node.url,
            node_configs=looking(uris, node.url),
            **SOON,
        )


def test_a_node_that_wants_proofs_believes_no_chain_without_them(
    tmp_path: Path, node: EmbeddedNode, caplog: pytest.LogCaptureFixture
) -> None:
    """The chain in a process makes no proofs of finality: nobody deals."""
    configs = looking(MEMBERS, node.url)
    with pytest.raises(RecordIncomplete):
        federate(
            tmp_path,
            nodes=NODES,
            plugins=PLUGINS,
            chain=node.url,
            node_configs=[{**one, "bcfl-secure-proofs": "light"} for one in configs],
            **SOON,
        )
    assert "grandpa" in caplog.text


@pytest.mark.parametrize("lie", ["block", "commitments"])
def test_nobody_sketches_for_a_round_that_is_not_the_chains(
    tmp_path: Path, node: EmbeddedNode, monkeypatch: pytest.MonkeyPatch, lie: str
) -> None:
    told = SecureAggregation.sealed

    def lying(self: SecureAggregation, place: RoundKey) -> Sealed:
        true = told(self, place)
        if lie == "block":
            return Sealed(bytes(32), true.number, true.commitments)
        more = {**true.commitments, Signer.from_uri(STRANGER).account: bytes(32)}
        return Sealed(true.block, true.number, more)

    monkeypatch.setattr(SecureAggregation, "sealed", lying)
    problem = "drawn from the block of the seal" if lie == "block" else "others are in round 0"
    with pytest.raises(RecordIncomplete, match=problem):
        federate(
            tmp_path,
            nodes=NODES,
            plugins=PLUGINS,
            chain=node.url,
            node_configs=looking(MEMBERS, node.url),
            **SOON,
        )
