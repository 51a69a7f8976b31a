"""A toy federation: nodes whose updates are known, and every way in which one can be wrong."""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, ConfigRecord, Context, Message, MetricRecord, RecordDict
from flwr.serverapp import strategy as flower
from flwr.supercore.differential_privacy import KEY_NORM_BIT

import strategies
from bcfl_plugins import BcflConfig, Services, Session
from bcfl_plugins.hooks.manager import PluginManager
from strategies.testing import DROP, FIRST_NODE_ID, InProcessGrid
from strategies.unprotected import NothingTrained
from tests.slow import slow_but

STUMP = {
    "base_weights": [0.0, 0.3, -0.2],
    "default_left": [0, 0, 0],
    "left_children": [1, -1, -1],
    "right_children": [2, -1, -1],
    "parents": [2147483647, 0, 0],
    "split_indices": [3, 0, 0],
    "split_conditions": [0.5, 0.3, -0.2],
    "sum_hessian": [9.0, 4.0, 5.0],
    "tree_param": {"num_feature": "4", "num_nodes": "3", "size_leaf_vector": "1"},
}
"""A tree of one split, as XGBoost writes it."""

Attack = Callable[[RecordDict], RecordDict]


def model() -> dict[str, np.ndarray]:
    rng = np.random.default_rng(7)
    return {
        "w": rng.normal(size=(4, 3)).astype(np.float32),
        "b": rng.normal(size=3).astype(np.float32),
        "scale": np.float32(0.5).reshape(()),
    }


def record(arrays: Mapping[str, np.ndarray]) -> ArrayRecord:
    return ArrayRecord({name: Array(np.asarray(array)) for name, array in arrays.items()})


def numpy_of(rec: ArrayRecord) -> dict[str, np.ndarray]:
    return {name: array.numpy() for name, array in rec.items()}


def honest(message: Message, context: Context) -> RecordDict:
    """Move by a little that depends on the node only, and claim ten examples or more."""
    pid = int(context.node_config["partition-id"])
    sent = next(iter(message.content.array_records.values()))
    moved = {
        name: (array + 0.01 * (pid + 1)).astype(array.dtype)
        for name, array in numpy_of(sent).items()
    }
    metrics: dict[str, Any] = {
        "num-examples": 10 + pid,
        "train_loss": 0.5 + 0.01 * pid,
        KEY_NORM_BIT: float(pid % 2),
        "curve": [1.0, 0.5],
        "auc": 0.5 + 0.04 * pid,
    }
    return RecordDict({"arrays": record(moved), "metrics": MetricRecord(metrics)})


def evaluation(message: Message, context: Context) -> RecordDict:
    del message
    pid = int(context.node_config["partition-id"])
    return RecordDict({"metrics": MetricRecord({"num-examples": 5 + pid, "acc": 0.1 * pid})})


def app_of(
    attacks: Mapping[int, Attack] | None = None,
    evaluate_attacks: Mapping[int, Attack] | None = None,
    *,
    train: Callable[[Message, Context], RecordDict] = honest,
    base: type = strategies.ClientApp,
    **kwargs: Any,
) -> Any:
    """Make an app whose node with partition `pid` passes its reply through `attacks[pid]`."""
    app = base(**kwargs)

    def handler(make: Callable[..., RecordDict], bad: Mapping[int, Attack]) -> Callable[..., Any]:
        def handle(message: Message, context: Context) -> Message:
            content = make(message, context)
            attack = bad.get(int(context.node_config["partition-id"]))
            return Message(content if attack is None else attack(content), reply_to=message)

        return handle

    app.train()(handler(train, attacks or {}))
    app.evaluate()(handler(evaluation, evaluate_attacks or {}))
    return app


def with_array(content: RecordDict, name: str, array: Any) -> RecordDict:
    made = array if isinstance(array, Array) else Array(np.asarray(array))
    content["arrays"] = ArrayRecord({**content["arrays"], name: made})
    return content


def with_metric(key: str, value: Any) -> Attack:
    def attack(content: RecordDict) -> RecordDict:
        content["metrics"] = MetricRecord({**content["metrics"], key: value})
        return content

    return attack


def without_metric(key: str) -> Attack:
    def attack(content: RecordDict) -> RecordDict:
        content["metrics"] = MetricRecord({k: v for k, v in content["metrics"].items() if k != key})
        return content

    return attack


def set_array(name: str, array: Any) -> Attack:
    return lambda content: with_array(content, name, array)


def raise_error(content: RecordDict) -> RecordDict:
    raise RuntimeError("out of\nmemory")


def second_arrays(content: RecordDict) -> RecordDict:
    content["more"] = ArrayRecord(dict(content["arrays"]))
    return content


def renamed(content: RecordDict) -> RecordDict:
    return RecordDict({"weights": content["arrays"], "metrics": content["metrics"]})


def second_metrics(content: RecordDict) -> RecordDict:
    content["more"] = MetricRecord({"x": 1.0})
    return content


