"""Strangers that report what did not happen, claim what is not theirs, or come at a bad time."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge.encoding import statement_hash
from pallet_bridge.errors.pallet import (
    AlreadyReported,
    DisputeWindowOpen,
    NotAttested,
    NothingToClaim,
    NothingToWithdraw,
    ProofInvalid,
    ReportWindowClosed,
    RootNotBad,
    SettleWindowOpen,
)
from pallet_bridge.keys import Signer
from pallet_bridge.signing import binding_of
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import (
    UNIT,
    AccountOmitted,
    Payout,
    Planck,
    Quorum,
    SignedCommitment,
    TwoCommitments,
)
from pallet_bridge.types import Outcome as Verdict
from tests.cheats.committees import NEXT_MODEL, QUICK, Found, Stage, event, found
from tests.cheats.table import Outcome, Role, cheat

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

EVE, FERDIE = Signer.from_uri("//Eve"), Signer.from_uri("//Ferdie")
TWO = replace(QUICK, quorum=Quorum(count=2))
PATIENT = replace(TWO, commit_blocks=8, dispute_blocks=16, unbonding_blocks=60, notice_blocks=60)
"""There is time for many reports."""


def signed_twice(stage: Stage, number: int, who: Signer) -> TwoCommitments:
    """Let a member that has committed sign another update for the same round."""
    made = stage.sign(number, who)
    return TwoCommitments(who.account, made.signed(), stage.sign(number, who, seed=3).signed())


@cheat(
    Role.STRANGER,
    "Reports a mismatch that the coordinator, its friend, made up: it settled that something else "
    "came than was committed to.",
    Outcome.REFUSED,
    "`NotAttested`: what came is the coordinator's word alone, and costs no stake unless a quorum "
    "of a committee attested it.",
)
def test_a_made_up_mismatch_costs_nothing(found: Found) -> None:
    stage = found(2, TWO)
    first, second = stage.made.members
    number = stage.open()
    stage.commit(number, first, second)
    verdicts = stage.verdicts(
        number, {first.account: Verdict.REJECTED}, {first.account: bytes([5]) * 32}
    )
    proven = {one.leaf.account: one for one in stage.leaves(number, verdicts)}
    stage.settle(number, verdicts)
    for reporter in (EVE, stage.boss):
        with pytest.raises(NotAttested):
            stage.do("report_mismatch", number, proven[first.account], by=reporter)
    assert stage.chain.offences(stage.number) == {}
    assert stage.member(first).active == 100 * UNIT


@cheat(
    Role.STRANGER,
    "Brings two signatures of a member as an equivocation, one of which it gave for another "
    "federation, model, coordinator, round, chain, or under other terms.",
    Outcome.REFUSED,
    "`ProofInvalid`: all of these are in what is signed, and the chain puts its own in.",
)
def test_a_signature_for_something_else_proves_nothing(found: Found) -> None:
    other, stage = found(1, PATIENT), found(2, PATIENT)
    first, second = stage.made.members
    number = stage.open()
    stage.commit(number, first, second)
    other.open()
    made = stage.sign(number, first).signed()
    binding = binding_of(stage.chain, stage.number, number)
    elsewhere = [
        binding_of(stage.chain, other.number, 0),
        replace(binding, base_model=bytes([6]) * 32),
        replace(binding, coordinator=EVE.account),
        replace(binding, round=number + 1),
        replace(binding, genesis=bytes([8]) * 32),
        replace(binding, terms_hash=bytes([4]) * 32),
    ]
    for shown in elsewhere:
        said = statement_hash(shown, first.account, bytes([3]) * 32, 77)
        strange = SignedCommitment(bytes([3]) * 32, 77, first.sign(said))
        for pair in ((made, strange), (strange, made)):
            proof = TwoCommitments(first.account, *pair)
            with pytest.raises(ProofInvalid):
                stage.do("report_equivocation", number, proof, by=EVE)
    assert stage.chain.offences(stage.number) == {}


@cheat(
    Role.STRANGER,
    "Keeps a true proof until the round is over, to bring it when nobody can object any more.",
    Outcome.REFUSED,
    "`ReportWindowClosed`: reports end with the dispute window of the settlement.",
)
def test_a_report_has_its_time(found: Found) -> None:
    stage = found(2, TWO)
    first, second = stage.made.members
    number = stage.open()
    stage.commit(number, first, second)
    stage.settle(number)
    settlement = stage.round(number).settlement
    assert settlement is not None
    stage.wait(settlement.dispute_until)
    with pytest.raises(ReportWindowClosed):
        stage.do("report_equivocation", number, signed_twice(stage, number, first), by=EVE)


@cheat(
    Role.STRANGER,
    "Reports one offence twice, with another proof, to be paid twice, and has it executed before "
    "the accused may object.",
    Outcome.REFUSED,
    "`AlreadyReported`: a member is slashed once for a round. `DisputeWindowOpen`: not before its "
    "time.",
)
def test_an_offence_is_slashed_once(found: Found) -> None:
    stage = found(2, TWO)
    first, second = stage.made.members
    number = stage.open()
    stage.commit(number, first, second)
    stage.settle(number)
    stage.do("report_equivocation", number, signed_twice(stage, number, first), by=EVE)
    again = TwoCommitments(
        first.account,
        stage.sign(number, first, seed=5).signed(),
        stage.sign(number, first, seed=6).signed(),
    )
    with pytest.raises(AlreadyReported):
        stage.do("report_equivocation", number, again, by=FERDIE)
    with pytest.raises(DisputeWindowOpen):
        stage.do("execute_slash", number, first.account, by=EVE)
    offence = stage.chain.offences(stage.number)[number, first.account]
    stage.wait(offence.executable_at - 1)
    stage.do("execute_slash", number, first.account, by=FERDIE)
    assert stage.member(first).active == 50 * UNIT


@cheat(
    Role.STRANGER,
    "Proves that an honest root left a member out, with neighbours that are not next to each "
    "other, or have forged places.",
    Outcome.REFUSED,
    "`RootNotBad` and `ProofInvalid`: the index of a leaf is in its proof.",
)
def test_an_honest_root_leaves_nobody_out(found: Found) -> None:
    stage = found(5, replace(PATIENT, quorum=Quorum(count=5)))
    number = stage.open()
    stage.commit(number, *stage.made.members)
    proven = stage.leaves(number, stage.verdicts(number))
    stage.post(number, proven)
    named = proven[2].leaf.account
    forged = replace(proven[3], index=2)
    for before, after, error in (
        (proven[1], proven[3], RootNotBad),
        (proven[2], proven[3], RootNotBad),
        (proven[1], None, RootNotBad),
        (None, proven[0], RootNotBad),
        (proven[1], forged, ProofInvalid),
        (replace(proven[1], proof=proven[0].proof), proven[3], ProofInvalid),
        (replace(proven[1], leaf=replace(proven[1].leaf, score=1)), proven[3], ProofInvalid),
    ):
        with pytest.raises(error):
            stage.do("report_bad_root", number, AccountOmitted(named, before, after), by=EVE)
    between = AccountOmitted(EVE.account, None, proven[0])  # who did not commit is not missing
    with pytest.raises(RootNotBad):
        stage.do("report_bad_root", number, between, by=EVE)


@cheat(
    Role.STRANGER,
    "Claims the reward of somebody else.",
    Outcome.REFUSED,
    "Anyone may send the claim; it pays its owner only, and once.",
)
def test_a_claim_pays_its_owner(found: Found) -> None:
    stage = found(2, TWO)
    first, second = stage.made.members
    number = stage.open()
    stage.commit(number, first, second)
    stage.settle(number)
    settlement = stage.round(number).settlement
    assert settlement is not None
    stage.wait(settlement.dispute_until)
    before, mine = stage.free(first), stage.free(EVE)
    receipt = stage.do("claim", first.account, [number], by=EVE)
    assert stage.free(first) - before == 5 * UNIT
    assert mine - stage.free(EVE) == receipt.fee > 0
    for account in (first.account, EVE.account):
        with pytest.raises(NothingToClaim):
            stage.do("claim", account, [number], by=EVE)


@cheat(
    Role.STRANGER,
    "Calls the round of others off before they have settled it.",
    Outcome.REFUSED,
    "`SettleWindowOpen`: anyone may once the deadline is over, and not before.",
)
def test_a_round_is_called_off_by_its_own(found: Found) -> None:
    stage = found(2, TWO)
    first, second = stage.made.members
    number = stage.open()
    stage.commit(number, first, second)
    for who in (EVE, first):
        with pytest.raises(SettleWindowOpen):
            stage.do("abort", number, by=who)
    stage.settle(number)


@cheat(
    Role.STRANGER,
    "Takes the stake out of a federation for a member that has unbonded it all, so that the member "
    "has left with a strike, and loses rewards that it meant to wait for.",
    Outcome.REFUSED,
    "`withdraw` is open to all and pays only the member, but a member with strikes leaves by its "
    "own call only: it can claim first.",
)
def test_a_stranger_lets_a_member_leave_too_early(found: Found) -> None:
    stage = found(2, replace(TWO, vesting_rounds=4))
    first, second = stage.made.members
    for number, outcome in enumerate((Verdict.ACCEPTED, Verdict.REJECTED)):
        stage.open(NEXT_MODEL if number else bytes(32))
        stage.commit(number, first, second)
        stage.settle(number, stage.verdicts(number, {first.account: outcome}))
    stage.do("unbond", Planck(100 * UNIT), by=first)
    free_at = stage.member(first).unbonding[0].until
    settlement = stage.round(0).settlement
    assert settlement is not None
    assert free_at < settlement.vests_at
    stage.wait(free_at)
    earned = stage.chain.commitments(stage.number, 0)[first.account]
    assert (earned.reward, earned.payout) == (5 * UNIT, Payout.WAITING)
    stage.do("withdraw", first.account, by=EVE)
    assert stage.member(first).stake == 0
    with pytest.raises(NothingToWithdraw):
        stage.do("withdraw", first.account, by=EVE)
    kept = stage.chain.commitments(stage.number, 0)[first.account]
    assert (kept.reward, kept.payout) == (5 * UNIT, Payout.WAITING)
    stage.wait(settlement.vests_at)
    before = stage.free(first)
    stage.do("claim", first.account, [0], by=EVE)
    assert before < stage.free(first) <= before + 5 * UNIT
    assert event(stage.do("withdraw", first.account, by=first), "Left")
