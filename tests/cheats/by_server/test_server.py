"""A coordinator that shows nodes something else, forgets some of them, or never finishes."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.errors.pallet import (
    BondNotFree,
    BondShort,
    ModelNotContinued,
    NotProposable,
    ProofInvalid,
    VerdictMissing,
)
from pallet_bridge.settlement.claims import claims_of
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import (
    UNIT,
    TwoCommitments,
)
from tests.cheats.moves import (
    MODEL,
    OTHER,
    TERMS,
    commit_all,
    commit_alone,
    enact,
    event,
    instruct,
    newcomer,
    open_round,
    owned,
    penalty,
    play_round,
    propose,
    refusals,
    relay,
    settle,
    sign,
    verdict,
    wait_until,
)
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.fixtures import MakeFederation
    from tests.cheats.moves import OpenRound


def show_something_else(round_: OpenRound, victim: Signer, **other: bytes) -> None:
    """Show one node another round than the others, and let it prove that."""
    chain, federation = round_.chain, round_.federation
    shown = replace(round_.binding, **other)
    honest = [one for one in federation.members if one is not victim]
    misled = [sign(shown, victim, seed) for seed in (1, 2)]
    receipt = relay(round_, misled[0], *(sign(round_.binding, one) for one in honest))
    assert refusals(receipt) == {victim.account: "BadSignature"}
    against = TwoCommitments(victim.account, misled[0].signed(), misled[1].signed())
    with pytest.raises(ProofInvalid):
        chain.execute(calls.report_equivocation(*round_.place, against), federation.coordinator)

    proof = instruct(round_.binding, federation.coordinator, **other)
    before = owned(chain, victim.account), owned(chain, federation.coordinator.account)
    receipt = chain.execute(calls.report_misconduct(*round_.place, proof), victim)
    # half of 80; the two that committed get the round's reward, the reporter a tenth
    assert penalty(receipt) == (40 * UNIT, 27 * UNIT, 4 * UNIT, 9 * UNIT)
    assert owned(chain, victim.account) == before[0] + 4 * UNIT - receipt.fee
    assert owned(chain, federation.coordinator.account) == before[1] - 40 * UNIT
    for one in honest:
        had = owned(chain, one.account)
        (claim,) = claims_of(chain, federation.number, one.account)
        chain.execute(claim, victim)
        assert owned(chain, one.account) == had + 9 * UNIT // 2
    with pytest.raises(BondShort):
        open_round(chain, federation)


@cheat(
    Role.SERVER,
    "Sends one node another model than the others.",
    Comes.PROVED,
    "The chain refuses what that node signed, and nobody can use it against it; the signed "
    "instruction takes the bond.",
)
def test_another_model_to_one_node(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    round_ = open_round(bcfl_chain, federation)
    show_something_else(round_, federation.members[1], base_model=OTHER)


@cheat(
    Role.SERVER,
    "Shows one node other terms than the round runs under.",
    Comes.PROVED,
    "The chain refuses what that node signed; the signed instruction takes the bond.",
)
def test_other_terms_to_one_node(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    round_ = open_round(bcfl_chain, federation)
    milder = hash_of_terms(replace(TERMS, strikes_to_slash=9))
    show_something_else(round_, federation.members[2], terms_hash=milder)


@cheat(
    Role.SERVER,
    "Starts a round from another model than the one settled before.",
    Comes.REFUSED,
    "`ModelNotContinued`; a `rebase` is a public event.",
)
def test_a_round_from_another_model(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    play_round(bcfl_chain, federation)
    settled = bcfl_chain.federation(federation.number).model
    assert settled not in {None, OTHER}
    for other in (OTHER, MODEL):
        with pytest.raises(ModelNotContinued):
            open_round(bcfl_chain, federation, other)
    receipt = bcfl_chain.execute(calls.rebase(federation.number, OTHER), federation.coordinator)
    assert event(receipt, "Rebased").hash("model") == OTHER
    open_round(bcfl_chain, federation, OTHER)


@cheat(
    Role.SERVER,
    "Leaves a member that committed out of its list of verdicts.",
    Comes.REFUSED,
    "`VerdictMissing`.",
)
def test_a_member_left_out_of_the_list(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(4, TERMS)
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    with pytest.raises(VerdictMissing):
        settle(round_, [verdict(one) for one in made[1:]])
    assert bcfl_chain.federation(federation.number).open_round == round_.number
    settle(round_, [verdict(one) for one in made])


@cheat(
    Role.SERVER,
    "Does not relay the commitment of a member, and settles without it.",
    Comes.REFUSED,
    "The member commits by a call of its own; then `VerdictMissing`.",
)
def test_a_commitment_that_is_not_relayed(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    ignored, *others = federation.members
    round_ = open_round(bcfl_chain, federation)
    relayed = [sign(round_.binding, one) for one in others]
    relay(round_, *relayed)
    own = commit_alone(round_, ignored)
    with pytest.raises(VerdictMissing):
        settle(round_, [verdict(one) for one in relayed])
    settle(round_, [verdict(one) for one in (*relayed, own)])
    assert bcfl_chain.commitments(*round_.place)[ignored.account].reward == 3 * UNIT


@cheat(
    Role.SERVER,
    "Opens rounds and calls them off, for ever.",
    Comes.PROVED,
    "Failure marks on chain; after `max_failed_rounds` the members vote another coordinator in.",
)
def test_open_and_abort_for_ever(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    first, second, third = federation.members
    marks = []
    while len(marks) <= TERMS.max_failed_rounds:
        with pytest.raises(NotProposable):
            propose(bcfl_chain, federation, first.account, first)
        round_ = open_round(bcfl_chain, federation)
        bcfl_chain.execute(calls.abort(*round_.place), federation.coordinator)
        marks.append(bcfl_chain.federation(federation.number).failures_in_row)
    assert marks == [0, 1, 2, 3]  # one that is called off harms nobody
    motion = propose(bcfl_chain, federation, first.account, second)
    for one in (second, third):
        bcfl_chain.execute(calls.vote(federation.number, motion, approve=True), one)
    receipt = enact(bcfl_chain, federation, motion)
    assert event(receipt, "CoordinatorReplaced").account("new") == first.account


@cheat(
    Role.SERVER,
    "Calls off a round in which members have committed, so that it need not judge them.",
    Comes.PROVED,
    "A failure mark on chain, at the first time.",
)
def test_abort_after_commitments(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    round_ = open_round(bcfl_chain, federation)
    commit_all(round_)
    bcfl_chain.execute(calls.abort(*round_.place), federation.coordinator)
    found = bcfl_chain.federation(federation.number)
    assert (found.failed_rounds, found.failures_in_row) == (1, 1)


@cheat(
    Role.SERVER,
    "Uses round numbers up without rounds, or lets every round's deadline pass.",
    Comes.PROVED,
    "Each is a failure mark on chain; after the deadline anyone ends the round.",
)
def test_skip_rounds_and_let_deadlines_pass(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    number, (first, second, _) = federation.number, federation.members
    bcfl_chain.execute(calls.skip_round(number), federation.coordinator)
    for _ in range(2):
        round_ = open_round(bcfl_chain, federation)
        commit_all(round_)
        opened = bcfl_chain.round(*round_.place)
        assert opened is not None
        wait_until(bcfl_chain, opened.settle_until + 1)
        bcfl_chain.execute(calls.abort(*round_.place), second)
    assert bcfl_chain.federation(number).failures_in_row == TERMS.max_failed_rounds
    propose(bcfl_chain, federation, first.account, second)


@cheat(
    Role.SERVER,
    "Hands over to a friend in the middle of a round, and takes its bond back.",
    Comes.PROVED,
    "`BondNotFree` until no report can come; who opened the round answers for it.",
)
def test_hand_over_in_the_middle_of_a_round(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    number, gone = federation.number, federation.coordinator
    friend = newcomer(bcfl_chain, "takes over")
    round_ = open_round(bcfl_chain, federation)
    commit_all(round_)
    bcfl_chain.execute(calls.replace_coordinator(number, friend.account), gone)
    bcfl_chain.execute(calls.post_bond(number, TERMS.coordinator_bond), friend)
    with pytest.raises(BondNotFree):
        bcfl_chain.execute(calls.withdraw_bond(number), gone)
    proof = instruct(round_.binding, gone, base_model=OTHER)
    receipt = bcfl_chain.execute(
        calls.report_misconduct(*round_.place, proof), federation.members[0]
    )
    assert penalty(receipt) == (40 * UNIT, 27 * UNIT, 4 * UNIT, 9 * UNIT)
    bonds = {account: bond.amount for account, bond in bcfl_chain.bonds(number).items()}
    assert bonds == {gone.account: 40 * UNIT, friend.account: 80 * UNIT}
    bond = bcfl_chain.bond(number, gone.account)
    assert bond is not None
    assert bond.free_at is not None
    opened = bcfl_chain.round(*round_.place)
    assert opened is not None
    # reports are taken until the dispute window of the latest settlement is over
    assert bond.free_at > opened.settle_until + TERMS.dispute_blocks
    wait_until(bcfl_chain, bond.free_at)
    bcfl_chain.execute(calls.withdraw_bond(number), gone)
    assert bcfl_chain.bond(number, gone.account) is None
