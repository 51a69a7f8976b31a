"""What a scenario is, and a fresh federation in which one takes place."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.settlement.merkle import prove, settlement_root, totals_of
from pallet_bridge.testing.machine.memory import MODEL, REPORT, Draw, Plan, plan_of
from pallet_bridge.testing.machine.step import OK, CheckedChain
from pallet_bridge.types import UNIT, MemberVerdict, Outcome, Planck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from pallet_bridge.calls import Value
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.machine.ledger import Books
    from pallet_bridge.types import (
        CommittedUpdate,
        Leaf,
        ProvenLeaf,
        Round,
        Settlement,
        Terms,
    )

Script: TypeAlias = "Callable[[CheckedChain, Draw], None]"
"""Sends calls to a chain; draws what may differ from one run to the next."""

STAKE = Planck(20 * UNIT)
"""What members of a fresh federation stake."""
_FUNDS = Planck(200 * UNIT)


@dataclass(frozen=True, slots=True)
class Scenario:
    """An adversary's script: what it wants is its docstring, and what refuses it is `reaches`."""

    script: Script
    reaches: frozenset[str]

    @property
    def name(self) -> str:
        """The name of the script."""
        return self.script.__name__


def reaching(*errors: str) -> Callable[[Script], Scenario]:
    """Make a scenario of a script that ends in each of these errors, whatever it draws."""

    def made(script: Script) -> Scenario:
        return Scenario(script, frozenset(errors))

    return made


