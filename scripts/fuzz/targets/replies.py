"""What nodes send to the server, and servers to nodes."""

from __future__ import annotations

import io
import json
from functools import lru_cache
from typing import Any

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict
from flwr.app.metadata import Metadata
from flwr.serverapp.strategy import FedAvg, FedMedian

from bcfl_plugins.config.limits import limits_of
from bcfl_plugins.types import NodeId, NodeRef, OpenedRound, SignedInstruction
from pallet_bridge.encoding import instruction_payload, terms_hash, update_digest
from pallet_bridge.errors import BcflError
from pallet_bridge.keys import Signer
from pallet_bridge.signing import sign_commitment
from pallet_bridge.terms_codec import encode_terms
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import RoundBinding
from scripts.fuzz.inputs import changed_bytes, changed_json, loads
from scripts.fuzz.target import Target, must
from strategies._flower import make_message
from strategies.errors import Unfit, UnreadableArray
from strategies.messages.arrays import STYPE, rewritten, to_array, to_numpy
from strategies.messages.wire import (
    Instruction,
    Question,
    answer_record,
    commitment_record,
    instruction_record,
    question_record,
    read_answer,
    read_commitment,
    read_instruction,
    read_question,
)
from strategies.server.contents import for_strategy
from strategies.server.reading.examine import Reply, examine_evaluate, examine_train
from strategies.server.reading.expectations import Expectations, Model
from strategies.server.reading.screen import agreeing, screen
from strategies.server.reading.trees import rewritten_trees

REFERENCE = {
    "w": np.linspace(-1, 1, 6, dtype=np.float32).reshape(2, 3),
    "n": np.array([7, 2**62]),
    "flag": np.array([True, False]),
    "half": np.zeros((0, 4), np.float16),
}
EXPECTED = Expectations("num-examples", None, Model.ARRAYS, 10**9)
NODE = 11
SIGNER = Signer.from_uri("//Bob")
COORDINATOR = Signer.from_uri("//Alice")


def saved(array: Any) -> bytes:  # noqa: ANN401 - whatever numpy saves
    """Return what `numpy.save` writes of an array."""
    file = io.BytesIO()
    np.save(file, array, allow_pickle=False)
    return file.getvalue()


@lru_cache
def array_files() -> tuple[bytes, ...]:
    """Return good arrays of many kinds."""
    kinds = ["<f4", ">f8", "<i8", "|u1", "|b1", "<c8", "<f2", ">u8"]
    shapes: list[tuple[int, ...]] = [(2, 3), (), (0,), (1, 1, 2), (3, 0, 2)]
    made = [saved(np.zeros(shape, kind)) for kind in kinds for shape in shapes]
    return (*made, saved(np.asfortranarray(np.arange(6.0).reshape(2, 3))))


def check_array(data: bytes) -> None:
    """Read an array as whoever sent it may have declared it: all readers read the same or none."""
    declared: list[tuple[str, tuple[int, ...]]] = [("float32", (2, 3))]
    try:
        theirs = np.load(io.BytesIO(data), allow_pickle=False)
    except Exception:  # noqa: BLE001 - whatever numpy has for such bytes
        theirs = None
    else:
        declared.append((str(theirs.dtype.newbyteorder("=")), theirs.shape))
        declared.append((str(theirs.dtype), theirs.shape))
    for dtype, shape in declared:
        array = Array(dtype, shape, STYPE, data)
        try:
            values = to_numpy(array)
        except UnreadableArray:
            continue
        must(theirs is not None, "numpy does not read it")
        for other in (theirs, array.numpy()):
            must(values.shape == other.shape and values.dtype == other.dtype, "another array")
            must(values.tobytes() == other.tobytes(), "other values")
        written = to_array(values)
        must(written.data == rewritten(array, values).data, "written in two ways")
        again = to_numpy(written)
        must(again.tobytes() == values.astype(again.dtype).tobytes(), "other values were written")


