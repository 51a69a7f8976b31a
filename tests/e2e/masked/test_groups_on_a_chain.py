"""Groups that nodes draw again from the chain, and runs that go on with what was counted."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.plugins.secure_aggregation import SecureAggregation
from bcfl_plugins.replay.run import Replayer
from pallet_bridge import calls
from pallet_bridge.audit.grounds import DRAWN
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck
from strategies.testing import FIRST_NODE_ID
from strategies.unprotected import NothingTrained
from tests.e2e.masked.federation import GROUPED, Stopped, federate
from tests.e2e.masked.test_on_a_chain import looking
from tests.e2e.masked.test_rounds import reports

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bcfl_plugins.secure.groups import Grouping
    from pallet_bridge.types import RoundKey
    from tests.e2e.masked.federation import Trained

pytestmark = pytest.mark.slow

NODES = 9
MEMBERS = [f"//clinic-{number}" for number in range(NODES)]
PLUGINS = "secure_aggregation, outliers, round_log"
COUNTED = {"outliers.evidence": "difference"}


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
            client.execute_all([(joining, one) for one in signers], timeout=120)
        yield running


def run(folder: Path, node: EmbeddedNode, looks: int = 1, **more: Any) -> Trained:
    """Train; some of the nodes look on chain, and the others believe the coordinator."""
    configs = looking(MEMBERS[:looks], node.url)
    configs += [{"bcfl-key-uri": uri} for uri in MEMBERS[looks:]]
    return federate(
        folder,
        nodes=NODES,
        plugins=PLUGINS,
        chain=node.url,
        node_configs=configs,
        **GROUPED,
        **more,
    )


def test_nodes_draw_the_groups_from_the_chain(tmp_path: Path, node: EmbeddedNode) -> None:
    made = run(tmp_path, node)
    assert made.sum_is_of(1, range(NODES), roster=NODES)
    report = audit_run(made.folder, chain=node.url, replay=Replayer())
    assert report.ok, report.findings
    assert report.grounds.recomputed[DRAWN] == 3


def with_a_stranger(true: Grouping, place: RoundKey) -> Grouping:
    """Draw one more, and not into the group of the node that looks: it would not be asked."""
    looks = Signer.from_uri(MEMBERS[0]).account
    for number in range(100):
        stranger = Signer.from_uri(f"//nobody-{number}").account
        more = sorted({*true.accounts, stranger}, key=lambda one: one.raw)
        made = replace(true, accounts=tuple(more))
        if not any({stranger, looks} <= {*group} for group in made.groups(place)):
            return made
    raise AssertionError("every stranger comes into the group of the node that looks")


@pytest.mark.parametrize("lie", ["block", "number", "accounts"])
def test_nobody_deals_in_groups_that_are_not_the_chains(
    tmp_path: Path,
    node: EmbeddedNode,
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    lie: str,
) -> None:
    """One node looks, and deals nothing; without it there are two groups, and nobody trains."""
    told = SecureAggregation.grouping

    def lying(self: SecureAggregation, place: RoundKey) -> Grouping:
        true = told(self, place)
        if lie == "block":
            return replace(true, block=bytes(32))
        if lie == "number":
            return replace(true, number=true.number - 1)
        return with_a_stranger(true, place)

    monkeypatch.setattr(SecureAggregation, "grouping", lying)
    with pytest.raises(NothingTrained):
        run(tmp_path, node, **{"round_log.on_missing": "warn", "round_log.flush_s": 20.0})
    problem = "others are drawn into groups" if lie == "accounts" else "from the block that opened"
    assert problem in caplog.text


def test_a_run_that_goes_on_counts_on(tmp_path: Path, node: EmbeddedNode) -> None:
    """What is held against a node in the rounds before is not lost with the server."""
    poison: dict[str, Any] = {"attackers": frozenset({0}), "size": -10.0, "rounds": 3, **COUNTED}
    with pytest.raises(Stopped):
        run(tmp_path, node, looks=0, stop=2, **poison)
    made = run(tmp_path, node, looks=0, **poison)
    details = [
        next(one.detail for one in report.entries if one.node_id == FIRST_NODE_ID)
        for report in reports(made)
    ]
    assert [f"{number} bad of {number} rounds" in one for number, one in enumerate(details, 1)] == [
        True
    ] * 3
    report = audit_run(made.folder, chain=node.url, replay=Replayer())
    assert report.ok, report.findings
    assert not [one for one in report.notes if one.startswith("round")]
