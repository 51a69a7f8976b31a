"""What accounts of a `ChainMachine` may try: calls that make sense, and calls that should not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

from pallet_bridge import calls
from pallet_bridge.encoding import (
    attest_statement,
    blake2_256,
    commitment_hash,
    hash_chain,
    signing_payload,
)
from pallet_bridge.settlement import leaves_of, prove, settlement_root, totals_of
from pallet_bridge.types import (
    BatchEntry,
    LeafNotCommitted,
    Outcome,
    Planck,
    RoundState,
    SignedCommitment,
    SignedHash,
    Totals,
    TwoCommitments,
    TwoLeaves,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from pallet_bridge.calls import Call
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.machine.ledger import Books
    from pallet_bridge.types import AccountId, ProvenLeaf

Draw: TypeAlias = "Callable[[st.SearchStrategy[int]], int]"
"""Draws one of several moves; what hypothesis' ``data.draw`` is."""

MODEL, REPORT = bytes(32), bytes([1]) * 32
"""What every settlement says besides its leaves."""

_CHAIN = 40
_EXAMPLES = 10
_OUTCOMES = (Outcome.ACCEPTED, Outcome.ACCEPTED, Outcome.REJECTED, Outcome.EXCLUDED)


@dataclass(frozen=True, slots=True)
class Plan:
    """How a round is going to be settled; `posted` has the leaves as they can be proved."""

    known: Mapping[AccountId, bytes]
    verdicts: tuple[Verdict, ...]
    posted: tuple[ProvenLeaf, ...]
    root: bytes
    totals: Totals


@dataclass(slots=True)
class Memory:
    """What the accounts know beside the chain: what they signed, will post, and can reveal."""

    genesis: bytes
    signers: tuple[Signer, ...]
    signed: dict[tuple[int, int, AccountId], list[SignedCommitment]] = field(default_factory=dict)
    plans: dict[tuple[int, int], Plan] = field(default_factory=dict)
    chains: dict[tuple[int, AccountId], list[bytes]] = field(default_factory=dict)

    def sign(self, place: tuple[int, int], signer: Signer, seed: int) -> SignedCommitment:
        """Sign an update for a round; another seed is another update."""
        digest = blake2_256(bytes([seed]) + signer.account.raw)
        made = _signed(self.genesis, place, signer, digest)
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

    memory: Memory
    books: Books
    number: int
    actor: Signer

    @property
    def place(self) -> tuple[int, int]:
        """The federation and the round."""
        return self.books.number, self.number

    @property
    def budget(self) -> Planck:
        """The reward of the round."""
        found = self.books.rounds.get(self.number)
        version = self.books.federation.terms_version if found is None else found.terms_version
        known = self.books.terms.get(version)
        return Planck(0) if known is None else known.round_reward

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
            said = _judge(self, draw, known)
            found = plan_of(said, known, self.budget, draw(st.integers(0, 12)))
            self.memory.plans[self.place] = found
        return found


def _signed(
    genesis: bytes, place: tuple[int, int], signer: Signer, digest: bytes
) -> SignedCommitment:
    """Commit to an update for a round, and sign it; the digest is its salt as well."""
    federation, number = place
    commitment = commitment_hash(
        genesis=genesis,
        federation=federation,
        round_id=number,
        account=signer.account,
        update_digest=digest,
        num_examples=_EXAMPLES,
        salt=digest,
    )
    payload = signing_payload(
        genesis=genesis,
        federation=federation,
        round_id=number,
        account=signer.account,
        commitment=commitment,
        num_examples=_EXAMPLES,
    )
    signature = signer.sign(payload)
    return SignedCommitment(signer.account, digest, _EXAMPLES, digest, commitment, signature)


def _judge(turn: Turn, draw: Draw, known: Mapping[AccountId, bytes]) -> list[Verdict]:
    said = []
    for account in known:
        signed = turn.memory.signed.get((*turn.place, account), [])
        digest = signed[-1].update_digest if signed else bytes(32)
        outcome = _OUTCOMES[draw(st.integers(0, 3))]
        said.append(Verdict(account, digest, outcome, -5, 6, draw(st.integers(0, 3))))
    return said


def plan_of(
    said: list[Verdict], known: Mapping[AccountId, bytes], budget: Planck, lie: int
) -> Plan:
    """Make the leaves of a settlement.

    Parameters
    ----------
    said : list of Verdict
        One an account that committed.
    known : Mapping[AccountId, bytes]
        The commitments of the round.
    budget : Planck
        Its reward.
    lie : int
        How the leaves or their sum are wrong: 1 an account twice, 2 an account that did not commit,
        3 rewards above the budget, 4 a reward beside a rejection, 5 another commitment, 6 less in
        sum than the leaves say; any other number is the truth.
    """
    leaves = list(leaves_of(said, known, budget))
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
    posted = tuple(prove(leaves))
    return Plan(known, tuple(said), posted, settlement_root(leaves), totals)


