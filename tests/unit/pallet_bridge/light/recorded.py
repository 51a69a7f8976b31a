"""What four real validators answered while their set changed twice; see `tests.nodes.finality`."""

from __future__ import annotations

import json
from copy import deepcopy
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.errors import ChainTimeout, RpcRefused
from pallet_bridge.light.final import PROVE, read_header

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.embedded.chain.block import Header

RECORD: dict[str, Any] = json.loads(Path(__file__).with_name("finality.json").read_text())
GENESIS = bytes.fromhex(RECORD["genesis"][2:])
FIRST, SECOND = RECORD["sets"]
"""The last blocks of the first and of the second set."""
LAST = bytes.fromhex(RECORD["last"][2:])
"""A justification of the third set."""


def of_set(number: int) -> bytes:
    """Return the justification of the last block of the first or the second set."""
    asked = [PROVE, (0, FIRST)[number] + 1]
    reader = ScaleReader(bytes.fromhex(RECORD["answers"][json.dumps(asked)][2:]))
    reader.take(32)
    return reader.blob()


def header(block: str) -> Header:
    return read_header(RECORD["answers"][json.dumps(["chain_getHeader", block])])


@dataclass
class Replayed:
    """Answers as they were recorded, but for those that a test changes."""

    answers: dict[str, Any] = field(default_factory=lambda: deepcopy(RECORD["answers"]))
    notes: list[str] = field(default_factory=lambda: [RECORD["last"]])

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:
        key = json.dumps([method, *params])
        if method == PROVE and key not in self.answers:
            raise RpcRefused(method, 1, "Block not covered by authority set changes")
        return self.answers[key]

    def request_all(self, method: str, each: Sequence[Sequence[Any]]) -> list[Any]:
        return [self.request(method, params) for params in each]

    def subscribe(self, method: str, params: Sequence[Any], unsubscribe: str) -> Replayed:
        return self

    def next(self, timeout: float) -> str:
        if not self.notes:
            raise ChainTimeout("the next notification", timeout)
        return self.notes.pop(0)

    def close(self) -> None:
        pass
