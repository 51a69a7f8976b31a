"""What accounts know beside the chain: what they signed, and how rounds are to be settled."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.encoding import (
    attest_statement,
    blake2_256,
    hash_chain,
    instruction_payload,
    statement_hash,
)
from pallet_bridge.settlement.merkle import (
    greatest_reward,
    leaves_of,
    prove,
    settlement_root,
    totals_of,
)
from pallet_bridge.signing import sign_commitment
from pallet_bridge.types import (
    CommittedUpdate,
    MemberVerdict,
    Outcome,
    Planck,
    RoundBinding,
    RoundKey,
    RoundState,
    Totals,
    WrongInstruction,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pallet_bridge.calls import Call
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.machine.ledger import Books
    from pallet_bridge.types import AccountId, ProvenLeaf, Terms

Draw: TypeAlias = "Callable[[st.SearchStrategy[int]], int]"
"""Draws one of several moves; what hypothesis' ``data.draw`` is."""

MODEL, REPORT = bytes(32), bytes([1]) * 32
"""What every settlement says besides its leaves."""

_CHAIN = 40
_EXAMPLES = 10
_EXPIRES = 2_000_000_000
_OUTCOMES = (Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REJECTED, Outcome.EXCLUDED)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a round is going to be settled; `posted` has the leaves as they can be proved."""

    known: Mapping[AccountId, bytes]
    verdicts: tuple[MemberVerdict, ...]
    posted: tuple[ProvenLeaf, ...]
    root: bytes
    totals: Totals


@dataclass(slots=True)
class OffChainMemory:
    """What the accounts know beside the chain: what they signed, will post, and can reveal."""

    genesis: bytes
    signers: tuple[Signer, ...]
    signed: dict[tuple[int, int, AccountId], list[CommittedUpdate]] = field(default_factory=dict)
    plans: dict[tuple[int, int], Plan] = field(default_factory=dict)
    chains: dict[tuple[int, AccountId], list[bytes]] = field(default_factory=dict)

    def sign(self, binding: RoundBinding, signer: Signer, seed: int) -> CommittedUpdate:
        """Sign an update for a round; another seed is another update."""
        digest = blake2_256(bytes([seed]) + signer.account.raw)
        made = sign_commitment(binding, signer, digest, _EXAMPLES, digest)
        place = (binding.federation, binding.round)
        known = self.signed.setdefault((*place, signer.account), [])
        if made not in known:
            known.append(made)
        return made

    def links(self, federation: int, signer: Signer) -> list[bytes]:
        """Return an attester's chain of hashes, the public end first."""
        secret = blake2_256(signer.account.raw + federation.to_bytes(4, "little"))
        made = list(hash_chain(secret, _CHAIN))
        return self.chains.setdefault((federation, signer.account), made)


@dataclass(frozen=True, slots=True)
class Turn:
    """Where a call is made: one federation, one round of it, and who acts."""

    memory: OffChainMemory
    books: Books
    number: int
    actor: Signer

    @property
    def place(self) -> tuple[int, int]:
        """The federation and the round."""
        return self.books.number, self.number

    @property
    def terms(self) -> Terms | None:
        """The terms of the round, or those in force before there is one."""
        found = self.books.rounds.get(self.number)
        version = self.books.federation.terms_version if found is None else found.terms_version
        return self.books.terms.get(version)

    @property
    def budget(self) -> Planck:
        """The reward of the round."""
        known = self.terms
        return Planck(0) if known is None else known.round_reward

    @property
    def most(self) -> Planck:
        """The most that one account gets of the round's reward."""
        known = self.terms
        return Planck(0) if known is None else greatest_reward(known)

    @property
    def binding(self) -> RoundBinding:
        """What a statement on the round is bound to; before there is one, what it might be."""
        found = self.books.rounds.get(self.number)
        key = RoundKey(self.memory.genesis, *self.place)
        if found is not None:
            return RoundBinding.of(key, found)
        boss = self.books.federation.coordinator
        return RoundBinding(key.genesis, key.federation, key.round, boss, MODEL, bytes(32))

    def sign(self, signer: Signer, seed: int) -> CommittedUpdate:
        """Let somebody sign an update for the round; another seed is another update."""
        return self.memory.sign(self.binding, signer, seed)

    def commit(self, signer: Signer, seed: int) -> Call:
        """Return the call by which somebody commits in the round."""
        made = self.sign(signer, seed)
        said = statement_hash(self.binding, made.account, made.commitment, made.num_examples)
        return calls.commit(*self.place, made.commitment, made.num_examples, said)

    def instruct(self, signer: Signer, lie: int) -> WrongInstruction:
        """Let somebody sign an instruction with another model (1), other terms (2), or neither."""
        other = bytes([8]) * 32
        said = (
            self.binding,
            replace(self.binding, base_model=other),
            replace(self.binding, terms_hash=other),
        )[lie]
        signature = signer.sign(instruction_payload(said, _EXPIRES))
        return WrongInstruction(said.base_model, said.terms_hash, _EXPIRES, signature)

    def hashes(self) -> dict[AccountId, bytes]:
        """Return the commitment hash of each account in the round."""
        found = self.books.commitments.get(self.number, {})
        return {account: commitment.hash for account, commitment in found.items()}

    def plan(self, draw: Draw) -> Plan:
        """Return how this round is to be settled: the same until more have committed."""
        known = self.hashes()
        found = self.memory.plans.get(self.place)
        round_ = self.books.rounds.get(self.number)
        is_open = round_ is not None and round_.state is RoundState.OPEN
        if found is None or (is_open and found.known != known):
            verdicts = _judge(self, draw, known)
            found = plan_of(verdicts, known, self.budget, draw(st.integers(0, 12)), self.most)
            self.memory.plans[self.place] = found
        return found


