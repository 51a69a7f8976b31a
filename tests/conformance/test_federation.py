"""A whole federation on a chain behind a URL: the embedded one, and a real node."""

from __future__ import annotations

from contextlib import closing
from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.keys import Signer
from pallet_bridge.light.client import proves
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import UNIT, Planck
from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from pathlib import Path

    import pytest

    from tests.conformance.conftest import Target

KEYS = [f"//clinic-{number}" for number in range(4)]
TERMS = TermsConfig(quorum=len(KEYS), admission="open", coordinator_bond=Planck(0))


def found(url: str) -> int:
    """Create a federation, fund it, and join the nodes, as their owners would."""
    coordinator, signers = Signer.from_uri("//Ferdie"), [Signer.from_uri(uri) for uri in KEYS]
    with connect(url) as client:
        number = client.next_federation()
        client.execute(calls.create_federation(terms_of(TERMS), bytes(32)), coordinator)
        gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
        together = calls.batch([calls.fund(number, Planck(100 * UNIT)), *gifts])
        client.execute(together, coordinator)
        joining = [
            client.submit(calls.join(number, Planck(100 * UNIT), client.terms_hash(number)), s)
            for s in signers
        ]
        for submission in joining:
            submission.wait(60)
    return number


def node_app() -> ClientApp:
    app = ClientApp()

    @app.train()
    def train(message: Any, context: Any) -> Any:
        model = message.content["arrays"]["w"].numpy()
        moved = ArrayRecord({"w": Array((model + 1).astype(np.float32))})
        metrics = MetricRecord({"num-examples": 10 + context.node_config["partition-id"]})
        return Message(RecordDict({"arrays": moved, "metrics": metrics}), reply_to=message)

    return app


def test_two_rounds_are_settled_and_the_audit_holds(
    target: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    # both chains have one genesis: what the coordinator remembers of one is not of the other
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    runs = tmp_path / "runs"
    config: dict[str, Any] = {
        "bcfl.plugins": "staking, outliers, slashing, round_log",
        "bcfl.chain": target.url,
        "bcfl.federation": found(target.url),
        "bcfl.coordinator": "//Ferdie",
        "bcfl.run_dir": str(runs),
    }
    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    with InProcessGrid(node_app(), node_configs=keys, run_config=config) as grid:
        strategy = FedAvg(fraction_evaluate=0.0, bcfl=config)
        first = ArrayRecord({"w": Array(np.zeros(8, np.float32))})
        result = strategy.start(grid, first, num_rounds=2)
    assert result.arrays["w"].numpy().tolist() == [2.0] * 8
    (folder,) = runs.iterdir()
    assert [line.outcome for line in read_run(folder).rounds] == ["settled"] * 2
    report = audit_run(folder, chain=target.url)
    assert report.ok, report.findings
    assert report.grounds.proved["statements signed by their accounts"] == 2 * len(KEYS)
    shown, proved = f"the node at {target.url}", report.grounds.proved
    with closing(RpcClient(target.url, 60.0)) as rpc:
        offers_proofs = proves(rpc.request("rpc_methods"))
    assert not (target.embedded and offers_proofs)  # nobody signs its blocks
    if offers_proofs:
        assert proved["blocks that are final, with their events and state"] > 0
        assert shown not in report.grounds.words
        assert report.notes == ()
    else:
        assert report.grounds.words[shown]["blocks, with their events and state"] > 0
        assert [target.url in note for note in report.notes] == [True]
