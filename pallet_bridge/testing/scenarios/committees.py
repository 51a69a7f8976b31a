"""Attesters that were not asked, say two things, or crowd all others out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.settlement.refuting import words_on
from pallet_bridge.testing.machine.accounts import BASE, COMMITTEE
from pallet_bridge.testing.machine.memory import statement
from pallet_bridge.testing.scenarios.scenario import ScenarioFederation, inner, reaching
from pallet_bridge.types import UNIT, AccountId, Arbiter, Coupling, Planck, Quorum, RoundKey

if TYPE_CHECKING:
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.machine.memory import Draw
    from pallet_bridge.testing.machine.step import CheckedChain

_SITTING = replace(
    COMMITTEE,
    quorum=Quorum(count=2),
    settle_blocks=20,
    dispute_blocks=16,
    unbonding_blocks=80,
    retention_blocks=40,
)
_PLACES = 64
"""How many attesters a federation takes."""


def _register(federation: ScenarioFederation, *attesters: Signer) -> None:
    for who in attesters:
        link = federation.chain.memory.links(federation.number, who)[0]
        federation.do("register_attester", link, by=who)


def _attest(federation: ScenarioFederation, who: Signer, attested: bytes, link: int = 1) -> str:
    preimage = federation.chain.memory.links(federation.number, who)[link]
    return federation.do("attest", federation.newest, attested, preimage, by=who)


@reaching(
    "AlreadyAttester", "NotAttester", "CoordinatorConflict", "AttesterStake", "NotParticipant",
    "RoundNotSealed", "NotSeated", "WrongPreimage", "NotAttested", "AlreadyAttested",
    "RoundNotFound",
)  # fmt: skip
def attest_wrongly(chain: CheckedChain, draw: Draw) -> None:
    """Attest without a seat, too early, with a false key, twice, and two things."""
    federation = ScenarioFederation.found(chain, _SITTING, members=3)
    first, second, third = federation.members
    federation.join(Planck(20 * UNIT), federation.coordinator)
    _register(federation, first, second, first, federation.coordinator, federation.stranger)
    federation.do("resign_attester", by=third)
    federation.do("unbond", Planck(draw(st.integers(1, 9)) * UNIT), by=first)
    _attest(federation, first, bytes(32))
    federation.open()
    attested = bytes([4]) * 32
    _attest(federation, first, attested)
    federation.commit(first, third)
    plan = federation.planned()
    attested = statement(chain.turn(federation.number, federation.newest, first), plan.root)
    _attest(federation, third, attested)
    _attest(federation, first, attested, link=2)
    federation.settle(plan.verdicts)
    _attest(federation, first, bytes(32))
    for _ in range(2):
        _attest(federation, first, attested)
    _attest(federation, second, bytes([6]) * 32)
    _attest(federation, second, attested)
    federation.settle(plan.verdicts, by=first if draw(st.booleans()) else None)
    federation.do("resign_attester", by=first)
    federation.do("resign_attester", by=first)


@reaching("NotSeated", "AlreadyVoted", "NotArbiter", "CoordinatorConflict")
def judge_without_a_seat(chain: CheckedChain, draw: Draw) -> None:
    """Judge a dispute twice, as the accused, as the coordinator, and without a seat."""
    federation = ScenarioFederation.found(chain, replace(_SITTING, committee_size=3), members=3)
    first, second, third = federation.members
    _register(federation, second, third)
    federation.open()
    federation.relay(federation.signed(first, 0), federation.signed(second, 0))
    federation.relay(federation.signed(first, 1))
    number, accused = federation.newest, first.account
    federation.do("dispute", number, by=first)
    uphold = bool(draw(st.booleans()))
    for who in (first, federation.coordinator, federation.stranger, second, second, third):
        federation.do("resolve", number, accused, uphold=uphold, by=who)
    federation.do("execute_slash", number, accused, by=federation.stranger)


@reaching("RoundNotSettled", "NotRefuted", "RoundVoided", "SettleWindowClosed", "DisputeWindowOpen")
def refute_a_settlement(chain: CheckedChain, draw: Draw) -> None:
    """Do a round again and say that something else comes out: alone, with others, early, late."""
    terms = replace(_SITTING, coupling=Coupling.LOOSE, committee_size=3, settle_blocks=6)
    federation = ScenarioFederation.found(chain, terms, members=3)
    first, second, third = federation.members
    _register(federation, first, second, third)
    federation.open()
    federation.commit(first, second)
    number, reporter = federation.newest, (federation.stranger, second)[draw(st.integers(0, 1))]
    federation.do("report_wrong_verdict", number, by=reporter)
    federation.settle(federation.verdicts())
    key = RoundKey(chain.memory.genesis, federation.number, number)
    attested, refuted = words_on(key, federation.round, federation.settlement)
    _attest(federation, first, refuted)
    federation.do("report_wrong_verdict", number, by=reporter)
    _attest(federation, second, attested)
    chain.wait_past(federation.round.settle_until)
    _attest(federation, third, attested)
    _attest(federation, third, refuted)
    for _ in range(2):
        federation.do("report_wrong_verdict", number, by=reporter)
    federation.do("execute_slash", number, second.account, by=reporter)
    chain.wait_past(federation.books.offences[number, second.account].executable_at)
    federation.do("execute_slash", number, second.account, by=reporter)


@reaching("TooManyAttesters")
def too_many_attesters(chain: CheckedChain, _: Draw) -> None:
    """Fill all places of attesters with accounts of one's own, so that nobody else sits."""
    federation = ScenarioFederation.found(
        chain, replace(BASE, max_participants=_PLACES + 6), members=1
    )
    number, (first, *_rest) = federation.number, federation.members
    names = [AccountId(number.to_bytes(16, "little") + n.to_bytes(16, "little")) for n in
             range(1, _PLACES + 1)]  # fmt: skip
    fed = [calls.transfer(who, Planck(6 * UNIT)) for who in names]
    joined = [_as(who, chain.join(number, BASE.min_stake)) for who in names]
    offered = [_as(who, calls.register_attester(number, bytes([1]) * 32)) for who in names]
    for batch in (fed, joined, offered):
        chain.do("utility batch", calls.batch(batch), federation.coordinator)
    _register(federation, first)


def _as(who: AccountId, call: Call) -> Call:
    """Return a call by which the sudo key acts for an account whose key nobody needs."""
    return Call("Sudo", "sudo_as", {"who": "0x" + who.raw.hex(), "call": inner(call)})


@reaching("NotAttested")
def never_attest(chain: CheckedChain, draw: Draw) -> None:
    """Sit in committee after committee without a word, until the draw forgets one."""
    terms = replace(_SITTING, arbiter=Arbiter.COUNCIL, settle_blocks=6, dispute_blocks=4)
    federation = ScenarioFederation.found(chain, terms)
    first, second, _ = federation.members
    _register(federation, first, second)
    for _ in range(draw(st.integers(4, 5))):
        federation.open()
        federation.commit(first, second)
        plan = federation.planned()
        federation.settle(plan.verdicts)
        attested = statement(chain.turn(federation.number, federation.newest, second), plan.root)
        links = chain.memory.links(federation.number, second)
        if federation.do("attest", federation.newest, attested, links[1], by=second) == "ok":
            del links[0]
        federation.settle(plan.verdicts)
        chain.wait_past(federation.round.settle_until)
        federation.do("abort", federation.newest, by=federation.stranger)
