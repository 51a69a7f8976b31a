"""A coordinator that settles by a root, and what it may hide under it."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.errors.pallet import (
    RootNotBad,
    TotalsImpossible,
)
from pallet_bridge.types import (
    UNIT,
    AccountOmitted,
    Leaf,
    LeavesOutOfOrder,
    Planck,
    RoundState,
    UnsoundLeaf,
)
from tests.cheats.moves import (
    MODEL,
    TERMS,
    commit_all,
    leaves,
    newcomer,
    open_round,
    owned,
    penalty,
    play_round,
    post,
    verdict,
)
from tests.cheats.table import Outcome as Comes
from tests.cheats.table import Role, cheat

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.fixtures import MakeFederation
    from pallet_bridge.types import BadRoot
    from tests.cheats.moves import OpenRound


def bad_root_takes_the_bond(round_: OpenRound, proof: BadRoot, by: Signer) -> None:
    chain, federation = round_.chain, round_.federation
    before = owned(chain, federation.coordinator.account)
    receipt = chain.execute(calls.report_bad_root(*round_.place, proof), by)
    assert penalty(receipt) == (40 * UNIT, 27 * UNIT, 4 * UNIT, 9 * UNIT)
    assert owned(chain, federation.coordinator.account) == before - 40 * UNIT
    found = chain.round(*round_.place)
    assert found is not None
    assert (found.state, found.compensation and found.compensation.each) == (
        RoundState.VOIDED,
        3 * UNIT,
    )
    assert chain.federation(federation.number).model == MODEL  # the voided round's own base


@cheat(
    Role.SERVER,
    "Posts a root over fewer verdicts than there are commitments.",
    Comes.REFUSED,
    "`TotalsImpossible`.",
)
def test_a_root_over_too_few(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> None:
    federation = bcfl_federation(3, TERMS)
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    with pytest.raises(TotalsImpossible):
        post(round_, leaves(round_, [verdict(one) for one in made])[:2])


@cheat(
    Role.SERVER,
    "Posts a root in which somebody else stands in the place of a member that committed.",
    Comes.PROVED,
    "Two neighbouring leaves prove the gap; the round is void, the bond pays those who committed.",
)
def test_a_member_left_out_of_the_root(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    play_round(bcfl_chain, federation)
    bcfl_chain.execute(calls.rebase(federation.number, MODEL), federation.coordinator)
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    honest = leaves(round_, [verdict(one) for one in made])
    friend = newcomer(bcfl_chain, "stands in for a member").account
    posted = post(round_, [honest[0], replace(honest[1], account=friend), honest[2]])
    victim = next(one for one in federation.members if one.account == honest[1].account)
    below = [one for one in posted if one.leaf.account < victim.account]
    above = [one for one in posted if one.leaf.account > victim.account]
    proof = AccountOmitted(
        victim.account, below[-1] if below else None, above[0] if above else None
    )
    stranger = newcomer(bcfl_chain, "never committed")
    nobody = AccountOmitted(stranger.account, proof.before, proof.after)
    with pytest.raises(RootNotBad):  # who did not commit is missed by nobody
        bcfl_chain.execute(calls.report_bad_root(*round_.place, nobody), victim)
    bad_root_takes_the_bond(round_, proof, victim)


@cheat(
    Role.SERVER,
    "Posts a root in which one member has two leaves, in the place of another.",
    Comes.PROVED,
    "Two leaves out of order; the round is void, the bond pays those who committed.",
)
def test_two_leaves_of_one_member(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    first, _, last = leaves(round_, [verdict(one) for one in made])
    twice: list[Leaf] = [first, replace(first, score=5), last]
    one, two, three = post(round_, twice)
    ordered = calls.report_bad_root(*round_.place, LeavesOutOfOrder(two, three))
    with pytest.raises(RootNotBad):
        bcfl_chain.execute(ordered, federation.members[0])
    bad_root_takes_the_bond(round_, LeavesOutOfOrder(one, two), federation.members[2])


@cheat(
    Role.SERVER,
    "Posts a root in which its own node gets more than the greatest share.",
    Comes.PROVED,
    "The leaf itself; the round is void, the bond pays those who committed.",
)
def test_more_than_the_greatest_share_in_a_root(
    bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation
) -> None:
    federation = bcfl_federation(3, TERMS)
    round_ = open_round(bcfl_chain, federation)
    made = commit_all(round_)
    first, *rest = leaves(round_, [verdict(one) for one in made])
    most = Planck(TERMS.round_reward * 6 // 10)
    poorer = [replace(one, reward=Planck(0)) for one in rest]
    posted = post(round_, [replace(first, reward=Planck(most + 1)), *poorer])
    bad_root_takes_the_bond(round_, UnsoundLeaf(posted[0]), federation.members[1])
