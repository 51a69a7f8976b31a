"""Those who would let a federation pay for more than it means to."""

from __future__ import annotations

import pytest

from pallet_bridge import calls
from pallet_bridge.encoding import escrow_account, purse_account
from pallet_bridge.errors import CallFailed, TransactionRefused
from pallet_bridge.errors.pallet import EscrowShort
from pallet_bridge.keys import Signer
from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation
from pallet_bridge.types import UNIT, Planck
from tests.cheats.committees import MODEL, QUICK, Found, Stage, found
from tests.cheats.table import Outcome, Role, cheat

__all__ = ["bcfl_chain", "bcfl_federation", "found"]

BOB, EVE = Signer.from_uri("//Bob"), Signer.from_uri("//Eve")
NO_MONEY = "pay some fees"


def purse(stage: Stage) -> int:
    return stage.free(purse_account(stage.number))


def make_poor(stage: Stage, who: Signer) -> None:
    """Take all that an account can spend, but for what it needs to be there."""
    client, keep = stage.chain, stage.chain.prices().existence
    probe = calls.transfer(BOB.account, Planck(stage.free(who)))
    fee = client.fee(probe, who.account)
    client.execute(calls.transfer(BOB.account, Planck(stage.free(who) - fee - keep)), who)
    assert stage.free(who) == keep


@cheat(
    Role.NODE,
    "Has no money, and sends calls that fail, one after the other, for its federation to pay.",
    Outcome.REFUSED,
    "24 fees a day for an account are all (`MaxSponsoredCalls`), and each is an event that names "
    "it. Rewards are paid from another account.",
)
def test_a_purse_is_burned_by_calls_that_fail(found: Found) -> None:
    stage = found(2, QUICK)
    thief, _ = stage.made.members
    stage.do("fund_fees", Planck(UNIT), by=BOB)
    make_poor(stage, thief)
    escrow = stage.free(escrow_account(stage.number))
    for _ in range(24):
        with pytest.raises(CallFailed):
            stage.do("unbond", Planck(0), by=thief)
    left = purse(stage)
    with pytest.raises(TransactionRefused, match=NO_MONEY):
        stage.do("unbond", Planck(0), by=thief)
    assert purse(stage) == left > UNIT * 9 // 10
    assert stage.free(escrow_account(stage.number)) == escrow


@cheat(
    Role.STRANGER,
    "Is no member, and lets a federation pay: for a call on it, for joining without an "
    "invitation, or for a transfer.",
    Outcome.REFUSED,
    "Only a member's own calls are paid, and the joining of who is invited and has the stake.",
)
def test_a_stranger_pays_itself(found: Found) -> None:
    stage = found(2, QUICK)
    stage.do("fund_fees", Planck(UNIT), by=BOB)
    poor = stage.newcomer("poor")
    make_poor(stage, poor)
    before = purse(stage)
    for call in (
        calls.unbond(stage.number, Planck(1)),
        calls.seal(stage.number, 0),
        calls.withdraw(stage.number, stage.made.members[0].account),
        calls.transfer(EVE.account, Planck(1)),
        calls.join(stage.number, Planck(0), bytes(32)),
    ):
        with pytest.raises(TransactionRefused, match=NO_MONEY):
            stage.chain.execute(call, poor)
    assert purse(stage) == before


@cheat(
    Role.SERVER,
    "Pays the rewards of a round from what was paid in for fees of members.",
    Outcome.REFUSED,
    "`EscrowShort`: the purse is an account of its own, and pays fees only. What is left of it at "
    "the end is the sponsors'.",
)
def test_a_purse_pays_no_rewards(found: Found) -> None:
    stage = found(1, QUICK)
    number, boss = stage.chain.next_federation(), stage.boss
    stage.chain.execute(calls.create_federation(QUICK, bytes(32)), boss)
    agreed = stage.chain.terms_hash(number)
    stage.chain.execute(calls.join(number, QUICK.min_stake, agreed), EVE)
    stage.chain.execute(calls.fund_fees(number, Planck(2_000 * UNIT)), BOB)
    with pytest.raises(EscrowShort):
        stage.chain.execute(calls.open_round(number, MODEL), boss)
    stage.chain.execute(calls.fund(number, QUICK.round_reward), boss)
    stage.chain.execute(calls.open_round(number, MODEL), boss)
    assert stage.free(purse_account(number)) == 2_000 * UNIT
