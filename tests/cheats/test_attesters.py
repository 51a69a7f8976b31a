"""Attesters that say nothing, two things, or more than one seat's worth."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge.encoding import attest_payload
from pallet_bridge.errors.pallet import AttesterStake, NotAttested, WrongPreimage
from pallet_bridge.keys import Signer
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import (
    UNIT,
    Admission,
    OffenceKind,
    Planck,
    RoundKey,
    RoundState,
    SignedStatement,
    TwoStatements,
)
from tests.cheats.committees import NEXT_MODEL, WATCHED, Found, Stage, event, found
from tests.cheats.table import Outcome, Role, cheat

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

EVE, FERDIE = Signer.from_uri("//Eve"), Signer.from_uri("//Ferdie")


def settled_once(stage: Stage) -> None:
    """Settle a first round with all three members attesting, so that there is a seed."""
    first, second, third = stage.made.members
    stage.register(first, second, third)
    number = stage.open()
    stage.commit(number, first, second)
    said = stage.statement(number)
    for who in (first, second, third):
        stage.attest(number, who, said, 1)
    stage.settle(number)


@cheat(
    Role.ATTESTER,
    "Holds most seats and says nothing, so that the coordinator fails and is voted out.",
    Outcome.PROVED,
    "The round is aborted without a failure mark. Each silent seat loses `silence` of its stake, "
    "here 1 of 100 UNIT.",
)
def test_silent_seats_make_nobody_fail_but_themselves(found: Found) -> None:
    stage = found(3, WATCHED)
    first, second, third = stage.made.members
    stage.register(first, second, third)
    number = stage.open()
    stage.commit(number, first, second)
    stage.attest(number, first, stage.statement(number), 1)
    with pytest.raises(NotAttested):
        stage.settle(number)
    stage.wait(stage.round(number).settle_until)
    stage.do("abort", number, by=stage.boss)
    state = stage.chain.federation(stage.number)
    assert (state.failed_rounds, state.failures_in_row) == (0, 0)
    offences = stage.chain.offences(stage.number)
    assert {(account, one.kind, one.amount) for (_, account), one in offences.items()} == {
        (who.account, OffenceKind.SILENCE, UNIT) for who in (second, third)
    }
    stage.wait(max(one.executable_at for one in offences.values()) - 1)
    for who in (second, third):
        stage.do("execute_slash", number, who.account, by=EVE)
    assert [stage.member(who).active for who in (first, second, third)] == [
        100 * UNIT,
        99 * UNIT,
        99 * UNIT,
    ]


@cheat(
    Role.ATTESTER,
    "Attests two settlements of one round on chain, to help whichever wins.",
    Outcome.PROVED,
    "The second statement is an offence: 50 of 100 UNIT are burned, and the seat counts for "
    "neither.",
)
def test_a_seat_that_says_two_things_counts_for_neither(found: Found) -> None:
    stage = found(3, WATCHED)
    first, second, third = stage.made.members
    stage.register(first, second, third)
    number = stage.open()
    stage.commit(number, first, second)
    said = stage.statement(number)
    stage.attest(number, first, said, 1)
    stage.attest(number, second, said, 1)
    stage.attest(number, first, bytes([7]) * 32, 2)
    with pytest.raises(NotAttested):
        stage.settle(number)
    stage.attest(number, third, said, 1)
    stage.settle(number)
    offence = stage.chain.offences(stage.number)[number, first.account]
    assert (offence.kind, offence.reporter) == (OffenceKind.ATTESTER_EQUIVOCATION, None)
    stage.wait(offence.executable_at - 1)
    slashed = event(stage.do("execute_slash", number, first.account, by=EVE), "Slashed")
    assert (slashed.fields["amount"], slashed.fields["burned"]) == (50 * UNIT, 50 * UNIT)
    assert stage.member(first).active == 50 * UNIT


@cheat(
    Role.ATTESTER,
    "Attests one settlement on chain, and signs another for somebody off chain.",
    Outcome.PROVED,
    "Anyone who holds both brings them: 50 of 100 UNIT are taken, 5 of them go to who did.",
)
def test_two_signed_statements_are_proof(found: Found) -> None:
    stage = found(3, WATCHED)
    first, second, third = stage.made.members
    stage.register(first, second, third)
    number = stage.open()
    stage.commit(number, first, second)
    said, other = stage.statement(number), bytes([9]) * 32
    for who in (first, second):
        stage.attest(number, who, said, 1)
    stage.settle(number)
    key = RoundKey(stage.chain.genesis_hash, stage.number, number)
    signature = first.sign(attest_payload(key, first.account, other))
    proof = TwoStatements(
        first.account, SignedStatement(said, bytes(64)), SignedStatement(other, signature)
    )
    stage.do("report_equivocation", number, proof, by=EVE)
    offence = stage.chain.offences(stage.number)[number, first.account]
    stage.wait(offence.executable_at - 1)
    before = stage.free(EVE)
    stage.do("execute_slash", number, first.account, by=FERDIE)
    assert stage.free(EVE) - before == 5 * UNIT
    assert stage.member(first).active == 50 * UNIT


@cheat(
    Role.ATTESTER,
    "Registers two accounts of one organisation, to hold two of three seats.",
    Outcome.REFUSED,
    "An organisation has one seat of a committee, however many attesters and stake it has.",
)
def test_an_organisation_has_one_seat(found: Found) -> None:
    stage = found(0, replace(WATCHED, admission=Admission.INVITED))
    clinic = [stage.newcomer(f"clinic-{n}", 900 * UNIT, b"Clinic") for n in range(2)]
    other = stage.newcomer("other", 100 * UNIT, b"Other")
    stage.register(*clinic, other)
    number = stage.open()
    seated = stage.seated(number)
    assert other.account in seated
    assert len(seated & {who.account for who in clinic}) == 1


@cheat(
    Role.ATTESTER,
    "Sees the seed of the next committee, and then registers a stake that would be drawn.",
    Outcome.REFUSED,
    "Who registered after the reveals of a seed is in none of its draws, and young stake weighs "
    "little.",
)
def test_who_registers_once_the_seed_is_known_is_not_drawn(found: Found) -> None:
    stage = found(3, replace(WATCHED, aging_blocks=50))
    settled_once(stage)
    sybil = stage.newcomer("sybil", 5_000 * UNIT)
    receipt = stage.do("register_attester", stage.links(sybil)[0], by=sybil)
    age = receipt.block.number - stage.member(sybil).held_since
    assert event(receipt, "AttesterRegistered").fields["weight"] == 5_000 * UNIT * age // 50
    number = stage.open(NEXT_MODEL)
    assert stage.seated(number) == {who.account for who in stage.made.members}


@cheat(
    Role.ATTESTER,
    "Reveals a value of its choice, to steer the next draw.",
    Outcome.REFUSED,
    "`WrongPreimage`: the chain of hashes was fixed when it registered.",
)
def test_a_reveal_cannot_be_chosen(found: Found) -> None:
    stage = found(3, WATCHED)
    first, second, third = stage.made.members
    stage.register(first, second, third)
    number = stage.open()
    stage.commit(number, first, second)
    said = stage.statement(number)
    for chosen in (bytes([5]) * 32, stage.links(second)[1]):
        with pytest.raises(WrongPreimage):
            stage.do("attest", number, said, chosen, by=first)
    assert not stage.chain.federation(stage.number).seeded


@cheat(
    Role.ATTESTER,
    "Takes the stake out that it is drawn by, and keeps the place.",
    Outcome.REFUSED,
    "`AttesterStake`: who is registered keeps the stake that it is weighed by.",
)
def test_the_stake_behind_a_place_stays(found: Found) -> None:
    stage = found(1, replace(WATCHED, min_stake=Planck(40 * UNIT)))
    (only,) = stage.made.members
    stage.do("add_stake", Planck(60 * UNIT), by=only)
    stage.register(only)
    with pytest.raises(AttesterStake):
        stage.do("unbond", Planck(60 * UNIT), by=only)
    assert stage.member(only).active == 100 * UNIT


@cheat(
    Role.ATTESTER,
    "Resigns and takes all its stake out while the present seed still draws it, and then lets "
    "its seats pass in silence.",
    Outcome.PROVED,
    "The round is lost, and the seats pay: stake on its way out stays for the rounds that they are "
    "drawn for, they can speak, and silence costs of it. They are out with the next reveal.",
)
def test_seats_of_those_who_resigned_are_silent_for_nothing(found: Found) -> None:
    stage = found(3, WATCHED)
    first, second, third = stage.made.members
    settled_once(stage)
    for who in (second, third):
        stage.do("resign_attester", by=who)
        stage.do("unbond", Planck(100 * UNIT), by=who)
    number = stage.open(NEXT_MODEL)
    assert {second.account, third.account} < stage.seated(number)
    newcomer = stage.newcomer("newcomer", 100 * UNIT)
    stage.commit(number, first, newcomer)
    stage.attest(number, first, stage.statement(number), 2)
    stage.wait(stage.round(number).settle_until)
    stage.do("abort", number, by=stage.boss)
    assert stage.round(number).state is RoundState.ABORTED
    assert stage.chain.federation(stage.number).failed_rounds == 0
    silent = stage.chain.offences(stage.number)
    assert {place: one.kind for place, one in silent.items()} == {
        (number, who.account): OffenceKind.SILENCE for who in (second, third)
    }
    again = stage.open(NEXT_MODEL)
    assert stage.seated(again) == {first.account}
    for who in (second, third):
        stage.wait(silent[number, who.account].executable_at)
        stage.do("execute_slash", number, who.account, by=EVE)
        assert stage.member(who).stake == 99 * UNIT