def described(content: RecordDict) -> Any:  # noqa: ANN401 - JSON
    """Put records into JSON."""
    kinds = {ArrayRecord: "arrays", MetricRecord: "metrics", ConfigRecord: "config"}
    return [[name, kinds[type(record)], _fields(record)] for name, record in content.items()]


def _fields(record: Any) -> Any:  # noqa: ANN401 - any of Flower's records
    if isinstance(record, ArrayRecord):
        return {
            name: [one.dtype, list(one.shape), one.stype, {"hex": one.data.hex()}]
            for name, one in record.items()
        }
    return {name: _plain(value) for name, value in record.items()}


def _plain(value: Any) -> Any:  # noqa: ANN401 - what Flower's records hold
    if isinstance(value, list):
        return [_plain(one) for one in value]
    return {"hex": value.hex()} if isinstance(value, bytes) else value


def built(value: Any) -> RecordDict | None:  # noqa: ANN401 - JSON
    """Return the records that JSON describes; None where Flower could not carry them."""
    kinds = {"arrays": ArrayRecord, "metrics": MetricRecord, "config": ConfigRecord}
    try:
        content = RecordDict()
        for name, kind, fields in value:
            made = {key: _value(kind, item) for key, item in fields.items()}
            content[name] = kinds[kind](made)
    except Exception:  # noqa: BLE001 - Flower's refusals have no root
        return None
    return content


def _value(kind: str, item: Any) -> Any:  # noqa: ANN401 - JSON
    if kind == "arrays":
        dtype, shape, stype, data = item
        return Array(dtype, tuple(shape), stype, bytes.fromhex(data["hex"]))
    if isinstance(item, list):
        return [_value(kind, one) for one in item]
    return bytes.fromhex(item["hex"]) if isinstance(item, dict) else item


def reply_content(step: float = 0.5) -> RecordDict:
    """Return what an honest node sends."""
    moved = {
        name: array + np.asarray(step, array.dtype) if array.dtype.kind == "f" else array
        for name, array in REFERENCE.items()
    }
    arrays = ArrayRecord({name: Array(array) for name, array in moved.items()})
    metrics = MetricRecord({"num-examples": 10, "loss": 0.5, "curve": [0.1, 0.2]})
    return RecordDict({"arrays": arrays, "metrics": metrics})


@lru_cache
def replies() -> tuple[Any, ...]:
    """Return descriptions of honest replies."""
    return (described(reply_content()), described(reply_content(-2.0)))


def message_of(content: RecordDict, node: int) -> Message:
    """Return a reply of a node."""
    metadata = Metadata(
        run_id=1,
        message_id=f"reply of {node}",
        src_node_id=node,
        dst_node_id=1,
        reply_to_message_id="asked",
        group_id="1",
        created_at=0.0,
        ttl=60.0,
        message_type="train",
    )
    return make_message(metadata=metadata, content=content)


def check_reply(data: bytes) -> None:
    """Let one reply come beside three honest ones: those are averaged, whatever it is."""
    content = built(loads(data))
    if content is None:
        return
    odd = message_of(content, NODE)
    honest = [message_of(reply_content(0.25 * n), n) for n in (1, 2, 3)]
    messages = [odd, *honest]
    asked = frozenset({1, 2, 3, NODE})
    fit, _ = screen(messages, asked, lambda one: examine_train(one, REFERENCE, EXPECTED))
    fit, _ = agreeing(fit)
    must({1, 2, 3} <= {reply.node_id for reply in fit}, "it cost an honest node the round")
    made, _ = for_strategy(fit)
    for strategy in (FedAvg(), FedMedian()):
        arrays, metrics = strategy.aggregate_train(1, made)
        must(arrays and metrics, "nothing was averaged")
        finite = arrays is None or all(np.isfinite(one.numpy()).all() for one in arrays.values())
        must(finite, "an average that is not finite")
    try:
        read: Reply = examine_evaluate(odd, EXPECTED)
    except Unfit:
        return
    for_strategy([read])


