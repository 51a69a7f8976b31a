"""Members that sign two things, coordinators that accuse, and everybody who is early or late."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.testing.machine.accounts import BASE
from pallet_bridge.testing.scenarios.scene import STAKE, Scene, reaching
from pallet_bridge.types import (
    Arbiter,
    LeafNotCommitted,
    Outcome,
    Planck,
    Quorum,
    TwoCommitments,
)

if TYPE_CHECKING:
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.machine.memory import Draw
    from pallet_bridge.testing.machine.step import CheckedChain

_SLOW = replace(
    BASE,
    quorum=Quorum(count=2),
    settle_blocks=8,
    dispute_blocks=16,
    unbonding_blocks=60,
    retention_blocks=30,
    strikes_to_slash=1,
)
"""One strike is an offence, and there is time to argue about it."""


def _caught(chain: CheckedChain, arbiter: Arbiter | None = None) -> Scene:
    """Let the first member sign twice in round 0, and the coordinator relay both."""
    terms = _SLOW if arbiter is None else replace(_SLOW, arbiter=arbiter)
    scene = Scene.found(chain, terms)
    first, second, _ = scene.members
    scene.open()
    scene.relay(scene.signed(first, 0), scene.signed(second, 0))
    scene.relay(scene.signed(first, 1))
    return scene


def _proof(scene: Scene, who: Signer, *seeds: int) -> TwoCommitments:
    one, other = (scene.signed(who, seed).signed() for seed in seeds)
    return TwoCommitments(who.account, one, other)


@reaching(
    "AlreadyReported", "NotAnOffence", "ProofInvalid", "DisputeWindowOpen", "OffenceNotDisputed",
    "OffencePending", "Suspended", "OffenceNotFound", "NotParticipant",
)  # fmt: skip
def sign_twice(chain: CheckedChain, draw: Draw) -> None:
    """Sign two updates for one round, be caught, and go on as if nothing was."""
    scene = _caught(chain)
    first, second, third = scene.members
    number, who = scene.newest, scene.stranger
    scene.do("report_equivocation", number, _proof(scene, first, 0, 1), by=who)
    scene.do("report_equivocation", number, _proof(scene, second, 0, 0), by=who)
    scene.do("report_equivocation", number, _proof(scene, third, 0, 1), by=who)
    forged = _proof(scene, second, 0, 1)
    forged = replace(forged, second=replace(forged.second, signature=bytes(64)))
    scene.do("report_equivocation", number, forged, by=who)
    scene.do("execute_slash", number, first.account, by=who)
    scene.do("execute_slash", number, second.account, by=who)
    uphold = bool(draw(st.booleans()))
    scene.do("resolve", number, first.account, uphold=uphold, by=scene.arbiter)
    scene.do("lapse", number, first.account, by=who)
    scene.do("withdraw", first.account, by=who)
    scene.settle(scene.verdicts())
    scene.open()
    scene.commit(first)
    scene.do("register_attester", bytes(32), by=first)
    scene.do("abort", scene.newest, by=scene.coordinator)


@reaching(
    "AlreadyDisputed", "DisputeOpen", "NotArbiter", "CoordinatorConflict", "DisputeClosed",
    "OffenceNotFound",
)  # fmt: skip
def resolve_by_outsiders(chain: CheckedChain, draw: Draw) -> None:
    """Dispute an offence, and let everybody decide it who must not."""
    scene = _caught(chain)
    first = scene.members[0]
    number, who = scene.newest, scene.stranger
    for _ in range(2):
        scene.do("dispute", number, by=first)
    scene.do("execute_slash", number, first.account, by=who)
    scene.do("lapse", number, first.account, by=who)
    for judge in (who, first):
        scene.do("resolve", number, first.account, uphold=False, by=judge)
    arbiter, coordinator = scene.arbiter, scene.coordinator
    scene.do("replace_coordinator", arbiter.account, by=coordinator)
    scene.do("resolve", number, first.account, uphold=True, by=arbiter)
    scene.do("replace_coordinator", coordinator.account, by=arbiter)
    if draw(st.booleans()):
        scene.do("resolve", number, first.account, uphold=bool(draw(st.booleans())), by=arbiter)
    found = scene.books.offences[number, first.account]
    if found.dispute is not None:
        chain.wait_past(found.dispute.until)
        scene.do("resolve", number, first.account, uphold=True, by=arbiter)
        scene.do("lapse", number, first.account, by=who)
    scene.do("execute_slash", number, first.account, by=who)
    scene.do("execute_slash", number, first.account, by=who)
    again = _caught(chain)
    again.do("dispute", again.newest, by=first)
    found = again.books.offences[again.newest, first.account]
    chain.wait_past(0 if found.dispute is None else found.dispute.until)
    again.do("resolve", again.newest, first.account, uphold=True, by=arbiter)


@reaching("ReportWindowClosed", "DisputeClosed", "OffencePending", "RoundOffencesPending")
def report_too_late(chain: CheckedChain, draw: Draw) -> None:
    """Leave an offence alone until all windows are over, and then do everything at once."""
    scene = Scene.found(chain, _SLOW)
    first, second, _ = scene.members
    scene.open()
    scene.commit(first, second)
    scene.settle(scene.verdicts())
    number, reporter = scene.newest, (scene.stranger, second)[draw(st.integers(0, 1))]
    scene.do("report_equivocation", number, _proof(scene, first, 0, 1), by=reporter)
    chain.wait_past(scene.settlement.dispute_until)
    scene.do("report_equivocation", number, _proof(scene, second, 0, 1), by=reporter)
    scene.do("claim", first.account, [number], by=first)
    chain.wait_past(scene.settlement.claim_until)
    scene.do("dispute", number, by=first)
    scene.do("expire", number, by=first)
    until = max(scene.round.ended_at or 0, scene.round.settle_until)
    chain.wait_past(until + _SLOW.retention_blocks)
    scene.do("prune", number, 9, by=first)
    scene.do("execute_slash", number, first.account, by=reporter)
    scene.do("prune", number, 9, by=reporter)


@reaching(
    "RoundNotSettled", "NotAnOffence", "AlreadyReported", "ProofInvalid", "NotCommitted",
    "RoundVoided",
)  # fmt: skip
def accuse_falsely(chain: CheckedChain, draw: Draw) -> None:
    """Post a digest that a member never revealed, accuse it of the difference, and be refuted."""
    scene = Scene.found(chain, replace(_SLOW, quorum=Quorum(count=3)), members=3)
    scene.open()
    scene.commit(*scene.members)
    number = scene.newest
    victim, bystander, third = sorted(scene.members, key=lambda member: member.account)
    openings = [scene.signed(who).opening() for who in (victim, bystander, third)]
    leaves = [one.leaf for one in scene.planned().posted]
    honest = scene.planned().posted[1]
    scene.do("report_mismatch", number, honest, openings[1], by=scene.stranger)
    leaves[0] = replace(leaves[0], digest=bytes([draw(st.integers(1, 9))]) * 32)
    leaves[2] = replace(leaves[2], commitment=bytes(32))
    posted = scene.post_leaves(leaves, Planck(sum(leaf.reward for leaf in leaves)))
    for place, opening in ((0, 1), (1, 1), (2, 2), (0, 0), (0, 0)):
        proven = posted[place]
        scene.do("report_mismatch", number, proven, openings[opening], by=scene.stranger)
    scene.do("report_bad_root", number, LeafNotCommitted(posted[2]), by=bystander)
    chain.wait_past(scene.books.offences[number, victim.account].executable_at)
    scene.do("execute_slash", number, victim.account, by=third)
    scene.do("lapse", number, victim.account, by=third)


@reaching("OffencePending", "DisputeWindowOpen")
def unbond_before_the_slash(chain: CheckedChain, draw: Draw) -> None:
    """Be rejected until it is an offence, and unbond everything before the slash."""
    scene = _caught(chain, Arbiter.COUNCIL)
    first, second, _ = scene.members
    scene.settle(scene.verdicts(Outcome.REJECTED))
    number = scene.newest
    scene.do("unbond", STAKE, by=second)
    scene.do("execute_slash", number, second.account, by=scene.stranger)
    scene.do("withdraw", second.account, by=second)
    scene.do("dispute", number, by=first)
    uphold = bool(draw(st.booleans()))
    scene.do("resolve", number, first.account, uphold=uphold, by=scene.arbiter)
    scene.by_council(calls.resolve(scene.number, number, first.account, uphold=uphold))
    scene.do("execute_slash", number, first.account, by=scene.stranger)
    chain.wait_past(scene.books.offences[number, second.account].executable_at)
    scene.do("execute_slash", number, second.account, by=scene.stranger)
