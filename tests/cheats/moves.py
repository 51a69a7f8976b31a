"""What honest and dishonest accounts do in a round, in few words."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.encoding import blake2_256, instruction_payload
from pallet_bridge.keys import Signer
from pallet_bridge.settlement.merkle import (
    greatest_reward,
    leaves_of,
    prove,
    settlement_root,
    totals_of,
)
from pallet_bridge.signing import binding_of, commit_call, sign_commitment
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import (
    UNIT,
    CommittedUpdate,
    Leaf,
    MembersVote,
    MemberVerdict,
    Outcome,
    Perbill,
    Planck,
    Quorum,
    RoundBinding,
    SlashTerms,
    Terms,
    WrongInstruction,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.fixtures import JoinedFederation
    from pallet_bridge.types import AccountId, Event, ProvenLeaf, Receipt

PERCENT = 10**7
MODEL, NEXT, OTHER, REPORT = (bytes([one]) * 32 for one in (0x41, 0x42, 0x6F, 0x52))
EXPIRES = 2_000_000_000
TIMEOUT_S = 60.0

TERMS: Terms = replace(
    DEVELOPMENT,
    quorum=Quorum(count=3),
    commit_blocks=8,
    settle_blocks=12,
    dispute_blocks=3,
    unbonding_blocks=40,
    notice_blocks=50,
    round_reward=Planck(9 * UNIT),
    slash=SlashTerms(*(Perbill(part * PERCENT) for part in (50, 40, 20, 50))),
    coordinator_bond=Planck(80 * UNIT),
    misconduct=Perbill(50 * PERCENT),
    max_share=Perbill(60 * PERCENT),
)
"""A coordinator that governs alone and has a bond; three commitments seal a round."""

BY_MEMBERS: Terms = replace(
    TERMS,
    governance=MembersVote(Perbill(40 * PERCENT), Perbill(60 * PERCENT), 6, 2),
)
"""The same where the members decide, as in a federation with default terms."""


@dataclass(frozen=True, slots=True)
class OpenRound:
    """A round as the chain has stored it, with those who play in it."""

    chain: EmbeddedClient
    federation: JoinedFederation
    binding: RoundBinding

    @property
    def number(self) -> int:
        return self.binding.round

    @property
    def place(self) -> tuple[int, int]:
        return self.binding.federation, self.binding.round


def open_round(
    chain: EmbeddedClient, federation: JoinedFederation, model: bytes = MODEL
) -> OpenRound:
    number = federation.number
    chain.execute(calls.open_round(number, model), federation.coordinator)
    newest = chain.federation(number).next_round - 1
    return OpenRound(chain, federation, binding_of(chain, number, newest))


def sign(binding: RoundBinding, member: Signer, seed: int = 1) -> CommittedUpdate:
    """Sign an update; another seed is another update."""
    digest = blake2_256(bytes([seed]) + member.account.raw)
    return sign_commitment(binding, member, digest, 10, blake2_256(digest))


def relay(round_: OpenRound, *made: CommittedUpdate) -> Receipt:
    call = calls.commit_batch(*round_.place, [one.entry() for one in made])
    return round_.chain.execute(call, round_.federation.coordinator)


def commit_all(round_: OpenRound, *members: Signer) -> tuple[CommittedUpdate, ...]:
    """Let members sign, all of the federation by default, and relay that honestly."""
    made = tuple(sign(round_.binding, one) for one in members or round_.federation.members)
    relay(round_, *made)
    return made


def commit_alone(round_: OpenRound, member: Signer) -> CommittedUpdate:
    """Let a member commit by a call of its own, whatever the coordinator relays."""
    made = sign(round_.binding, member)
    round_.chain.execute(commit_call(round_.binding, made), member)
    return made


def verdict(
    made: CommittedUpdate, outcome: Outcome = Outcome.ACCEPTED, weight: int = 1, **more: bytes
) -> MemberVerdict:
    said = MemberVerdict(
        account=made.account,
        revealed=made.commitment,
        outcome=outcome,
        score=0,
        reason=0,
        weight=weight if outcome is Outcome.ACCEPTED else 0,
    )
    return replace(said, **more)


def settle(round_: OpenRound, verdicts: Iterable[MemberVerdict], model: bytes = NEXT) -> Receipt:
    call = calls.settle(*round_.place, model, REPORT, list(verdicts))
    return round_.chain.execute(call, round_.federation.coordinator)


def play_round(
    chain: EmbeddedClient,
    federation: JoinedFederation,
    outcomes: Mapping[AccountId, Outcome] | None = None,
) -> OpenRound:
    """Play one honest round; those without an outcome are accepted."""
    model = chain.federation(federation.number).model or MODEL
    round_ = open_round(chain, federation, model)
    made = commit_all(round_)
    said = outcomes or {}
    verdicts = [verdict(one, said.get(one.account, Outcome.ACCEPTED)) for one in made]
    settle(round_, verdicts, blake2_256(model))
    return round_


def leaves(round_: OpenRound, verdicts: Sequence[MemberVerdict]) -> tuple[Leaf, ...]:
    """Return the leaves that an honest coordinator would post."""
    chain, terms = round_.chain, round_.chain.terms(round_.binding.federation)
    known = {account: one.hash for account, one in chain.commitments(*round_.place).items()}
    return leaves_of(verdicts, known, terms.round_reward, greatest_reward(terms))


def post(round_: OpenRound, said: Iterable[Leaf]) -> tuple[ProvenLeaf, ...]:
    """Post a root over any leaves, with their totals."""
    posted = list(said)
    call = calls.settle_root(
        *round_.place, NEXT, REPORT, root=settlement_root(posted), totals=totals_of(posted)
    )
    round_.chain.execute(call, round_.federation.coordinator)
    return prove(posted)


def instruct(binding: RoundBinding, coordinator: Signer, **other: bytes) -> WrongInstruction:
    """Sign an instruction as a coordinator, with another model or other terms than the round's."""
    said = replace(binding, **other)
    signature = coordinator.sign(instruction_payload(said, EXPIRES))
    return WrongInstruction(said.base_model, said.terms_hash, EXPIRES, signature)


