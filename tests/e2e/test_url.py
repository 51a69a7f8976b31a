"""The same federation on a chain behind a URL: set up by its owner, joined by its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from bcfl_plugins import ConfigError
from bcfl_plugins.config.run_config import BcflConfig, TermsConfig
from bcfl_plugins.config.terms import terms_of
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator

PLUGINS = "staking, outliers, slashing, round_log"
NODES = 10
KEYS = [f"//hospital-{number}" for number in range(NODES)]


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    """A chain as `bcfl chain start` serves it, with the federation on it."""
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            alice = Signer.from_uri("//Alice")
            signers = [Signer.from_uri(uri) for uri in KEYS]
            client.execute(calls.create_federation(terms_of(TermsConfig()), bytes(32)), alice)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), alice)
            gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
            client.execute(calls.batch(gifts), alice)
            for signer in signers:
                client.execute(calls.join(0, Planck(100 * UNIT)), signer)
        yield running


@pytest.fixture
def keys() -> list[dict[str, str]]:
    return [{"bcfl-key-uri": uri} for uri in KEYS]


def test_a_federation_behind_a_url_leaves_the_same_facts(
    federate: Any, node: EmbeddedNode, keys: Any
) -> None:
    run = federate(6, plugins=PLUGINS, chain=node.url, node_configs=keys)
    assert [line.outcome for line in run.record.rounds] == ["settled"] * 6
    report = audit_run(run.folder, chain=node.url)
    assert report.ok, report.findings


def test_a_second_run_goes_on_in_the_same_federation(
    federate: Any, node: EmbeddedNode, keys: Any
) -> None:
    for first in (0, 2):
        run = federate(2, plugins=PLUGINS, chain=node.url, node_configs=keys)
        assert [line.round for line in run.record.rounds] == [first, first + 1]
        assert audit_run(run.folder, chain=node.url).ok


def test_a_chain_that_dies_costs_its_record_and_not_the_model(
    federate: Any, node: EmbeddedNode, keys: Any, caplog: pytest.LogCaptureFixture
) -> None:
    chain = {"plugins": PLUGINS, "chain": node.url, "round_log.flush_s": 0.1}
    run = federate(4, node_configs=keys, after={2: node.close}, **chain)
    assert len(run.means) == 1 + 4
    assert run.means[-1] == pytest.approx(0.4, rel=0.05)
    assert "the chain has not done" in caplog.text
    assert run.record.end is None


def test_a_chain_that_dies_ends_a_run_that_wants_it_so(
    federate: Any, node: EmbeddedNode, keys: Any
) -> None:
    chain = {"plugins": PLUGINS, "chain": node.url, "on_chain_error": "fail"}
    with pytest.raises(ConnectionError, match=r"127\.0\.0\.1"):
        federate(4, node_configs=keys, after={2: node.close}, **chain)


def test_a_chain_that_is_not_there_is_named_before_anything_starts(federate: Any) -> None:
    with pytest.raises(ConnectionError, match=r"ws://127\.0\.0\.1:9"):
        federate(1, plugins=PLUGINS, chain="ws://127.0.0.1:9")


def test_a_federation_that_is_not_there_is_named(federate: Any, node: EmbeddedNode) -> None:
    with pytest.raises(FederationNotFound):
        federate(1, plugins=PLUGINS, chain=node.url, federation=7)


def test_another_ones_federation_is_refused(federate: Any, node: EmbeddedNode) -> None:
    with pytest.raises(ConfigError, match="is coordinated by"):
        federate(1, plugins=PLUGINS, chain=node.url, coordinator="//Bob")


def test_a_development_key_does_not_leave_this_machine() -> None:
    with pytest.raises(ConfigError, match="anybody can sign"):
        BcflConfig.from_run_config({"bcfl.plugins": PLUGINS, "bcfl.chain": "wss://chain.example"})
