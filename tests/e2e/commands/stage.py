"""One federation on an embedded chain, and plans that are sent whatever they say."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from bcfl_plugins.cli.acting.view import look
from bcfl_plugins.cli.federation import decide as founding
from bcfl_plugins.cli.federation import govern
from bcfl_plugins.cli.member import decide as member
from pallet_bridge import calls
from pallet_bridge.errors import CallFailed
from pallet_bridge.keys import Signer
from pallet_bridge.signing import binding_of, commit_call, sign_commitment
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import (
    UNIT,
    Admission,
    Governance,
    MemberVerdict,
    Outcome,
    Planck,
    Quorum,
)

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.plan import CallPlan
    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.types import AccountId, Terms

BOSS, ANN, BEN, CAT = (Signer.from_uri(f"//{name}") for name in ("Boss", "Ann", "Ben", "Cat"))
TERMS = replace(
    DEVELOPMENT,
    min_stake=Planck(30 * UNIT),
    max_participants=2,
    commit_blocks=4,
    settle_blocks=11,
    dispute_blocks=7,
    unbonding_blocks=30,
    notice_blocks=30,
    claim_blocks=9,
    retention_blocks=17,
    admission=Admission.INVITED,
    governance=Governance.COORDINATOR,
    coordinator_bond=Planck(7 * UNIT),
    round_reward=Planck(6 * UNIT),
    quorum=Quorum(),
    lock_blocks=6,
    vesting_rounds=0,
    aging_blocks=0,
    dispute_bond=Planck(2 * UNIT),
)


class Stage:
    """A chain, and one federation on it."""

    def __init__(self, client: EmbeddedClient) -> None:
        self.client = client
        self.number = 0

    def view(self) -> View:
        return look(self.client, self.number)

    def member(self, who: Signer) -> object:
        return self.client.participant(self.number, who.account)

    def found(self, terms: Terms = TERMS) -> None:
        number = self.client.next_federation()
        prices = self.client.prices()
        plan = founding.create(
            BOSS.account,
            terms,
            bytes(32),
            prices=prices,
            ranges=self.client.term_ranges(),
            number=number,
        )
        self.number = number
        assert self.agrees(plan, BOSS)

    def active(self, who: AccountId) -> int:
        try:
            found = self.client.participant(self.number, who)
        except CallFailed:
            return 0
        return 0 if found is None else found.active

    def agrees(self, plan: CallPlan, signer: Signer) -> bool:
        """Send a plan whatever it says; return whether it went through, as it said."""
        accounts = {change.account for change in plan.changes} | {signer.account}
        before = {who: (self.client.balance(who), self.active(who)) for who in accounts}
        fee = self.client.fee(plan.call, signer.account)
        receipt, refusal = None, None
        try:
            receipt = self.client.execute(plan.call, signer)
        except CallFailed as error:
            refusal = error
        if receipt is None:
            assert plan.refusals, f"the chain refuses what was promised: {refusal}"
            return False
        assert not plan.refusals, f"the chain takes what was refused: {plan.refusals}"
        assert receipt.fee == fee
        for who in accounts:
            mine = [change for change in plan.changes if change.account == who]
            paid = fee if who == signer.account else 0
            now = self.client.balance(who)
            old, stake = before[who]
            assert now.free - old.free == sum(one.free for one in mine) - paid, plan.means
            assert now.held - old.held == sum(one.held for one in mine), plan.means
            assert self.active(who) - stake == sum(one.stake for one in mine), plan.means
        return True

    def go_to(self, block: int) -> None:
        """Let the next call be in this block."""
        assert self.client.head().number < block
        self.client.wait_until_block(block - 1, timeout=60)

    def invite(self, who: Signer) -> None:
        said = (b"clinic", 0)
        plan = govern.invite(self.view(), BOSS.account, who.account, said, member=None)
        assert self.agrees(plan, BOSS)

    def plan_join(self, who: Signer, stake: int, agreed: bytes | None = None) -> CallPlan:
        view = self.view()
        return member.join(
            view,
            who.account,
            Planck(stake),
            hash_of_terms(view.terms) if agreed is None else agreed,
            member=self.client.participant(self.number, who.account),
            invitation=self.client.invitation(self.number, who.account),
        )

    def let_in(self, who: Signer, stake: int = 40 * UNIT) -> None:
        self.invite(who)
        assert self.agrees(self.plan_join(who, stake), who)

    def plan_unbond(self, who: Signer, amount: int | None) -> CallPlan:
        return member.unbond(
            self.view(),
            who.account,
            None if amount is None else Planck(amount),
            member=self.client.participant(self.number, who.account),
            attester=self.client.attesters(self.number).get(who.account),
        )

    def plan_withdraw(self, who: Signer, by: Signer | None = None) -> CallPlan:
        found = self.client.participant(self.number, who.account)
        return member.withdraw(self.view(), who.account, found, signer=(by or who).account)

    def open(self) -> int:
        self.client.execute(calls.fund(self.number, TERMS.round_reward), BOSS)
        number = self.view().federation.next_round
        model = self.client.federation(self.number).model or bytes(32)
        self.client.execute(calls.open_round(self.number, model), BOSS)
        return number

    def commit(self, number: int, *signers: Signer) -> dict[Signer, bytes]:
        binding = binding_of(self.client, self.number, number)
        made = {}
        for who in signers:
            update = sign_commitment(binding, who, b"\5" * 32, 100, bytes(32))
            self.client.execute(commit_call(binding, update), who)
            made[who] = update.commitment
        return made

    def settle(self, number: int, made: dict[Signer, bytes]) -> None:
        verdicts = [
            MemberVerdict(who.account, bytes(hash_), Outcome.ACCEPTED, score=0, reason=0, weight=1)
            for who, hash_ in made.items()
        ]
        settled = calls.settle(self.number, number, b"\3" * 32, b"\4" * 32, verdicts)
        self.client.execute(settled, BOSS)
