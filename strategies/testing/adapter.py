"""Let `bcfl_plugins.testing` drive Flower strategies of both APIs, by messages as in a run.

Registered under the entry point group ``bcfl.testing.adapters``. Updates are whole models here:
a strategy never sees the one that went out.
"""

from __future__ import annotations

import copy
import gc
import logging
from contextlib import contextmanager
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.testing.generators.cases import minority
from bcfl_plugins.testing.subjects.drivers import Answer, Driver, NoAnswer, UpdateBatch, flatten
from bcfl_plugins.testing.subjects.tags import Tags
from strategies._flower import (
    AppExitException,
    Array,
    ArrayRecord,
    ClientApp,
    ClientProxy,
    Code,
    ConfigRecord,
    FitRes,
    Message,
    MetricRecord,
    RecordDict,
    Status,
    delivered,
    legacy_strategy,
    ndarrays_to_parameters,
    parameters_to_ndarrays,
    strategy,
)
from strategies.testing.grid import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bcfl_plugins.testing.generators.worlds import MalformedReply

    NDArray = np.ndarray[Any, np.dtype[Any]]

EXAMPLES = 10
"""What every node claims as its number of examples: all weigh the same."""

_EXACT = Tags(translation=True, scale=True, unanimity=True)

SLOWNESS = 2
"""Messages cost more than a call, so strategies get fewer rounds."""


def adapt(example: object, build: Callable[[int], Any]) -> Driver | None:
    """Return the driver of a Flower strategy.

    Parameters
    ----------
    example : object
        The object under test.
    build : callable
        ``(f) -> strategy``. Where a strategy has a number of malicious nodes, it is set to f.

    Returns
    -------
    Driver or None
        ``None`` for what is no strategy.
    """
    if isinstance(example, strategy.Strategy):
        run, form = _message_run(build), "layers"
        needed = max(getattr(example, "min_available_nodes", 1), 1)
    elif isinstance(example, legacy_strategy.Strategy):
        run, form = _legacy_run(build), "lists"
        needed = 1
    else:
        return None
    tags = known_tags(example)

    def most(n: int) -> int:
        return tags.max_byzantine(n) if n >= needed else -1

    return Driver(
        "strategy",
        run,
        tags=tags,
        max_byzantine=most,
        forms=("layers",) if form == "layers" else ("lists",),
        refusals=(ValueError, AppExitException),
        slowness=SLOWNESS,
    )


