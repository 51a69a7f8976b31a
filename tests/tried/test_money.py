"""Money of members that is all in the stake."""

from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge import calls
from pallet_bridge.keys import Signer
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import UNIT, OffenceState, Outcome, Planck, Quorum
from tests.cheats.committees import QUICK, Found, found

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

DUST = Planck(UNIT // 2)
"""Less than the bond: fees are paid of it."""


@pytest.mark.slow
def test_who_has_staked_everything_can_object(found: Found) -> None:
    """Its free balance is below the bond, which is made of its stake."""
    stage = found(2, replace(QUICK, quorum=Quorum(count=2), strikes_to_slash=1))
    poor, other = stage.made.members
    bond = stage.chain.terms(stage.number).dispute_bond
    spare = Planck(stage.chain.balance(poor.account).free - DUST)
    stage.chain.execute(calls.transfer(Signer.from_uri("//Bob").account, spare), poor)
    assert stage.chain.balance(poor.account).free <= DUST < bond
    number = stage.open()
    stage.commit(number, poor, other)
    stage.settle(number, stage.verdicts(number, {poor.account: Outcome.REJECTED}))
    stage.do("dispute", number, by=poor)
    disputed = stage.chain.offences(stage.number)[number, poor.account].dispute
    assert disputed is not None
    assert (disputed.bond, disputed.from_stake) == (bond, True)
    stage.wait(disputed.until + 1)
    stage.do("lapse", number, poor.account, by=other)
    offence = stage.chain.offences(stage.number)[number, poor.account]
    assert offence.state is OffenceState.OVERTURNED
    assert stage.member(poor).active == 100 * UNIT
