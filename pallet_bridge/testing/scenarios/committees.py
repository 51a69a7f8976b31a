"""Attesters that were not asked, say two things, or crowd all others out."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.testing.machine.accounts import BASE, COMMITTEE
from pallet_bridge.testing.machine.memory import statement
from pallet_bridge.testing.scenarios.scene import Scene, inner, reaching
from pallet_bridge.types import UNIT, AccountId, Arbiter, Planck, Quorum

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


def _register(scene: Scene, *attesters: Signer) -> None:
    for who in attesters:
        link = scene.chain.memory.links(scene.number, who)[0]
        scene.do("register_attester", link, by=who)


def _attest(scene: Scene, who: Signer, said: bytes, link: int = 1) -> str:
    preimage = scene.chain.memory.links(scene.number, who)[link]
    return scene.do("attest", scene.newest, said, preimage, by=who)


@reaching(
    "AlreadyAttester", "NotAttester", "CoordinatorConflict", "AttesterStake", "NotParticipant",
    "RoundNotSealed", "NotSeated", "WrongPreimage", "NotAttested", "AlreadyAttested",
    "RoundNotFound",
)  # fmt: skip
def attest_wrongly(chain: CheckedChain, draw: Draw) -> None:
    """Attest without a seat, too early, with a false key, twice, and two things."""
    scene = Scene.found(chain, _SITTING, members=3)
    first, second, third = scene.members
    scene.do("join", Planck(20 * UNIT), by=scene.coordinator)
    _register(scene, first, second, first, scene.coordinator, scene.stranger)
    scene.do("resign_attester", by=third)
    scene.do("unbond", Planck(draw(st.integers(1, 9)) * UNIT), by=first)
    _attest(scene, first, bytes(32))
    scene.open()
    said = bytes([4]) * 32
    _attest(scene, first, said)
    scene.commit(first, third)
    plan = scene.planned()
    said = statement(chain.turn(scene.number, scene.newest, first), plan.root)
    _attest(scene, third, said)
    _attest(scene, first, said, link=2)
    scene.settle(plan.verdicts)
    _attest(scene, first, bytes(32))
    for _ in range(2):
        _attest(scene, first, said)
    _attest(scene, second, bytes([6]) * 32)
    _attest(scene, second, said)
    scene.settle(plan.verdicts, by=first if draw(st.booleans()) else None)
    scene.do("resign_attester", by=first)
    scene.do("resign_attester", by=first)


@reaching("NotSeated", "AlreadyVoted", "NotArbiter", "CoordinatorConflict")
def judge_without_a_seat(chain: CheckedChain, draw: Draw) -> None:
    """Judge a dispute twice, as the accused, as the coordinator, and without a seat."""
    scene = Scene.found(chain, replace(_SITTING, committee_size=3), members=3)
    first, second, third = scene.members
    _register(scene, second, third)
    scene.open()
    scene.relay(scene.signed(first, 0), scene.signed(second, 0))
    scene.relay(scene.signed(first, 1))
    number, accused = scene.newest, first.account
    scene.do("dispute", number, by=first)
    uphold = bool(draw(st.booleans()))
    for who in (first, scene.coordinator, scene.stranger, second, second, third):
        scene.do("resolve", number, accused, uphold=uphold, by=who)
    scene.do("execute_slash", number, accused, by=scene.stranger)


@reaching("TooManyAttesters")
def too_many_attesters(chain: CheckedChain, _: Draw) -> None:
    """Fill all places of attesters with accounts of one's own, so that nobody else sits."""
    scene = Scene.found(chain, replace(BASE, max_participants=_PLACES + 6), members=1)
    number, (first, *_rest) = scene.number, scene.members
    names = [AccountId(number.to_bytes(16, "little") + n.to_bytes(16, "little")) for n in
             range(1, _PLACES + 1)]  # fmt: skip
    fed = [calls.transfer(who, Planck(6 * UNIT)) for who in names]
    joined = [_as(who, calls.join(number, BASE.min_stake)) for who in names]
    offered = [_as(who, calls.register_attester(number, bytes([1]) * 32)) for who in names]
    for batch in (fed, joined, offered):
        chain.do("utility batch", calls.batch(batch), scene.coordinator)
    _register(scene, first)


def _as(who: AccountId, call: Call) -> Call:
    """Return a call by which the sudo key acts for an account whose key nobody needs."""
    return Call("Sudo", "sudo_as", {"who": "0x" + who.raw.hex(), "call": inner(call)})


@reaching("NotAttested")
def never_attest(chain: CheckedChain, draw: Draw) -> None:
    """Sit in committee after committee without a word, until the draw forgets one."""
    scene = Scene.found(chain, replace(_SITTING, arbiter=Arbiter.COUNCIL, settle_blocks=6,
                                           dispute_blocks=4))  # fmt: skip
    first, second, _ = scene.members
    _register(scene, first, second)
    for _ in range(draw(st.integers(4, 5))):
        scene.open()
        scene.commit(first, second)
        plan = scene.planned()
        scene.settle(plan.verdicts)
        said = statement(chain.turn(scene.number, scene.newest, second), plan.root)
        links = chain.memory.links(scene.number, second)
        if scene.do("attest", scene.newest, said, links[1], by=second) == "ok":
            del links[0]
        scene.settle(plan.verdicts)
        chain.wait_past(scene.round.settle_until)
        scene.do("abort", scene.newest, by=scene.stranger)
