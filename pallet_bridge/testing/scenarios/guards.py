"""Those who come uninvited, show something else, or want their money back too early."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from hypothesis import strategies as st

from pallet_bridge.testing.machine.accounts import BASE, VOTERS
from pallet_bridge.testing.machine.memory import MODEL
from pallet_bridge.testing.scenarios.scenario import STAKE, ScenarioFederation, reaching
from pallet_bridge.types import UNIT, Admission, Arbiter, Perbill, Planck, Quorum, Vouched

if TYPE_CHECKING:
    from pallet_bridge.testing.machine.memory import Draw
    from pallet_bridge.testing.machine.step import CheckedChain

_TWO = replace(
    BASE, quorum=Quorum(count=2), commit_blocks=12, settle_blocks=12, unbonding_blocks=40
)
"""Two commitments seal a round; there is time to try many things before it must be settled."""
_BOND = Planck(3 * UNIT)
_OTHER = bytes([9]) * 32


@reaching("TermsDiffer", "NotInvited", "OrganisationFull")
def come_uninvited(chain: CheckedChain, draw: Draw) -> None:
    """Join under other terms, without an invitation, and with a colleague too many."""
    terms = replace(BASE, admission=Admission.INVITED, max_per_organisation=1)
    federation = ScenarioFederation.found(chain, terms, members=0)
    first, second, _ = federation.members
    for who in (first, second):
        examples = draw(st.integers(0, 9))
        federation.do("invite", who.account, b"A", examples, by=federation.coordinator)
    federation.do("join", STAKE, _OTHER, by=first)
    federation.join(STAKE, federation.stranger)
    federation.join(STAKE, first)
    federation.join(STAKE, second)


@reaching("AlreadyVouched", "OrganisationDiffers", "NotInvited")
def vouch_for_a_friend(chain: CheckedChain, draw: Draw) -> None:
    """Vouch twice for one account, and disagree on whom it belongs to."""
    terms = replace(BASE, admission=Vouched(2))
    federation = ScenarioFederation.found(chain, terms, members=0)
    first, second, third = federation.members
    for who, name in ((first, b"A"), (second, b"")):  # too few to vouch: the coordinator may
        federation.do("invite", who.account, name, 0, by=federation.coordinator)
        federation.join(STAKE, who)
    examples = draw(st.integers(1, 9))
    for who, name in ((first, b"A"), (first, b"A"), (second, b"B")):
        federation.do("invite", third.account, name, examples, by=who)
    federation.join(STAKE, third)


@reaching("StatementDiffers", "ModelNotContinued", "VerdictMissing", "TooManyExamples")
def show_something_else(chain: CheckedChain, draw: Draw) -> None:
    """Sign for another round than this, forget a member's verdict, and go on from nowhere."""
    federation = ScenarioFederation.found(chain, _TWO)
    first, second, _ = federation.members
    federation.open()
    made = federation.signed(first)
    said = (made.commitment, made.num_examples, _OTHER)
    federation.do("commit", federation.newest, *said, by=first)
    federation.commit(first, second)
    verdicts = federation.verdicts()
    federation.settle(verdicts[: draw(st.integers(0, 1))])
    federation.settle(verdicts)
    federation.do("open_round", _OTHER, by=federation.coordinator)
    modest = ScenarioFederation.found(chain, replace(_TWO, max_examples=made.num_examples - 1))
    modest.open()
    modest.commit(first)
    modest.relay(modest.signed(second))


@reaching("BondShort", "BondNotFree", "NotMisconduct", "AlreadyReported", "NothingToClaim")
def coordinate_without_a_bond(chain: CheckedChain, draw: Draw) -> None:
    """Take the bond back at once, be caught at two instructions, and go on without a bond.

    Who committed in the round is paid for it, once.
    """
    terms = replace(_TWO, coordinator_bond=_BOND, misconduct=Perbill(5 * 10**8))
    federation = ScenarioFederation.found(chain, terms)
    boss = federation.coordinator
    federation.open()
    federation.commit(federation.members[0])
    number = federation.newest
    turn = chain.turn(federation.number, number, boss)
    federation.do("report_misconduct", number, turn.instruct(boss, 0), by=federation.stranger)
    federation.do("withdraw_bond", by=boss)
    lie = 1 + draw(st.integers(0, 1))
    for _ in range(2):
        proof = turn.instruct(boss, lie)
        federation.do("report_misconduct", number, proof, by=federation.stranger)
    harmed = federation.members[0]
    for _ in range(2):
        federation.do("claim", harmed.account, [number], by=federation.stranger)
    federation.open()  # half of it is gone
    federation.do("post_bond", _BOND, by=boss)
    federation.open()
    federation.do("replace_coordinator", harmed.account, by=boss)
    federation.do("withdraw_bond", by=boss)
    chain.wait_past(federation.books.bonds[boss.account].free_at or 0)
    federation.do("withdraw_bond", by=boss)


@reaching("StakeTooYoung", "StakeLocked")
def vote_with_young_stake(chain: CheckedChain, draw: Draw) -> None:
    """Join to decide a vote that is under way, and take the stake back."""
    federation = ScenarioFederation.found(chain, replace(VOTERS, lock_blocks=20))
    first, _, third = federation.members
    federation.do("propose", first.account, by=first)
    federation.join(STAKE, third)
    federation.do("vote", 0, approve=bool(draw(st.booleans())), by=third)
    federation.do("unbond", STAKE, by=third)


@reaching("MembersDecide", "TermsPending")
def change_terms_alone(chain: CheckedChain, draw: Draw) -> None:
    """Change, as the coordinator, what only the members may, and change terms twice at once."""
    federation = ScenarioFederation.found(chain, BASE)
    boss = federation.coordinator
    federation.do("rebase", _OTHER, by=boss)
    federation.do("set_terms", replace(BASE, arbiter=Arbiter.COUNCIL), by=boss)
    for _ in range(2):
        reward = Planck((1 + draw(st.integers(0, 9))) * UNIT)
        federation.do("set_terms", replace(BASE, round_reward=reward), by=boss)


@reaching("RewardNotVested")
def claim_before_it_is_vested(chain: CheckedChain, draw: Draw) -> None:
    """Claim a reward after its dispute window, and before it is vested."""
    terms = replace(_TWO, vesting_rounds=2 + draw(st.integers(0, 3)))
    federation = ScenarioFederation.found(chain, terms)
    first, second, _ = federation.members
    federation.open()
    federation.commit(first, second)
    federation.settle(federation.verdicts())
    chain.wait_past(federation.settlement.dispute_until)
    federation.do("claim", first.account, [federation.newest], by=first)
    chain.wait_past(federation.settlement.vests_at)
    federation.do("claim", first.account, [federation.newest], by=first)
    federation.do("open_round", MODEL, by=federation.coordinator)
