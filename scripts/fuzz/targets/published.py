"""What a run publishes by its address: read, or refused by name; and no judge falls over it."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

import numpy as np

from bcfl_plugins.defenses.registry import create_rule
from bcfl_plugins.plugins.outliers import OutliersSettings, judge_of
from bcfl_plugins.published.inputs import KeptInputs, LiveInputs
from bcfl_plugins.published.listing import ListedUpdate, plain_listing, read_listing
from bcfl_plugins.published.stops import DoesNotHold
from bcfl_plugins.replay.guarding import guarded
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.content import arrays_bytes, read_arrays, read_value, value_bytes
from scripts.fuzz.inputs import changed_bytes
from scripts.fuzz.target import Target, must
from scripts.fuzz.targets.replies import REFERENCE, SIGNER

NODES = 5
_WORDS = (b"\x00" * 8, b"\xff" * 8, b"<f4", b"<O8", b"~", b'"of"', b'"NaN"', b"null", b"9" * 30)


@lru_cache
def arrays() -> tuple[bytes, ...]:
    """Return the bytes of a model."""
    return (arrays_bytes(REFERENCE),)


def check_arrays(data: bytes) -> None:
    """Read arrays: what is read is written again as the same bytes."""
    try:
        found = read_arrays(data)
    except EncodingError:
        return
    must(arrays_bytes(found) == data, "they are written as other bytes")


@lru_cache
def values() -> tuple[bytes, ...]:
    """Return what a rule read of a round, what it remembered, and a list of updates."""
    rng = np.random.default_rng(1)
    reference = {"w": np.zeros(6, np.float32)}
    sent = tuple(
        ClientUpdate(
            NodeRef(NodeId(number), SIGNER.account if number == 1 else None),
            {"w": rng.normal(size=6).astype(np.float32)},
            10 + number,
        )
        for number in range(NODES)
    )
    judge = judge_of(OutliersSettings(), create_rule("cluster_guard"), None)
    inputs = LiveInputs(RoundContext(RunInfo(1, 1), 1, None, reference), sent)
    judge.decide(inputs)
    listed = [ListedUpdate(one.node, one.num_examples, b"\x07" * 32) for one in sent]
    told = (inputs.kept().plain(), judge.kept(), plain_listing(listed))
    return tuple(value_bytes(one) for one in told)


def check_value(data: bytes) -> None:
    """Read a value, take it for all that it may be, and let a judge decide on it."""
    try:
        found = read_value(data, lambda name: name.startswith("bcfl_plugins.defenses."))
    except EncodingError:
        return
    must(value_bytes(found) == data, "it is written as other bytes")
    with suppress(EncodingError):
        read_listing(found)
    memory, inputs = (read_value(one, lambda _: True) for one in (values()[1], values()[0]))
    try:
        inputs = KeptInputs.read(found).plain()
    except EncodingError:
        memory = found
    judge = judge_of(OutliersSettings(), create_rule("cluster_guard"), None)

    def decide() -> None:
        judge.recall(memory)
        judge.decide(KeptInputs.read(inputs))
        value_bytes(judge.kept())

    with suppress(DoesNotHold):
        guarded(decide)


TARGETS = (
    Target("published_arrays", check_arrays, changed_bytes(arrays, _WORDS)),
    Target("published_value", check_value, changed_bytes(values, _WORDS)),
)
