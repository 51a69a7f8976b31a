"""What came in a reply, or went out in a message, and was taken for something else."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ConfigRecord
from flwr.serverapp import strategy as flower

from strategies import FedAvg
from strategies.errors import UnsuitableModel
from tests.cases.federation import run

OUTLIERS = {"bcfl.plugins": "outliers", "bcfl.chain": "none"}


def averaging(bcfl: Any = None) -> FedAvg:
    return FedAvg(fraction_evaluate=0.0, bcfl=bcfl)


def npy(shape: str, body: bytes, descr: str = "'<f4'", version: bytes = b"\x01\x00") -> bytes:
    """Return the bytes of a .npy file whose header says what it is told to."""
    head = f"{{'descr': {descr}, 'fortran_order': False, 'shape': {shape}, }}".encode()
    head += b" " * (63 - (len(head) + 10) % 64) + b"\n"
    return b"\x93NUMPY" + version + len(head).to_bytes(2, "little") + head + body


HEADERS = {
    "two numbers in one axis": npy("(6 0, 2)", bytes(48)),
    "a comma too many": npy("(6, , 2)", bytes(48)),
    "words behind the shape": npy("(6, 2) if 1 else 0", bytes(48)),
    "an axis in hex": npy("(0x6, 2)", bytes(48)),
    "an axis with an underscore": npy("(6, 0_2)", bytes(48)),
    "a negative axis": npy("(-6, -2)", bytes(48)),
    "an axis that no machine has": npy("(0, 4294967295, 4294967295, 4294967295)", b""),
    "a longer axis than 64 bits": npy("(" + "9" * 40 + ", 0)", b""),
    "a list": npy("[6, 2]", bytes(48)),
    "a structured dtype": npy("(6, 2)", bytes(48), "[('a', '<f4')]"),
    "an aligned dtype": npy("(6, 2)", bytes(48), "'=f4'"),
    "another version": npy("(6, 2)", bytes(48), version=b"\x02\x00"),
    "bytes behind the values": npy("(6, 2)", bytes(52)),
    "no newline": npy("(6, 2)", bytes(48)).replace(b"\n", b" "),
}


@pytest.mark.parametrize("bcfl", [None, OUTLIERS])
@pytest.mark.parametrize("name", HEADERS)
def test_a_header_that_readers_disagree_on_costs_its_sender_alone(name: str, bcfl: Any) -> None:
    """`array_header_kills_the_run`: one client ended the run for all, without a strike."""

    def step(node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        moved = arrays["w"] + np.float32(2)
        if node != 3:
            return {"w": moved}
        return {"w": Array("float32", (6, 2), "numpy.ndarray", HEADERS[name])}

    end = run(averaging(bcfl), {"w": np.zeros((6, 2), np.float32)}, step, nodes=6, rounds=2)
    assert end is not None
    np.testing.assert_array_equal(end["w"], np.full((6, 2), 4, np.float32))


@pytest.mark.parametrize("method", ["cluster", "cluster_guard", "dnc", "nnm+krum"])
def test_complex_weights_are_refused_before_anybody_trains(method: str) -> None:
    """`complex_weights`: `cluster` never looked at them, other methods died of them."""
    trained: list[int] = []

    def step(node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        trained.append(node)
        return arrays

    strategy = averaging({**OUTLIERS, "bcfl.outliers.method": method})
    with pytest.raises(UnsuitableModel, match="complex128"):
        run(strategy, {"spectrum": np.ones(7, np.complex128)}, step, nodes=7)
    assert not trained


def test_integers_that_nobody_touches_stay() -> None:
    """`integer_sentinels_flip`: 2^63 - 1 became -2^63, and 2^64 - 1 became 0."""
    given = {
        "w": np.zeros(5, np.float32),
        "lowest": np.array([-(2**63), 2**53 + 3, -1]),
        "mask": np.array([2**64 - 1, 2**63, 2**53 + 1], np.uint64),
        "small": np.array([127, -128], np.int8),
        "flags": np.array([True, False]),
    }

    def step(node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        return {**arrays, "w": arrays["w"] + np.float32(1 + node / 50)}

    end = run(averaging(OUTLIERS), given, step, nodes=7, rounds=3)
    assert end is not None
    for name in given.keys() - {"w"}:
        np.testing.assert_array_equal(end[name], given[name])
        assert end[name].dtype == given[name].dtype


def test_averages_of_integers_saturate() -> None:
    """`integer_sentinels_flip`: what an average does not fit into is its nearest end."""
    given = {"w": np.zeros(2, np.float32), "top": np.array([250, 3], np.uint8)}

    def step(node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        beyond = np.array([400 + node, 7])  # int64 for a uint8: what a node's library made of it
        return {"w": arrays["w"] + np.float32(1), "top": beyond}

    end = run(averaging(OUTLIERS), given, step, nodes=5)
    assert end is not None
    np.testing.assert_array_equal(end["top"], np.array([255, 7], np.uint8))


@pytest.mark.parametrize("value", [float("nan"), float("inf"), [0.5, float("nan")]])
@pytest.mark.parametrize("one_class", [{2}, {0, 1, 2}])
def test_a_bad_metric_costs_the_metric(one_class: set[int], value: Any) -> None:
    """`nan_metric_discards_the_update`: no plugin named, and the whole update was left out."""

    def step(node: int, arrays: dict[str, Any], _message: Any) -> dict[str, Any]:
        return {"w": arrays["w"] + np.float32(2 * node)}

    def metrics(node: int) -> dict[str, Any]:
        sound = [0.7, 0.7] if isinstance(value, list) else 0.7
        return {"recall": value if node in one_class else sound}

    ours, theirs = (
        run(made, {"w": np.zeros(2, np.float32)}, step, nodes=3, metrics=metrics)
        for made in (averaging(), flower.FedAvg(fraction_evaluate=0.0))
    )
    assert ours is not None
    assert theirs is not None
    np.testing.assert_array_equal(ours["w"], theirs["w"])


@pytest.mark.slow
@pytest.mark.parametrize(
    ("governed", "own", "reaches"),
    [(4, 1, 4), (4, 0.5, 4.0), (0.25, 2, 0.25), (32, 8, 32)],
)
def test_a_governed_number_keeps_its_type(
    tmp_path: Any, monkeypatch: pytest.MonkeyPatch, governed: Any, own: Any, reaches: Any
) -> None:
    """`governed_integers_become_floats`: range() raised at every node, in every round."""
    monkeypatch.chdir(tmp_path)
    seen: list[Any] = []

    def step(_node: int, arrays: dict[str, Any], message: Any) -> dict[str, Any]:
        seen.append(message.content.config_records["config"]["passes"])
        return {"w": arrays["w"] + np.float32(1)}

    settings = {"bcfl.plugins": "staking, round_log", "bcfl.training.passes": governed}
    given = ConfigRecord({"passes": own, "mine": 3})
    start = {"w": np.zeros(1, np.float32)}
    run(averaging(settings), start, step, nodes=3, train_config=given)
    assert seen == [reaches] * 3
    assert {type(one) for one in seen} == {type(reaches)}
