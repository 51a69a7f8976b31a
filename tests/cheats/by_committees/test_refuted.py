"""Settlements that a committee refutes: who settled or attested them pays."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge import calls
from pallet_bridge.errors.pallet import NothingToClaim, SettleWindowClosed
from pallet_bridge.errors.refuting import NotRefuted
from pallet_bridge.keys import Signer
from pallet_bridge.settlement.refuting import words_on
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import (
    UNIT,
    Coupling,
    KeyScope,
    OffenceKind,
    Planck,
    RoundKey,
    RoundState,
)
from pallet_bridge.types import Outcome as Verdict
from tests.cheats.committees import HALF, WATCHED, Found, Stage, event, found, names
from tests.cheats.table import Outcome, Role, cheat

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

EVE = Signer.from_uri("//Eve")
LOOSE = replace(
    WATCHED, coupling=Coupling.LOOSE, coordinator_bond=Planck(100 * UNIT), misconduct=HALF
)
"""Nobody has to attest, and the bond answers for what is settled."""


def settled(found: Found, *rejected: int) -> tuple[Stage, int]:
    """Settle a round of three members who are attesters, in which two committed."""
    stage = found(3, LOOSE)
    members = stage.made.members
    stage.register(*members)
    number = stage.open()
    stage.commit(number, *members[:2])
    outcomes = {members[index].account: Verdict.REJECTED for index in rejected}
    stage.settle(number, stage.verdicts(number, outcomes))
    return stage, number


def words(stage: Stage, number: int) -> tuple[bytes, bytes]:
    round_ = stage.round(number)
    assert round_.settlement is not None
    key = RoundKey(stage.chain.genesis_hash, stage.number, number)
    return words_on(key, round_, round_.settlement)


def bond(stage: Stage) -> int:
    held = stage.chain.bond(stage.number, stage.boss.account)
    return 0 if held is None else held.amount


@cheat(
    Role.SERVER,
    "Settles a false verdict where nobody has to attest, and publishes what it decided on.",
    Outcome.PROVED,
    "Attesters do the round again (`bcfl attest --replay`, at the levels `decision` and `updates`) "
    "and refute the settlement. Anyone reports it: the round is void, and 50 of 100 UNIT of the "
    "bond are taken, first for who took part.",
)
def test_a_false_verdict_is_refuted_by_its_committee(found: Found) -> None:
    stage, number = settled(found, 0)
    first, second, third = stage.made.members
    _, refuted = words(stage, number)
    before = bond(stage)
    stage.attest(number, second, refuted, 1)
    stage.attest(number, third, refuted, 1)
    receipt = stage.do("report_wrong_verdict", number, by=EVE)
    assert {"RoundRefuted", "MisconductProved", "RoundVoided"} <= names(receipt)
    proved = event(receipt, "MisconductProved").fields
    assert (proved["taken"], proved["shared"]) == (50 * UNIT, 0)
    assert bond(stage) == before - 50 * UNIT
    round_ = stage.round(number)
    assert round_.state is RoundState.VOIDED
    assert round_.compensation is not None
    paid = stage.free(first)
    stage.do("claim", first.account, [number], by=EVE)
    assert stage.free(first) - paid == round_.compensation.each > 0


def test_a_key_that_only_attests_reports_it_too(found: Found) -> None:
    stage, number = settled(found, 0)
    _, second, third = stage.made.members
    _, refuted = words(stage, number)
    stage.chain.execute(calls.restrict(EVE.account, KeyScope.ATTESTER), second)
    stage.attest(number, second, refuted, 1)
    stage.attest(number, third, refuted, 1)
    assert "RoundVoided" in names(stage.do("report_wrong_verdict", number, by=second))


@cheat(
    Role.ATTESTER,
    "Attests a false settlement, without doing the round again or as a friend of the server.",
    Outcome.PROVED,
    "Once the others refuted it that is an offence: 50 of 100 UNIT are burned. It may be disputed.",
)
def test_who_attests_a_false_settlement_pays(found: Found) -> None:
    stage, number = settled(found, 0)
    first, second, third = stage.made.members
    attested, refuted = words(stage, number)
    stage.attest(number, third, attested, 1)
    for who in (first, second):
        stage.attest(number, who, refuted, 1)
    stage.do("report_wrong_verdict", number, by=EVE)
    offences = stage.chain.offences(stage.number)
    offence = offences[number, third.account]
    assert {account for _, account in offences} == {third.account}
    assert (offence.kind, offence.reporter) == (OffenceKind.FALSE_ATTESTATION, None)
    stage.wait(offence.executable_at - 1)
    slashed = event(stage.do("execute_slash", number, third.account, by=EVE), "Slashed")
    assert (slashed.fields["amount"], slashed.fields["burned"]) == (50 * UNIT, 50 * UNIT)
    assert stage.member(third).active == 50 * UNIT


@cheat(
    Role.ATTESTER,
    "Refutes an honest settlement, with less than the quorum or with exactly half of the votes.",
    Outcome.REFUSED,
    "`NotRefuted`: it takes the terms' `attest_quorum` and more than half of all votes. Silent "
    "seats count in the whole.",
)
def test_a_minority_refutes_nothing(found: Found) -> None:
    stage, number = settled(found)
    third = stage.made.members[2]
    _, refuted = words(stage, number)
    stage.attest(number, third, refuted, 1)
    with pytest.raises(NotRefuted):
        stage.do("report_wrong_verdict", number, by=third)
    assert stage.round(number).state is RoundState.SETTLED
    assert bond(stage) == 100 * UNIT


@cheat(
    Role.ATTESTER,
    "Attests a settlement, and refutes it too, to be right in any case.",
    Outcome.PROVED,
    "A seat says one thing: the second one is an offence, and counts for nothing.",
)
def test_a_seat_that_attests_and_refutes_counts_for_neither(found: Found) -> None:
    stage, number = settled(found)
    _, second, third = stage.made.members
    attested, refuted = words(stage, number)
    stage.attest(number, third, attested, 1)
    stage.attest(number, third, refuted, 2)
    stage.attest(number, second, refuted, 1)
    offence = stage.chain.offences(stage.number)[number, third.account]
    assert offence.kind is OffenceKind.ATTESTER_EQUIVOCATION
    with pytest.raises(NotRefuted):
        stage.do("report_wrong_verdict", number, by=second)


@cheat(
    Role.SERVER,
    "Settles in the last block in which it may, so that nobody has time to do the round again.",
    Outcome.PROVED,
    "A refutation has until the end of the dispute window. What attests has not: to look longer is "
    "no way to say something else.",
)
def test_a_late_settlement_leaves_time_to_refute_it(found: Found) -> None:
    stage = found(3, LOOSE)
    first, second, third = stage.made.members
    stage.register(first, second, third)
    number = stage.open()
    stage.commit(number, first, second)
    stage.wait(stage.round(number).settle_until - 1)
    stage.settle(number, stage.verdicts(number, {first.account: Verdict.REJECTED}))
    attested, refuted = words(stage, number)
    with pytest.raises(SettleWindowClosed):
        stage.attest(number, first, attested, 1)
    for who in (second, third):
        stage.attest(number, who, refuted, 1)
    stage.do("report_wrong_verdict", number, by=EVE)
    assert stage.round(number).state is RoundState.VOIDED


@cheat(
    Role.TOGETHER,
    "More than half of a committee refutes an honest settlement, to void the round and cost the "
    "coordinator its bond.",
    Outcome.WORD,
    "It is the committee's word: the audit names the round as refuted, and `--replay` says that it "
    "comes out as reported. Nobody gets a share of the bond, and those who took part get no more "
    "than the round would have paid. Have attesters of several organisations, and `attest_quorum` "
    "above one half.",
)
def test_a_hostile_committee_voids_a_round_and_gains_no_share(found: Found) -> None:
    stage, number = settled(found)
    _, second, third = stage.made.members
    _, refuted = words(stage, number)
    for who in (second, third):
        stage.attest(number, who, refuted, 1)
    before = stage.free(third)
    receipt = stage.do("report_wrong_verdict", number, by=third)
    assert event(receipt, "MisconductProved").fields["shared"] == 0
    assert stage.free(third) <= before
    round_ = stage.round(number)
    assert round_.compensation is not None
    reward = stage.chain.terms(stage.number).round_reward
    assert round_.compensation.each * round_.commitments <= reward
    with pytest.raises(NothingToClaim):  # who did not take part gets nothing of it
        stage.do("claim", third.account, [number], by=third)
