"""What people of a federation do on the chain, in few words: rounds, seats, votes and reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Protocol

import pytest

from pallet_bridge import calls
from pallet_bridge.encoding import attest_statement, blake2_256, hash_chain
from pallet_bridge.keys import Signer
from pallet_bridge.settlement.merkle import (
    greatest_reward,
    leaves_of,
    prove,
    settlement_root,
    totals_of,
)
from pallet_bridge.signing import binding_of, commit_call, sign_commitment
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import (
    PERBILL_ONE,
    UNIT,
    Arbiter,
    Coupling,
    MembersVote,
    MemberVerdict,
    Outcome,
    Perbill,
    Planck,
    Quorum,
)

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.fixtures import JoinedFederation, MakeFederation
    from pallet_bridge.types import (
        AccountId,
        CommittedUpdate,
        Event,
        Participant,
        ProvenLeaf,
        Receipt,
        Round,
        Terms,
    )

MODEL, NEXT_MODEL, REPORT = bytes(32), bytes([1]) * 32, bytes([2]) * 32
HALF = Perbill(PERBILL_ONE // 2)
PERCENT = Perbill(PERBILL_ONE // 100)

QUICK = replace(
    DEVELOPMENT,
    commit_blocks=4,
    settle_blocks=6,
    dispute_blocks=4,
    unbonding_blocks=24,
    notice_blocks=24,
)
"""Windows that a test waits for: they seal, judge and dispute in 18 blocks."""

WATCHED = replace(
    QUICK,
    quorum=Quorum(count=2),
    committee_size=3,
    attest_quorum=Perbill(PERBILL_ONE * 3 // 5),
    coupling=Coupling.FULL,
    arbiter=Arbiter.ATTESTERS,
    silence=PERCENT,
)
"""A round settles only with two of three seats."""

VOTING = replace(
    QUICK,
    governance=MembersVote(
        quorum=Perbill(PERBILL_ONE * 2 // 5),
        threshold=Perbill(PERBILL_ONE * 3 // 5),
        voting_blocks=8,
        delay_blocks=2,
    ),
    aging_blocks=20,
    max_vote_share=Perbill(PERBILL_ONE * 2 // 5),
)
"""Members govern, by the shares and thresholds that are the defaults of ``bcfl.terms``."""


@dataclass(frozen=True, slots=True)
class Stage:
    """A federation on its chain."""

    chain: EmbeddedClient
    made: JoinedFederation

    @property
    def number(self) -> int:
        return self.made.number

    @property
    def boss(self) -> Signer:
        return self.made.coordinator

    def do(self, function: str, *args: object, by: Signer, **more: object) -> Receipt:
        """Send a call on this federation; raises what refuses it."""
        return self.chain.execute(getattr(calls, function)(self.number, *args, **more), by)

    def wait(self, block: int) -> None:
        """Let the chain get to this block: the next call is in a later one."""
        self.chain.wait_until_block(block, timeout=60)

    def pass_blocks(self, count: int) -> None:
        self.wait(self.chain.head().number + count)

    def member(self, who: Signer) -> Participant:
        found = self.chain.participant(self.number, who.account)
        assert found is not None
        return found

    def round(self, number: int) -> Round:
        found = self.chain.round(self.number, number)
        assert found is not None
        return found

    def open(self, model: bytes = MODEL, by: Signer | None = None) -> int:
        """Open a round; returns its number."""
        self.do("open_round", model, by=by or self.boss)
        return self.chain.federation(self.number).next_round - 1

    def sign(self, number: int, who: Signer, seed: int = 0) -> CommittedUpdate:
        """Sign an update for a round; another seed is another update."""
        digest = blake2_256(bytes([seed]) + who.account.raw)
        return sign_commitment(
            binding_of(self.chain, self.number, number), who, digest, 10 + seed, digest
        )

    def commit(self, number: int, *who: Signer) -> list[CommittedUpdate]:
        """Let members commit by themselves."""
        binding = binding_of(self.chain, self.number, number)
        made = [self.sign(number, one) for one in who]
        for one, update in zip(who, made, strict=True):
            self.chain.execute(commit_call(binding, update), one)
        return made

    def verdicts(
        self,
        number: int,
        outcomes: Mapping[AccountId, Outcome] | None = None,
        revealed: Mapping[AccountId, bytes] | None = None,
    ) -> list[MemberVerdict]:
        """Judge all who committed: accepted, and as they committed, unless it says else."""
        judged, shown = outcomes or {}, revealed or {}
        return [
            MemberVerdict(
                account=account,
                revealed=shown.get(account, commitment.hash),
                outcome=judged.get(account, Outcome.ACCEPTED),
                score=0,
                reason=0,
                weight=1,
            )
            for account, commitment in self.chain.commitments(self.number, number).items()
        ]

    def leaves(self, number: int, verdicts: Sequence[MemberVerdict]) -> tuple[ProvenLeaf, ...]:
        """What these verdicts come to, each with its proof."""
        known = {
            account: commitment.hash
            for account, commitment in self.chain.commitments(self.number, number).items()
        }
        terms = self.chain.terms(self.number, self.round(number).terms_version)
        return prove(leaves_of(verdicts, known, terms.round_reward, greatest_reward(terms)))

    def settle(self, number: int, verdicts: Sequence[MemberVerdict] | None = None) -> Receipt:
        """Settle by a list, once the round is sealed."""
        said = self.verdicts(number) if verdicts is None else verdicts
        return self.do("settle", number, NEXT_MODEL, REPORT, said, by=self.boss)

    def post(
        self,
        number: int,
        proven: Sequence[ProvenLeaf],
        report: bytes = REPORT,
        by: Signer | None = None,
    ) -> Receipt:
        """Settle by a root."""
        leaves = [one.leaf for one in proven]
        return self.do(
            "settle_root",
            number,
            NEXT_MODEL,
            report,
            root=settlement_root(leaves),
            totals=totals_of(leaves),
            by=by or self.boss,
        )

    def seal(self, number: int) -> None:
        """Wait until the commit window is over, unless a quorum sealed the round."""
        round_ = self.round(number)
        if round_.sealed_at is None:
            self.wait(round_.commit_until)

    def statement(self, number: int, verdicts: Sequence[MemberVerdict] | None = None) -> bytes:
        """What an attester says of the settlement with these verdicts."""
        said = self.verdicts(number) if verdicts is None else verdicts
        root = settlement_root(one.leaf for one in self.leaves(number, said))
        binding = binding_of(self.chain, self.number, number)
        return attest_statement(binding, model=NEXT_MODEL, report=REPORT, root=root)

    def register(self, *who: Signer) -> None:
        """Offer to sit in committees."""
        for one in who:
            self.do("register_attester", self.links(one)[0], by=one)

    def attest(self, number: int, who: Signer, said: bytes, link: int) -> Receipt:
        """Attest with the link-th value of the attester's chain."""
        return self.do("attest", number, said, self.links(who)[link], by=who)

    def links(self, who: Signer) -> tuple[bytes, ...]:
        return hash_chain(blake2_256(who.account.raw + bytes([self.number])), 12)

    def seated(self, number: int) -> set[AccountId]:
        return {seat.account for seat in self.chain.committee(self.number, number)}

    def free(self, who: Signer | AccountId) -> int:
        account = who.account if isinstance(who, Signer) else who
        return self.chain.balance(account).free

    def newcomer(self, name: str, stake: int = 0, organisation: bytes | None = None) -> Signer:
        """Fund somebody, invite it where an organisation is named, and let it join."""
        who = Signer.from_uri(f"//bcfl//federation-{self.number}//{name}")
        self.chain.execute(
            calls.transfer(who.account, Planck(stake + 200 * UNIT)), Signer.from_uri("//Bob")
        )
        if organisation is not None:
            self.do("invite", who.account, organisation, 0, by=self.boss)
        if stake:
            self.join(who, stake)
        return who

    def join(self, who: Signer, stake: int) -> Receipt:
        terms = hash_of_terms(self.chain.terms(self.number))
        return self.do("join", Planck(stake), terms, by=who)

    def propose(self, proposal: Terms | AccountId | bytes, by: Signer) -> int:
        """Propose; returns the number of the motion."""
        receipt = self.do("propose", proposal, by=by)
        return event(receipt, "Proposed").integer("proposal")

    def enact(self, motion: int, by: Signer) -> Receipt:
        """Decide a vote once its time has come."""
        found = self.chain.motion(self.number, motion)
        assert found is not None
        self.wait(found.enact_at)
        return self.do("enact", motion, 64, by=by)


class Found(Protocol):
    """Makes a stage with a federation of its own."""

    def __call__(self, members: int = 3, terms: Terms = QUICK) -> Stage: ...


@pytest.fixture
def found(bcfl_chain: EmbeddedClient, bcfl_federation: MakeFederation) -> Found:
    """Found federations on the module's chain."""

    def make(members: int = 3, terms: Terms = QUICK) -> Stage:
        return Stage(bcfl_chain, bcfl_federation(members, terms))

    return make


def event(receipt: Receipt, name: str) -> Event:
    """The one event of this name of our pallet."""
    (found,) = (one for one in receipt.events if (one.pallet, one.name) == ("Bcfl", name))
    return found


def names(receipt: Receipt) -> set[str]:
    """What the pallet said of a call."""
    return {one.name for one in receipt.events if one.pallet == "Bcfl"}