def event(receipt: Receipt, name: str) -> Event:
    """Return the one event of this name."""
    (found,) = (one for one in receipt.events if one.name == name)
    return found


def penalty(receipt: Receipt) -> tuple[int, int, int, int]:
    """Return what a misconduct took, burned, shared with the reporter, and gives the harmed."""
    proved = event(receipt, "MisconductProved")
    taken, burned, shared, paid = (
        proved.integer(part) for part in ("taken", "burned", "shared", "compensation")
    )
    return taken, burned, shared, paid


def refusals(receipt: Receipt) -> dict[AccountId, str]:
    """Return who was refused in a batch of commitments, and why."""
    found = (one for one in receipt.events if one.name == "CommitmentRefused")
    return {one.account(): one.text("reason") for one in found}


def wait(chain: EmbeddedClient, blocks: int) -> None:
    wait_until(chain, chain.head().number + blocks)


def wait_until(chain: EmbeddedClient, number: int) -> None:
    chain.wait_until_block(number, timeout=TIMEOUT_S)


def newcomer(chain: EmbeddedClient, name: str, amount: int = 300) -> Signer:
    """Return an account with money that has joined nothing."""
    made = Signer.from_uri(f"//bcfl//cheats//{name}")
    gift = calls.transfer(made.account, Planck(amount * UNIT))
    chain.execute(gift, Signer.from_uri("//Alice"))
    return made


def join(
    chain: EmbeddedClient, federation: JoinedFederation, who: Signer, stake: int = 100
) -> Receipt:
    agreed = chain.terms_hash(federation.number)
    return chain.execute(calls.join(federation.number, Planck(stake * UNIT), agreed), who)


def leave(chain: EmbeddedClient, federation: JoinedFederation, who: Signer) -> None:
    """Unbond all, wait, and withdraw."""
    member = chain.participant(federation.number, who.account)
    assert member is not None
    chain.execute(calls.unbond(federation.number, member.active), who)
    found = chain.participant(federation.number, who.account)
    assert found is not None
    wait_until(chain, found.unbonding[-1].until)
    chain.execute(calls.withdraw(federation.number, who.account), who)


def propose(
    chain: EmbeddedClient, federation: JoinedFederation, what: Terms | AccountId, who: Signer
) -> int:
    receipt = chain.execute(calls.propose(federation.number, what), who)
    return event(receipt, "Proposed").integer("proposal")


def enact(chain: EmbeddedClient, federation: JoinedFederation, proposal: int) -> Receipt:
    motion = chain.motion(federation.number, proposal)
    assert motion is not None
    wait_until(chain, motion.enact_at)
    return chain.execute(calls.enact(federation.number, proposal, 20), federation.coordinator)


def owned(chain: EmbeddedClient, account: AccountId) -> int:
    """Return all that an account has, on hold or not."""
    balance = chain.balance(account)
    return balance.free + balance.held


def held(chain: EmbeddedClient, federation: JoinedFederation, who: Signer) -> int:
    """Return what an account has at stake."""
    member = chain.participant(federation.number, who.account)
    return 0 if member is None else member.stake
