from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins import JudgedUpdate, NodeId, NodeRef, Reason, Rejection, RoundContext, RunInfo
from bcfl_plugins.rounds.owed import OwedRound, OwedRounds, without_models
from bcfl_plugins.types import OpenedRound, RoundResult, SignedInstruction
from pallet_bridge.errors import JournalError
from pallet_bridge.run.openings import Openings
from pallet_bridge.types import AccountId, CommittedUpdate, RoundBinding

if TYPE_CHECKING:
    from pathlib import Path


def signed(number: int) -> CommittedUpdate:
    parts = [bytes([number]) * 32 for _ in range(4)]
    return CommittedUpdate(AccountId(parts[0]), parts[1], 40, parts[2], parts[3], b"s" * 64)


def owed(round_id: int) -> OwedRound:
    binding = RoundBinding(b"g" * 32, 2, round_id, AccountId(b"c" * 32), b"b" * 32, b"t" * 32)
    opened = OpenedRound(
        binding, b"terms", SignedInstruction(9, b"i" * 64), 3, MappingProxyType({"lr": 0.1})
    )
    node, other, silent = (NodeRef(NodeId(n), AccountId(bytes([n]) * 32)) for n in (7, 8, 9))
    arrays = {"w": np.zeros(3)}
    ctx = RoundContext(RunInfo(1, 5, "app"), 2, opened, arrays, {silent: "no stake"})
    judged = (
        JudgedUpdate(node, 40, signed(7), accepted=True, weight=3, share=10**9),
        JudgedUpdate(other, 40, None, accepted=False, reason=Reason.CUSTOM, detail="far", score=-5),
    )
    unusable = (Rejection(NodeId(11), Reason.CUSTOM, "torn", commitment=signed(11)),)
    metrics = {"loss": float("nan"), "curve": [1.5, 2.0]}
    result = RoundResult(ctx, arrays, judged, unusable, {"o": "note"}, {"o": "{}"}, metrics)
    how = {"training": 5}, "auto", Openings.SEALED, 12.5
    return OwedRound(opened, without_models(result), b"m" * 32, *how)


def test_what_is_owed_comes_back_whole_and_without_models(tmp_path: Path) -> None:
    kept = OwedRounds(tmp_path)
    made = owed(12)
    kept.put(made)
    kept.put(owed(3))
    assert OwedRounds(tmp_path).rounds() == [3, 12]
    found = OwedRounds(tmp_path).get(12)
    assert repr(found) == repr(made)
    assert (found.opened, found.result.judged) == (made.opened, made.result.judged)
    assert found.result.unusable == made.result.unusable
    assert (found.result.model, found.result.ctx.reference) == (None, {})
    assert [one.account.raw[0] for one in found.entries()] == [7, 11]
    assert found.digests == (b"b" * 32, b"m" * 32)
    kept.done(12)
    kept.done(12)
    assert kept.rounds() == [3]


@pytest.mark.parametrize("text", ["", "{", "[]", '{"format": "bcfl-owed/2"}', '{"format": "x"}'])
def test_a_damaged_one_is_named_with_what_to_do(tmp_path: Path, text: str) -> None:
    kept = OwedRounds(tmp_path)
    kept.put(owed(3))
    (kept.folder / "3.json").write_text(text)
    with pytest.raises(JournalError, match=r"3\.json cannot be read: .* round 3 is aborted"):
        kept.get(3)
