"""Who governs or pays: votes that are bought, terms that change, and money that was paid in."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.audit.grounds import INVITERS, VOUCHERS
from pallet_bridge.audit.run import audit_on
from pallet_bridge.errors.pallet import (
    MembersDecide,
    NothingToWithdraw,
    ProposalUndecided,
    RewardNotVested,
    StakeLocked,
    StakeTooYoung,
    TermsPending,
)
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import Journal, RunHeader, read_run
from pallet_bridge.run.journal_lines import EndLine
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import (
    UNIT,
    Admission,
    Arbiter,
    Coupling,
    MembersVote,
    Perbill,
    Planck,
    Quorum,
    Terms,
    Vouched,
)
from tests.cheats.committees import (
    HALF,
    PERCENT,
    QUICK,
    VOTING,
    Found,
    event,
    found,
    names,
)
from tests.cheats.table import Outcome, Role, cheat

if TYPE_CHECKING:
    from pathlib import Path

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

BOB, EVE = Signer.from_uri("//Bob"), Signer.from_uri("//Eve")


def voting(**changes: int) -> Terms:
    """Terms of a members' vote with another window or delay."""
    assert isinstance(VOTING.governance, MembersVote)
    return replace(VOTING, governance=replace(VOTING.governance, **changes))


@cheat(
    Role.SPONSOR,
    "Joins with 700 UNIT beside 400, to decide a vote that is under way, and takes the place of "
    "the coordinator.",
    Outcome.REFUSED,
    "`StakeTooYoung`: stake that was not held before the proposal has no vote.",
)
def test_fresh_stake_has_no_vote(found: Found) -> None:
    stage = found(4, VOTING)
    first, second, *_ = stage.made.members
    stage.pass_blocks(20)
    motion = stage.propose(EVE.account, by=first)
    buyer = stage.newcomer("buyer", 700 * UNIT)
    with pytest.raises(StakeTooYoung):
        stage.do("vote", motion, approve=True, by=buyer)
    stage.do("add_stake", Planck(50 * UNIT), by=second)
    with pytest.raises(StakeTooYoung):  # nor does old stake that is filled up with fresh
        stage.do("vote", motion, approve=True, by=second)
    stage.do("vote", motion, approve=True, by=first)
    assert names(stage.enact(motion, by=first)) == {"ProposalRejected", "ProposalCleared"}
    assert stage.chain.federation(stage.number).coordinator == stage.boss.account


@cheat(
    Role.SPONSOR,
    "Joins with 700 UNIT a moment before it proposes itself.",
    Outcome.REFUSED,
    "Stake votes by its age: after a tenth of `aging_blocks` 700 UNIT weigh less than one member "
    "of old.",
)
def test_young_stake_weighs_by_its_age(found: Found) -> None:
    stage = found(4, VOTING)
    stage.pass_blocks(20)
    buyer = stage.newcomer("buyer", 700 * UNIT)
    motion = stage.propose(buyer.account, by=buyer)
    held = stage.chain.motion(stage.number, motion)
    assert held is not None
    age = held.proposed_at - stage.member(buyer).held_since
    assert age <= 2
    voted = event(stage.do("vote", motion, approve=True, by=buyer), "Voted")
    assert voted.fields["stake"] == 700 * UNIT * age // 20 < 100 * UNIT
    for who in stage.made.members:
        stage.do("vote", motion, approve=False, by=who)
    assert "ProposalRejected" in names(stage.enact(motion, by=EVE))


@cheat(
    Role.SPONSOR,
    "Votes, unbonds at once, and is gone before the decision is in force.",
    Outcome.REFUSED,
    "What has voted stays until the enactment, and can be slashed until then.",
)
def test_a_vote_locks_its_stake(found: Found) -> None:
    stage = found(3, voting(delay_blocks=40))
    first, second, _ = stage.made.members
    stage.pass_blocks(20)
    motion = stage.propose(first.account, by=first)
    stage.do("vote", motion, approve=True, by=first)
    stage.do("unbond", Planck(100 * UNIT), by=first)
    held = stage.chain.motion(stage.number, motion)
    assert held is not None
    assert [chunk.until for chunk in stage.member(first).unbonding] == [held.enact_at + 1]
    stage.do("unbond", Planck(100 * UNIT), by=second)
    assert stage.member(second).unbonding[0].until < held.enact_at  # who did not vote is free
    stage.wait(held.enact_at - 1)
    with pytest.raises(NothingToWithdraw):
        stage.do("withdraw", first.account, by=first)


@cheat(
    Role.SPONSOR,
    "Votes with all accounts of one organisation, which hold 900 of 1,300 UNIT.",
    Outcome.REFUSED,
    "Together they count for `max_vote_share` of all stake, here 40 %; so two others outvote them.",
)
def test_an_organisation_votes_up_to_its_share(found: Found) -> None:
    stage = found(0, replace(VOTING, admission=Admission.INVITED))
    clinic = [stage.newcomer(f"clinic-{n}", 300 * UNIT, b"Clinic") for n in range(3)]
    others = [stage.newcomer(f"other-{n}", 200 * UNIT, b"Other %d" % n) for n in range(2)]
    stage.pass_blocks(20)
    motion = stage.propose(clinic[0].account, by=clinic[0])
    counted = [
        event(stage.do("vote", motion, approve=True, by=who), "Voted").integer("stake")
        for who in clinic
    ]
    assert counted == [300 * UNIT, 220 * UNIT, 0]
    for who in others:
        stage.do("vote", motion, approve=False, by=who)
    assert "ProposalRejected" in names(stage.enact(motion, by=EVE))


