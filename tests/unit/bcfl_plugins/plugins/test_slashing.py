"""Offences that are disputed, on the embedded chain."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.hooks.merge import merge_verdicts
from bcfl_plugins.types import Rejection, RoundResult, Verdict
from pallet_bridge import calls
from pallet_bridge.keys import Signer
from pallet_bridge.types import Offence, OffenceKind, OffenceState, Planck
from tests.unit.bcfl_plugins.plugins.one_round import STAKE, node, opened_for, session_of, update

if TYPE_CHECKING:
    from pathlib import Path

TERMS = {
    "terms.strikes_to_slash": 1,
    "terms.dispute_blocks": 5,
    "terms.dispute_bond": "0.1 UNIT",
    "terms.commit_blocks": 1,
}


@pytest.mark.slow
def test_a_dispute_that_nobody_decides_ends_for_the_accused(tmp_path: Path) -> None:
    keys = {"plugins": "staking, slashing, round_log", "on_chain_error": "fail", **TERMS}
    with session_of(tmp_path, **keys) as session:
        chain = session.services.chain
        assert chain is not None
        ctx = opened_for(session, 3)
        assert ctx.opened is not None
        accused = node(2)
        assert accused.account is not None
        assert accused.dev_uri is not None
        updates = tuple(update(number, ctx.opened) for number in range(3))
        session.hooks.updates_received(ctx, updates)
        verdict = Verdict("test", (Rejection(accused.node_id, detail="for the test"),))
        result = RoundResult(ctx, {"w": np.ones(3)}, merge_verdicts(updates, (verdict,)))
        session.hooks.round_settling(result)

        def offence() -> Offence:
            return chain.client.offences(0)[0, accused.account]  # type: ignore[index]

        chain.client.execute(calls.dispute(0, 0), Signer.from_uri(accused.dev_uri))
        dispute = offence().dispute
        assert dispute is not None
        chain.client.wait_until_block(dispute.until - 1, timeout=120)
        session.hooks.round_evaluated(result, {})
        assert offence().state is OffenceState.DISPUTED, "its arbiter may still decide"
        chain.client.wait_until_block(dispute.until, timeout=120)
        session.hooks.round_evaluated(result, {})
        assert offence().state is OffenceState.OVERTURNED
        member = chain.client.participant(0, accused.account)
        assert member is not None
        assert (member.active, member.pending_offences) == (STAKE, 0)


@pytest.mark.parametrize(
    ("state", "executable"),
    [
        (OffenceState.PENDING, True),
        (OffenceState.UPHELD, True),
        (OffenceState.DISPUTED, False),
        (OffenceState.EXECUTED, False),
        (OffenceState.OVERTURNED, False),
    ],
)
def test_also_an_upheld_offence_waits_for_its_block(
    state: OffenceState, *, executable: bool
) -> None:
    offence = Offence(OffenceKind.MISMATCH, Planck(2), Planck(1), 10, None, state, None)
    assert not offence.is_executable(9)
    assert offence.is_executable(10) is executable
    assert replace(offence, executable_at=9).is_executable(9) is executable
