from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.errors.pallet import CommitWindowClosed
from pallet_bridge.signing import binding_of, commit_call, sign_commitment
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import UNIT, Planck, Quorum

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.fixtures import MakeFederation

__all__ = ["bcfl_chain", "bcfl_federation"]


@pytest.mark.slow
def test_a_federation_has_money_and_members_that_may_commit(
    bcfl_chain: EmbeddedClient,
    bcfl_federation: MakeFederation,
) -> None:
    made = bcfl_federation(
        members=2, terms=replace(DEVELOPMENT, quorum=Quorum(count=2), min_stake=Planck(7 * UNIT))
    )
    members = bcfl_chain.participants(made.number)
    assert {who: member.active for who, member in members.items()} == {
        signer.account: 7 * UNIT for signer in made.members
    }
    bcfl_chain.execute(calls.open_round(made.number, bytes(32)), made.coordinator)
    binding = binding_of(bcfl_chain, made.number, 0)
    for signer in made.members:
        update = sign_commitment(binding, signer, bytes(32), 10, bytes(32))
        bcfl_chain.execute(commit_call(binding, update), signer)
    round_ = bcfl_chain.round(made.number, 0)
    assert round_ is not None
    assert round_.sealed_at == bcfl_chain.head().number


@pytest.mark.slow
def test_a_sealed_round_takes_no_more(
    bcfl_chain: EmbeddedClient,
    bcfl_federation: MakeFederation,
) -> None:
    """The example of docs/how-to/test-with-a-chain.md."""
    made = bcfl_federation(members=2, terms=replace(DEVELOPMENT, quorum=Quorum(count=1)))
    first, second = made.members
    bcfl_chain.execute(calls.open_round(made.number, bytes(32)), made.coordinator)
    binding = binding_of(bcfl_chain, made.number, 0)
    one, other = (sign_commitment(binding, who, bytes(32), 10, bytes(32)) for who in made.members)
    bcfl_chain.execute(commit_call(binding, one), first)
    with pytest.raises(CommitWindowClosed):
        bcfl_chain.execute(commit_call(binding, other), second)


def test_federations_do_not_share_members(bcfl_federation: MakeFederation) -> None:
    first, second = bcfl_federation(members=1), bcfl_federation(members=1)
    assert first.number != second.number
    assert first.members[0].account != second.members[0].account