@cheat(
    Role.SPONSOR,
    "Vouches, with a friend, for accounts of its own under the names of organisations that do not "
    "exist.",
    Outcome.WORD,
    "Of those who admit: to whom an account belongs is theirs to say. The audit says whose word it "
    "is. Where admission is open there are no names: only stake and age count.",
)
def test_names_of_organisations_are_the_word_of_who_admits(found: Found, tmp_path: Path) -> None:
    terms = replace(VOTING, admission=Vouched(2), max_per_organisation=1)
    stage = found(0, terms)
    clinic, friend = (stage.newcomer(name, 100 * UNIT, name.encode()) for name in ("A", "B"))
    honest = [stage.newcomer(name) for name in ("C", "D")]
    puppets = [stage.newcomer(name) for name in ("Invented", "Made-up", "Nowhere")]
    named = honest + puppets
    for number, who in enumerate(named):
        for voucher in (clinic, friend):
            receipt = stage.do("invite", who.account, b"name %d" % number, 0, by=voucher)
        assert event(receipt, "Invited").fields["vouchers"] == 2
        said = stage.chain.invitation(stage.number, who.account)
        assert said is not None
        assert set(said.vouchers) == {clinic.account, friend.account}
        stage.join(who, 100 * UNIT)
    stage.pass_blocks(20)
    motion = stage.propose(clinic.account, by=clinic)
    for who in (clinic, friend, *puppets):
        voted = event(stage.do("vote", motion, approve=True, by=who), "Voted")
        assert voted.fields["stake"] == 100 * UNIT
    for who in honest:
        stage.do("vote", motion, approve=False, by=who)
    header = RunHeader("embedded", stage.chain.genesis_hash, stage.number, 7, stage.boss.account, 0)
    Journal.create(tmp_path / "run", header).append(EndLine(0))
    record = read_run(tmp_path / "run")
    words = audit_on(stage.chain, tmp_path / "run", record, closed=True).grounds.words
    assert words[VOUCHERS] == {"organisations of members": len(named)}
    assert words[INVITERS] == {"organisations of members": 2}
    assert "CoordinatorReplaced" in names(stage.enact(motion, by=EVE))


@cheat(
    Role.SPONSOR,
    "Joins with much stake once a vote is called, so that its quorum is out of reach.",
    Outcome.REFUSED,
    "The electorate is the active stake at the proposal; what comes later is not in it.",
)
def test_the_electorate_is_that_of_the_proposal(found: Found) -> None:
    stage = found(4, VOTING)
    first, *_ = stage.made.members
    stage.pass_blocks(20)
    motion = stage.propose(first.account, by=first)
    stage.newcomer("late", 5_000 * UNIT)
    held = stage.chain.motion(stage.number, motion)
    assert held is not None
    assert held.electorate == 400 * UNIT
    for who in stage.made.members:
        stage.do("vote", motion, approve=True, by=who)
    assert "CoordinatorReplaced" in names(stage.enact(motion, by=EVE))


@cheat(
    Role.SPONSOR,
    "Joins with 700 UNIT beside 400 before a vote is called, so that its quorum is out of reach, "
    "and takes them back later.",
    Outcome.REFUSED,
    "The electorate is what can vote: stake counts by its age there too. 700 UNIT that are a tenth "
    "of `aging_blocks` old are 70 of it.",
)
def test_fresh_stake_blocks_every_vote(found: Found) -> None:
    stage = found(4, VOTING)
    first, *_ = stage.made.members
    stage.pass_blocks(20)
    blocker = stage.newcomer("blocker", 700 * UNIT)
    motion = stage.propose(first.account, by=first)
    held = stage.chain.motion(stage.number, motion)
    assert held is not None
    age = held.proposed_at - stage.member(blocker).held_since
    assert age <= 2
    assert held.electorate - 400 * UNIT == 700 * UNIT * age // 20
    for who in stage.made.members:
        stage.do("vote", motion, approve=True, by=who)
    assert "CoordinatorReplaced" in names(stage.enact(motion, by=EVE))


@cheat(
    Role.SPONSOR,
    "Fills all places for proposals, so that nobody else can call a vote.",
    Outcome.REFUSED,
    "`ProposalUndecided`: a member has one proposal at a time, and the accounts of an organisation "
    "one together. To fill all 16 places takes 16 members.",
)
def test_proposals_of_one_member_leave_room_for_those_of_others(found: Found) -> None:
    stage = found(0, replace(VOTING, admission=Admission.INVITED))
    clinic = [stage.newcomer(f"clinic-{n}", 100 * UNIT, b"Clinic") for n in range(2)]
    other = stage.newcomer("other", 100 * UNIT, b"Other")
    motion = stage.propose(other.account, by=clinic[0])
    for who in clinic:
        with pytest.raises(ProposalUndecided):
            stage.propose(other.account, by=who)
    stage.propose(other.account, by=other)
    held = stage.chain.motion(stage.number, motion)
    assert held is not None
    stage.wait(held.enact_at)
    stage.enact(motion, by=EVE)
    stage.propose(other.account, by=clinic[1])