def _judge(turn: Turn, draw: Draw, known: Mapping[AccountId, bytes]) -> list[MemberVerdict]:
    verdicts = []
    for account in known:
        signed = turn.memory.signed.get((*turn.place, account), [])
        revealed = signed[-1].commitment if signed else bytes(32)
        outcome = _OUTCOMES[draw(st.integers(0, 3))]
        verdicts.append(MemberVerdict(account, revealed, outcome, -5, 6, draw(st.integers(0, 3))))
    return verdicts


def plan_of(
    verdicts: list[MemberVerdict],
    known: Mapping[AccountId, bytes],
    budget: Planck,
    lie: int,
    most: Planck | None = None,
) -> Plan:
    """Make the leaves of a settlement.

    Parameters
    ----------
    verdicts : list of MemberVerdict
        One an account that committed.
    known : Mapping[AccountId, bytes]
        The commitments of the round.
    budget : Planck
        Its reward.
    lie : int
        How the leaves or their sum are wrong: 1 an account twice, 2 an account that did not commit,
        3 rewards above the budget, 4 a reward beside a rejection, 5 another commitment, 6 less in
        sum than the leaves say, 7 one account twice in place of another; any other number is the
        truth.
    most : Planck or None
        The most that one account gets of the reward; ``None``: all.
    """
    leaves = list(leaves_of(verdicts, known, budget, most))
    totals = totals_of(leaves)
    if leaves and lie == 1:
        leaves.append(replace(leaves[0], reward=Planck(0), score=9))
        totals = totals_of(leaves)
    elif lie == 2 and len(leaves) > 1:  # noqa: PLR2004 - the numbers are explained above
        leaves[0] = replace(leaves[0], account=type(leaves[0].account)(bytes([7]) * 32))
    elif lie == 3:  # noqa: PLR2004
        totals = replace(totals, rewards=Planck(budget + 1))
    elif leaves and lie == 4:  # noqa: PLR2004
        leaves[-1] = replace(leaves[-1], strikes=1, reward=Planck(1))
    elif leaves and lie == 5:  # noqa: PLR2004
        leaves[-1] = replace(leaves[-1], commitment=bytes([3]) * 32)
    elif lie == 6:  # noqa: PLR2004
        totals = replace(totals, rewards=Planck(totals.rewards // 4))
    elif len(leaves) > 1 and lie == 7:  # noqa: PLR2004
        leaves[0] = replace(leaves[1], score=9)
        totals = totals_of(leaves)
    posted = tuple(prove(leaves))
    return Plan(known, tuple(verdicts), posted, settlement_root(leaves), totals)


def statement(turn: Turn, root: bytes) -> bytes:
    """Return what an attester says of a settlement with this root."""
    return attest_statement(turn.binding, model=MODEL, report=REPORT, root=root)