def commit_batch(turn: Turn, draw: Draw) -> Call:
    """Relay commitments: some signed twice, some forged."""
    entries = []
    for signer in turn.memory.signers[1:]:
        act = draw(st.integers(0, 5))
        if act == 0:
            continue
        made = turn.memory.sign(turn.place, signer, act % 3).entry()
        forged = replace(made, signature=bytes([act]) * 64)
        entries.append(forged if act == 5 else made)  # noqa: PLR2004 - one of six
    return calls.commit_batch(*turn.place, entries)


def settle(turn: Turn, draw: Draw) -> Call:
    """Settle by a list as planned; rarely with a stranger's verdict, or one verdict twice."""
    said = list(turn.plan(draw).verdicts)
    mistake = draw(st.integers(0, 19))
    if mistake == 0:
        said.append(Verdict(turn.actor.account, bytes(32), Outcome.ACCEPTED, 0, 0, 1))
    elif mistake == 1:
        said += said[:1]
    return calls.settle(*turn.place, MODEL, REPORT, said)


def settle_root(turn: Turn, draw: Draw) -> Call:
    """Settle by the planned root."""
    plan = turn.plan(draw)
    return calls.settle_root(*turn.place, MODEL, REPORT, root=plan.root, totals=plan.totals)


def _a_leaf(turn: Turn, draw: Draw) -> ProvenLeaf | None:
    plan = turn.memory.plans.get(turn.place)
    if plan is None or not plan.posted:
        return None
    return plan.posted[draw(st.integers(0, len(plan.posted) - 1))]


def apply_leaf(turn: Turn, draw: Draw) -> Call | None:
    """Apply a leaf that was posted, sometimes changed."""
    proven = _a_leaf(turn, draw)
    if proven is None:
        return None
    if draw(st.integers(0, 5)) == 0:
        proven = replace(proven, leaf=replace(proven.leaf, score=1))
    return calls.apply_leaf(*turn.place, proven)


def report_equivocation(turn: Turn, draw: Draw) -> Call | None:
    """Report two signed commitments of one account: two hashes, or twice the same."""
    pairs = {
        account: made
        for (federation, number, account), made in turn.memory.signed.items()
        if (federation, number) == turn.place
    }
    if not pairs:
        return None
    account = sorted(pairs)[draw(st.integers(0, len(pairs) - 1))]
    made = pairs[account]
    first, second = made[0], made[draw(st.integers(0, len(made) - 1))]
    proof = TwoCommitments(account, signed_hash(first), signed_hash(second))
    return calls.report_equivocation(*turn.place, proof)


def report_mismatch(turn: Turn, draw: Draw) -> Call | None:
    """Report that a leaf names another update than was committed to."""
    proven = _a_leaf(turn, draw)
    if proven is None:
        return None
    made = turn.memory.signed.get((*turn.place, proven.leaf.account))
    if not made:
        return None
    opening = made[draw(st.integers(0, len(made) - 1))].opening()
    return calls.report_mismatch(*turn.place, proven, opening)


def report_bad_root(turn: Turn, draw: Draw) -> Call | None:
    """Report a posted root by two leaves of one account, or by a leaf of a stranger."""
    first = _a_leaf(turn, draw)
    if first is None:
        return None
    if draw(st.booleans()):
        return calls.report_bad_root(*turn.place, LeafNotCommitted(first))
    posted = turn.memory.plans[turn.place].posted
    twins = [other for other in posted if other.leaf.account == first.leaf.account]
    return calls.report_bad_root(*turn.place, TwoLeaves(first, twins[-1]))


def register_attester(turn: Turn, _: Draw) -> Call:
    """Register with the public end of a chain of hashes."""
    federation = turn.books.number
    return calls.register_attester(federation, turn.memory.links(federation, turn.actor)[0])


def attest(turn: Turn, draw: Draw) -> Call:
    """Attest what the settlement is going to say, or something else; or abstain."""
    links = turn.memory.links(turn.books.number, turn.actor)
    preimage = links[1] if len(links) > 1 and draw(st.integers(0, 5)) else bytes(32)
    said = statement(turn, turn.plan(draw).root)
    other = bytes([9]) * 32
    chosen = (said, said, said, said, other, bytes(32))[draw(st.integers(0, 5))]
    return calls.attest(*turn.place, chosen, preimage)


def statement(turn: Turn, root: bytes) -> bytes:
    """Return what an attester says of a settlement with this root."""
    return attest_statement(
        genesis=turn.memory.genesis,
        federation=turn.books.number,
        round_id=turn.number,
        model=MODEL,
        report=REPORT,
        root=root,
    )


def signed_hash(made: SignedCommitment) -> SignedHash:
    """Return what an account signed, as a proof carries it."""
    entry: BatchEntry = made.entry()
    return SignedHash(entry.commitment, entry.num_examples, entry.signature)