@dataclass(frozen=True, slots=True)
class ScenarioFederation:
    """A federation that the first account coordinates, with members, and an arbiter who is none."""

    chain: CheckedChain
    number: int

    @classmethod
    def found(
        cls, chain: CheckedChain, terms: Terms, *, members: int = 2, funds: Planck = _FUNDS
    ) -> ScenarioFederation:
        """Create a federation, fund it, and let the second and further accounts join."""
        federation = cls(chain, chain.client.next_federation())
        coordinator = federation.coordinator
        chain.do("create_federation", calls.create_federation(terms, bytes(32)), coordinator)
        if funds:
            federation.do("fund", funds, by=coordinator)
        for member in federation.members[:members]:
            federation.join(STAKE, member)
        return federation

    @property
    def coordinator(self) -> Signer:
        """The first account, which is also in the council and has the sudo key."""
        return self.chain.signers[0]

    @property
    def members(self) -> tuple[Signer, ...]:
        """Three accounts; the first two are in the council."""
        return self.chain.signers[1:4]

    @property
    def arbiter(self) -> Signer:
        """Who decides disputes under the terms that name an account."""
        return self.chain.signers[4]

    @property
    def stranger(self) -> Signer:
        """Who is no member."""
        return self.chain.signers[5]

    @property
    def books(self) -> Books:
        """All that is stored of the federation."""
        return self.chain.books(self.number)

    @property
    def newest(self) -> int:
        """The number of the newest round; that of the first before there is one."""
        return max(0, self.books.federation.next_round - 1)

    @property
    def round(self) -> Round:
        """The newest round."""
        return self.books.rounds[self.newest]

    @property
    def settlement(self) -> Settlement:
        """The settlement of the newest round."""
        found = self.round.settlement
        if found is None:
            raise AssertionError(f"round {self.newest} is not settled")
        return found

    def do(self, function: str, *args: object, by: Signer, **more: object) -> str:
        """Send a call on this federation, and say what became of it."""
        call: Call = getattr(calls, function)(self.number, *args, **more)
        return self.chain.do(function, call, by)

    def join(self, stake: Planck, who: Signer) -> str:
        """Let somebody join under the terms in force."""
        return self.chain.do("join", self.chain.join(self.number, stake), who)

    def open(self) -> None:
        """Open a round."""
        self.do("open_round", MODEL, by=self.coordinator)

    def signed(self, who: Signer, seed: int = 0) -> CommittedUpdate:
        """Let somebody sign an update for the newest round."""
        return self.chain.turn(self.number, self.newest, who).sign(who, seed)

    def commit(self, *members: Signer) -> None:
        """Let members commit in the newest round."""
        for who in members:
            turn = self.chain.turn(self.number, self.newest, who)
            self.chain.do("commit", turn.commit(who, 0), who)

    def relay(self, *made: CommittedUpdate) -> None:
        """Relay signed commitments as the coordinator."""
        self.do("commit_batch", self.newest, [one.entry() for one in made], by=self.coordinator)

    def verdicts(self, outcome: Outcome = Outcome.ACCEPTED) -> list[MemberVerdict]:
        """Judge all who committed in the newest round the same."""
        return [
            MemberVerdict(
                account=account,
                revealed=self.chain.memory.signed[self.number, self.newest, account][0].commitment,
                outcome=outcome,
                score=0,
                reason=0,
                weight=1,
            )
            for account in self.books.commitments[self.newest]
        ]

    def settle(self, verdicts: Iterable[MemberVerdict], by: Signer | None = None) -> str:
        """Settle the newest round by a list."""
        judge = self.coordinator if by is None else by
        return self.do("settle", self.newest, MODEL, REPORT, list(verdicts), by=judge)

    def planned(self, lie: int = 0, verdicts: list[MemberVerdict] | None = None) -> Plan:
        """Make leaves for the newest round; see `plan_of` for lies."""
        turn = self.chain.turn(self.number, self.newest, self.coordinator)
        verdicts = self.verdicts() if verdicts is None else verdicts
        plan = plan_of(verdicts, turn.hashes(), turn.budget, lie, turn.most)
        self.chain.memory.plans[turn.place] = plan
        return plan

    def post(self, plan: Plan) -> str:
        """Settle the newest round by a root."""
        stated = {"root": plan.root, "totals": plan.totals}
        return self.do("settle_root", self.newest, MODEL, REPORT, by=self.coordinator, **stated)

    def post_leaves(self, leaves: list[Leaf], rewards: Planck) -> tuple[ProvenLeaf, ...]:
        """Post leaves that say anything, with totals that could be those of honest ones."""
        counted = totals_of(leaves)
        stated = replace(counted, strikes=counted.rejected, rewards=rewards)
        posted = tuple(prove(leaves))
        plan = Plan({}, (), posted, settlement_root(leaves), stated)
        self.chain.memory.plans[self.number, self.newest] = plan
        self.post(plan)
        return posted

    def by_council(self, call: Call) -> str:
        """Let two of the three of the council decide on a call."""
        size = 10_000
        proposed = calls.council_propose(call, threshold=2, length_bound=size)
        if self.chain.do("council propose", proposed, self.coordinator) != OK:
            return "not proposed"
        event = next(e for e in self.chain.events if e.name == "Proposed")
        motion, index = event.text("proposal_hash"), event.integer("proposal_index")
        for who in self.chain.signers[:2]:
            ballot: dict[str, Value] = {"proposal": motion, "index": index, "approve": True}
            self.chain.do("council vote", Call("Council", "vote", ballot), who)
        end: dict[str, Value] = {
            "proposal_hash": motion,
            "index": index,
            "proposal_weight_bound": {"ref_time": 10**10, "proof_size": 10**6},
            "length_bound": size,
        }
        name = f"council {call.function}"
        return self.chain.do(name, Call("Council", "close", end), self.stranger)

    def by_root(self, call: Call) -> str:
        """Send a call with the sudo key."""
        sudo = Call("Sudo", "sudo", {"call": inner(call)})
        return self.chain.do(f"root {call.function}", sudo, self.coordinator)


def inner(call: Call) -> Value:
    """Return a call as the argument of another."""
    return {
        "call_module": call.pallet,
        "call_function": call.function,
        "call_args": dict(call.args),
    }
