"""A coordinator that wants its members' stake, or the money for their work."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.config.terms import TermsConfig
from pallet_bridge import calls
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors.pallet import (
    ClosingNotOver,
    MembersDecide,
    MembersRemain,
    NotAttested,
    NotGovernance,
)
from pallet_bridge.keys import Signer
from pallet_bridge.settlement.claims import claims_of
from pallet_bridge.settlement.merkle import prove
from pallet_bridge.types import (
    UNIT,
    Arbiter,
    Governance,
    Outcome,
    Perbill,
    Planck,
    Tally,
    Vouched,
)
from tests.cheats.moves import (
    BY_MEMBERS,
    PERCENT,
    TERMS,
    commit_all,
    event,
    held,
    leave,
    leaves,
    open_round,
    owned,
    play_round,
    settle,
    verdict,
    wait,
    wait_until,
)
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.fixtures import MakeFederation
    from pallet_bridge.types import Terms

FRIEND = Signer.from_uri("//bcfl//cheats//friend of the coordinator").account
HARSH = replace(
    TERMS.slash, equivocation=Perbill(10**9), mismatch=Perbill(10**9), cap=Perbill(10**9)
)
ROBBERY: dict[str, Terms] = {
    "a friend as arbiter": replace(TERMS, arbiter=FRIEND),
    "a committee of one": replace(
        TERMS, committee_size=1, attest_quorum=Perbill(1), arbiter=Arbiter.ATTESTERS
    ),
    "more to reporters": replace(TERMS, reporter_share=Perbill(50 * PERCENT)),
    "another tally": replace(TERMS, attest_by=Tally.STAKE),
    "the council for its own": replace(TERMS, governance=Governance.COUNCIL),
    "votes for the greatest": replace(TERMS, max_vote_share=Perbill(90 * PERCENT)),
    "whom its friends vouch for": replace(TERMS, admission=Vouched(1)),
    "all of it": replace(TERMS, slash=HARSH, arbiter=FRIEND, reporter_share=Perbill(5 * 10**8)),
}


@cheat(
    Role.SERVER,
    "Changes the terms of a federation whose members govern.",
    Comes.REFUSED,
    "`NotGovernance`: `members` is the default.",
)
def test_terms_where_members_govern(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    assert TermsConfig().governance == "members"
    federation = bcfl_federation(3, BY_MEMBERS)
    richer = replace(BY_MEMBERS, round_reward=Planck(899 * UNIT), max_share=Perbill(10**9))
    for terms in (richer, replace(BY_MEMBERS, slash=HARSH)):
        with pytest.raises(NotGovernance):
            bcfl_chain.execute(calls.set_terms(federation.number, terms), federation.coordinator)
    with pytest.raises(NotGovernance):
        bcfl_chain.execute(
            calls.replace_coordinator(federation.number, FRIEND), federation.coordinator
        )


@cheat(
    Role.SERVER,
    "Governs alone, and names a friend as arbiter, a committee of one, or a greater share for "
    "reporters.",
    Comes.REFUSED,
    "`MembersDecide`: the coordinator alone may not choose who judges.",
)
def test_a_friend_as_arbiter(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(2, TERMS)
    for terms in ROBBERY.values():
        with pytest.raises(MembersDecide):
            bcfl_chain.execute(calls.set_terms(federation.number, terms), federation.coordinator)
    assert bcfl_chain.federation(federation.number).pending_terms is None


@cheat(
    Role.SERVER,
    "Governs alone, and makes slashes greater after members have joined.",
    Comes.REFUSED,
    "Announced `notice_blocks` before; a member leaves at once, with all of its stake and rewards.",
)
def test_harsher_terms_after_joining(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    locked = replace(TERMS, lock_blocks=500)
    federation = bcfl_federation(3, locked)
    number, one = federation.number, federation.members[0]
    play_round(bcfl_chain, federation)
    harsh = replace(locked, slash=replace(locked.slash, cap=Perbill(60 * PERCENT)))
    receipt = bcfl_chain.execute(calls.set_terms(number, harsh), federation.coordinator)
    said = event(receipt, "TermsScheduled")
    assert said.fields["is_worse"] is True
    assert said.integer("from") == receipt.block.number + locked.notice_blocks
    assert bcfl_chain.terms(number) == locked

    before = owned(bcfl_chain, one.account)
    leave(bcfl_chain, federation, one)
    assert bcfl_chain.head().number < said.integer("from")
    assert bcfl_chain.participant(number, one.account) is None
    (claim,) = claims_of(bcfl_chain, number, one.account)
    bcfl_chain.execute(claim, federation.members[1])
    balance = bcfl_chain.balance(one.account)
    assert balance.held == 0
    # 3 UNIT of the round, less two fees
    assert before + 2 * UNIT < balance.free < before + 3 * UNIT

    assert bcfl_chain.terms(number) == locked


@cheat(
    Role.SERVER,
    "Makes unbonding longer after members have joined, and waits until that is in force.",
    Comes.REFUSED,
    "No call makes an exit longer for stake that is in.",
)
def test_a_longer_exit(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(3, TERMS)
    number, one = federation.number, federation.members[1]
    longer = replace(TERMS, unbonding_blocks=700_000, notice_blocks=700_000)
    bcfl_chain.execute(calls.set_terms(number, longer), federation.coordinator)
    pending = bcfl_chain.federation(number).pending_terms
    assert pending is not None
    wait_until(bcfl_chain, pending.starts_at)
    play_round(bcfl_chain, federation)  # and now they have even signed them
    receipt = bcfl_chain.execute(calls.unbond(number, TERMS.min_stake), one)
    until = event(receipt, "Unbonding").integer("until")
    assert until <= receipt.block.number + TERMS.unbonding_blocks
    wait_until(bcfl_chain, until)
    bcfl_chain.execute(calls.withdraw(number, one.account), one)
    assert held(bcfl_chain, federation, one) == 0


@cheat(
    Role.SERVER,
    "Makes the time to claim as short as one block, so that rewards expire.",
    Comes.REFUSED,
    "A round is paid by the terms that it opened with.",
)
def test_a_shorter_time_to_claim(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    number, one = federation.number, federation.members[2]
    round_ = play_round(bcfl_chain, federation)
    bcfl_chain.execute(
        calls.set_terms(number, replace(TERMS, claim_blocks=1)), federation.coordinator
    )
    pending = bcfl_chain.federation(number).pending_terms
    assert pending is not None
    wait_until(bcfl_chain, pending.starts_at + 10)
    play_round(bcfl_chain, federation)
    assert bcfl_chain.terms(number).claim_blocks == 1
    before = owned(bcfl_chain, one.account)
    bcfl_chain.execute(calls.claim(number, one.account, [round_.number]), federation.coordinator)
    assert owned(bcfl_chain, one.account) == before + 3 * UNIT


@cheat(
    Role.SERVER,
    "Gives all of a round's reward to a node of its own.",
    Comes.REFUSED,
    "No account gets more than `max_share`; the rest stays in the escrow.",
)
def test_all_reward_to_its_own_node(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    own, *others = federation.members
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    verdicts = [verdict(one, weight=int(one.account == own.account)) for one in made]
    settle(round_, verdicts)
    rewards = {
        account: one.reward for account, one in bcfl_chain.commitments(*round_.place).items()
    }
    nothing = {one.account: 0 for one in others}
    assert rewards == {own.account: TERMS.round_reward * 6 // 10, **nothing}
    assert bcfl_chain.federation(federation.number).owed == rewards[own.account]


@cheat(
    Role.SERVER,
    "Governs alone, and makes one round's reward as large as what a sponsor has paid in, for a "
    "node of its own.",
    Comes.REFUSED,
    "`MembersDecide`: also where the coordinator governs, half of the stake has to vote before a "
    "round spends more, or one account gets more of it.",
)
def test_all_of_a_sponsors_money(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)  # with 900 UNIT
    for greedy in (
        replace(TERMS, round_reward=Planck(899 * UNIT), max_share=Perbill(100 * PERCENT)),
        replace(TERMS, round_reward=Planck(TERMS.round_reward + UNIT)),
        replace(TERMS, max_share=Perbill(TERMS.max_share + PERCENT)),
    ):
        with pytest.raises(MembersDecide):
            bcfl_chain.execute(calls.set_terms(federation.number, greedy), federation.coordinator)
    less = replace(TERMS, round_reward=Planck(UNIT))
    bcfl_chain.execute(calls.set_terms(federation.number, less), federation.coordinator)


@cheat(
    Role.SERVER,
    "Says that an honest member revealed another update, and a friend reports the mismatch.",
    Comes.REFUSED,
    "`NotAttested`: its word alone takes no stake; a committee has to have seen the update.",
)
def test_a_false_mismatch(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(3, TERMS)
    victim, friend, _ = federation.members
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    false = blake2_256(b"what never came")
    verdicts = [
        verdict(one, Outcome.REJECTED, revealed=false)
        if one.account == victim.account
        else verdict(one)
        for one in made
    ]
    proven = prove(leaves(round_, verdicts))
    settle(round_, verdicts)
    leaf = next(one for one in proven if one.leaf.account == victim.account)
    for reporter in (friend, federation.coordinator):
        with pytest.raises(NotAttested):
            bcfl_chain.execute(calls.report_mismatch(*round_.place, leaf), reporter)
    assert held(bcfl_chain, federation, victim) == TERMS.min_stake
    member = bcfl_chain.participant(federation.number, victim.account)
    assert member is not None
    assert (member.strikes, member.pending_offences) == (1, 0)


@cheat(
    Role.SERVER,
    "Closes the federation to get the escrow before rewards are claimed.",
    Comes.REFUSED,
    "Closing lasts until every claim and stake is out; what still vests is vested.",
)
def test_close_before_rewards_are_claimed(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, replace(TERMS, vesting_rounds=8, claim_blocks=30))
    number = federation.number
    play_round(bcfl_chain, federation)
    bcfl_chain.execute(calls.close(number), federation.coordinator)
    with pytest.raises(ClosingNotOver):
        bcfl_chain.execute(calls.close(number), federation.coordinator)
    wait(bcfl_chain, TERMS.dispute_blocks)
    for one in federation.members:
        before = owned(bcfl_chain, one.account)
        for claim in claims_of(bcfl_chain, number, one.account):
            bcfl_chain.execute(claim, federation.coordinator)
        assert owned(bcfl_chain, one.account) == before + 3 * UNIT
    ends = bcfl_chain.federation(number).closing_ends
    assert ends is not None
    wait_until(bcfl_chain, ends)
    with pytest.raises(MembersRemain):
        bcfl_chain.execute(calls.close(number), federation.coordinator)
    for one in federation.members:
        bcfl_chain.execute(calls.withdraw(number, one.account), federation.coordinator)
        assert bcfl_chain.balance(one.account).held == 0
    bcfl_chain.execute(calls.close(number), federation.coordinator)