def known_tags(example: object) -> Tags:
    """Return what the papers behind Flower's own strategies promise; for others, the default."""
    kind = type(example).__name__
    if isinstance(example, strategy.Bulyan | legacy_strategy.Bulyan):
        return replace(_EXACT, max_byzantine=lambda n: (n - 3) // 4)
    if isinstance(example, strategy.MultiKrum | strategy.Krum | legacy_strategy.Krum):
        return replace(_EXACT, max_byzantine=lambda n: (n - 3) // 2)
    if isinstance(example, strategy.FedMedian | legacy_strategy.FedMedian):
        return replace(_EXACT, box=True, kappa=_median_kappa)
    if isinstance(example, strategy.FedTrimmedAvg | legacy_strategy.FedTrimmedAvg):
        return _trimmed_tags(float(example.beta))
    if kind == "FedAvg":
        return replace(
            _EXACT,
            mean_without_byzantine=True,
            bounded=False,
            max_byzantine=lambda n: min(n, 1) - 1,
        )
    return Tags()


def _trimmed_tags(beta: float) -> Tags:
    """Return the tags of a trimmed average: it trims ``int(beta * n)`` a side, whatever f is."""

    def trims(n: int) -> int:
        return min(int(beta * n), minority(n))

    return replace(
        _EXACT, box=True, kappa=lambda n, _f: _trimmed_kappa(n, trims(n)), max_byzantine=trims
    )


def _median_kappa(n: int, f: int) -> float:
    """Allouah et al. (AISTATS 2023), coordinate-wise median."""
    return 4 * (1 + f / (n - 2 * f)) ** 2


def _trimmed_kappa(n: int, f: int) -> float:
    """Allouah et al. (AISTATS 2023), coordinate-wise trimmed mean."""
    return 6 * f / (n - 2 * f) * (1 + f / (n - 2 * f))


def _prepared(build: Callable[[int], Any], f: int) -> Any:  # noqa: ANN401 - either API
    made = copy.deepcopy(build(f))
    for name in ("num_malicious_nodes", "num_malicious_clients"):
        if hasattr(made, name):
            setattr(made, name, f)
    return made


@contextmanager
def _at_ease() -> Iterator[None]:
    """Run Flower thousands of times: without a log line a round, and with little to collect.

    `ArrayRecord.to_numpy_ndarrays` runs the garbage collector once an array (Flower's Bulyan calls
    it for each reply); what lives already is kept out of that.
    """
    logger = logging.getLogger("flwr")
    before = logger.disabled
    logger.disabled = True
    gc.freeze()
    try:
        yield
    finally:
        gc.unfreeze()
        logger.disabled = before


def _message_run(build: Callable[[int], Any]) -> Callable[[UpdateBatch], Answer]:
    def run(batch: UpdateBatch) -> Answer:
        inner = _prepared(build, batch.f)
        n = len(batch.rows)
        ids = batch.ids or tuple(range(n))
        sent = batch.pack("layers")
        with _at_ease(), InProcessGrid(ClientApp(), num_nodes=max(n, 1)) as grid:
            messages = _asked(inner, batch, grid) if n else {}
            replies = [
                Message(reply_content(layers), reply_to=messages[FIRST_NODE_ID + node])
                for node, layers in zip(ids, sent, strict=True)
            ]
            arrays, _ = inner.aggregate_train(1, replies)
        if arrays is None:
            raise NoAnswer("aggregate_train gave no arrays")
        value = {name: array.numpy() for name, array in arrays.items()}
        return Answer(value, flatten(value))

    return run


def _asked(inner: Any, batch: UpdateBatch, grid: InProcessGrid) -> Mapping[int, Message]:  # noqa: ANN401
    """Let the strategy send out a model of zeros, as in a round, and return what it sent."""
    model = np.zeros(batch.rows.shape[1], batch.rows.dtype)
    record = ArrayRecord({name: Array(part) for name, part in batch.cut(model).items()})
    sent = inner.configure_train(1, record, ConfigRecord(), grid)
    return {
        message.metadata.dst_node_id: delivered(message, f"message-{place}")
        for place, message in enumerate(sent)
    }


def reply_content(layers: Mapping[str, NDArray], examples: float = EXAMPLES) -> RecordDict:
    """Return what a client app answers: its arrays, and metrics with its number of examples."""
    return RecordDict(
        {
            "arrays": ArrayRecord({name: Array(part) for name, part in layers.items()}),
            "metrics": MetricRecord({"num-examples": examples, "train_loss": 1.0}),
        }
    )


def malformed_content(layers: Mapping[str, NDArray], broken: MalformedReply) -> RecordDict:
    """Return what a client app answers when something is wrong with it.

    Parameters
    ----------
    layers : Mapping[str, array]
        What an honest node would send; not empty.
    broken : MalformedReply
        What is wrong, as `bcfl_plugins.testing.malformed_replies` draws it.
    """
    arrays = _malformed_arrays({name: Array(part) for name, part in layers.items()}, layers, broken)
    metrics = MetricRecord({"num-examples": broken.weight, "train_loss": 1.0})
    content = RecordDict({"arrays": ArrayRecord(arrays), "metrics": metrics})
    if broken.kind == "no_arrays":
        del content["arrays"]
    elif broken.kind == "two_array_records":
        content["more"] = ArrayRecord(arrays)
    elif broken.kind == "no_metrics":
        del content["metrics"]
    elif broken.kind == "extra_metric":
        metrics["surprise"] = 1.0
    elif broken.kind == "no_weight":
        del metrics["num-examples"]
    elif broken.kind == "weight_list":
        metrics["num-examples"] = [1.0, 2.0]
    return content


def _malformed_arrays(
    arrays: dict[str, Array], layers: Mapping[str, NDArray], broken: MalformedReply
) -> dict[str, Array]:
    name, *others = arrays
    first, whole = layers[name], arrays[name]
    rest = {other: arrays[other] for other in others}
    instead: dict[str, NDArray] = {
        "wrong_shape": np.append(first.ravel(), first.ravel()[:1]),
        "scalar_shape": np.zeros(1, first.dtype),
        "other_dtype": first.astype(np.float16),
        "nan": np.full_like(first, np.nan),
        "infinity": np.full_like(first, np.inf),
    }
    if broken.kind in instead:
        return {name: Array(instead[broken.kind])} | rest
    payload = {"garbage_bytes": broken.payload, "truncated_bytes": whole.data[:-1]}
    if broken.kind in payload:
        bad = Array(whole.dtype, whole.shape, whole.stype, payload[broken.kind])
        return {name: bad} | rest
    changed = {
        "missing_array": rest,
        "extra_array": {**arrays, "surprise": whole},
        "renamed_array": {f"{name}_": whole} | rest,
        "reordered": {key: arrays[key] for key in reversed(arrays)},
    }
    return changed.get(broken.kind, arrays)


class _Client(ClientProxy):
    """A name: nobody calls it."""

    def get_properties(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401 - as Flower wants it
        """Answer nothing."""
        raise NotImplementedError

    def get_parameters(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        """Answer nothing."""
        raise NotImplementedError

    def fit(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        """Answer nothing."""
        raise NotImplementedError

    def evaluate(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        """Answer nothing."""
        raise NotImplementedError

    def reconnect(self, *_: Any, **__: Any) -> Any:  # noqa: ANN401
        """Answer nothing."""
        raise NotImplementedError


def _legacy_run(build: Callable[[int], Any]) -> Callable[[UpdateBatch], Answer]:
    def run(batch: UpdateBatch) -> Answer:
        inner = _prepared(build, batch.f)
        ids = batch.ids or tuple(range(len(batch.rows)))
        results = [
            (
                _Client(str(node)),
                FitRes(Status(Code.OK, ""), ndarrays_to_parameters(arrays), EXAMPLES, {}),
            )
            for node, arrays in zip(ids, batch.pack("lists"), strict=True)
        ]
        with _at_ease():
            parameters, _ = inner.aggregate_fit(1, results, [])
        if parameters is None:
            raise NoAnswer("aggregate_fit gave no parameters")
        value = parameters_to_ndarrays(parameters)
        return Answer(value, flatten(value))

    return run
