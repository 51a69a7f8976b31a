"""What a rule made of updates that were honest, odd, or far away."""

from __future__ import annotations

import warnings
from contextlib import suppress
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
import torch

from bcfl_plugins import BcflConfig, hookimpl, open_session
from bcfl_plugins.defenses import ALL_RULES, BadUpdates, Extras, create_rule
from pallet_bridge.errors import BcflError
from strategies import FedAvg
from tests.cases.federation import run

if TYPE_CHECKING:
    from collections.abc import Callable


def step_of(node: int, size: int) -> Any:
    return (1 + 0.05 * np.random.default_rng(node).normal(size=size)).astype(np.float32)


@pytest.mark.parametrize("buffer", ["bn.running_var", "layers.3.running_mean"])
def test_honest_buffers_hide_no_reversed_update(buffer: str) -> None:
    """`buffers_hide_a_reversed_update`: the attackers got in, and the step turned round."""
    rng, rule, state = np.random.default_rng(5), create_rule("cluster_guard"), None
    rejected = np.zeros(9)
    for _ in range(12):
        common = rng.normal(size=600)
        updates = []
        for node in range(9):
            step = (common + rng.normal(size=600)) * (-7 if node in (4, 8) else 1)
            wide = 2000 + 80 * rng.normal(size=12)  # inputs that nobody scaled
            updates.append(
                {"weight": (0.02 * step).astype(np.float32), buffer: wide.astype(np.float32)}
            )
        reference = {name: np.zeros_like(array) for name, array in updates[0].items()}
        made = rule.aggregate(updates, Extras(reference=reference, ids=range(9), state=state))
        state = made.state
        rejected += ~made.decision.kept
    assert set(rejected[[4, 8]]) == {12}
    assert rejected.sum() == 24
    moved = made.value["weight"]
    assert moved @ common / np.linalg.norm(moved) / np.linalg.norm(common) > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("method", ["multikrum", "dnc", "mda", "bulyan", "cluster_guard"])