@lru_cache
def round_opened() -> OpenedRound:
    """Return a round that a coordinator opened."""
    terms = encode_terms(DEVELOPMENT)
    binding = RoundBinding(bytes(32), 3, 9, COORDINATOR.account, b"\x22" * 32, terms_hash(terms))
    signature = COORDINATOR.sign(instruction_payload(binding, 77))
    return OpenedRound(binding, terms, SignedInstruction(77, signature))


QUESTION = Question(bytes(32), 3, COORDINATOR.account, b"\x33" * 32, dev=True)


@lru_cache
def records() -> tuple[Any, ...]:
    """Return descriptions of the records that this package adds to messages."""
    opened = round_opened()
    signed = sign_commitment(opened.binding, SIGNER, update_digest(REFERENCE), 10, b"\x44" * 32)
    return tuple(
        described(RecordDict({name: record}))
        for name, record in (
            ("bcfl.commit", commitment_record(signed)),
            ("bcfl.identity", question_record(QUESTION, NODE, COORDINATOR)),
            ("bcfl.identity", answer_record(QUESTION, NODE, SIGNER, "//Bob")),
            ("bcfl.round", instruction_record(Instruction(opened, "num-examples"))),
        )
    )


def check_record(data: bytes) -> None:
    """Read such a record in each of the four places where one is read."""
    content = built(loads(data))
    if content is None:
        return
    node = NodeRef(NodeId(NODE), SIGNER.account)
    for read in (
        lambda: read_question(content, NODE),
        lambda: read_answer(content, QUESTION, NodeRef(NodeId(NODE))),
        lambda: read_instruction(content).is_signed,
        lambda: read_commitment(content, REFERENCE, 10, round_opened(), node),
    ):
        try:
            read()
        except (BcflError, Unfit):
            continue


@lru_cache
def trees() -> tuple[Any, ...]:
    """Return an XGBoost model of two trees."""
    tree = {
        "id": 0,
        "left_children": [1, -1, -1],
        "right_children": [2, -1, -1],
        "parents": [2147483647, 0, 0],
        "split_indices": [3, 0, 0],
        "split_conditions": [0.5, 0.1, -0.1],
        "tree_param": {"num_nodes": "3", "num_feature": "4"},
    }
    model = {
        "gbtree_model_param": {"num_trees": "2", "num_parallel_tree": "1"},
        "trees": [tree, {**tree, "id": 1}],
        "tree_info": [0, 0],
        "iteration_indptr": [0, 1, 2],
    }
    return ({"learner": {"gradient_booster": {"model": model, "name": "gbtree"}}},)


def check_trees(data: bytes) -> None:
    """Join trees to a model as Flower does: what is let in can be joined and read again."""
    from flwr.serverapp.strategy.strategy_utils import aggregate_bagging  # noqa: PLC0415

    try:
        written = rewritten_trees(data)
    except UnreadableArray:
        return
    must(rewritten_trees(written) == written, "written anew it is another")
    joined = aggregate_bagging(json.dumps(trees()[0]).encode(), written)
    rewritten_trees(joined)
    rewritten_trees(aggregate_bagging(joined, joined))


@lru_cache
def node_configs() -> tuple[Any, ...]:
    """Return the limits that an operator may set."""
    return (
        {
            "bcfl-max-slash": 0.5,
            "bcfl-max-reporter-share": "10%",
            "bcfl-min-dispute-blocks": 3,
            "bcfl-max-unbonding-blocks": 100,
            "bcfl-max-lock-blocks": 100,
            "bcfl-arbiters": "council; attesters",
        },
    )


def check_node_config(data: bytes) -> None:
    """Read an operator's limits."""
    config = loads(data)
    if isinstance(config, dict):
        try:
            limits_of(config)
        except BcflError:
            return


_WORDS = (b"'descr': '<f4'", b"(2, 3)", b"(0, 4294967296)", b"\x93NUMPY", b"True", b", }", b"|O")
TARGETS = (
    Target("array", check_array, changed_bytes(array_files, _WORDS), 400),
    Target("reply", check_reply, changed_json(replies)),
    Target("record", check_record, changed_json(records)),
    Target("trees", check_trees, changed_json(trees)),
    Target("node_config", check_node_config, changed_json(node_configs)),
)
