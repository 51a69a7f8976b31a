"""Nodes that a server asks, without a server: each counts how often it trains."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from pallet_bridge.keys import Signer
from strategies import ClientApp
from strategies._flower import (
    Array,
    ArrayRecord,
    ConfigRecord,
    Message,
    MetricRecord,
    RecordDict,
)
from strategies.messages.wire import (
    IDENTITY,
    ROUND,
    Instruction,
    Question,
    instruction_record,
    question_record,
    read_commitment,
)
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.types import OpenedRound
    from strategies._flower import Context

MODEL = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.full(3, 0.25, np.float32)}
"""What all nodes start from."""
SECRET = "0x" + "5c" * 32
"""The node's key; it is in no list of public development keys."""


def records(model: dict[str, np.ndarray]) -> ArrayRecord:
    return ArrayRecord({name: Array(array) for name, array in model.items()})
