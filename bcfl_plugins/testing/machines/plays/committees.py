"""Attesters that were not asked, say two things, or crowd all others out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from bcfl_plugins.testing.machines.acts import statement
from bcfl_plugins.testing.machines.cast import BASE, COMMITTEE
from bcfl_plugins.testing.machines.plays.company import Company, inner, reaching
from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.types import UNIT, AccountId, Arbiter, Planck, Quorum

if TYPE_CHECKING:
    from bcfl_plugins.testing.machines.acts import Draw
    from bcfl_plugins.testing.machines.stage import Stage
    from pallet_bridge.keys import Signer

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


def _register(company: Company, *attesters: Signer) -> None:
    for who in attesters:
        link = company.stage.memory.links(company.number, who)[0]
        company.do("register_attester", link, by=who)


def _attest(company: Company, who: Signer, said: bytes, link: int = 1) -> str:
    preimage = company.stage.memory.links(company.number, who)[link]
    return company.do("attest", company.newest, said, preimage, by=who)


@reaching(
    "AlreadyAttester", "NotAttester", "CoordinatorConflict", "AttesterStake", "NotParticipant",
    "RoundNotSealed", "NotSeated", "WrongPreimage", "NotAttested", "AlreadyAttested",
    "RoundNotFound",
)  # fmt: skip
def loud_committee(stage: Stage, draw: Draw) -> None:
    """Attest without a seat, too early, with a false key, twice, and two things."""
    company = Company.found(stage, _SITTING, members=3)
    first, second, third = company.members
    company.do("join", Planck(20 * UNIT), by=company.coordinator)
    _register(company, first, second, first, company.coordinator, company.stranger)
    company.do("resign_attester", by=third)
    company.do("unbond", Planck(draw(st.integers(1, 9)) * UNIT), by=first)
    _attest(company, first, bytes(32))
    company.open()
    said = bytes([4]) * 32
    _attest(company, first, said)
    company.commit(first, third)
    plan = company.planned()
    said = statement(stage.scene(company.number, company.newest, first), plan.root)
    _attest(company, third, said)
    _attest(company, first, said, link=2)
    company.settle(plan.verdicts)
    _attest(company, first, bytes(32))
    for _ in range(2):
        _attest(company, first, said)
    _attest(company, second, bytes([6]) * 32)
    _attest(company, second, said)
    company.settle(plan.verdicts, by=first if draw(st.booleans()) else None)
    company.do("resign_attester", by=first)
    company.do("resign_attester", by=first)


@reaching("NotSeated", "AlreadyVoted", "NotArbiter", "CoordinatorConflict")
def packed_jury(stage: Stage, draw: Draw) -> None:
    """Judge a dispute twice, as the accused, as the coordinator, and without a seat."""
    company = Company.found(stage, replace(_SITTING, committee_size=3), members=3)
    first, second, third = company.members
    _register(company, second, third)
    company.open()
    company.relay(company.signed(first, 0), company.signed(second, 0))
    company.relay(company.signed(first, 1))
    number, accused = company.newest, first.account
    company.do("dispute", number, by=first)
    uphold = bool(draw(st.booleans()))
    for who in (first, company.coordinator, company.stranger, second, second, third):
        company.do("resolve", number, accused, uphold=uphold, by=who)
    company.do("execute_slash", number, accused, by=company.stranger)


@reaching("TooManyAttesters")
def throng(stage: Stage, _: Draw) -> None:
    """Fill all places of attesters with accounts of one's own, so that nobody else sits."""
    company = Company.found(stage, replace(BASE, max_participants=_PLACES + 6), members=1)
    number, (first, *_rest) = company.number, company.members
    names = [AccountId(number.to_bytes(16, "little") + n.to_bytes(16, "little")) for n in
             range(1, _PLACES + 1)]  # fmt: skip
    fed = [calls.transfer(who, Planck(6 * UNIT)) for who in names]
    joined = [_as(who, calls.join(number, BASE.min_stake)) for who in names]
    offered = [_as(who, calls.register_attester(number, bytes([1]) * 32)) for who in names]
    for batch in (fed, joined, offered):
        stage.do("utility batch", calls.batch(batch), company.coordinator)
    _register(company, first)


def _as(who: AccountId, call: Call) -> Call:
    """Return a call by which the sudo key acts for an account whose key nobody needs."""
    return Call("Sudo", "sudo_as", {"who": "0x" + who.raw.hex(), "call": inner(call)})


@reaching("NotAttested")
def silent_committee(stage: Stage, draw: Draw) -> None:
    """Sit in committee after committee without a word, until the draw forgets one."""
    company = Company.found(stage, replace(_SITTING, arbiter=Arbiter.COUNCIL, settle_blocks=6,
                                           dispute_blocks=4))  # fmt: skip
    first, second, _ = company.members
    _register(company, first, second)
    for _ in range(draw(st.integers(4, 5))):
        company.open()
        company.commit(first, second)
        plan = company.planned()
        company.settle(plan.verdicts)
        said = statement(stage.scene(company.number, company.newest, second), plan.root)
        links = stage.memory.links(company.number, second)
        if company.do("attest", company.newest, said, links[1], by=second) == "ok":
            del links[0]
        company.settle(plan.verdicts)
        stage.wait_past(company.round.settle_until)
        company.do("abort", company.newest, by=company.stranger)
