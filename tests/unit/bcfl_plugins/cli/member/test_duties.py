"""What an account is told to do: what it may do now, what only time brings, and what it loses."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.acting.times import BlockClock
from bcfl_plugins.cli.acting.view import View
from bcfl_plugins.cli.member.duties import duties
from bcfl_plugins.cli.member.standing import Standing
from bcfl_plugins.cli.member.status import as_lines, as_record
from pallet_bridge.settlement.claims import WaitingReward
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import (
    UNIT,
    AccountId,
    Admission,
    Balance,
    Bond,
    Cohort,
    Dispute,
    Federation,
    FederationState,
    Invitation,
    Motion,
    MotionState,
    Offence,
    OffenceKind,
    OffenceState,
    Organisation,
    Participant,
    PendingTerms,
    Perbill,
    Planck,
    Prices,
    Round,
    RoundState,
    Seat,
    UnbondingChunk,
    Vouched,
    Youth,
)

if TYPE_CHECKING:
    from bcfl_plugins.cli.member.duties import Duty

ME, BOSS, OTHER = (AccountId(bytes([number]) * 32) for number in (1, 2, 3))
NOW = 200
NOTHING = Planck(0)

FEDERATION = Federation(
    coordinator=BOSS,
    founder=BOSS,
    state=FederationState.ACTIVE,
    closing_ends=None,
    terms_version=1,
    pending_terms=None,
    metadata=bytes(32),
    deposit=Planck(10 * UNIT),
    next_round=4,
    open_round=None,
    model=None,
    members=2,
    total_active=Planck(200 * UNIT),
    failed_rounds=0,
    failures_in_row=0,
    owed=NOTHING,
    reserved=NOTHING,
    liable_until=0,
    last_claim_until=0,
    next_proposal=0,
    proposals=0,
    attesters=0,
    seed=bytes(32),
    seed_at=0,
    seeded=False,
    youth=Youth(Cohort(0, NOTHING, 0), Cohort(0, NOTHING, 0), 0),
    funded=NOTHING,
    sponsors=0,
    left=NOTHING,
)
MEMBER = Participant(
    active=Planck(100 * UNIT),
    unbonding=(),
    strikes=0,
    clean_rounds=0,
    offences=0,
    pending_offences=0,
    suspended_until=0,
    organisation=None,
    max_examples=0,
    terms_version=1,
    exit_blocks=100,
    liable_until=0,
    joined_at=5,
    held_since=5,
    accepted=0,
    forgiven=0,
    struck=(),
    exits_freely=False,
)
ROUND = Round(
    state=RoundState.OPEN,
    coordinator=BOSS,
    base_model=bytes(32),
    terms_version=1,
    terms_hash=bytes(32),
    opened_at=195,
    commit_until=205,
    settle_until=255,
    sealed_at=None,
    ended_at=None,
    commitments=0,
    committed_stake=NOTHING,
    stored=0,
    pending_offences=0,
    settlement=None,
    compensation=None,
)
OFFENCE = Offence(
    kind=OffenceKind.OUTLIER,
    stake=Planck(100 * UNIT),
    amount=Planck(30 * UNIT),
    executable_at=210,
    reporter=None,
    state=OffenceState.PENDING,
    dispute=None,
)
MOTION = Motion(
    proposal=OTHER,
    proposer=OTHER,
    deposit=Planck(UNIT),
    state=MotionState.OPEN,
    voting_until=220,
    enact_at=230,
    quorum=Perbill(1),
    threshold=Perbill(1),
    proposed_at=190,
    aging_blocks=0,
    max_vote_share=Perbill(10**9),
    electorate=Planck(200 * UNIT),
    ayes=NOTHING,
    nays=NOTHING,
)
PRICES = Prices(Planck(UNIT // 1000), Planck(10 * UNIT), Planck(UNIT))
VIEW = View(7, bytes(32), BlockClock(NOW, 3.0), FEDERATION, DEVELOPMENT, PRICES)
STANDING = Standing(VIEW, ME, Balance(Planck(9 * UNIT), Planck(100 * UNIT)), Planck(500 * UNIT))
IN = replace(STANDING, member=MEMBER)


def of(standing: Standing, **federation: object) -> Standing:
    view = standing.view
    changed = replace(view, federation=replace(view.federation, **federation))  # type: ignore[arg-type]
    return replace(standing, view=changed)


def under(standing: Standing, **terms: object) -> Standing:
    changed = replace(standing.view, terms=replace(standing.view.terms, **terms))  # type: ignore[arg-type]
    return replace(standing, view=changed)


def found(standing: Standing, command: str) -> Duty:
    (one,) = [duty for duty in duties(standing) if duty.command.startswith(command)]
    return one


def commands(standing: Standing) -> list[str]:
    return [duty.command for duty in duties(standing)]


def test_a_member_with_nothing_to_do_is_told_nothing() -> None:
    assert duties(IN) == ()


def test_a_stranger_is_told_how_it_may_come_in() -> None:
    assert commands(STANDING) == ['bcfl join --stake "100 UNIT"']
    closed = under(STANDING, admission=Admission.INVITED)
    assert commands(closed) == []
    invited = replace(closed, invitation=Invitation(Organisation(b""), 0, ()))
    assert commands(invited) == ['bcfl join --stake "100 UNIT"']
    assert commands(of(invited, state=FederationState.CLOSED)) == []


@pytest.mark.parametrize(("vouchers", "command"), [(1, "bcfl federation vouch"), (2, "bcfl join")])
def test_who_is_vouched_for_joins_once_enough_did(vouchers: int, command: str) -> None:
    invitation = Invitation(Organisation(b"c"), 0, (BOSS, OTHER)[:vouchers])
    standing = replace(under(STANDING, admission=Vouched(2)), invitation=invitation)
    assert commands(standing)[0].startswith(command)


def test_stake_on_its_way_is_free_in_its_block_and_not_before() -> None:
    chunks = (UnbondingChunk(Planck(5 * UNIT), NOW + 1), UnbondingChunk(Planck(UNIT), NOW + 2))
    standing = replace(IN, member=replace(MEMBER, unbonding=chunks))
    now, later = duties(standing)
    assert (now.since, now.what) == (0, "5 UNIT of the stake are free")
    assert (later.since, later.command) == (NOW + 2, "bcfl withdraw")
    held_up = replace(IN, member=replace(MEMBER, unbonding=chunks, pending_offences=1))
    assert [duty.since for duty in duties(held_up)] == [NOW + 2]


def test_a_member_without_stake_may_leave() -> None:
    empty = replace(MEMBER, active=NOTHING)
    assert commands(replace(IN, member=empty)) == ["bcfl withdraw"]
    suspended = replace(empty, suspended_until=NOW + 9)
    (told,) = duties(replace(IN, member=suspended))
    assert (told.command, told.since) == ("", NOW + 9)


def test_too_little_stake_names_what_is_missing() -> None:
    slashed = replace(IN, member=replace(MEMBER, active=Planck(70 * UNIT)))
    assert commands(slashed) == ['bcfl stake "30 UNIT"']


@pytest.mark.parametrize(
    ("after", "until", "since", "costs"),
    [(199, 300, 0, True), (200, 300, 0, True), (201, 300, 202, False)],
)
def test_a_reward_is_due_before_it_expires(after: int, until: int, since: int, costs: bool) -> None:
    reward = WaitingReward(Planck(3 * UNIT), after, until, is_held_up=False)
    (told,) = duties(replace(IN, rewards={2: reward}))
    assert (told.since, told.until, bool(told.costs)) == (since, until, costs)
    assert told.command == "bcfl claim"


def test_a_reward_that_is_lost_or_held_up_is_not_offered() -> None:
    late = WaitingReward(Planck(UNIT), 100, NOW - 1, is_held_up=False)
    assert duties(replace(IN, rewards={2: late})) == ()
    held = WaitingReward(Planck(UNIT), 100, NOW + 9, is_held_up=True)
    assert commands(replace(IN, rewards={2: held})) == [""]


def test_an_offence_is_due_until_the_block_before_its_own() -> None:
    standing = replace(IN, offences={(3, ME): OFFENCE})
    told = found(standing, "bcfl dispute --round 3")
    assert (told.until, told.costs) == (209, "30 UNIT")
    ripe = replace(standing, offences={(3, ME): replace(OFFENCE, executable_at=NOW + 1)})
    assert found(ripe, f"bcfl execute-slash --round 3 --account {ME}").costs == ""


def test_a_dispute_lapses_after_its_last_block_and_its_arbiter_is_told() -> None:
    disputed = replace(
        OFFENCE, state=OffenceState.DISPUTED, dispute=Dispute(Planck(UNIT), 240, from_stake=False)
    )
    assert found(replace(IN, offences={(3, ME): disputed}), "bcfl lapse").since == 241
    theirs = replace(IN, offences={(3, OTHER): disputed})
    assert duties(theirs) == ()
    told = found(under(theirs, arbiter=ME), "bcfl resolve")
    assert told.until == 240
    assert str(OTHER) in told.command


def test_an_offence_that_is_over_is_not_told() -> None:
    for state in (OffenceState.EXECUTED, OffenceState.OVERTURNED):
        assert duties(replace(IN, offences={(3, ME): replace(OFFENCE, state=state)})) == ()


@pytest.mark.parametrize("worse", [True, False])
def test_announced_terms_are_told_and_worse_ones_let_go(worse: bool) -> None:
    (told,) = duties(of(IN, pending_terms=PendingTerms(2, 260, worse)))
    assert told.until == 260
    assert ("unbond" in told.command) is worse


def test_a_vote_is_told_to_stake_that_was_there_before_it() -> None:
    standing = replace(IN, motions={0: MOTION})
    assert found(standing, "bcfl federation vote 0").until == 220
    assert found(standing, "bcfl federation enact 0").since == 230
    young = replace(standing, member=replace(MEMBER, held_since=190))
    assert not [one for one in commands(young) if "vote" in one]
    decided = replace(IN, motions={0: replace(MOTION, state=MotionState.ENACTED)})
    assert found(decided, "bcfl federation enact 0").since == 0


def test_a_seat_that_said_nothing_costs_stake() -> None:
    opened = replace(of(IN, open_round=4), round=ROUND)
    seat = Seat(ME, Planck(UNIT), None, is_void=False)
    standing = under(replace(opened, seats=(seat,)), silence=Perbill(10**7))
    assert found(standing, "bcfl attest").costs
    said = replace(standing, seats=(replace(seat, said=bytes(32)),))
    assert not [one for one in commands(said) if "attest" in one]


def test_a_round_that_is_late_is_anybodys_to_end() -> None:
    opened = replace(of(STANDING, open_round=4), round=ROUND)
    assert not [one for one in commands(opened) if "abort" in one]
    late = replace(opened, round=replace(ROUND, settle_until=NOW))
    assert found(late, "bcfl abort --round 4").until is None
    boss = replace(opened, account=BOSS)
    told = found(boss, "bcfl abort --round 4")
    assert (told.until, told.costs) == (255, "a failure mark")


def test_a_node_is_told_until_when_it_can_commit() -> None:
    opened = replace(of(IN, open_round=4), round=ROUND)
    (told,) = duties(opened)
    assert told.until == 205
    sealed = replace(opened, round=replace(ROUND, sealed_at=199))
    assert duties(sealed) == ()


def test_a_coordinator_is_told_what_keeps_the_next_round_away() -> None:
    boss = replace(under(IN, coordinator_bond=Planck(4 * UNIT)), account=BOSS)
    assert found(boss, "bcfl federation post-bond").command.endswith('"4 UNIT"')
    posted = replace(boss, bond=Bond(Planck(4 * UNIT), None))
    assert duties(posted) == ()
    poor = replace(posted, escrow=Planck(3 * UNIT))
    assert found(poor, "bcfl federation fund").command.endswith('"7.001 UNIT"')


def test_a_bond_is_told_from_its_block_on() -> None:
    told = found(replace(IN, bond=Bond(Planck(UNIT), NOW + 2)), "bcfl federation withdraw-bond")
    assert told.since == NOW + 2
    told = found(replace(IN, bond=Bond(Planck(UNIT), NOW + 1)), "bcfl federation withdraw-bond")
    assert told.since == 0


def test_a_closing_federation_lets_all_go_at_its_end() -> None:
    closing = of(IN, state=FederationState.CLOSING, closing_ends=NOW + 5)
    assert found(closing, "bcfl unbond").until == NOW + 5
    assert found(closing, "bcfl federation close").since == NOW + 5
    over = of(IN, state=FederationState.CLOSING, closing_ends=NOW + 1)
    assert found(over, "bcfl withdraw --all").since == 0
    assert "100 UNIT" in next(d.what for d in duties(over) if d.command == "bcfl withdraw")


def test_a_sponsor_is_told_what_is_left_for_it() -> None:
    paid = replace(STANDING, sponsored=Planck(3 * UNIT))
    asked = "bcfl federation refund"
    assert not [duty for duty in duties(paid) if duty.command == asked], "it still pays rewards"
    money = {"funded": Planck(12 * UNIT), "left": Planck(8 * UNIT)}
    closed = {"state": FederationState.CLOSED, **money}
    assert "2 UNIT" in found(of(paid, **closed), asked).what
    assert not [duty for duty in duties(of(STANDING, **closed)) if duty.command == asked]


def test_what_costs_something_comes_first_and_then_what_ends_first() -> None:
    standing = replace(
        of(IN, pending_terms=PendingTerms(2, 205, is_worse=False)),
        offences={(3, ME): OFFENCE},
        rewards={1: WaitingReward(Planck(UNIT), 100, 204, is_held_up=False)},
        motions={0: MOTION},
    )
    told = duties(standing)
    assert [duty.until for duty in told[:2]] == [204, 209]
    assert all(duty.costs for duty in told[:2])
    assert not any(duty.costs for duty in told[2:])


def test_a_status_says_blocks_and_time_in_both_forms() -> None:
    standing = replace(IN, offences={(3, ME): OFFENCE})
    told = duties(standing)
    text = "\n".join(as_lines(standing, told))
    assert "DUE" in text
    assert "block 209, in 9 blocks (about 27 s); after that 30 UNIT is lost" in text
    (record,) = as_record(standing, told)["duties"]  # type: ignore[misc]
    assert record["until"] == {"block": 209, "blocks": 9, "seconds": 27.0}
    assert (record["now"], record["costs"]) == (True, "30 UNIT")
