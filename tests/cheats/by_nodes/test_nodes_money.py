"""Members that want rewards without work, or their stake out of reach of what they did."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.config.terms import TermsConfig
from pallet_bridge import calls
from pallet_bridge.errors.pallet import (
    AlreadyCommitted,
    NotGovernance,
    NothingToWithdraw,
    NotInvited,
    OrganisationFull,
    RewardNotVested,
    StakeTooLow,
    StakeTooYoung,
    Suspended,
)
from pallet_bridge.settlement.claims import waiting_rewards
from pallet_bridge.signing import commit_call
from pallet_bridge.types import (
    UNIT,
    Admission,
    OffenceKind,
    Outcome,
    Perbill,
    Planck,
    TwoCommitments,
)
from tests.cheats.moves import (
    BY_MEMBERS,
    PERCENT,
    TERMS,
    commit_all,
    commit_alone,
    event,
    held,
    join,
    leave,
    newcomer,
    open_round,
    owned,
    play_round,
    propose,
    settle,
    sign,
    verdict,
    wait,
    wait_until,
)
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.fixtures import JoinedFederation, MakeFederation

VESTING = replace(TERMS, vesting_rounds=3, strike_cut=Perbill(20 * PERCENT))
SHARE = TERMS.round_reward // 3


def reject(chain: EmbeddedClient, federation: JoinedFederation, who: Signer) -> None:
    play_round(chain, federation, {who.account: Outcome.REJECTED})


@cheat(
    Role.NODE,
    "Claims its reward at once, before what it does next can cost it.",
    Comes.REFUSED,
    "`RewardNotVested`.",
)
def test_claim_before_vesting(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(3, VESTING)
    account = federation.members[0].account
    earned = play_round(bcfl_chain, federation)
    claim = calls.claim(federation.number, account, [earned.number])
    wait(bcfl_chain, VESTING.dispute_blocks + 1)
    for _ in range(VESTING.vesting_rounds):
        with pytest.raises(RewardNotVested):
            bcfl_chain.execute(claim, federation.members[0])
        play_round(bcfl_chain, federation)
    before = owned(bcfl_chain, account)
    bcfl_chain.execute(claim, federation.coordinator)
    assert owned(bcfl_chain, account) == before + SHARE


@cheat(
    Role.NODE,
    "Works honestly until it has earned enough, and attacks then.",
    Comes.PROVED,
    "Each strike takes `strike_cut` of each reward that is not vested, here 20 % and again 20 %.",
)
def test_earn_first_and_attack_then(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, VESTING)
    attacker = federation.members[1]
    earned = play_round(bcfl_chain, federation)
    reject(bcfl_chain, federation, attacker)
    reject(bcfl_chain, federation, attacker)
    play_round(bcfl_chain, federation)
    wait(bcfl_chain, VESTING.dispute_blocks)
    before = owned(bcfl_chain, attacker.account)
    receipt = bcfl_chain.execute(
        calls.claim(federation.number, attacker.account, [earned.number]), federation.coordinator
    )
    assert owned(bcfl_chain, attacker.account) == before + SHARE * 64 // 100
    assert event(receipt, "RewardCut").integer("amount") == SHARE * 36 // 100


@cheat(
    Role.NODE,
    "Leaves with a strike, and takes the rewards along.",
    Comes.PROVED,
    "What is not vested is forfeited when it withdraws, and stays in the escrow.",
)
def test_leave_with_a_strike(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(3, VESTING)
    attacker = federation.members[2]
    earned = play_round(bcfl_chain, federation)
    reject(bcfl_chain, federation, attacker)
    assert waiting_rewards(bcfl_chain, federation.number)[attacker.account] == {
        earned.number: SHARE
    }
    owed = bcfl_chain.federation(federation.number).owed
    leave(bcfl_chain, federation, attacker)
    assert attacker.account not in waiting_rewards(bcfl_chain, federation.number)
    assert bcfl_chain.federation(federation.number).owed == owed - SHARE


@cheat(
    Role.NODE,
    "Leaves and joins again to be rid of its strikes.",
    Comes.REFUSED,
    "The federation remembers an account's strikes when it has left.",
)
def test_join_again_without_strikes(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    attacker = federation.members[0]
    reject(bcfl_chain, federation, attacker)
    reject(bcfl_chain, federation, attacker)
    leave(bcfl_chain, federation, attacker)
    record = bcfl_chain.record(federation.number, attacker.account)
    assert record is not None
    assert record.strikes == 2
    join(bcfl_chain, federation, attacker)
    member = bcfl_chain.participant(federation.number, attacker.account)
    assert member is not None
    assert member.strikes == 2
    reject(bcfl_chain, federation, attacker)  # the third one is an offence
    found = bcfl_chain.participant(federation.number, attacker.account)
    assert found is not None
    assert found.pending_offences == 1


@cheat(
    Role.NODE,
    "Leaves, and goes on with a new account of the same organisation.",
    Comes.REFUSED,
    "Strikes are remembered for the organisation too; each account of it begins with them.",
)
def test_hop_to_a_new_account(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    terms = replace(TERMS, admission=Admission.INVITED)
    federation = bcfl_federation(0, terms)
    names = (b"clinic", b"bank", b"lab", b"clinic")
    first, second, third, hop = (newcomer(bcfl_chain, f"hops {one}") for one in range(4))
    for who, name in zip((first, second, third, hop), names, strict=True):
        call = calls.invite(federation.number, who.account, name, 0)
        bcfl_chain.execute(call, federation.coordinator)
    for who in (first, second, third):
        join(bcfl_chain, federation, who)
    federation = replace(federation, members=(first, second, third))
    reject(bcfl_chain, federation, first)
    reject(bcfl_chain, federation, first)
    leave(bcfl_chain, federation, first)
    join(bcfl_chain, federation, hop)
    member = bcfl_chain.participant(federation.number, hop.account)
    assert member is not None
    assert (member.organisation, member.strikes) == (b"clinic", 2)


@cheat(
    Role.NODE,
    "Takes a new account for each round, to begin each time without a past.",
    Comes.PROVED,
    "The share of a new account grows over `tenure_rounds`: the first round pays a quarter here, "
    "and `lock_blocks` keep the stake.",
)
def test_a_new_account_earns_less(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, replace(TERMS, tenure_rounds=4, lock_blocks=30))
    account = federation.members[0].account
    paid = []
    for _ in range(5):
        round_ = play_round(bcfl_chain, federation)
        paid.append(bcfl_chain.commitments(*round_.place)[account].reward)
    assert paid == [SHARE * part // 4 for part in (1, 2, 3, 4, 4)]


@cheat(
    Role.NODE,
    "Unbonds its stake as soon as it has committed, to be gone before the verdict.",
    Comes.PROVED,
    "Stake stays for every round that it took part in: the offence takes 20 of 100 UNIT, and no "
    "new commitment is taken.",
)
def test_unbond_before_the_verdict(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, replace(TERMS, strikes_to_slash=1))
    number, attacker = federation.number, federation.members[1]
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    bcfl_chain.execute(calls.unbond(number, TERMS.min_stake), attacker)
    with pytest.raises(NothingToWithdraw):
        bcfl_chain.execute(calls.withdraw(number, attacker.account), attacker)
    bad = {attacker.account: Outcome.REJECTED}
    settle(round_, [verdict(one, bad.get(one.account, Outcome.ACCEPTED)) for one in made])
    ((place, offence),) = bcfl_chain.offences(number).items()
    assert (place, offence.amount) == ((round_.number, attacker.account), 20 * UNIT)
    wait_until(bcfl_chain, offence.executable_at)
    slash = calls.execute_slash(number, round_.number, attacker.account)
    receipt = bcfl_chain.execute(slash, federation.members[0])
    assert event(receipt, "Slashed").integer("burned") == 20 * UNIT
    assert held(bcfl_chain, federation, attacker) == 80 * UNIT
    later = open_round(bcfl_chain, federation, bcfl_chain.federation(number).model or bytes(32))
    with pytest.raises(StakeTooLow):
        commit_alone(later, attacker)


@cheat(
    Role.NODE,
    "Signs two updates for one round, and commits to the one that pays better.",
    Comes.PROVED,
    "Both signatures together: half of its stake, here 45 UNIT burned and 5 to who brought them; "
    "it is suspended at once.",
)
def test_two_updates_for_one_round(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    number, (attacker, reporter, _) = federation.number, federation.members
    round_ = open_round(bcfl_chain, federation)
    made = commit_alone(round_, attacker)
    other = sign(round_.binding, attacker, seed=2)
    with pytest.raises(AlreadyCommitted):
        bcfl_chain.execute(commit_call(round_.binding, other), attacker)
    proof = TwoCommitments(attacker.account, made.signed(), other.signed())
    bcfl_chain.execute(calls.report_equivocation(*round_.place, proof), reporter)
    offence = bcfl_chain.offences(number)[round_.number, attacker.account]
    assert (offence.kind, offence.amount) == (OffenceKind.EQUIVOCATION, 50 * UNIT)
    bcfl_chain.execute(calls.abort(*round_.place), federation.coordinator)
    later = open_round(bcfl_chain, federation)
    with pytest.raises(Suspended):
        commit_alone(later, attacker)
    wait_until(bcfl_chain, offence.executable_at)
    had = owned(bcfl_chain, reporter.account)
    receipt = bcfl_chain.execute(
        calls.execute_slash(*round_.place, attacker.account), federation.coordinator
    )
    said = event(receipt, "Slashed")
    assert (said.integer("burned"), said.integer("shared")) == (45 * UNIT, 5 * UNIT)
    assert owned(bcfl_chain, reporter.account) == had + 5 * UNIT
    assert held(bcfl_chain, federation, attacker) == 50 * UNIT


@cheat(
    Role.NODE,
    "Adds 600 UNIT to its stake once a vote is called.",
    Comes.REFUSED,
    "`StakeTooYoung`: new stake and old are not told apart, so all of it loses this vote.",
)
def test_add_stake_for_a_vote(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(3, BY_MEMBERS)
    number, (attacker, other, _) = federation.number, federation.members
    gift = calls.transfer(attacker.account, Planck(700 * UNIT))
    bcfl_chain.execute(gift, federation.coordinator)
    motion = propose(bcfl_chain, federation, attacker.account, attacker)
    bcfl_chain.execute(calls.add_stake(number, Planck(600 * UNIT)), attacker)
    with pytest.raises(StakeTooYoung):
        bcfl_chain.execute(calls.vote(number, motion, approve=True), attacker)
    bcfl_chain.execute(calls.vote(number, motion, approve=False), other)
    found = bcfl_chain.motion(number, motion)
    assert found is not None
    assert (found.ayes, found.nays, found.electorate) == (0, 100 * UNIT, 300 * UNIT)


@cheat(
    Role.NODE,
    "Joins with many accounts of its own, to be paid for each.",
    Comes.REFUSED,
    "`NotInvited`, which is the default; an organisation has at most `max_per_organisation`.",
)
def test_sybils(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    terms = replace(TERMS, admission=Admission.INVITED, max_per_organisation=1)
    federation = bcfl_federation(0, terms)
    known, twin, nobody = (newcomer(bcfl_chain, f"sybil {one}") for one in range(3))
    for who in (known, twin):
        call = calls.invite(federation.number, who.account, b"one clinic", 0)
        bcfl_chain.execute(call, federation.coordinator)
    join(bcfl_chain, federation, known)
    with pytest.raises(OrganisationFull):
        join(bcfl_chain, federation, twin)
    with pytest.raises(NotInvited):
        join(bcfl_chain, federation, nobody)
    with pytest.raises(NotGovernance):  # a member lets nobody in
        bcfl_chain.execute(calls.invite(federation.number, nobody.account, b"x", 0), known)
    assert TermsConfig().admission == "invited"