def test_nobody_loses_stake_for_what_all_sent(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, method: str
) -> None:
    """`ties_slash_the_same_honest_nodes`: those whose ids came last in the tie lost stake."""
    monkeypatch.chdir(tmp_path)
    config = BcflConfig.from_run_config(
        {
            "bcfl.plugins": "staking, outliers, round_log, slashing",
            "bcfl.outliers.method": method,
            "bcfl.outliers.evidence": "streak",
            "bcfl.terms.quorum": 9,
            "bcfl.terms.dispute_blocks": 3,
            "bcfl.terms.strikes_to_slash": 2,
        }
    )

    def step(_node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        return {"w": arrays["w"] + np.float32(1.25)}

    with open_session(config) as session:
        strategy = FedAvg(fraction_evaluate=0.0, bcfl=session)
        end = run(strategy, {"w": np.zeros(120, np.float32)}, step, nodes=9, rounds=3)
        assert session.services.chain is not None
        assert not session.services.chain.client.offences(0)
    assert end is not None
    np.testing.assert_allclose(end["w"], 3.75, rtol=1e-5)


@pytest.mark.parametrize(("idle", "nodes"), [(3, 7), (4, 8), (5, 9), (7, 11)])
def test_nodes_that_do_nothing_do_not_stop_the_others(idle: int, nodes: int) -> None:
    """`idle_half_freezes_the_model`: each of the others got half a percent of the average."""
    shares: dict[int, int | None] = {}

    class Watch:
        @hookimpl
        def bcfl_round_settling(self, result: Any) -> None:
            shares.update({one.node.node_id - 100: one.share for one in result.judged})

    def step(node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        return {"w": arrays["w"] + (step_of(node, 150) if node >= idle else np.float32(0))}

    config = BcflConfig.from_run_config({"bcfl.plugins": "outliers", "bcfl.chain": "none"})
    start = np.random.default_rng(3).normal(size=150).astype(np.float32)
    with open_session(config, plugins=[("watch", Watch())]) as session:
        strategy = FedAvg(fraction_evaluate=0.0, bcfl=session)
        end = run(strategy, {"w": start}, step, nodes=nodes, rounds=2)
    assert end is not None
    fair = 2 * (nodes - idle) / nodes
    assert fair * 0.9 < float(np.mean(end["w"] - start)) < 2.1
    assert all((shares[node] or 0) > 10**9 // (2 * nodes) for node in range(idle, nodes))


@pytest.mark.parametrize(("idle", "nodes", "stands"), [(6, 9, True), (0, 9, False)])
def test_a_model_that_stands_still_is_no_secret(
    caplog: pytest.LogCaptureFixture, idle: int, nodes: int, *, stands: bool
) -> None:
    """`idle_half_freezes_the_model`: no log line said why nothing was learned.

    Three that move beside many that do not are not believed: nobody knows whether they should.
    """

    def step(node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        return {"w": arrays["w"] + (step_of(node, 90) if node >= idle else np.float32(0))}

    settings = {"bcfl.plugins": "outliers", "bcfl.chain": "none"}
    strategy = FedAvg(fraction_evaluate=0.0, bcfl=settings)
    with caplog.at_level("WARNING", "flwr.bcfl"):
        end = run(strategy, {"w": np.ones(90, np.float32)}, step, nodes=nodes)
    assert end is not None
    assert np.allclose(end["w"], 1) is stands
    lines = [line for line in caplog.messages if "stands still" in line]
    assert len(lines) == stands
    for line in lines:
        assert "6 of 9 accepted updates are the model as it came" in line
        assert "outliers: " in line


@pytest.mark.parametrize("name", sorted(ALL_RULES))
@pytest.mark.parametrize("scale", [1e-30, 1e-24, 3e37])
def test_rules_compute_under_their_own_error_state(name: str, scale: float) -> None:
    """`numpy_set_to_raise`: an app's numpy.seterr let one node end the run."""
    rng = np.random.default_rng(11)
    updates = [rng.normal(size=40).astype(np.float32) for _ in range(13)]
    if scale < 1:
        updates = [(one * scale).astype(np.float32) for one in updates]
    else:
        updates[5] = updates[6] = np.full(40, scale, np.float32)
    extras = Extras(ids=range(13), trusted={"w": updates[0]}, reference={"w": updates[0] * 0})
    with np.errstate(all="raise"):
        with suppress(BcflError):  # a refusal, by name
            create_rule(name).aggregate([{"w": one} for one in updates], extras)
        assert np.geterr() == dict.fromkeys(("divide", "over", "under", "invalid"), "raise")


ODD: dict[str, Callable[[], Any]] = {
    "sparse CSR tensor": lambda: torch.eye(4).to_sparse_csr(),
    "sparse COO tensor": lambda: torch.ones(4).to_sparse(),
    "meta tensor": lambda: torch.empty(2, 2, device="meta"),
    "matrix": lambda: np.asmatrix(np.ones((2, 3))),
    "masked array": lambda: np.ma.masked_less(np.arange(4.0), 2),
    "list": lambda: [1.0, 2.0],
    "text": lambda: "weights",
    "number": lambda: 1.5,
    "array of objects": lambda: np.array([1.0, None], object),
    "complex tensor": lambda: torch.ones(3, dtype=torch.complex64),
    "nothing": lambda: None,
}


@pytest.mark.parametrize("method", ["median", "cluster_guard", "nnm+krum", "flame"])
@pytest.mark.parametrize("kind", ODD)
def test_inputs_by_mistake_are_refused_by_name(kind: str, method: str) -> None:
    """`unusual_tensors_raise_raw_errors`: the error was torch's or numpy's own."""
    with warnings.catch_warnings():  # libraries warn of what is odd when it is made
        warnings.simplefilter("ignore")
        updates = [{"w": ODD[kind]()} for _ in range(6)]
    with pytest.raises(BadUpdates, match="w"):
        create_rule(method).aggregate(updates)
