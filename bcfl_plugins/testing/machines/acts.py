"""What accounts of a `ChainMachine` may try: calls that make sense, and calls that should not."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, TypeAlias

from hypothesis import strategies as st

from bcfl_plugins.signing import sign_commitment
from bcfl_plugins.types import OpenedRound
from pallet_bridge import calls
from pallet_bridge.encoding import attest_statement, blake2_256, hash_chain
from pallet_bridge.settlement import leaves_of, prove, settlement_root, totals_of
from pallet_bridge.types import (
    BatchEntry,
    Leaf,
    LeafNotCommitted,
    Outcome,
    Planck,
    SignedHash,
    TwoCommitments,
    TwoLeaves,
    Verdict,
)

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.testing.machines.ledger import Books
    from pallet_bridge.calls import Call
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import AccountId, ProvenLeaf, SignedCommitment

Draw: TypeAlias = "Callable[[st.SearchStrategy[int]], int]"
"""Draws one of several acts; what hypothesis' ``data.draw`` is."""

_CHAIN = 40


@dataclass(slots=True)
class Memory:
    """What the accounts know beside the chain: what they signed, posted, and can reveal."""

    genesis: bytes
    signers: tuple[Signer, ...]
    signed: dict[tuple[int, int, AccountId], list[SignedCommitment]] = field(default_factory=dict)
    posted: dict[tuple[int, int], list[ProvenLeaf]] = field(default_factory=dict)
    chains: dict[tuple[int, AccountId], list[bytes]] = field(default_factory=dict)

    def sign(self, books: Books, number: int, signer: Signer, seed: int) -> SignedCommitment:
        """Sign an update for a round; another seed is another update."""
        opened = OpenedRound(books.number, number, self.genesis)
        digest = blake2_256(bytes([seed]) + signer.account.raw)
        made = sign_commitment(opened, signer, digest, 10, digest)
        self.signed.setdefault((books.number, number, signer.account), []).append(made)
        return made


@dataclass(frozen=True, slots=True)
class Scene:
    """Where a call is made: one federation, one round of it, and who acts."""

    memory: Memory
    books: Books
    number: int
    actor: Signer
    block: int

    @property
    def place(self) -> tuple[int, int]:
        """The federation and the round."""
        return self.books.number, self.number

    @property
    def budget(self) -> Planck:
        """The reward of the round."""
        found = self.books.rounds.get(self.number)
        version = self.books.federation.terms_version if found is None else found.terms_version
        return self.books.terms[version].round_reward

    def hashes(self) -> dict[AccountId, bytes]:
        """Return the commitment hash of each account in the round."""
        found = self.books.commitments.get(self.number, {})
        return {account: commitment.hash for account, commitment in found.items()}


def batch(scene: Scene, draw: Draw) -> Call:
    """Relay commitments: some signed twice, some forged."""
    entries = []
    for signer in scene.memory.signers[1:]:
        act = draw(st.integers(0, 5))
        if act == 0:
            continue
        made = scene.memory.sign(scene.books, scene.number, signer, act % 3).entry()
        forged = replace(made, signature=bytes([act]) * 64)
        entries.append(forged if act == 5 else made)  # noqa: PLR2004 - one of six
    return calls.commit_batch(*scene.place, entries)


def verdicts(scene: Scene, draw: Draw) -> list[Verdict]:
    """Judge the accounts that committed, and sometimes one that did not."""
    accounts = list(scene.hashes())
    if draw(st.integers(0, 9)) == 0:
        accounts.append(scene.actor.account)
    outcomes = (Outcome.ACCEPTED, Outcome.REJECTED, Outcome.EXCLUDED)
    made = {}
    for account in accounts:
        signed = scene.memory.signed.get((*scene.place, account), [])
        digest = signed[-1].update_digest if signed else bytes(32)
        outcome = outcomes[draw(st.sampled_from([0, 0, 1, 2]))]
        weight = draw(st.integers(0, 3))
        made[account] = Verdict(account, digest, outcome, -5, 6, weight)
    return list(made.values())


def settle(scene: Scene, draw: Draw) -> Call:
    """Settle by a list."""
    model, report = bytes(32), bytes([1]) * 32
    said = verdicts(scene, draw)
    known = scene.hashes()
    leaves = leaves_of([v for v in said if v.account in known], known, scene.budget)
    scene.memory.posted[scene.place] = list(prove(leaves))
    return calls.settle(*scene.place, model, report, said)


