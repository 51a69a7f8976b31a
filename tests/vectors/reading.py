"""Reading the vectors, for the tests beside this file."""

from __future__ import annotations

import csv
from pathlib import Path

from pallet_bridge.types import AccountId, Leaf, Outcome, Planck

VECTORS = Path(__file__).parents[2] / "pallet_bridge" / "vectors"
OUTCOMES = {"0": Outcome.ACCEPTED, "1": Outcome.REJECTED, "2": Outcome.EXCLUDED}

Row = dict[str, str]


def rows(name: str) -> list[Row]:
    with (VECTORS / f"{name}.tsv").open(newline="") as file:
        found = list(csv.DictReader(file, delimiter="\t"))
    assert len(found) > 2, f"{name}.tsv is all but empty"
    return found


def account(text: str) -> AccountId:
    return AccountId(bytes.fromhex(text))


def leaf(row: Row, revealed: str) -> Leaf:
    return Leaf(
        account=account(row["account"]),
        commitment=bytes.fromhex(row["commitment"]),
        revealed=bytes.fromhex(revealed),
        outcome=OUTCOMES[row["outcome"]],
        score=int(row["score"]),
        strikes=int(row["strikes"]),
        reward=Planck(int(row["reward"])),
        reason=int(row["reason"]),
    )
