"""A coordinator, its friends among the members, and those who are neither."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.audit.grounds import coordinator_name
from pallet_bridge.errors.pallet import (
    CommitWindowClosed,
    NotProposable,
    OffencePending,
    TermsDiffer,
)
from pallet_bridge.run.journal import OPENINGS
from pallet_bridge.run.openings import OpeningStore
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import (
    UNIT,
    Outcome,
    Perbill,
    Planck,
    Quorum,
    TwoCommitments,
)
from tests.cheats.moves import (
    BY_MEMBERS,
    OTHER,
    PERCENT,
    TERMS,
    commit_all,
    commit_alone,
    enact,
    event,
    held,
    instruct,
    leave,
    newcomer,
    open_round,
    owned,
    penalty,
    play_round,
    propose,
    relay,
    settle,
    sign,
    verdict,
    wait_until,
)
from tests.cheats.runs import settle_on_record
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.fixtures import MakeFederation


@cheat(
    Role.TOGETHER,
    "Let a friend report the coordinator's misconduct first, to keep the bond among friends.",
    Comes.PROVED,
    "Who committed comes first; the friend gets a tenth, here 4 of 40 UNIT, and 27 are burned. The "
    "coordinator's own report shares nothing.",
)
def test_a_friend_reports_the_coordinator(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    for reporter_is_friend, burned, shared in ((True, 27, 4), (False, 31, 0)):
        federation = bcfl_federation(3, TERMS)
        friend, *harmed = federation.members
        round_ = open_round(bcfl_chain, federation)
        commit_all(round_, *harmed)
        proof = instruct(round_.binding, federation.coordinator, base_model=OTHER)
        reporter = friend if reporter_is_friend else federation.coordinator
        before = [owned(bcfl_chain, one.account) for one in (friend, federation.coordinator)]
        receipt = bcfl_chain.execute(calls.report_misconduct(*round_.place, proof), reporter)
        assert penalty(receipt) == (40 * UNIT, burned * UNIT, shared * UNIT, 9 * UNIT)
        after = [owned(bcfl_chain, one.account) for one in (friend, federation.coordinator)]
        assert sum(after) == sum(before) - (40 - shared) * UNIT - receipt.fee


@cheat(
    Role.TOGETHER,
    "Vote, with most of the stake, a friend as arbiter and slashes of all that the others have.",
    Comes.REFUSED,
    "Announced `notice_blocks` before; whoever did not sign the new terms leaves at once with all "
    "of its stake, and joins under no others than it has named.",
)
def test_a_majority_votes_a_robbery(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, BY_MEMBERS)
    number, (one, two, minority) = federation.number, federation.members
    play_round(bcfl_chain, federation)
    friend = newcomer(bcfl_chain, "decides disputes")
    cap = Perbill(100 * PERCENT)
    robbery = replace(
        BY_MEMBERS,
        arbiter=friend.account,
        slash=replace(BY_MEMBERS.slash, cap=cap, mismatch=cap),
    )
    motion = propose(bcfl_chain, federation, robbery, one)
    for who in (one, two):
        bcfl_chain.execute(calls.vote(number, motion, approve=True), who)
    said = event(enact(bcfl_chain, federation, motion), "TermsScheduled")
    assert said.fields["is_worse"] is True
    leave(bcfl_chain, federation, minority)
    assert bcfl_chain.head().number < said.integer("from")
    assert bcfl_chain.balance(minority.account).held == 0
    assert bcfl_chain.terms(number) == BY_MEMBERS
    agreed = bcfl_chain.terms_hash(number)
    wait_until(bcfl_chain, said.integer("from"))
    with pytest.raises(TermsDiffer):
        bcfl_chain.execute(calls.join(number, BY_MEMBERS.min_stake, agreed), minority)


@cheat(
    Role.TOGETHER,
    "Hand the coordination from one to the other before the third failure, so that members never "
    "get to vote.",
    Comes.REFUSED,
    "Failures in a row go with the coordination: whoever has it after `max_failed_rounds` of them, "
    "the members may vote another one in. New terms they vote at any time.",
)
def test_take_turns_at_failing(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(3, replace(TERMS, coordinator_bond=Planck(0)))
    number, (first, *_) = federation.number, federation.members
    pair = [federation.coordinator, newcomer(bcfl_chain, "takes turns")]
    with pytest.raises(NotProposable):
        propose(bcfl_chain, federation, first.account, first)
    for turn in range(2):
        boss, next_one = pair[turn % 2], pair[(turn + 1) % 2]
        for _ in range(TERMS.max_failed_rounds - 1):
            round_ = open_round(bcfl_chain, replace(federation, coordinator=boss))
            bcfl_chain.execute(calls.abort(*round_.place), boss)
        bcfl_chain.execute(calls.replace_coordinator(number, next_one.account), boss)
    failed = 2 * (TERMS.max_failed_rounds - 1) - 1
    assert bcfl_chain.federation(number).failures_in_row == failed >= TERMS.max_failed_rounds
    motion = propose(bcfl_chain, federation, first.account, first)
    for who in federation.members[1:]:
        bcfl_chain.execute(calls.vote(number, motion, approve=True), who)
    receipt = enact(bcfl_chain, federation, motion)
    assert event(receipt, "CoordinatorReplaced").account("new") == first.account
    assert bcfl_chain.federation(number).failures_in_row == 0


@cheat(
    Role.TOGETHER,
    "Share a round's whole reward between two of the coordinator's own nodes.",
    Comes.WORD,
    "The coordinator's: `max_share` caps an account, not a group, and weights are its word; the "
    "audit counts them.",
)
def test_two_own_nodes_share_all(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation, tmp_path: Path
) -> None:
    federation = bcfl_federation(3, TERMS)
    victim = federation.members[2]
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    weights = {one.account: int(one.account != victim.account) for one in made}
    said = {one.account: verdict(one, weight=weights[one.account]) for one in made}
    report = settle_on_record(tmp_path / "run", round_, made, said)
    half = TERMS.round_reward // 2
    rewards = {a: one.reward for a, one in bcfl_chain.commitments(*round_.place).items()}
    assert rewards == {account: half * weight for account, weight in weights.items()}
    assert report.findings == ()
    words = report.grounds.words[coordinator_name(federation.coordinator.account)]
    assert words["weights of rewards"] == len(made)


@cheat(
    Role.TOGETHER,
    "Give a friend the update of an honest member, which it signs as its own.",
    Comes.WORD,
    "The coordinator's, which judges; but whoever has the openings sees one digest twice.",
)
def test_a_friend_signs_the_update_of_another(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation, tmp_path: Path
) -> None:
    federation = bcfl_federation(3, TERMS)
    friend, honest, third = federation.members
    round_ = open_round(bcfl_chain, federation)
    first = sign(round_.binding, honest)
    copied = sign_commitment(round_.binding, friend, first.update_digest, 10, b"\x19" * 32)
    made = (first, copied, sign(round_.binding, third))
    relay(round_, *made)
    assert first.commitment != copied.commitment
    report = settle_on_record(
        tmp_path / "run", round_, made, {one.account: verdict(one) for one in made}
    )
    assert report.findings == ()
    words = report.grounds.words[coordinator_name(federation.coordinator.account)]
    assert words["verdicts, with scores, reasons and shares"] == len(made)
    openings = OpeningStore(tmp_path / "run" / OPENINGS).get(round_.binding.key)
    digests = [one.update_digest for one in openings.values()]
    assert sorted(digests.count(one) for one in digests) == [1, 2, 2]


@cheat(
    Role.TOGETHER,
    "Fill a round with the friends' commitments at once, so that it is sealed before others come.",
    Comes.REFUSED,
    "By default no number of commitments seals a round: each member may commit until its window "
    "ends. With a `quorum` the first ones decide, and the others are late.",
)
def test_seal_with_friends(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    for quorum, is_early in ((Quorum(), False), (Quorum(count=2), True)):
        federation = bcfl_federation(3, replace(TERMS, quorum=quorum))
        *friends, honest = federation.members
        round_ = open_round(bcfl_chain, federation)
        made = commit_all(round_, *friends)
        if is_early:
            with pytest.raises(CommitWindowClosed):
                commit_alone(round_, honest)
            continue
        own = commit_alone(round_, honest)
        wait_until(bcfl_chain, bcfl_chain.head().number + TERMS.commit_blocks)
        settle(round_, [verdict(one) for one in (*made, own)])
        reward = bcfl_chain.commitments(*round_.place)[honest.account].reward
        assert reward == TERMS.round_reward // 3


@cheat(
    Role.TOGETHER,
    "Close the federation, to free the stake of a friend before it is slashed.",
    Comes.REFUSED,
    "`OffencePending`: stake stays until the slash, also when the federation ends.",
)
def test_close_before_the_slash(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, replace(TERMS, claim_blocks=10))
    number, (friend, reporter, _) = federation.number, federation.members
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    settle(round_, [verdict(one) for one in made])
    mine = next(one for one in made if one.account == friend.account)
    bcfl_chain.execute(calls.close(number), federation.coordinator)
    proof = TwoCommitments(friend.account, mine.signed(), sign(round_.binding, friend, 4).signed())
    bcfl_chain.execute(calls.report_equivocation(*round_.place, proof), reporter)
    ends = bcfl_chain.federation(number).closing_ends
    assert ends is not None
    wait_until(bcfl_chain, ends)
    with pytest.raises(OffencePending):
        bcfl_chain.execute(calls.withdraw(number, friend.account), friend)
    bcfl_chain.execute(calls.execute_slash(*round_.place, friend.account), reporter)
    assert held(bcfl_chain, federation, friend) == 50 * UNIT


@cheat(
    Role.TOGETHER,
    "Reject all members but the coordinator's own node, so that it gets what they would have got.",
    Comes.REFUSED,
    "No account gets more than `max_share`: keeping others out brings it nothing above that.",
)
def test_reject_all_others(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(4, replace(TERMS, max_share=Perbill(25 * PERCENT)))
    own = federation.members[0]
    fair = play_round(bcfl_chain, federation)
    others = {one.account: Outcome.REJECTED for one in federation.members[1:]}
    greedy = play_round(bcfl_chain, federation, others)
    paid = [bcfl_chain.commitments(*one.place)[own.account].reward for one in (fair, greedy)]
    assert paid == [TERMS.round_reward // 4] * 2
    assert bcfl_chain.federation(federation.number).owed == TERMS.round_reward * 5 // 4
