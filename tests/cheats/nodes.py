"""Nodes that are asked by a server, or by somebody who says that it is one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from flwr.app import Array, ArrayRecord, ConfigRecord, Message, MetricRecord, RecordDict

from pallet_bridge.keys import Signer
from strategies import ClientApp
from strategies.messages.wire import (
    IDENTITY,
    ROUND,
    Instruction,
    Question,
    instruction_record,
    question_record,
)
from strategies.testing import FIRST_NODE_ID, InProcessGrid
from tests.unit.opened import COORDINATOR, GENESIS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bcfl_plugins.types import OpenedRound

MODEL = {"w": np.arange(6, dtype=np.float32).reshape(2, 3), "b": np.full(3, 0.25, np.float32)}
"""What training starts from."""
EVE = Signer.from_uri("//bcfl//cheats//coordinates another federation")
KEY_NAME = "BCFL_CHEATED_KEY"
"""The environment variable with the node's key."""


def arrays_of(model: Mapping[str, Any]) -> ArrayRecord:
    return ArrayRecord({name: Array(array) for name, array in model.items()})


def training(round_: OpenedRound, model: Mapping[str, Any] = MODEL) -> RecordDict:
    """Return what a server sends to let a node train in a round."""
    asked = instruction_record(Instruction(round_, "num-examples"))
    return RecordDict({"arrays": arrays_of(model), ROUND: asked, "config": ConfigRecord()})


def question(coordinator: Signer = COORDINATOR, federation: int = 3) -> RecordDict:
    """Return the question of identity that a coordinator signs."""
    asked = Question(GENESIS, federation, coordinator.account, b"\x2a" * 32, dev=False)
    return RecordDict({IDENTITY: question_record(asked, FIRST_NODE_ID, coordinator)})


class Node:
    """An honest node with a secret key, in one run: each has a context of its own.

    Nodes with one folder are one node in several runs. No two trainings give the same update.
    """

    def __init__(self, folder: Path, **node_config: Any) -> None:
        self.trained = 0
        self._app = ClientApp()
        self._app.train()(self._train)
        config = {"bcfl_key_uri": f"env:{KEY_NAME}", "bcfl_memory": str(folder), **node_config}
        named = {name.replace("_", "-"): value for name, value in config.items()}
        self.context = InProcessGrid(self._app, node_configs=[named]).contexts[FIRST_NODE_ID]

    def ask(self, content: RecordDict, kind: str = "train") -> RecordDict:
        with InProcessGrid(self._app, 1):
            return self._app(Message(content, FIRST_NODE_ID, kind), self.context).content

    def _train(self, message: Message, context: Any) -> Message:
        self.trained += 1
        noise = np.random.default_rng().normal(0, 0.1)
        model = {
            name: (array.numpy() + noise).astype(np.float32)
            for name, array in message.content["arrays"].items()
        }
        content = {"arrays": arrays_of(model), "metrics": MetricRecord({"num-examples": 8})}
        return Message(RecordDict(content), reply_to=message)
