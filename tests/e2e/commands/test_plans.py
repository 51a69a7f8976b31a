"""A plan says what the chain does: what it refuses fails there, and else money moves as it says.

Each step is planned by what the commands plan with, and then sent whatever the plan says.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.federation import decide as founding
from bcfl_plugins.cli.federation import govern
from bcfl_plugins.cli.member import decide as member
from bcfl_plugins.cli.member.standing import read_standing
from bcfl_plugins.cli.rounds import decide as rounds
from pallet_bridge import calls
from pallet_bridge.encoding import escrow_account, purse_account
from pallet_bridge.errors import CallFailed
from pallet_bridge.types import (
    UNIT,
    Admission,
    MemberVerdict,
    Outcome,
    Perbill,
    Planck,
)
from tests.e2e.commands.stage import ANN, BEN, BOSS, CAT, TERMS, Stage

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.plan import CallPlan
    from pallet_bridge.keys import Signer


def test_who_may_join(stage: Stage) -> None:
    assert not stage.agrees(stage.plan_join(ANN, 40 * UNIT), ANN), "not invited"
    stage.invite(ANN)
    assert not stage.agrees(stage.plan_join(ANN, 30 * UNIT - 1), ANN), "too little"
    assert not stage.agrees(stage.plan_join(ANN, 40 * UNIT, bytes(32)), ANN), "other terms"
    assert stage.agrees(stage.plan_join(ANN, 30 * UNIT), ANN)
    assert not stage.agrees(stage.plan_join(ANN, 40 * UNIT), ANN), "is in already"
    again = govern.invite(
        stage.view(), BOSS.account, ANN.account, (b"", 0), member=stage.member(ANN)
    )
    assert not stage.agrees(again, BOSS)
    stranger = govern.invite(stage.view(), BEN.account, CAT.account, (b"", 0), member=None)
    assert not stage.agrees(stranger, BEN)
    stage.let_in(BEN)
    stage.invite(CAT)
    assert not stage.agrees(stage.plan_join(CAT, 40 * UNIT), CAT), "full"


def test_stake_comes_and_goes(stage: Stage) -> None:
    def add(who: Signer, amount: int) -> CallPlan:
        found = stage.client.participant(stage.number, who.account)
        return member.add_stake(stage.view(), who.account, Planck(amount), found)

    assert not stage.agrees(add(ANN, UNIT), ANN), "no member"
    assert not stage.agrees(stage.plan_unbond(ANN, None), ANN)
    assert not stage.agrees(stage.plan_withdraw(ANN), ANN)
    stage.let_in(ANN, 35 * UNIT)
    joined = stage.client.participant(stage.number, ANN.account).joined_at
    assert not stage.agrees(add(ANN, 0), ANN)
    assert stage.agrees(add(ANN, 3 * UNIT), ANN)
    assert not stage.agrees(stage.plan_unbond(ANN, UNIT), ANN), "lock_blocks"
    stage.go_to(joined + TERMS.lock_blocks - 1)
    assert not stage.agrees(stage.plan_unbond(ANN, UNIT), ANN)
    assert stage.agrees(stage.plan_unbond(ANN, 5 * UNIT), ANN)
    assert not stage.agrees(stage.plan_unbond(ANN, 4 * UNIT), ANN), "29 would stay"
    assert not stage.agrees(stage.plan_unbond(ANN, 34 * UNIT), ANN), "more than there is"
    assert not stage.agrees(stage.plan_unbond(ANN, 0), ANN)
    assert not stage.agrees(stage.plan_withdraw(ANN), ANN), "nothing is free"
    assert stage.agrees(stage.plan_unbond(ANN, None), ANN)
    first, second = stage.client.participant(stage.number, ANN.account).unbonding
    stage.go_to(first.until - 1)
    assert not stage.agrees(stage.plan_withdraw(ANN), ANN)
    assert stage.agrees(stage.plan_withdraw(ANN), BOSS), "anyone may"
    stage.go_to(second.until)
    members = stage.client.participants(stage.number)
    everybody = member.withdraw_all(stage.view(), members, 50, signer=BOSS.account)
    assert stage.agrees(everybody, BOSS)
    assert stage.member(ANN) is None, "it left"


def test_the_block_in_which_stake_is_free_is_foreseen(stage: Stage) -> None:
    stage.let_in(ANN)
    stage.go_to(stage.client.participant(stage.number, ANN.account).joined_at + 6)
    number = stage.open()
    stage.commit(number, ANN)
    for amount in (2 * UNIT, 3 * UNIT, None):
        found = stage.client.participant(stage.number, ANN.account)
        foreseen = member.free_at(stage.view(), found)
        assert stage.agrees(stage.plan_unbond(ANN, amount), ANN)
        chunks = stage.client.participant(stage.number, ANN.account).unbonding
        assert chunks[-1].until == foreseen


def test_worse_terms_let_stake_go_sooner(stage: Stage) -> None:
    stage.let_in(ANN)
    assert not stage.agrees(stage.plan_unbond(ANN, UNIT), ANN), "lock_blocks"
    worse = replace(TERMS, slash=replace(TERMS.slash, cap=Perbill(9 * 10**8)))
    assert stage.agrees(
        govern.set_terms(stage.view(), BOSS.account, worse, stage.client.term_ranges()), BOSS
    )
    foreseen = member.free_at(stage.view(), stage.client.participant(stage.number, ANN.account))
    assert stage.agrees(stage.plan_unbond(ANN, None), ANN)
    (chunk,) = stage.client.participant(stage.number, ANN.account).unbonding
    assert chunk.until == foreseen
    assert stage.agrees(stage.plan_withdraw(ANN), ANN)


def test_rounds_are_sealed_called_off_and_cleared_away(stage: Stage) -> None:
    def found(number: int) -> object:
        return stage.client.round(stage.number, number)

    def prune(number: int) -> CallPlan:
        return rounds.prune(stage.view(), number, found(number), terms=TERMS, limit=9)

    fund = founding.fund(stage.view(), ANN.account, Planck(50 * UNIT))
    assert stage.agrees(fund, ANN)
    assert not stage.agrees(founding.fund(stage.view(), ANN.account, Planck(0)), ANN)
    stage.let_in(ANN)
    assert not stage.agrees(rounds.abort(stage.view(), BOSS.account, 0, found(0)), BOSS)
    number = stage.open()
    opened = stage.client.round(stage.number, number)
    stage.commit(number, ANN)
    assert not stage.agrees(rounds.seal(stage.view(), number, found(number)), ANN)
    stage.go_to(opened.commit_until)
    assert not stage.agrees(rounds.seal(stage.view(), number, found(number)), ANN)
    assert stage.agrees(rounds.seal(stage.view(), number, found(number)), ANN)
    assert not stage.agrees(rounds.seal(stage.view(), number, found(number)), ANN), "twice"
    assert not stage.agrees(prune(number), ANN), "it is open"
    assert not stage.agrees(founding.close(stage.view(), BOSS.account, *escrow(stage)), BOSS)
    assert not stage.agrees(govern.skip_round(stage.view(), BOSS.account), BOSS)
    stage.go_to(opened.settle_until)
    assert not stage.agrees(rounds.abort(stage.view(), ANN.account, number, found(number)), ANN)
    assert stage.agrees(rounds.abort(stage.view(), ANN.account, number, found(number)), ANN)
    assert not stage.agrees(rounds.abort(stage.view(), BOSS.account, number, found(number)), BOSS)
    assert not stage.agrees(rounds.expire(stage.view(), number, found(number)), ANN)

    settled = stage.open()
    made = stage.commit(settled, ANN)
    stage.go_to(stage.client.round(stage.number, settled).commit_until + 1)
    stage.settle(settled, made)
    done = stage.client.round(stage.number, settled).settlement
    assert not stage.agrees(rounds.expire(stage.view(), settled, found(settled)), ANN)
    stage.go_to(done.claim_until)
    assert not stage.agrees(rounds.expire(stage.view(), settled, found(settled)), ANN)
    assert stage.agrees(rounds.expire(stage.view(), settled, found(settled)), ANN)
    assert not stage.agrees(rounds.expire(stage.view(), settled, found(settled)), ANN), "twice"
    kept = rounds.kept_until(stage.client.round(stage.number, settled), TERMS)
    stage.go_to(kept)
    assert not stage.agrees(prune(settled), ANN)
    assert stage.agrees(prune(settled), ANN)


def escrow(stage: Stage) -> tuple[object, object]:
    places = (escrow_account(stage.number), purse_account(stage.number))
    money = sum(stage.client.balance(place).free for place in places)
    return money, stage.client.sponsor(stage.number, BOSS.account)


def test_a_reward_is_told_with_its_first_and_last_block(stage: Stage) -> None:
    for who in (ANN, BEN):
        stage.let_in(who)
    number = stage.open()
    made = stage.commit(number, ANN, BEN)
    stage.go_to(stage.client.round(stage.number, number).commit_until + 1)
    stage.settle(number, made)
    told = read_standing(stage.client, stage.number, ANN.account).rewards[number]
    assert told.amount == TERMS.round_reward // 2
    claims = {who: calls.claim(stage.number, who.account, [number]) for who in (ANN, BEN)}
    stage.go_to(told.after)
    with pytest.raises(CallFailed):
        stage.client.execute(claims[ANN], CAT)
    before = stage.client.balance(ANN.account).free
    stage.client.execute(claims[ANN], CAT)
    assert stage.client.balance(ANN.account).free - before == told.amount
    assert read_standing(stage.client, stage.number, ANN.account).rewards == {}
    stage.go_to(told.until)
    stage.client.execute(claims[BEN], CAT)


def test_a_reward_that_nobody_claims_is_lost_after_its_last_block(stage: Stage) -> None:
    stage.let_in(ANN)
    number = stage.open()
    made = stage.commit(number, ANN)
    stage.go_to(stage.client.round(stage.number, number).commit_until + 1)
    stage.settle(number, made)
    told = read_standing(stage.client, stage.number, ANN.account).rewards[number]
    found = stage.client.round(stage.number, number)
    stage.go_to(told.until + 1)
    assert stage.agrees(rounds.expire(stage.view(), number, found), CAT)
    with pytest.raises(CallFailed):
        stage.client.execute(calls.claim(stage.number, ANN.account, [number]), CAT)
    assert read_standing(stage.client, stage.number, ANN.account).rewards == {}


def refunded(stage: Stage, who: Signer) -> CallPlan:
    paid = stage.client.sponsor(stage.number, who.account)
    return founding.refund(stage.view(), who.account, paid)


def test_closing_gives_everything_back(stage: Stage) -> None:
    assert stage.agrees(founding.fund(stage.view(), ANN.account, Planck(11 * UNIT)), ANN)
    stage.let_in(ANN)
    assert not stage.agrees(founding.close(stage.view(), ANN.account, *escrow(stage)), ANN)
    ends = founding.closing_ends(stage.view())
    assert stage.agrees(founding.close(stage.view(), BOSS.account, *escrow(stage)), BOSS)
    assert stage.view().federation.closing_ends == ends
    assert not stage.agrees(founding.fund(stage.view(), ANN.account, Planck(UNIT)), ANN)
    assert not stage.agrees(stage.plan_join(BEN, 40 * UNIT), BEN)
    stage.go_to(ends - 1)
    assert not stage.agrees(founding.close(stage.view(), BEN.account, *escrow(stage)), BEN)
    assert not stage.agrees(founding.close(stage.view(), BEN.account, *escrow(stage)), BEN), (
        "a member is in"
    )
    assert stage.agrees(stage.plan_withdraw(ANN), BEN), "active stake is free now, too"
    bond = stage.client.bond(stage.number, BOSS.account)
    assert stage.agrees(founding.withdraw_bond(stage.view(), BOSS.account, bond), BOSS)
    assert not stage.agrees(refunded(stage, ANN), BEN), "it is not closed"
    assert stage.agrees(founding.close(stage.view(), BEN.account, *escrow(stage)), BEN)
    assert not stage.agrees(refunded(stage, BEN), BEN), "it paid nothing in"
    assert stage.agrees(refunded(stage, ANN), BEN)
    assert not stage.agrees(refunded(stage, ANN), BEN), "twice"
    assert stage.client.balance(escrow_account(stage.number)).free == 0
    assert read_standing(stage.client, stage.number, BOSS.account).view.is_over


def test_offences_are_disputed_lapse_and_are_slashed(stage: Stage) -> None:
    stage.found(replace(TERMS, strikes_to_slash=1, admission=Admission.OPEN, cooldown_blocks=0))
    assert stage.agrees(founding.fund(stage.view(), ANN.account, Planck(50 * UNIT)), ANN)
    for who in (ANN, BEN):
        assert stage.agrees(stage.plan_join(who, 40 * UNIT), who)
    number = stage.open()
    made = stage.commit(number, ANN, BEN)
    opened = stage.client.round(stage.number, number)
    stage.go_to(opened.commit_until + 1)
    verdicts = [
        MemberVerdict(who.account, bytes(32), Outcome.REJECTED, score=0, reason=1, weight=0)
        for who in made
    ]
    stage.client.execute(calls.settle(stage.number, number, b"\3" * 32, b"\4" * 32, verdicts), BOSS)

    def offence(who: Signer) -> object:
        return stage.client.offences(stage.number).get((number, who.account))

    def dispute(who: Signer) -> CallPlan:
        balance = stage.client.balance(who.account)
        return rounds.dispute(
            stage.view(),
            who.account,
            number,
            offence=offence(who),
            balance=balance,
            bond=TERMS.dispute_bond,
        )

    def lapse(who: Signer) -> CallPlan:
        return rounds.lapse(stage.view(), number, who.account, offence(who))

    def slash(who: Signer) -> CallPlan:
        return rounds.execute_slash(stage.view(), number, who.account, offence(who))

    assert not stage.agrees(slash(ANN), CAT), "it may be disputed"
    assert not stage.agrees(lapse(CAT), CAT), "no such offence"
    assert not stage.agrees(slash(CAT), CAT)
    assert stage.agrees(dispute(BEN), BEN)
    assert not stage.agrees(dispute(BEN), BEN), "twice"
    assert not stage.agrees(stage.plan_withdraw(ANN), ANN), "an offence waits"
    pending = stage.client.offences(stage.number)[number, ANN.account]
    if stage.client.head().number + 1 < pending.executable_at:
        stage.go_to(pending.executable_at)
    assert not stage.agrees(dispute(ANN), ANN), "too late"
    assert stage.agrees(slash(ANN), CAT)
    assert not stage.agrees(slash(BEN), CAT), "disputed"
    disputed = stage.client.offences(stage.number)[number, BEN.account]
    stage.go_to(disputed.dispute.until)
    assert not stage.agrees(lapse(BEN), CAT)
    assert stage.agrees(lapse(BEN), CAT)
    assert not stage.agrees(lapse(BEN), CAT), "twice"
