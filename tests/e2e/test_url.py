"""The same federation on a chain behind a URL: set up by its owner, joined by its nodes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, MetricRecord, RecordDict
from flwr.app import Message as FlowerMessage
from flwr.serverapp import ServerApp
from flwr.serverapp.strategy import Result

from bcfl_plugins import ConfigError
from bcfl_plugins.config.run_config import BcflConfig, TermsConfig
from bcfl_plugins.config.terms import terms_of
from bcfl_plugins.errors import NotItsModel, RecordIncomplete
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import REPORTS
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.types import UNIT, Planck
from strategies import ClientApp, FedAvg
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

PLUGINS = "staking, outliers, slashing, round_log"
NODES = 10
TERMS = TermsConfig(admission="open", coordinator_bond=Planck(0))
KEYS = [f"//hospital-{number}" for number in range(NODES)]


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    """A chain as `bcfl chain start` serves it, with the federation on it."""
    with EmbeddedNode.start() as running:
        with connect(running.url) as client:
            alice = Signer.from_uri("//Alice")
            signers = [Signer.from_uri(uri) for uri in KEYS]
            client.execute(calls.create_federation(terms_of(TERMS), bytes(32)), alice)
            client.execute(calls.fund(0, Planck(1000 * UNIT)), alice)
            gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
            client.execute(calls.batch(gifts), alice)
            for signer in signers:
                client.execute(calls.join(0, Planck(100 * UNIT), client.terms_hash(0)), signer)
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
    model = None
    for first in (0, 2):
        run = federate(2, plugins=PLUGINS, chain=node.url, node_configs=keys, start=model)
        model = run.model
        assert [line.round for line in run.record.rounds] == [first, first + 1]
        assert audit_run(run.folder, chain=node.url).ok


def test_a_second_run_that_starts_anew_is_told_to_go_on(
    federate: Any, node: EmbeddedNode, keys: Any
) -> None:
    chain = {"plugins": PLUGINS, "chain": node.url, "on_chain_error": "fail"}
    federate(1, node_configs=keys, **chain)
    with pytest.raises(NotItsModel, match="last settled round, and this is another one"):
        federate(1, node_configs=keys, **chain)


def test_a_chain_that_dies_costs_its_record_and_not_the_model(
    federate: Any, node: EmbeddedNode, keys: Any, caplog: pytest.LogCaptureFixture
) -> None:
    chain = {"plugins": PLUGINS, "chain": node.url, "round_log.flush_s": 0.1}
    chain["round_log.on_missing"] = "warn"
    run = federate(4, node_configs=keys, after={2: node.close}, **chain)
    assert len(run.means) == 1 + 4
    assert run.means[-1] == pytest.approx(0.4, rel=0.05)
    assert "the chain has not done" in caplog.text
    assert "the chain has less than was trained" in caplog.text
    assert run.record.end is None


def test_a_run_whose_chain_died_ends_as_failed_and_hands_over_its_model(
    federate: Any, node: EmbeddedNode, keys: Any, tmp_path: Path
) -> None:
    chain = {"plugins": PLUGINS, "chain": node.url, "round_log.flush_s": 0.1}
    with pytest.raises(RecordIncomplete, match=r"Raise bcfl\.round_log\.flush_s") as raised:
        federate(3, node_configs=keys, after={1: node.close}, **chain)
    error = raised.value
    assert error.trained == 3
    assert error.settled < 3
    assert 2 in error.waiting
    (folder,) = (tmp_path / "runs").iterdir()
    assert error.run_dir == folder
    with np.load(folder / "model.npz") as file:
        saved = file["w"]
    assert saved.mean() == pytest.approx(0.3, rel=0.05)
    assert isinstance(error.result, Result)
    assert np.array_equal(error.result.arrays["w"].numpy(), saved)
    assert any(str(folder / "model.npz") in note for note in error.__notes__)


def test_a_node_without_stake_is_named_once_and_stands_in_every_report(
    federate: Any, node: EmbeddedNode, keys: Any, caplog: pytest.LogCaptureFixture
) -> None:
    stranger = Signer.from_uri("//stranger").account
    configs = [*keys[:6], {"bcfl-key-uri": "//stranger"}, *keys[7:]]
    run = federate(3, plugins=PLUGINS, chain=node.url, node_configs=configs)
    said = f"node {FIRST_NODE_ID + 6} may not take part: account {stranger} has not joined"
    assert caplog.text.count(said) == 1
    assert caplog.text.count("may not take part") == 1
    store = ReportStore(run.folder / REPORTS)
    reports = [store.get(digest) for digest in store.digests()]
    assert len(reports) == 3
    for report in reports:
        (absent,) = report.absent
        assert (absent.node_id, absent.account) == (FIRST_NODE_ID + 6, stranger)
        assert "has not joined" in absent.detail
    assert audit_run(run.folder, chain=node.url).ok


def test_a_server_app_whose_training_outlasts_the_window_fails(
    node: EmbeddedNode, keys: Any, tmp_path: Path
) -> None:
    """As under ``flwr run``: what the app's main raises makes the run a failed one.

    It ends before the second round: that one would have been trained without a record too.
    """
    config: dict[str, Any] = {
        "bcfl.plugins": "staking, round_log",
        "bcfl.chain": node.url,
        "bcfl.on_chain_error": "fail",
        "bcfl.run_dir": str(tmp_path / "runs"),
    }
    nodes, server = ClientApp(), ServerApp()

    @nodes.train()
    def train(message: Any, context: Any) -> Any:
        node.seal(2)
        model = message.content["arrays"]["w"].numpy() + np.float32(1)
        arrays = ArrayRecord({"w": Array(model)})
        content = RecordDict({"arrays": arrays, "m": MetricRecord({"num-examples": 5})})
        return FlowerMessage(content, reply_to=message)

    @server.main()
    def main(grid: Any, context: Any) -> None:
        strategy = FedAvg(fraction_evaluate=0.0, bcfl=context.run_config)
        strategy.start(grid, ArrayRecord({"w": Array(np.zeros(4, np.float32))}), num_rounds=2)

    with (
        InProcessGrid(nodes, node_configs=keys, run_config=config) as grid,
        pytest.raises(RecordIncomplete, match=r"bcfl\.terms\.commit_blocks") as raised,
    ):
        grid.serve(server, config)
    assert (raised.value.trained, raised.value.settled, {*raised.value.aborted}) == (1, 0, {0})
    assert 'on_missing = "warn"' in str(raised.value)
    with np.load(raised.value.run_dir / "model.npz") as saved:
        assert saved["w"] == pytest.approx(np.full(4, 1.0))


def test_a_run_that_may_go_without_a_record_trains_to_its_end(
    node: EmbeddedNode, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    """Nodes whose accounts are no members: the chain refuses what they sign, in each round."""
    config: dict[str, Any] = {
        "bcfl.plugins": "round_log",
        "bcfl.chain": node.url,
        "bcfl.on_chain_error": "fail",
        "bcfl.run_dir": str(tmp_path / "runs"),
        "bcfl.round_log.on_missing": "warn",
    }
    strangers = [{"bcfl-key-uri": f"//stranger-{number}"} for number in range(3)]
    with InProcessGrid(moving_app(), node_configs=strangers, run_config=config) as grid:
        strategy = FedAvg(fraction_evaluate=0.0, bcfl=config)
        first = ArrayRecord({"w": Array(np.zeros(4, np.float32))})
        result = strategy.start(grid, first, num_rounds=3)
    assert result.arrays["w"].numpy().tolist() == [3.0] * 4
    assert "the chain has less than was trained" in caplog.text


def test_keys_that_are_no_members_end_the_run_after_one_round(
    node: EmbeddedNode, tmp_path: Path
) -> None:
    config: dict[str, Any] = {
        "bcfl.plugins": "round_log",
        "bcfl.chain": node.url,
        "bcfl.on_chain_error": "fail",
        "bcfl.run_dir": str(tmp_path / "runs"),
    }
    strangers = [{"bcfl-key-uri": f"//stranger-{number}"} for number in range(3)]
    with InProcessGrid(moving_app(), node_configs=strangers, run_config=config) as grid:
        strategy = FedAvg(fraction_evaluate=0.0, bcfl=config)
        first = ArrayRecord({"w": Array(np.zeros(4, np.float32))})
        with pytest.raises(RecordIncomplete, match="members with stake") as raised:
            strategy.start(grid, first, num_rounds=50)
    assert raised.value.trained == 1


def moving_app() -> ClientApp:
    app = ClientApp()

    @app.train()
    def train(message: Any, context: Any) -> Any:
        model = message.content["arrays"]["w"].numpy() + np.float32(1)
        arrays = ArrayRecord({"w": Array(model)})
        content = RecordDict({"arrays": arrays, "m": MetricRecord({"num-examples": 5})})
        return FlowerMessage(content, reply_to=message)

    return app


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