def settle_root(scene: Scene, draw: Draw) -> Call:
    """Settle by a root: an honest one, one with a stranger, with a leaf twice, or false totals."""
    known = scene.hashes()
    said = [v for v in verdicts(scene, draw) if v.account in known]
    leaves = list(leaves_of(said, known, scene.budget))
    lie = draw(st.sampled_from([0, 0, 0, 1, 2, 3]))
    if lie == 1 and leaves:
        leaves.append(replace(leaves[0], reward=Planck(0), score=9))
    if lie == 2:  # noqa: PLR2004 - one of four
        stranger = scene.memory.signers[-1].account
        leaves.append(Leaf(stranger, bytes(32), bytes(32), Outcome.ACCEPTED, 0, 0, Planck(0), 0))
    totals = totals_of(leaves)
    if lie == 3:  # noqa: PLR2004
        totals = replace(totals, rewards=Planck(totals.rewards + 1))
    scene.memory.posted[scene.place] = list(prove(leaves))
    root = settlement_root(leaves)
    return calls.settle_root(*scene.place, bytes(32), bytes([1]) * 32, root=root, totals=totals)


def apply_leaf(scene: Scene, draw: Draw) -> Call | None:
    """Apply a leaf that was posted, sometimes changed."""
    posted = scene.memory.posted.get(scene.place)
    if not posted:
        return None
    proven = posted[draw(st.integers(0, len(posted) - 1))]
    if draw(st.integers(0, 5)) == 0:
        proven = replace(proven, leaf=replace(proven.leaf, reward=scene.budget))
    return calls.apply_leaf(*scene.place, proven)


def report_equivocation(scene: Scene, draw: Draw) -> Call | None:
    """Report two signed commitments of one account: two hashes, or twice the same."""
    pairs = {
        account: made
        for (federation, number, account), made in scene.memory.signed.items()
        if (federation, number) == scene.place
    }
    if not pairs:
        return None
    account = sorted(pairs)[draw(st.integers(0, len(pairs) - 1))]
    made = pairs[account]
    first, second = made[0], made[draw(st.integers(0, len(made) - 1))]
    proof = TwoCommitments(account, _signed(first.entry()), _signed(second.entry()))
    return calls.report_equivocation(*scene.place, proof)


def report_mismatch(scene: Scene, draw: Draw) -> Call | None:
    """Report that a leaf names another update than was committed to."""
    posted = scene.memory.posted.get(scene.place)
    if not posted:
        return None
    proven = posted[draw(st.integers(0, len(posted) - 1))]
    made = scene.memory.signed.get((*scene.place, proven.leaf.account))
    if not made:
        return None
    return calls.report_mismatch(
        *scene.place, proven, made[draw(st.sampled_from([0, -1]))].opening()
    )


def report_bad_root(scene: Scene, draw: Draw) -> Call | None:
    """Report a posted root by two leaves of one account, or by a leaf of a stranger."""
    posted = scene.memory.posted.get(scene.place)
    if not posted:
        return None
    first = posted[draw(st.integers(0, len(posted) - 1))]
    if draw(st.booleans()):
        return calls.report_bad_root(*scene.place, LeafNotCommitted(first))
    twins = [other for other in posted if other.leaf.account == first.leaf.account]
    return calls.report_bad_root(*scene.place, TwoLeaves(first, twins[-1]))


def register_attester(scene: Scene) -> Call:
    """Register with a fresh chain of hashes."""
    secret = blake2_256(scene.actor.account.raw + bytes([scene.books.number % 256]))
    tip, *links = hash_chain(secret, _CHAIN)
    scene.memory.chains.setdefault((scene.books.number, scene.actor.account), links)
    return calls.register_attester(scene.books.number, tip)


def attest(scene: Scene, draw: Draw) -> Call:
    """Attest what a settlement by the posted leaves would say, or something else."""
    links = scene.memory.chains.get((scene.books.number, scene.actor.account), [])
    preimage = links[0] if links and draw(st.integers(0, 5)) else bytes(32)
    posted = scene.memory.posted.get(scene.place, [])
    statement = attest_statement(
        genesis=scene.memory.genesis,
        federation=scene.books.number,
        round_id=scene.number,
        model=bytes(32),
        report=bytes([draw(st.sampled_from([1, 1, 1, 2]))]) * 32,
        root=settlement_root(proven.leaf for proven in posted),
    )
    return calls.attest(*scene.place, statement, preimage)


def _signed(entry: BatchEntry) -> SignedHash:
    return SignedHash(entry.commitment, entry.num_examples, entry.signature)
