"""A member that named its SuperNode on chain is held to it: its chain key alone is not enough."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord
from flwr.supercore.primitives.asymmetric import generate_key_pairs, public_key_to_bytes

from examples.deployment.chain import found, served
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.node_keys import bind
from pallet_bridge.run.journal import REPORTS, read_run
from pallet_bridge.run.reports import ReportStore
from strategies import FedAvg
from strategies.testing import InProcessGrid
from tests.e2e.conftest import node_app

if TYPE_CHECKING:
    from pathlib import Path

NODES = 4
NAMED, STOLEN = 0, 1


class Link(InProcessGrid):
    """A grid that tells the nodes' keys as a SuperLink does."""

    keys: tuple[bytes, ...] = ()

    def get_nodes(self) -> Any:
        infos = super().get_nodes()
        for info, key in zip(infos, self.keys, strict=True):
            info.public_key = key
        return infos


@pytest.mark.slow
def test_a_stolen_chain_key_takes_no_part_from_another_supernode(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    pairs = [generate_key_pairs() for _ in range(NODES)]
    with served(None) as (url,):
        founded = found(url, tmp_path / "keys", NODES, strangers=0)
        with connect(url) as chain:
            for number in (NAMED, STOLEN):
                member = Signer.from_file(founded.node_keys[number])
                where = (chain.genesis_hash, founded.federation, member.account)
                bound = bind(pairs[number][0], *where)
                chain.execute(calls.bind_node_key(founded.federation, bound), member)
        keys = [public_key_to_bytes(public) for _, public in pairs]
        keys[STOLEN] = public_key_to_bytes(generate_key_pairs()[1])
        config = {
            "bcfl.plugins": "staking, round_log",
            "bcfl.chain": url,
            "bcfl.federation": founded.federation,
            "bcfl.coordinator": f"file:{founded.coordinator_key}",
            "bcfl.run_dir": str(tmp_path / "runs"),
        }
        own = [{"bcfl-key-uri": f"file:{key}"} for key in founded.node_keys]
        with (
            caplog.at_level("INFO", "flwr.bcfl"),
            Link(node_app(frozenset()), node_configs=own, run_config=config) as grid,
        ):
            grid.keys = tuple(keys)
            strategy = FedAvg(fraction_evaluate=0.0, min_train_nodes=1, bcfl=config)
            first = ArrayRecord({"w": Array(np.zeros(200, np.float32))})
            strategy.start(grid, first, num_rounds=1)
    (folder,) = (tmp_path / "runs").iterdir()
    (line,) = read_run(folder).rounds
    assert line.report is not None
    report = ReportStore(folder / REPORTS).get(line.report)
    accounts = founded.accounts
    assert {one.account for one in report.entries} == {*accounts} - {accounts[STOLEN]}
    (absent,) = report.absent
    assert absent.account == accounts[STOLEN]
    assert "named another SuperNode on chain" in absent.detail
    said = "\n".join(caplog.messages)
    assert f"is account {accounts[NAMED]}; SuperNode key sha256:" in said
    assert said.count("proved on chain to be its member's") == 1
    assert said.count("its member named none on chain") == NODES - 2
    assert said.count("not the one that its member named on chain") == 1
    assert "may not take part: account" in said
