"""Terms that are refused here are refused by the chain, and those at the edge are taken by both."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.federation import decide as founding
from bcfl_plugins.config.terms_check import faults
from pallet_bridge.types import (
    UNIT,
    Arbiter,
    Coupling,
    MembersVote,
    Perbill,
    Planck,
    Quorum,
    SlashTerms,
    Vouched,
)
from tests.e2e.commands.stage import BOSS, TERMS, Stage

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.types import Terms

HALF = Perbill(5 * 10**8)
VOTE = MembersVote(Perbill(1), HALF, voting_blocks=29, delay_blocks=0)
LONG = {"unbonding_blocks": 806_400, "notice_blocks": 806_400}
SLASH = SlashTerms(HALF, HALF, HALF, HALF)

EDGES: dict[str, tuple[dict[str, object], dict[str, object]]] = {
    # what is taken, and the next that is not
    "min_stake": ({"min_stake": 10**10}, {"min_stake": 10**10 - 1}),
    "max_participants": ({"max_participants": 100_000}, {"max_participants": 100_001}),
    "quorum": ({"quorum": Quorum(count=2)}, {"quorum": Quorum(count=3)}),
    "commit_blocks": ({"commit_blocks": 28_800, **LONG}, {"commit_blocks": 28_801, **LONG}),
    "settle_blocks": ({"settle_blocks": 1}, {"settle_blocks": 0}),
    "dispute_blocks": ({"dispute_blocks": 1}, {"dispute_blocks": 0}),
    "unbonding_blocks": (
        {"unbonding_blocks": 30},
        {"unbonding_blocks": 29},
    ),
    "notice_blocks": (LONG, LONG | {"notice_blocks": 806_401}),
    "claim_blocks": ({"claim_blocks": 1}, {"claim_blocks": 0}),
    "retention_blocks": ({"retention_blocks": 16}, {"retention_blocks": 15}),
    "cooldown_blocks": ({"cooldown_blocks": 806_400}, {"cooldown_blocks": 806_401}),
    "lock_blocks": ({"lock_blocks": 806_400}, {"lock_blocks": 806_401}),
    "aging_blocks": ({"aging_blocks": 806_400}, {"aging_blocks": 806_401}),
    "round_reward": ({"round_reward": 10**18}, {"round_reward": 10**18 + 1}),
    "strikes_to_slash": ({"strikes_to_slash": 1000}, {"strikes_to_slash": 1001}),
    "strike_decay_rounds": ({"strike_decay_rounds": 1}, {"strike_decay_rounds": 0}),
    "max_failed_rounds": ({"max_failed_rounds": 1000}, {"max_failed_rounds": 0}),
    "tenure_rounds": ({"tenure_rounds": 1000}, {"tenure_rounds": 1001}),
    "vesting_rounds": ({"vesting_rounds": 32}, {"vesting_rounds": 33}),
    "equivocation": ({"slash": SLASH}, {"slash": replace(SLASH, equivocation=HALF + 1)}),
    "mismatch": ({"slash": SLASH}, {"slash": replace(SLASH, mismatch=HALF + 1)}),
    "outlier_base": ({"slash": SLASH}, {"slash": replace(SLASH, outlier_base=HALF + 1)}),
    "silence": (
        {"slash": SLASH, "silence": HALF},
        {"slash": SLASH, "silence": HALF + 1},
    ),
    "reporter_share": ({"reporter_share": HALF}, {"reporter_share": HALF + 1}),
    "dispute_bond": ({"dispute_bond": 1000 * UNIT}, {"dispute_bond": 1000 * UNIT + 1}),
    "coordinator_bond": ({"coordinator_bond": UNIT}, {"coordinator_bond": 1_000_001 * UNIT}),
    "committee_size": ({"committee_size": 32}, {"committee_size": 33}),
    "coupling": (
        {"coupling": Coupling.FULL, "committee_size": 1, "attest_quorum": Perbill(1)},
        {"coupling": Coupling.FULL, "committee_size": 1},
    ),
    "arbiter": (
        {"arbiter": Arbiter.ATTESTERS, "committee_size": 1, "attest_quorum": Perbill(1)},
        {"arbiter": Arbiter.ATTESTERS, "attest_quorum": Perbill(1)},
    ),
    "vote_quorum": ({"governance": VOTE}, {"governance": replace(VOTE, quorum=Perbill(0))}),
    "vote_threshold": (
        {"governance": VOTE},
        {"governance": replace(VOTE, threshold=Perbill(HALF - 1))},
    ),
    "voting_blocks": ({"governance": VOTE}, {"governance": replace(VOTE, voting_blocks=30)}),
    "voting_blocks at all": ({"governance": VOTE}, {"governance": replace(VOTE, voting_blocks=0)}),
    "delay_blocks": (
        {"governance": replace(VOTE, delay_blocks=806_400)},
        {"governance": replace(VOTE, delay_blocks=806_401)},
    ),
    "vouchers": ({"admission": Vouched(16)}, {"admission": Vouched(17)}),
    "no vouchers": ({"admission": Vouched(1)}, {"admission": Vouched(0)}),
    "max_share": ({"max_share": Perbill(1)}, {"max_share": Perbill(0)}),
    "max_vote_share": ({"max_vote_share": Perbill(1)}, {"max_vote_share": Perbill(0)}),
}
BASE = replace(TERMS, unbonding_blocks=30, notice_blocks=30)


def changed(fields: dict[str, object]) -> Terms:
    return replace(BASE, **fields)  # type: ignore[arg-type]


@pytest.mark.parametrize("name", EDGES)
def test_the_edge_of_a_range_is_the_chains(client: EmbeddedClient, name: str) -> None:
    stage, (taken, refused) = Stage(client), EDGES[name]

    def create(terms: Terms) -> bool:
        plan = founding.create(
            BOSS.account,
            terms,
            bytes(32),
            prices=client.prices(),
            ranges=client.term_ranges(),
            number=client.next_federation(),
        )
        return stage.agrees(plan, BOSS)

    assert create(changed(taken))
    assert not create(changed(refused))
    (fault,) = faults(changed(refused), client.term_ranges())
    assert fault.startswith("bcfl.terms.")
    assert "set" in fault


def test_several_faults_are_told_at_once(client: EmbeddedClient) -> None:
    terms = replace(TERMS, min_stake=Planck(1), claim_blocks=0, notice_blocks=2)
    named = " ".join(faults(terms, client.term_ranges()))
    assert [one for one in ("min_stake", "claim_blocks", "notice_blocks") if one not in named] == []
