"""Members that say more than they have, and those that take what others said."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.encoding import blake2_256, commitment_hash, statement_hash
from pallet_bridge.errors.pallet import (
    OffencePending,
    StatementDiffers,
    TooManyExamples,
)
from pallet_bridge.signing import check_commitment, commit_call, sign_commitment
from pallet_bridge.types import Admission, Outcome, TwoCommitments
from tests.cheats.moves import (
    TERMS,
    commit_all,
    commit_alone,
    join,
    newcomer,
    open_round,
    play_round,
    refusals,
    relay,
    settle,
    sign,
    verdict,
    wait,
    wait_until,
)
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.fixtures import MakeFederation
    from pallet_bridge.types import CommittedUpdate, RoundBinding


def claim_examples(binding: RoundBinding, who: Signer, count: int) -> CommittedUpdate:
    digest = blake2_256(who.account.raw)
    return sign_commitment(binding, who, digest, count, digest)


@cheat(
    Role.NODE,
    "Signs for 10^9 examples, to own the average.",
    Comes.REFUSED,
    "`TooManyExamples`: not above `max_examples`, whether it commits itself or is relayed.",
)
def test_too_many_examples(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(2, replace(TERMS, max_examples=50_000))
    greedy, other = federation.members
    round_ = open_round(bcfl_chain, federation)
    made = claim_examples(round_.binding, greedy, 10**9)
    with pytest.raises(TooManyExamples):
        bcfl_chain.execute(commit_call(round_.binding, made), greedy)
    just_above = claim_examples(round_.binding, other, 50_001)
    receipt = relay(round_, made, just_above)
    assert refusals(receipt) == dict.fromkeys((made.account, other.account), "TooManyExamples")
    relay(round_, claim_examples(round_.binding, other, 50_000))
    assert list(bcfl_chain.commitments(*round_.place)) == [other.account]


@cheat(
    Role.NODE,
    "Signs for more examples than those who let it in vouched for.",
    Comes.REFUSED,
    "`TooManyExamples`: the invitation's number holds for this member.",
)
def test_more_examples_than_vouched_for(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(0, replace(TERMS, admission=Admission.INVITED))
    small = newcomer(bcfl_chain, "has few examples")
    invitation = calls.invite(federation.number, small.account, b"small clinic", 300)
    bcfl_chain.execute(invitation, federation.coordinator)
    join(bcfl_chain, federation, small)
    round_ = open_round(bcfl_chain, federation)
    above = claim_examples(round_.binding, small, 301)
    with pytest.raises(TooManyExamples):
        bcfl_chain.execute(commit_call(round_.binding, above), small)
    fits = claim_examples(round_.binding, small, 300)
    bcfl_chain.execute(commit_call(round_.binding, fits), small)


@cheat(
    Role.NODE,
    "Sees another's commitment in the pool, and commits to the same hash before it.",
    Comes.REFUSED,
    "The account is in the hash: with the digest and salt of the other it opens nothing, and is "
    "rejected with a strike. The other commits all the same.",
)
def test_commit_to_the_hash_of_another(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    copier, victim, third = federation.members
    round_ = open_round(bcfl_chain, federation)
    seen = sign(round_.binding, victim)
    said = statement_hash(round_.binding, copier.account, seen.commitment, seen.num_examples)
    copied = replace(seen, account=copier.account, signature=copier.sign(said))
    bcfl_chain.execute(commit_call(round_.binding, copied), copier)
    own = commit_alone(round_, victim)
    last = commit_alone(round_, third)
    check = check_commitment(round_.binding, copied)
    assert (check.is_signed, check.is_opened) == (True, False)
    revealed = commitment_hash(copier.account, copied.update_digest, copied.salt)
    settle(
        round_,
        [verdict(copied, Outcome.REJECTED, revealed=revealed), verdict(own), verdict(last)],
    )
    rewards = {a: one.reward for a, one in bcfl_chain.commitments(*round_.place).items()}
    half = TERMS.round_reward // 2
    assert rewards == {copier.account: 0, victim.account: half, third.account: half}
    member = bcfl_chain.participant(federation.number, copier.account)
    assert member is not None
    assert member.strikes == 1


@cheat(
    Role.NODE,
    "Commits to what it made for the round before, with the statement of that round.",
    Comes.REFUSED,
    "`StatementDiffers`; a relayed one is a `BadSignature`.",
)
def test_the_statement_of_the_round_before(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    replayer = federation.members[0]
    old = play_round(bcfl_chain, federation)
    made = sign(old.binding, replayer)
    model = bcfl_chain.federation(federation.number).model
    assert model is not None
    round_ = open_round(bcfl_chain, federation, model)
    said = statement_hash(old.binding, replayer.account, made.commitment, made.num_examples)
    call = calls.commit(*round_.place, made.commitment, made.num_examples, said)
    with pytest.raises(StatementDiffers):
        bcfl_chain.execute(call, replayer)
    assert refusals(relay(round_, made)) == {replayer.account: "BadSignature"}


@cheat(
    Role.NODE,
    "Claims the reward of a round in which it cheated, before the slash is carried out.",
    Comes.REFUSED,
    "`OffencePending`; the slash then forfeits the reward too.",
)
def test_claim_before_the_slash(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    cheater, reporter, _ = federation.members
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    settle(round_, [verdict(one) for one in made])
    mine = next(one for one in made if one.account == cheater.account)
    second = sign(round_.binding, cheater, seed=3)
    proof = TwoCommitments(cheater.account, mine.signed(), second.signed())
    wait(bcfl_chain, TERMS.dispute_blocks - 2)
    bcfl_chain.execute(calls.report_equivocation(*round_.place, proof), reporter)
    settled = bcfl_chain.round(*round_.place)
    assert settled is not None
    assert settled.settlement is not None
    wait_until(bcfl_chain, settled.settlement.dispute_until + 1)
    claim = calls.claim(federation.number, cheater.account, [round_.number])
    with pytest.raises(OffencePending):
        bcfl_chain.execute(claim, cheater)
    owed = bcfl_chain.federation(federation.number).owed
    offence = bcfl_chain.offences(federation.number)[round_.number, cheater.account]
    wait_until(bcfl_chain, offence.executable_at)
    bcfl_chain.execute(calls.execute_slash(*round_.place, cheater.account), reporter)
    assert bcfl_chain.federation(federation.number).owed == owed - TERMS.round_reward // 3
