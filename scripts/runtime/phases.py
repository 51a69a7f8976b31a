"""One federation for each phase that a state may be in; see `record_state`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final

from pallet_bridge.testing.machine.accounts import BASE
from pallet_bridge.testing.machine.memory import statement
from pallet_bridge.testing.machine.step import OK, CheckedChain
from pallet_bridge.testing.scenarios.scenario import STAKE, ScenarioFederation
from pallet_bridge.types import (
    UNIT,
    Arbiter,
    Coupling,
    Governance,
    LeafNotCommitted,
    MembersVote,
    Outcome,
    Perbill,
    Planck,
    Quorum,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.types import Terms

_LONG: Final = 400
"""Blocks of a window that is open still when all phases have been played."""
_HALF: Final = Perbill(5 * 10**8)
_VOTE: Final = MembersVote(_HALF, _HALF, voting_blocks=_LONG, delay_blocks=2)

SLOW: Final = replace(
    BASE,
    quorum=Quorum(count=2),
    commit_blocks=_LONG,
    settle_blocks=_LONG,
    dispute_blocks=_LONG,
    unbonding_blocks=10 * _LONG,
    claim_blocks=_LONG,
    retention_blocks=4 * _LONG,
    training={"learning_rate": 10**7, "defense": bytes([9]) * 32},
)
"""Everything stays as it is left."""
QUICK: Final = replace(SLOW, commit_blocks=4, settle_blocks=4, dispute_blocks=2)
"""Rewards may be claimed at once."""
SEATED: Final = replace(
    SLOW,
    arbiter=Arbiter.ATTESTERS,
    coupling=Coupling.FULL,
    attest_quorum=_HALF,
    committee_size=3,
)


def _founded(chain: CheckedChain, terms: Terms, members: int = 3) -> ScenarioFederation:
    return ScenarioFederation.found(chain, terms, members=members)


def _must(outcome: str) -> None:
    if outcome != OK:
        raise SystemExit(f"a phase was not reached: {outcome}")


def _round(federation: ScenarioFederation, members: int = 2) -> None:
    federation.open()
    federation.commit(*federation.members[:members])


def empty(chain: CheckedChain) -> ScenarioFederation:
    """Leave it without members."""
    return _founded(chain, SLOW, members=0)


def open_round(chain: CheckedChain) -> ScenarioFederation:
    """Leave a round open with two commitments, one of them relayed."""
    federation = _founded(chain, replace(SLOW, quorum=Quorum(count=3)))
    _round(federation, members=1)
    federation.relay(federation.signed(federation.members[1]))
    return federation


def sealed(chain: CheckedChain) -> ScenarioFederation:
    """Leave a round sealed by its quorum, not settled."""
    federation = _founded(chain, SLOW)
    _round(federation)
    return federation


def listed(chain: CheckedChain) -> ScenarioFederation:
    """Settle two rounds by lists, both disputable; a member has a strike and a clean round."""
    federation = _founded(chain, SLOW)
    for outcome in (Outcome.REJECTED, Outcome.ACCEPTED):
        _round(federation)
        first, *others = federation.verdicts()
        _must(federation.settle([replace(first, outcome=outcome), *others]))
    return federation


def rooted(chain: CheckedChain) -> ScenarioFederation:
    """Settle a round by a root whose leaves may not be applied yet."""
    federation = _founded(chain, SLOW)
    _round(federation)
    _must(federation.post(federation.planned()))
    return federation


def rooted_partly(chain: CheckedChain) -> ScenarioFederation:
    """Apply and pay one leaf of a root, and leave another."""
    federation = _founded(chain, QUICK)
    _round(federation)
    plan = federation.planned()
    _must(federation.post(plan))
    chain.wait_past(federation.settlement.dispute_until)
    _must(federation.do("apply_leaf", 0, plan.posted[0], by=federation.stranger))
    paid = plan.posted[0].leaf.account
    _must(federation.do("claim", paid, [0], by=federation.stranger))
    return federation


def paid_partly(chain: CheckedChain) -> ScenarioFederation:
    """Pay one of two rewards."""
    federation = _founded(chain, QUICK)
    _round(federation)
    _must(federation.settle(federation.verdicts()))
    chain.wait_past(federation.settlement.dispute_until)
    _must(federation.do("claim", federation.members[0].account, [0], by=federation.stranger))
    return federation


def expired(chain: CheckedChain) -> ScenarioFederation:
    """Give the escrow back what nobody claimed."""
    federation = _founded(chain, replace(QUICK, claim_blocks=2))
    _round(federation)
    _must(federation.settle(federation.verdicts()))
    chain.wait_past(federation.settlement.claim_until)
    _must(federation.do("expire", 0, by=federation.stranger))
    return federation


def pruned(chain: CheckedChain) -> ScenarioFederation:
    """Prune an old round to its root, and another one by half."""
    federation = _founded(chain, replace(QUICK, claim_blocks=2, retention_blocks=6))
    for _ in range(2):
        _round(federation)
        _must(federation.settle(federation.verdicts()))
    chain.wait_past(federation.round.settle_until + 8)
    for number, limit in ((0, 9), (1, 1)):
        _must(federation.do("prune", number, limit, by=federation.stranger))
    return federation


def aborted(chain: CheckedChain) -> ScenarioFederation:
    """Give a round up after a commitment."""
    federation = _founded(chain, SLOW)
    _round(federation, members=1)
    _must(federation.do("abort", 0, by=federation.coordinator))
    return federation


def voided(chain: CheckedChain) -> ScenarioFederation:
    """Prove a root wrong."""
    federation = _founded(chain, SLOW)
    _round(federation)
    leaves = [one.leaf for one in federation.planned().posted]
    leaves[0] = replace(leaves[0], commitment=bytes(32))
    posted = federation.post_leaves(leaves, Planck(0))
    proof = LeafNotCommitted(posted[0])
    _must(federation.do("report_bad_root", 0, proof, by=federation.stranger))
    return federation


def _caught(chain: CheckedChain, terms: Terms = SLOW) -> ScenarioFederation:
    """Record that two members signed two updates each."""
    federation = _founded(chain, terms)
    federation.open()
    first, second, _ = federation.members
    federation.relay(federation.signed(first, 0), federation.signed(second, 0))
    federation.relay(federation.signed(first, 1), federation.signed(second, 1))
    return federation


def disputed(chain: CheckedChain) -> ScenarioFederation:
    """Leave one offence pending and another disputed."""
    federation = _caught(chain)
    _must(federation.do("dispute", 0, by=federation.members[0]))
    return federation


def decided(chain: CheckedChain) -> ScenarioFederation:
    """Uphold one offence and overturn another; settle the round."""
    federation = _caught(chain)
    for member, uphold in zip(federation.members, (True, False), strict=False):
        _must(federation.do("dispute", 0, by=member))
        _must(federation.do("resolve", 0, member.account, uphold=uphold, by=federation.arbiter))
    _must(federation.settle(federation.verdicts()))
    return federation


def slashed(chain: CheckedChain) -> ScenarioFederation:
    """Execute an offence."""
    federation = _caught(chain)
    first = federation.members[0]
    _must(federation.do("dispute", 0, by=first))
    _must(federation.do("resolve", 0, first.account, uphold=True, by=federation.arbiter))
    _must(federation.do("execute_slash", 0, first.account, by=federation.stranger))
    return federation


def leaving(chain: CheckedChain) -> ScenarioFederation:
    """Send two parts of one stake and all of another on the way out."""
    federation = _founded(chain, SLOW)
    first, second, _ = federation.members
    for amount in (3 * UNIT, 2 * UNIT):
        _must(federation.do("unbond", Planck(amount), by=first))
    _must(federation.do("unbond", STAKE, by=second))
    return federation


def _registered(chain: CheckedChain) -> ScenarioFederation:
    federation = _founded(chain, SEATED)
    for who in federation.members:
        link = chain.memory.links(federation.number, who)[0]
        _must(federation.do("register_attester", link, by=who))
    return federation


def _attest(federation: ScenarioFederation, members: int) -> None:
    chain, number = federation.chain, federation.newest
    root = federation.planned().root
    for who in federation.members[:members]:
        links = chain.memory.links(federation.number, who)
        attested = statement(chain.turn(federation.number, number, who), root)
        _must(federation.do("attest", number, attested, links[1], by=who))
        del links[0]


def seated(chain: CheckedChain) -> ScenarioFederation:
    """Seal a round with a committee of which one spoke and the others are silent so far."""
    federation = _registered(chain)
    _round(federation)
    _attest(federation, members=1)
    return federation


def attested(chain: CheckedChain) -> ScenarioFederation:
    """Settle with attestations, and let one seat vote on a dispute."""
    federation = _registered(chain)
    federation.open()
    first, second, third = federation.members
    federation.relay(federation.signed(first, 0), federation.signed(second, 0))
    _attest(federation, members=2)
    federation.relay(federation.signed(first, 1))
    plan = federation.planned()
    _must(federation.settle(plan.verdicts))
    _must(federation.do("dispute", 0, by=first))
    _must(federation.do("resolve", 0, first.account, uphold=True, by=third))
    return federation


def voting(chain: CheckedChain) -> ScenarioFederation:
    """Vote on new terms and on another coordinator."""
    federation = _founded(chain, replace(SLOW, governance=_VOTE))
    first, second, third = federation.members
    _must(federation.do("propose", replace(SLOW, governance=_VOTE, cooldown_blocks=1), by=first))
    _must(federation.do("propose", third.account, by=second))
    for who, number, approve in ((first, 0, True), (second, 0, False), (first, 1, True)):
        _must(federation.do("vote", number, approve=approve, by=who))
    return federation


def counted(chain: CheckedChain) -> ScenarioFederation:
    """Reject one proposal and enact another; votes of both are still there."""
    quick = replace(SLOW, governance=replace(_VOTE, voting_blocks=6, delay_blocks=0))
    federation = _founded(chain, quick)
    first, second, _ = federation.members
    for approve in (False, True):
        terms = replace(quick, cooldown_blocks=7)
        _must(federation.do("propose", terms, by=first))
        number = federation.books.federation.next_proposal - 1
        for who in (first, second):
            _must(federation.do("vote", number, approve=approve, by=who))
        chain.wait_past(federation.books.motions[number].enact_at)
        _must(federation.do("enact", number, 1, by=federation.stranger))
    return federation


def replaced(chain: CheckedChain) -> ScenarioFederation:
    """Name another coordinator than the one that opened the round."""
    federation = _founded(chain, SLOW)
    _round(federation, members=1)
    arbiter = federation.arbiter.account
    _must(federation.do("replace_coordinator", arbiter, by=federation.coordinator))
    return federation


def changed(chain: CheckedChain) -> ScenarioFederation:
    """Change the terms while a round runs under the old ones; one before it is settled."""
    federation = _founded(chain, SLOW)
    _round(federation)
    _must(federation.settle(federation.verdicts()))
    _round(federation, members=1)
    terms = replace(SLOW, round_reward=Planck(3 * UNIT), cooldown_blocks=5)
    _must(federation.do("set_terms", terms, by=federation.coordinator))
    return federation


def governed(chain: CheckedChain) -> ScenarioFederation:
    """Let the council govern and judge."""
    terms = replace(SLOW, governance=Governance.COUNCIL, arbiter=Arbiter.COUNCIL)
    return _founded(chain, replace(terms, quorum=Quorum(stake=Planck(30 * UNIT))))


def closing(chain: CheckedChain) -> ScenarioFederation:
    """Begin to close with a reward unpaid and all stake in."""
    federation = _founded(chain, SLOW)
    _round(federation)
    _must(federation.settle(federation.verdicts()))
    _must(federation.do("close", by=federation.coordinator))
    return federation


def closed(chain: CheckedChain) -> ScenarioFederation:
    """Close, with all money given back."""
    quick = replace(QUICK, unbonding_blocks=20, claim_blocks=2, retention_blocks=6)
    federation = _founded(chain, quick)
    _round(federation)
    _must(federation.settle(federation.verdicts()))
    _must(federation.do("close", by=federation.coordinator))
    chain.wait_past(federation.books.federation.closing_ends or 0)
    for member in federation.members:
        _must(federation.do("withdraw", member.account, by=federation.stranger))
    _must(federation.do("close", by=federation.coordinator))
    return federation


PHASES: Final[tuple[Callable[[CheckedChain], ScenarioFederation], ...]] = (
    *(empty, rooted_partly, paid_partly, expired, pruned, counted, closed),
    *(open_round, sealed, listed, rooted, aborted, voided, disputed, decided, slashed, leaving),
    *(seated, attested, voting, replaced, changed, governed, closing),
)
"""Those that let time pass come first."""
