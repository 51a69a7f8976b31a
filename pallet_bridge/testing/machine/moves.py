"""What accounts of a `ChainMachine` may try: calls that make sense, and calls that should not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.settlement.refuting import words_on
from pallet_bridge.testing.machine.memory import MODEL, REPORT, statement
from pallet_bridge.types import (
    AccountOmitted,
    LeafNotCommitted,
    LeavesOutOfOrder,
    MemberVerdict,
    Outcome,
    RoundKey,
    TwoCommitments,
    UnsoundLeaf,
)

if TYPE_CHECKING:
    from pallet_bridge.calls import Call
    from pallet_bridge.testing.machine.memory import Draw, Turn
    from pallet_bridge.types import ProvenLeaf


def commit_batch(turn: Turn, draw: Draw) -> Call:
    """Relay commitments: some signed twice, some forged."""
    entries = []
    for signer in turn.memory.signers[1:]:
        act = draw(st.integers(0, 5))
        if act == 0:
            continue
        made = turn.sign(signer, act % 3).entry()
        forged = replace(made, signature=bytes([act]) * 64)
        entries.append(forged if act == 5 else made)  # noqa: PLR2004 - one of six
    return calls.commit_batch(*turn.place, entries)


def settle(turn: Turn, draw: Draw) -> Call:
    """Settle by a list as planned; rarely with a stranger's verdict, or one verdict twice."""
    verdicts = list(turn.plan(draw).verdicts)
    mistake = draw(st.integers(0, 19))
    if mistake == 0:
        verdicts.append(MemberVerdict(turn.actor.account, bytes(32), Outcome.ACCEPTED, 0, 0, 1))
    elif mistake == 1:
        verdicts += verdicts[:1]
    return calls.settle(*turn.place, MODEL, REPORT, verdicts)


def settle_root(turn: Turn, draw: Draw) -> Call:
    """Settle by the planned root."""
    plan = turn.plan(draw)
    return calls.settle_root(*turn.place, MODEL, REPORT, root=plan.root, totals=plan.totals)


def _a_leaf(turn: Turn, draw: Draw) -> ProvenLeaf | None:
    plan = turn.memory.plans.get(turn.place)
    if plan is None or not plan.posted:
        return None
    return plan.posted[draw(st.integers(0, len(plan.posted) - 1))]


def apply_leaf(turn: Turn, draw: Draw) -> Call | None:
    """Apply a leaf that was posted, sometimes changed."""
    proven = _a_leaf(turn, draw)
    if proven is None:
        return None
    if draw(st.integers(0, 5)) == 0:
        proven = replace(proven, leaf=replace(proven.leaf, score=1))
    return calls.apply_leaf(*turn.place, proven)


def report_equivocation(turn: Turn, draw: Draw) -> Call | None:
    """Report two signed commitments of one account: two hashes, or twice the same."""
    pairs = {
        account: made
        for (federation, number, account), made in turn.memory.signed.items()
        if (federation, number) == turn.place
    }
    if not pairs:
        return None
    account = sorted(pairs)[draw(st.integers(0, len(pairs) - 1))]
    made = pairs[account]
    first, second = made[0], made[draw(st.integers(0, len(made) - 1))]
    proof = TwoCommitments(account, first.signed(), second.signed())
    return calls.report_equivocation(*turn.place, proof)


def report_mismatch(turn: Turn, draw: Draw) -> Call | None:
    """Report that a leaf shows another update than was committed to."""
    proven = _a_leaf(turn, draw)
    return None if proven is None else calls.report_mismatch(*turn.place, proven)


def report_bad_root(turn: Turn, draw: Draw) -> Call | None:
    """Report a posted root by two leaves of one account, one of a stranger, unsound, or missing."""
    first = _a_leaf(turn, draw)
    if first is None:
        return None
    why = draw(st.integers(0, 4))
    if why == 0:
        return calls.report_bad_root(*turn.place, UnsoundLeaf(first))
    if why == 1:
        return calls.report_bad_root(*turn.place, LeafNotCommitted(first))
    if why == 2:  # noqa: PLR2004 - one of five
        return calls.report_bad_root(*turn.place, _omitted(turn, draw))
    posted = turn.memory.plans[turn.place].posted
    twins = [other for other in posted if other.leaf.account == first.leaf.account]
    return calls.report_bad_root(*turn.place, LeavesOutOfOrder(first, twins[-1]))


def _omitted(turn: Turn, draw: Draw) -> AccountOmitted:
    """Say that somebody was left out, with the leaves between which it should be."""
    account = turn.memory.signers[draw(st.integers(0, len(turn.memory.signers) - 1))].account
    posted = turn.memory.plans[turn.place].posted
    before = [proven for proven in posted if proven.leaf.account < account]
    after = [proven for proven in posted if proven.leaf.account > account]
    return AccountOmitted(account, before[-1] if before else None, after[0] if after else None)


def report_wrong_verdict(turn: Turn, _: Draw) -> Call:
    """Report that the committee refuted a settlement, whether it did or not."""
    return calls.report_wrong_verdict(*turn.place)


def report_misconduct(turn: Turn, draw: Draw) -> Call:
    """Report an instruction that the coordinator signed, or somebody else did."""
    bosses = [s for s in turn.memory.signers if s.account == turn.binding.coordinator]
    signer = bosses[0] if bosses and draw(st.integers(0, 2)) else turn.actor
    return calls.report_misconduct(*turn.place, turn.instruct(signer, draw(st.integers(0, 2))))


def register_attester(turn: Turn, _: Draw) -> Call:
    """Register with the public end of a chain of hashes."""
    federation = turn.books.number
    return calls.register_attester(federation, turn.memory.links(federation, turn.actor)[0])


def attest(turn: Turn, draw: Draw) -> Call:
    """Attest what the settlement is going to say, or something else; or abstain."""
    links = turn.memory.links(turn.books.number, turn.actor)
    preimage = links[1] if len(links) > 1 and draw(st.integers(0, 5)) else bytes(32)
    planned = statement(turn, turn.plan(draw).root)
    found = turn.books.rounds.get(turn.number)
    if found is not None and found.settlement is not None and draw(st.booleans()):
        key = RoundKey(turn.memory.genesis, *turn.place)
        planned = words_on(key, found, found.settlement)[1]
    other = bytes([9]) * 32
    chosen = (planned, planned, planned, planned, other, bytes(32))[draw(st.integers(0, 5))]
    return calls.attest(*turn.place, chosen, preimage)