def no_array(content: RecordDict) -> RecordDict:
    content["arrays"] = ArrayRecord({k: v for k, v in content["arrays"].items() if k != "b"})
    return content


NPY = Array(np.zeros(3, np.float32)).data


def with_header(text: str, descr: str = "<f4", body: bytes = bytes(12), **said: Any) -> Attack:
    """Send array b with a header that claims a shape as text."""
    head = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': {text}, }}".encode()
    head += b" " * (63 - (len(head) + 10) % 64) + b"\n"
    data = b"\x93NUMPY\x01\x00" + len(head).to_bytes(2, "little") + head + body
    declared = {"dtype": "float32", "shape": (3,), **said}
    return set_array("b", Array(**declared, stype="numpy.ndarray", data=data))


def many_records(content: RecordDict) -> RecordDict:
    for i in range(100):
        content[f"more {i}"] = ConfigRecord()
    return content


def many_arrays(content: RecordDict) -> RecordDict:
    one = content["arrays"]["b"]
    content["arrays"] = ArrayRecord({**content["arrays"], **{f"b{i}": one for i in range(2000)}})
    return content


def many_metrics(content: RecordDict) -> RecordDict:
    extra = {f"m{i}": 0.5 for i in range(1001)}
    content["metrics"] = MetricRecord({**content["metrics"], **extra})
    return content


def named_at_length(content: RecordDict) -> RecordDict:
    return RecordDict({**content, "n" * 257: ConfigRecord()})


MALFORMED: dict[str, Attack] = {
    "two ArrayRecords": second_arrays,
    "two MetricRecords": second_metrics,
    "renamed record": renamed,
    "no records": lambda content: RecordDict(),
    "missing array": no_array,
    "extra array": set_array("c", np.zeros(3, np.float32)),
    "wrong shape": set_array("w", np.zeros(5, np.float32)),
    "shape (1,)": set_array("w", np.full(1, 0.9, np.float32)),
    "num-examples nan": with_metric("num-examples", float("nan")),
    "num-examples inf": with_metric("num-examples", float("inf")),
    "num-examples negative": with_metric("num-examples", -5),
    "num-examples 1e18": with_metric("num-examples", 10**18),
    "num-examples zero": with_metric("num-examples", 0),
    "num-examples list": with_metric("num-examples", [1, 2]),
    "num-examples missing": without_metric("num-examples"),
    "NaN values": set_array("b", np.full(3, np.nan, np.float32)),
    "infinite values": set_array("b", np.full(3, np.inf, np.float32)),
    "float64 beyond float32": set_array("b", np.full(3, 1e300)),
    "garbage bytes": set_array("b", Array("float32", (3,), "numpy.ndarray", b"garbage")),
    "pickle bytes": set_array("b", Array("float32", (3,), "numpy.ndarray", b"\x80\x04N.")),
    "zip bytes": set_array("b", Array("float32", (3,), "numpy.ndarray", b"PK\x03\x04" + NPY)),
    "truncated bytes": set_array("b", Array("float32", (3,), "numpy.ndarray", NPY[:-1])),
    "other declared shape": set_array("b", Array("float32", (1,), "numpy.ndarray", NPY)),
    "other serialisation": set_array("b", Array("float32", (3,), "torch", NPY)),
    "text array": set_array("b", np.array(["a", "b", "c"])),
    "complex array": set_array("b", np.zeros(3, np.complex64)),
    "shape with a space": with_header("(3 0,)"),
    "shape with two commas": with_header("(3,,)"),
    "shape without its comma": with_header("(3)"),
    "shape with a zero before": with_header("(03,)"),
    "shape with an underscore": with_header("(0_3,)"),
    "negative shape": with_header("(-3,)"),
    "shape of nothing over 64 bits": with_header(
        "(0, 4294967296, 4294967296)", body=b"", shape=(0, 4294967296, 4294967296)
    ),
    "shape of three true": with_header("(3L,)"),
    "dtype without its order": with_header("(3,)", descr="f4"),
    "dtype in the machine's order": with_header("(3,)", descr="=f4"),
    "dtype of three bytes": with_header("(3,)", descr="<f3", body=bytes(9)),
    "long doubles": set_array("b", np.ones(3, np.longdouble)),
    "dates": set_array("b", np.zeros(3, "datetime64[s]")),
    "raw bytes": set_array("b", np.zeros(3, "V4")),
    "declared as bfloat16": with_header("(3,)", descr="|V2", body=bytes(6), dtype="bfloat16"),
    "bytes after the array": with_header("(3,)", body=bytes(13)),
    "over 64 records": many_records,
    "thousands of arrays": many_arrays,
    "over 1000 metrics": many_metrics,
    "a list of over 100000 numbers": with_metric("curve", [0.5] * 100_001),
    "a record's name of 257 characters": named_at_length,
    "a metric's name of 300 characters": with_metric("m" * 300, 1.0),
    "exception": raise_error,
}

