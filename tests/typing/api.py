"""The public API as a user types it: read by mypy in strict mode, never run.

`assert_type` fails when an answer is no longer what it says here, or has become `Any`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, assert_type

from flwr.serverapp.strategy import FedAvg as FlowersFedAvg

from bcfl_plugins import (
    BcflConfig,
    ClientUpdate,
    NodeId,
    Rejection,
    Session,
    Verdict,
    hookimpl,
    open_session,
)
from bcfl_plugins.testing import CheckResult, check_defense
from pallet_bridge import UNIT, ChainClient, Planck, Signer, calls, connect
from pallet_bridge.types import AccountId
from strategies import ClientApp, FedAvg, RobustFedAvg, Strategy, guard

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    from flwr.app import Context, Message
    from numpy.typing import NDArray


class AtLeastTen:
    """A plugin: any object whose hooks are marked."""

    @hookimpl
    def bcfl_judge_updates(self, updates: Sequence[ClientUpdate]) -> Verdict:
        few = [update.node.node_id for update in updates if update.num_examples < 10]
        rejected = tuple(Rejection(node, detail="few examples", strike=False) for node in few)
        return Verdict("at_least_ten", rejected)


def node_ids(update: ClientUpdate) -> NodeId:
    return assert_type(update.node.node_id, NodeId)


def a_session() -> None:
    config = BcflConfig.from_run_config({"bcfl.plugins": "outliers", "bcfl.chain": "none"})
    assert_type(config, BcflConfig)
    with open_session(config, plugins=[("at_least_ten", AtLeastTen())]) as session:
        assert_type(session, Session)
        FedAvg(bcfl=session)


def strategies_of_flower(context: Context) -> None:
    ours: Strategy = FedAvg(fraction_evaluate=0.5, bcfl=context.run_config)
    flowers: FlowersFedAvg = RobustFedAvg("nnm+trimmed_mean", f=2, bcfl=context.run_config)
    guarded = guard(FlowersFedAvg(fraction_train=0.5), bcfl=context.run_config)
    assert_type(guarded, FlowersFedAvg)
    assert ours is not flowers


def a_node() -> ClientApp:
    app = ClientApp()

    @app.train()
    def train(message: Message, context: Context) -> Message:
        return message

    return app


def a_chain(url: str) -> None:
    alice = Signer.from_uri("//Alice")
    assert_type(alice.account, AccountId)
    with connect(url) as chain:
        assert_type(chain, ChainClient)
        receipt = chain.execute(calls.transfer(alice.account, Planck(5 * UNIT)), alice)
        assert_type(receipt.block.number, int)
    with connect("embedded") as local:
        client: ChainClient = local
        assert client is local


def mean(updates: NDArray[np.float64], f: int) -> Any:
    return updates.mean(axis=0)


def a_defense() -> None:
    results = check_defense(mean, checks=["bounded"])
    for result in results:
        assert_type(result, CheckResult)
