"""Who governs, votes, vouches and attests: plans are sent, and do as they say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bcfl_plugins.cli.federation import decide as founding
from bcfl_plugins.cli.federation import govern
from bcfl_plugins.cli.member import decide as member
from bcfl_plugins.cli.member.standing import read_motions
from pallet_bridge.types import (
    UNIT,
    Admission,
    MembersVote,
    Perbill,
    Planck,
    Vouched,
)
from tests.e2e.commands.stage import ANN, BEN, BOSS, CAT, TERMS, Stage

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.plan import CallPlan
    from pallet_bridge.keys import Signer


def test_who_may_vouch(stage: Stage) -> None:
    stage.found(replace(TERMS, admission=Vouched(2), max_participants=9))

    def plan(by: Signer, who: Signer, organisation: bytes | None = None) -> CallPlan:
        return govern.vouch(
            stage.view(),
            by.account,
            who.account,
            (organisation, None),
            member=stage.member(who),
            voucher=stage.member(by),
            invitation=stage.client.invitation(stage.number, who.account),
        )

    for number, who in enumerate((ANN, BEN)):
        said = (b"clinic-%d" % number, 0)
        letting = govern.invite(stage.view(), BOSS.account, who.account, said, member=None)
        assert stage.agrees(letting, BOSS), "members are too few to vouch"
        assert stage.agrees(stage.plan_join(who, 30 * UNIT), who)
    late = govern.invite(stage.view(), BOSS.account, CAT.account, (b"", 0), member=None)
    assert not stage.agrees(late, BOSS), "now the members vouch"
    assert not stage.agrees(plan(BOSS, CAT), BOSS), "no member"
    assert not stage.agrees(stage.plan_join(CAT, 30 * UNIT), CAT), "nobody vouched"
    assert stage.agrees(plan(ANN, CAT, b"clinic-9"), ANN)
    assert not stage.agrees(plan(ANN, CAT), ANN), "twice"
    assert not stage.agrees(stage.plan_join(CAT, 30 * UNIT), CAT), "one is too few"
    assert stage.agrees(plan(BEN, CAT), BEN), "the same is said again by itself"
    assert stage.agrees(stage.plan_join(CAT, 30 * UNIT), CAT)
    assert stage.client.participant(stage.number, CAT.account).organisation == b"clinic-9"


def test_a_coordinator_that_governs(stage: Stage) -> None:
    changed = replace(TERMS, min_stake=Planck(31 * UNIT))
    assert not stage.agrees(
        govern.set_terms(stage.view(), ANN.account, changed, stage.client.term_ranges()), ANN
    )
    assert not stage.agrees(govern.replace_coordinator(stage.view(), ANN.account, ANN.account), ANN)
    assert not stage.agrees(govern.rebase(stage.view(), ANN.account, b"\1" * 32), ANN)
    assert not stage.agrees(govern.skip_round(stage.view(), ANN.account), ANN)
    assert stage.agrees(govern.skip_round(stage.view(), BOSS.account), BOSS)
    assert stage.agrees(govern.rebase(stage.view(), BOSS.account, b"\1" * 32), BOSS)
    view = stage.view()
    plan = govern.set_terms(view, BOSS.account, changed, stage.client.term_ranges())
    assert stage.agrees(plan, BOSS)
    starts = stage.view().federation.pending_terms.starts_at
    assert view.clock.until(starts) in plan.means
    assert not stage.agrees(
        govern.set_terms(stage.view(), BOSS.account, TERMS, stage.client.term_ranges()), BOSS
    ), "pending"
    held = stage.client.bond(stage.number, BOSS.account)
    assert not stage.agrees(founding.withdraw_bond(stage.view(), BOSS.account, held), BOSS)
    more = founding.post_bond(stage.view(), BOSS.account, Planck(2 * UNIT), held)
    assert stage.agrees(more, BOSS)
    none = founding.post_bond(stage.view(), ANN.account, Planck(UNIT), None)
    assert not stage.agrees(none, ANN)
    handing = govern.replace_coordinator(stage.view(), BOSS.account, ANN.account)
    assert stage.agrees(handing, BOSS)
    held = stage.client.bond(stage.number, BOSS.account)
    if stage.client.head().number + 1 < held.free_at:
        stage.go_to(held.free_at - 1)
        assert not stage.agrees(founding.withdraw_bond(stage.view(), BOSS.account, held), BOSS)
    assert stage.agrees(founding.withdraw_bond(stage.view(), BOSS.account, held), BOSS)
    assert not stage.agrees(founding.withdraw_bond(stage.view(), BOSS.account, None), BOSS)
    first = founding.post_bond(stage.view(), ANN.account, None, None)
    assert stage.agrees(first, ANN)
    assert stage.client.bond(stage.number, ANN.account).amount == TERMS.coordinator_bond


def test_members_that_vote(stage: Stage) -> None:
    vote = MembersVote(Perbill(3 * 10**8), Perbill(5 * 10**8), voting_blocks=9, delay_blocks=2)
    stage.found(replace(TERMS, governance=vote, admission=Admission.OPEN))
    changed = replace(stage.view().terms, min_stake=Planck(33 * UNIT))

    def voting(who: Signer, number: int, *, approve: bool = True) -> CallPlan:
        return govern.vote(
            stage.view(),
            who.account,
            number,
            approve=approve,
            motion=stage.client.motion(stage.number, number),
            member=stage.client.participant(stage.number, who.account),
        )

    def enact(number: int) -> CallPlan:
        motion = stage.client.motion(stage.number, number)
        return govern.enact(stage.view(), number, motion, 9)

    def propose(who: Signer, proposal: object) -> CallPlan:
        found = stage.client.participant(stage.number, who.account)
        view = stage.view()
        return govern.propose(
            view,
            who.account,
            proposal,
            member=found,
            ranges=stage.client.term_ranges(),
            motions=read_motions(stage.client, view),
        )

    assert not stage.agrees(propose(ANN, changed), ANN), "no member"
    assert stage.agrees(stage.plan_join(ANN, 40 * UNIT), ANN)
    assert not stage.agrees(
        govern.set_terms(stage.view(), BOSS.account, changed, stage.client.term_ranges()), BOSS
    )
    assert stage.agrees(propose(ANN, changed), ANN)
    assert not stage.agrees(propose(ANN, changed), ANN), "one at a time"
    assert stage.agrees(stage.plan_join(BEN, 40 * UNIT), BEN)
    assert not stage.agrees(voting(BEN, 0), BEN), "its stake is too young"
    assert not stage.agrees(voting(CAT, 0), CAT), "no member"
    assert not stage.agrees(voting(ANN, 7), ANN), "no such proposal"
    assert not stage.agrees(enact(7), ANN)
    assert stage.agrees(voting(ANN, 0), ANN)
    motion = stage.client.motion(stage.number, 0)
    stage.go_to(motion.voting_until + 1)
    assert not stage.agrees(voting(ANN, 0), ANN), "over"
    if stage.client.head().number + 1 < motion.enact_at:
        assert not stage.agrees(enact(0), BOSS), "the delay"
    assert stage.agrees(enact(0), BOSS)
    assert stage.view().federation.pending_terms is not None
    assert stage.agrees(propose(BEN, b"\7" * 32), BEN)
    assert stage.agrees(voting(ANN, 1, approve=False), ANN)
    stage.go_to(stage.client.motion(stage.number, 1).enact_at)
    assert stage.agrees(enact(1), ANN)
    assert stage.client.federation(stage.number).model is None, "it was rejected"


def test_who_may_attest(stage: Stage) -> None:
    def register(who: Signer) -> CallPlan:
        return member.register_attester(
            stage.view(),
            who.account,
            bytes([9]) * 32,
            member=stage.client.participant(stage.number, who.account),
            attester=stage.client.attesters(stage.number).get(who.account),
        )

    def resign(who: Signer) -> CallPlan:
        attester = stage.client.attesters(stage.number).get(who.account)
        return member.resign_attester(stage.view(), who.account, attester)

    assert not stage.agrees(register(ANN), ANN), "no member"
    stage.let_in(ANN)
    stage.let_in(BOSS)
    assert not stage.agrees(register(BOSS), BOSS), "who coordinates does not judge"
    assert not stage.agrees(resign(ANN), ANN)
    assert stage.agrees(register(ANN), ANN)
    assert not stage.agrees(register(ANN), ANN), "twice"
    assert not stage.agrees(stage.plan_unbond(ANN, None), ANN), "an attester keeps its stake"
    assert stage.agrees(resign(ANN), ANN)
    assert stage.agrees(stage.plan_unbond(ANN, None), ANN)