ODD_METRICS: dict[str, Attack] = {
    "extra metric key": with_metric("surprise", 1.0),
    "missing metric key": without_metric("curve"),
    "longer list metric": with_metric("curve", [1.0, 0.5, 0.2]),
    "shorter list metric": with_metric("curve", []),
    "scalar for a list metric": with_metric("curve", 1.0),
    "list for a scalar metric": with_metric("auc", [0.7]),
    "metric nan": with_metric("auc", float("nan")),
    "metric -inf": with_metric("auc", float("-inf")),
    "NaN in a list metric": with_metric("curve", [1.0, float("nan")]),
    "metric over 64 bits": with_metric("auc", 10**400),
    "extra metric nan": with_metric("surprise", float("nan")),
}
"""Each costs its sender a metric and not the update."""


def build(name: str, base: Any = flower, nodes: int = 10, **kwargs: Any) -> Any:
    """Make a strategy by name, from Flower or from us; DP without noise, so that runs repeat."""
    cls = getattr(base, name)
    if name == "QFedAvg":
        return cls(0.1, **kwargs)
    if "DifferentialPrivacy" not in name:
        return cls(**kwargs)
    if "Fixed" in name:
        return cls(flower.FedAvg(), 0.0, 5.0, nodes, **kwargs)
    return cls(flower.FedAvg(), 0.0, nodes, clipped_count_stddev=0.0, **kwargs)


SOON = {"FedAvg", "FedAdam", "FedMedian", "Krum"}
ARRAY_STRATEGIES = [
    name
    for name in flower.__all__
    if name not in {"Result", "Strategy", "FedXgbBagging", "FedXgbCyclic"}
]


class Toy:
    """What the tests take from here."""

    malformed = MALFORMED
    odd_metrics = ODD_METRICS
    app_of = staticmethod(app_of)
    honest = staticmethod(honest)
    build = staticmethod(build)
    record = staticmethod(record)
    model = staticmethod(model)
    with_metric = staticmethod(with_metric)
    without_metric = staticmethod(without_metric)
    norm_bit = KEY_NORM_BIT
    set_array = staticmethod(set_array)
    with_header = staticmethod(with_header)

    @staticmethod
    def run(
        strategy: Any,
        app: Any,
        nodes: int = 10,
        *,
        rounds: int = 1,
        arrays: Any = None,
        **grid: Any,
    ) -> Any:
        with InProcessGrid(app, nodes, **grid) as made:
            start = arrays if arrays is not None else record(model())
            return strategy.start(made, start, num_rounds=rounds)

    @classmethod
    def run_in_vain(cls, *args: Any, **kwargs: Any) -> Any:
        """Run a strategy to which no round gives a model: that is an error with the result."""
        with pytest.raises(NothingTrained) as error:
            cls.run(*args, **kwargs)
        return error.value.result

    @staticmethod
    def session(*plugins: tuple[str, object], **keys: Any) -> Session:
        """Return an open session with these plugins and no chain."""
        config = BcflConfig.from_run_config({f"bcfl.{key}": value for key, value in keys.items()})
        return Session(config, Services(config), PluginManager(plugins))

    @staticmethod
    def silent(*partitions: int) -> Callable[[Message], str | None]:
        """Lose the training messages to these nodes."""
        lost = {FIRST_NODE_ID + partition for partition in partitions}

        def fail(message: Message) -> str | None:
            training = message.metadata.message_type == "train"
            return DROP if training and message.metadata.dst_node_id in lost else None

        return fail

    @staticmethod
    def in_order(replies: list[Message]) -> list[Message]:
        return sorted(replies, key=lambda reply: reply.metadata.src_node_id)

    @staticmethod
    def xgb(trees: int = 1) -> ArrayRecord:
        booster = {
            "gbtree_model_param": {"num_trees": str(trees), "num_parallel_tree": "1"},
            "trees": [{"id": i, **STUMP} for i in range(trees)],
            "tree_info": [0] * trees,
            "iteration_indptr": list(range(trees + 1)),
        }
        blob = json.dumps({"learner": {"gradient_booster": {"model": booster}}}).encode()
        return ArrayRecord([np.frombuffer(blob, np.uint8)])

    config_record = ConfigRecord


@pytest.fixture(scope="session")
def toy() -> Toy:
    return Toy()


def pytest_generate_tests(metafunc: pytest.Metafunc) -> None:
    if "array_strategy" in metafunc.fixturenames:
        metafunc.parametrize("array_strategy", slow_but(SOON, ARRAY_STRATEGIES))
    if "malformed" in metafunc.fixturenames:
        metafunc.parametrize("malformed", MALFORMED)
    if "odd_metric" in metafunc.fixturenames:
        metafunc.parametrize("odd_metric", ODD_METRICS)


@pytest.fixture(autouse=True)
def _quiet() -> Iterator[None]:
    logger = logging.getLogger("flwr")
    level = logger.level
    logger.setLevel(logging.WARNING)
    yield
    logger.setLevel(level)
