"""Members that sign two things, coordinators that accuse, and everybody who is early or late."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.settlement.merkle import settlement_root
from pallet_bridge.testing.machine.accounts import BASE, COMMITTEE
from pallet_bridge.testing.machine.memory import statement
from pallet_bridge.testing.scenarios.scenario import STAKE, ScenarioFederation, reaching
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
_SITTING = replace(
    _SLOW, quorum=Quorum(count=3), committee_size=2, attest_quorum=COMMITTEE.attest_quorum
)
"""The same with a committee, whose word nobody needs to settle."""


def _caught(chain: CheckedChain, arbiter: Arbiter | None = None) -> ScenarioFederation:
    """Let the first member sign twice in round 0, and the coordinator relay both."""
    terms = _SLOW if arbiter is None else replace(_SLOW, arbiter=arbiter)
    federation = ScenarioFederation.found(chain, terms)
    first, second, _ = federation.members
    federation.open()
    federation.relay(federation.signed(first, 0), federation.signed(second, 0))
    federation.relay(federation.signed(first, 1))
    return federation


def _proof(federation: ScenarioFederation, who: Signer, *seeds: int) -> TwoCommitments:
    one, other = (federation.signed(who, seed).signed() for seed in seeds)
    return TwoCommitments(who.account, one, other)


@reaching(
    "AlreadyReported", "NotAnOffence", "ProofInvalid", "DisputeWindowOpen", "OffenceNotDisputed",
    "OffencePending", "Suspended", "OffenceNotFound", "NotParticipant",
)  # fmt: skip
def sign_twice(chain: CheckedChain, draw: Draw) -> None:
    """Sign two updates for one round, be caught, and go on as if nothing was."""
    federation = _caught(chain)
    first, second, third = federation.members
    number, who = federation.newest, federation.stranger
    federation.do("report_equivocation", number, _proof(federation, first, 0, 1), by=who)
    federation.do("report_equivocation", number, _proof(federation, second, 0, 0), by=who)
    federation.do("report_equivocation", number, _proof(federation, third, 0, 1), by=who)
    forged = _proof(federation, second, 0, 1)
    forged = replace(forged, second=replace(forged.second, signature=bytes(64)))
    federation.do("report_equivocation", number, forged, by=who)
    federation.do("execute_slash", number, first.account, by=who)
    federation.do("execute_slash", number, second.account, by=who)
    uphold = bool(draw(st.booleans()))
    federation.do("resolve", number, first.account, uphold=uphold, by=federation.arbiter)
    federation.do("lapse", number, first.account, by=who)
    federation.do("withdraw", first.account, by=who)
    federation.settle(federation.verdicts())
    federation.open()
    federation.commit(first)
    federation.do("register_attester", bytes(32), by=first)
    federation.do("abort", federation.newest, by=federation.coordinator)


@reaching(
    "AlreadyDisputed", "DisputeOpen", "NotArbiter", "CoordinatorConflict", "DisputeClosed",
    "OffenceNotFound",
)  # fmt: skip
def resolve_by_outsiders(chain: CheckedChain, draw: Draw) -> None:
    """Dispute an offence, and let everybody decide it who must not."""
    federation = _caught(chain)
    first = federation.members[0]
    number, who = federation.newest, federation.stranger
    for _ in range(2):
        federation.do("dispute", number, by=first)
    federation.do("execute_slash", number, first.account, by=who)
    federation.do("lapse", number, first.account, by=who)
    for judge in (who, first):
        federation.do("resolve", number, first.account, uphold=False, by=judge)
    arbiter, coordinator = federation.arbiter, federation.coordinator
    federation.do("replace_coordinator", arbiter.account, by=coordinator)
    federation.do("resolve", number, first.account, uphold=True, by=arbiter)
    federation.do("replace_coordinator", coordinator.account, by=arbiter)
    if draw(st.booleans()):
        federation.do(
            "resolve", number, first.account, uphold=bool(draw(st.booleans())), by=arbiter
        )
    found = federation.books.offences[number, first.account]
    if found.dispute is not None:
        chain.wait_past(found.dispute.until)
        federation.do("resolve", number, first.account, uphold=True, by=arbiter)
        federation.do("lapse", number, first.account, by=who)
    federation.do("execute_slash", number, first.account, by=who)
    federation.do("execute_slash", number, first.account, by=who)
    again = _caught(chain)
    again.do("dispute", again.newest, by=first)
    found = again.books.offences[again.newest, first.account]
    chain.wait_past(0 if found.dispute is None else found.dispute.until)
    again.do("resolve", again.newest, first.account, uphold=True, by=arbiter)


@reaching("ReportWindowClosed", "DisputeClosed", "OffencePending", "RoundOffencesPending")
def report_too_late(chain: CheckedChain, draw: Draw) -> None:
    """Leave an offence alone until all windows are over, and then do everything at once."""
    federation = ScenarioFederation.found(chain, _SLOW)
    first, second, _ = federation.members
    federation.open()
    federation.commit(first, second)
    federation.settle(federation.verdicts())
    number, reporter = federation.newest, (federation.stranger, second)[draw(st.integers(0, 1))]
    federation.do("report_equivocation", number, _proof(federation, first, 0, 1), by=reporter)
    chain.wait_past(federation.settlement.dispute_until)
    federation.do("report_equivocation", number, _proof(federation, second, 0, 1), by=reporter)
    federation.do("claim", first.account, [number], by=first)
    chain.wait_past(federation.settlement.claim_until)
    federation.do("dispute", number, by=first)
    federation.do("expire", number, by=first)
    until = max(federation.round.ended_at or 0, federation.round.settle_until)
    chain.wait_past(until + _SLOW.retention_blocks)
    federation.do("prune", number, 9, by=first)
    federation.do("execute_slash", number, first.account, by=reporter)
    federation.do("prune", number, 9, by=reporter)


@reaching(
    "RoundNotSettled", "NotAnOffence", "AlreadyReported", "ProofInvalid", "NotCommitted",
    "RoundVoided", "NotAttested",
)  # fmt: skip
def accuse_falsely(chain: CheckedChain, draw: Draw) -> None:
    """Post that a member revealed another update, accuse it of the difference, and be refuted."""
    federation = ScenarioFederation.found(chain, _SITTING, members=3)
    seated = federation.members[1:]
    for who in seated:
        link = chain.memory.links(federation.number, who)[0]
        federation.do("register_attester", link, by=who)
    federation.open()
    federation.commit(*federation.members)
    number = federation.newest
    victim, bystander, third = sorted(federation.members, key=lambda member: member.account)
    leaves = [one.leaf for one in federation.planned().posted]
    honest = federation.planned().posted[1]
    federation.do("report_mismatch", number, honest, by=federation.stranger)
    leaves[0] = replace(leaves[0], revealed=bytes([draw(st.integers(1, 9))]) * 32)
    leaves[2] = replace(leaves[2], commitment=bytes(32))
    posted = federation.post_leaves(leaves, Planck(sum(leaf.reward for leaf in leaves)))
    federation.do("report_mismatch", number, posted[0], by=federation.stranger)
    said = statement(chain.turn(federation.number, number, bystander), settlement_root(leaves))
    for who in seated:
        preimage = chain.memory.links(federation.number, who)[1]
        federation.do("attest", number, said, preimage, by=who)
    elsewhere = replace(posted[1], index=0)
    for proven in (elsewhere, posted[1], posted[2], posted[0], posted[0]):
        federation.do("report_mismatch", number, proven, by=federation.stranger)
    federation.do("report_bad_root", number, LeafNotCommitted(posted[2]), by=bystander)
    chain.wait_past(federation.books.offences[number, victim.account].executable_at)
    federation.do("execute_slash", number, victim.account, by=third)
    federation.do("lapse", number, victim.account, by=third)


@reaching("OffencePending", "DisputeWindowOpen")
def unbond_before_the_slash(chain: CheckedChain, draw: Draw) -> None:
    """Be rejected until it is an offence, and unbond everything before the slash."""
    federation = _caught(chain, Arbiter.COUNCIL)
    first, second, _ = federation.members
    federation.settle(federation.verdicts(Outcome.REJECTED))
    number = federation.newest
    federation.do("unbond", STAKE, by=second)
    federation.do("execute_slash", number, second.account, by=federation.stranger)
    federation.do("withdraw", second.account, by=second)
    federation.do("dispute", number, by=first)
    uphold = bool(draw(st.booleans()))
    federation.do("resolve", number, first.account, uphold=uphold, by=federation.arbiter)
    federation.by_council(calls.resolve(federation.number, number, first.account, uphold=uphold))
    federation.do("execute_slash", number, first.account, by=federation.stranger)
    chain.wait_past(federation.books.offences[number, second.account].executable_at)
    federation.do("execute_slash", number, second.account, by=federation.stranger)