@cheat(
    Role.SPONSOR,
    "Shortens the windows and raises the slashes of members whose stake is locked in.",
    Outcome.REFUSED,
    "From the announcement on they leave under the terms that they signed: at once, whatever the "
    "lock, and with their rewards. The new terms bind nobody before the notice is over.",
)
def test_worse_terms_bind_nobody_who_leaves(found: Found) -> None:
    terms = replace(QUICK, lock_blocks=900, vesting_rounds=2, quorum=Quorum(count=2))
    stage = found(2, terms)
    first, second = stage.made.members
    number = stage.open()
    stage.commit(number, first, second)
    stage.settle(number)
    with pytest.raises(StakeLocked):
        stage.do("unbond", Planck(100 * UNIT), by=first)
    harsh = replace(
        terms,
        dispute_blocks=1,
        claim_blocks=1,
        slash=replace(terms.slash, outlier_base=HALF),
        strikes_to_slash=1,
    )
    scheduled = event(stage.do("set_terms", harsh, by=stage.boss), "TermsScheduled")
    assert scheduled.fields["is_worse"] is True
    announced = stage.chain.head().number
    assert scheduled.fields["from"] == announced + terms.notice_blocks
    stage.do("unbond", Planck(100 * UNIT), by=first)
    assert stage.member(first).unbonding[0].until == stage.member(first).liable_until + 1
    stage.wait(stage.member(first).unbonding[0].until)
    assert stage.chain.federation(stage.number).pending_terms is not None
    before = stage.free(first)
    stage.do("withdraw", first.account, by=EVE)
    assert stage.free(first) - before == 100 * UNIT
    with pytest.raises(RewardNotVested):
        stage.do("claim", first.account, [number], by=EVE)
    settlement = stage.round(number).settlement
    assert settlement is not None
    stage.wait(settlement.vests_at)
    stage.do("claim", first.account, [number], by=EVE)
    assert stage.free(first) - before == 105 * UNIT


@cheat(
    Role.SPONSOR,
    "Announces mild terms, and puts harsh ones in their place shortly before they are in force.",
    Outcome.REFUSED,
    "`TermsPending` for whoever governs alone. Where members decide twice, the notice begins anew, "
    "and lets members leave if the later ones are worse.",
)
def test_other_terms_have_a_notice_of_their_own(found: Found) -> None:
    alone = found(1, QUICK)
    mild = replace(QUICK, cooldown_blocks=0)
    alone.do("set_terms", mild, by=alone.boss)
    with pytest.raises(TermsPending):
        alone.do("set_terms", replace(QUICK, round_reward=Planck(UNIT)), by=alone.boss)
    terms = replace(VOTING, aging_blocks=0)
    stage = found(3, terms)
    first, second, _ = stage.made.members
    motions = [
        stage.propose(replace(terms, round_reward=Planck(reward * UNIT)), by=who)
        for reward, who in ((12, first), (2, second))
    ]
    for motion in motions:
        for who in (first, second):
            stage.do("vote", motion, approve=True, by=who)
    announced = []
    for motion in motions:
        scheduled = event(stage.enact(motion, by=EVE), "TermsScheduled")
        announced.append((scheduled.integer("from"), scheduled.fields["is_worse"]))
        stage.pass_blocks(9)
    pending = stage.chain.federation(stage.number).pending_terms
    assert pending is not None
    assert (pending.starts_at, pending.is_worse) == announced[1]
    assert announced[1][0] >= announced[0][0] + 9
    assert [is_worse for _, is_worse in announced] == [False, True]


@cheat(
    Role.SPONSOR,
    "Names, as the coordinator that governs, a friend as arbiter, another committee, a greater "
    "share for whoever reports, or a greater reward.",
    Outcome.REFUSED,
    "`MembersDecide`: half of the stake has to vote on who judges, who is paid for reports, who "
    "governs, who comes in, and whether a round spends more.",
)
def test_a_coordinator_does_not_choose_its_judges(found: Found) -> None:
    stage = found(1, QUICK)
    sitting = replace(QUICK, committee_size=2, attest_quorum=HALF)
    for other in (
        replace(QUICK, arbiter=EVE.account),
        sitting,
        replace(sitting, arbiter=Arbiter.ATTESTERS, coupling=Coupling.FULL),
        replace(QUICK, reporter_share=Perbill(20 * PERCENT)),
        replace(QUICK, governance=VOTING.governance),
        replace(QUICK, admission=Admission.INVITED),
        replace(QUICK, round_reward=Planck(QUICK.round_reward + 1)),
    ):
        with pytest.raises(MembersDecide):
            stage.do("set_terms", other, by=stage.boss)
    assert stage.chain.federation(stage.number).pending_terms is None
