"""A federation on the real runtime, run round by round with verdicts that are given."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, replace
from enum import Enum
from typing import TYPE_CHECKING, Self

from pallet_bridge import calls
from pallet_bridge.client.embedded import EmbeddedClient
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.encoding import blake2_256, escrow_account, instruction_payload
from pallet_bridge.keys import Signer
from pallet_bridge.settlement.claims import all_claims
from pallet_bridge.signing import sign_commitment
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import (
    UNIT,
    Admission,
    Coupling,
    MemberVerdict,
    OffenceState,
    Outcome,
    Planck,
    RoundBinding,
    TwoCommitments,
    WrongInstruction,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.calls import Call
    from pallet_bridge.types import (
        AccountId,
        CommittedUpdate,
        Participant,
        Receipt,
        Terms,
    )

PURSE = Planck(10**6 * UNIT)
"""What each account starts with."""
ESCROW = Planck(10**5 * UNIT)
"""What the coordinator pays into the federation at the start."""
_HASH = bytes(32)
_OTHER_MODEL = bytes([1]) * 32
_WAIT_S = 60.0
_SERVANTS = ("coordinator", "arbiter", "stranger")


class Answer(Enum):
    """What happens to an offence."""

    NONE = "nobody objects"
    UPHELD = "disputed, upheld"
    OVERTURNED = "disputed, overturned"
    LAPSED = "disputed, nobody decides"


@dataclass(frozen=True, slots=True)
class Mark:
    """What a federation goes back to: a snapshot of its chain, and what it knows beside it."""

    snapshot: int
    round: int
    waits: bool
    free: Mapping[int, int]
    fees: Counter[AccountId]
    nonces: Counter[AccountId]


class JudgedFederation:
    """One federation on an embedded chain, with members that are numbers from 0 on.

    Parameters
    ----------
    terms : Terms
        Of the federation; the arbiter becomes an account of ours, and nobody attests.
    members : int
        How many join at once, each with the least stake and as an organisation of its own.
    spare : int
        Further members that may join later.
    """

    def __init__(self, terms: Terms, members: int, spare: int = 0) -> None:
        self._servants = {name: Signer.from_uri(f"//{name}") for name in _SERVANTS}
        self._signers = [Signer.from_uri(f"//member//{i}") for i in range(members + spare)]
        self.terms = replace(
            terms,
            arbiter=self._servants["arbiter"].account,
            coupling=Coupling.LOOSE,
        )
        self._terms_hash = hash_of_terms(self.terms)
        rich = [*self._servants.values(), *self._signers]
        balances = [[str(signer.account), PURSE] for signer in rich]
        node = EmbeddedNode.start(patch={"balances": {"balances": balances}}, nonce=b"")
        self._client = EmbeddedClient(node)
        self._fees: Counter[AccountId] = Counter()
        self._nonces: Counter[AccountId] = Counter()
        self._round = -1
        self._waits = False
        self._free: dict[int, int] = {}
        self._issued = self._client.issuance()
        self._send(calls.create_federation(self.terms, _HASH), "coordinator")
        self._send(calls.fund(0, ESCROW), "coordinator")
        if terms.coordinator_bond:
            self._send(calls.post_bond(0, terms.coordinator_bond), "coordinator")
        self._escrow = self._client.balance(escrow_account(0)).free
        self._worth = {signer.account: self._has(signer.account) for signer in rich}
        for member in range(members):
            self.join(member)

    def __enter__(self) -> Self:
        """Use the federation."""
        return self

    def __exit__(self, *raised: object) -> None:
        """End the chain."""
        self._client.close()

    def join(self, member: int, organisation: int | None = None) -> None:
        """Join with the least stake, as this organisation: by default one of the member's own."""
        if self.terms.admission is Admission.INVITED:
            name = f"organisation {member if organisation is None else organisation}".encode()
            account = self._signers[member].account
            self._send(calls.invite(0, account, name, 0), "coordinator")
        self._send(calls.join(0, self.terms.min_stake, self._terms_hash), member)

    def add(self, member: int, amount: Planck) -> None:
        """Put more at stake."""
        self._send(calls.add_stake(0, amount), member)

    def leave(self, member: int) -> None:
        """Unbond everything. The member withdraws as soon as it is free."""
        found = self.member(member)
        if found is not None and found.active:
            self._send(calls.unbond(0, found.active), member)
            found = self.member(member)
        if found is not None:
            self._free[member] = max((chunk.until for chunk in found.unbonding), default=0)

    def member(self, member: int) -> Participant | None:
        """Return what the chain knows of a member; nothing before it joins and after it left."""
        return self._client.participant(0, self._signers[member].account)

    def is_suspended(self, found: Participant) -> bool:
        """Say whether this member's commitment in the next round would be refused."""
        return found.is_suspended(self._now() + 1)

    def is_shut_out(self, member: int) -> bool:
        """Say whether a commitment in the next round would be refused."""
        found = self.member(member)
        return found is None or self.is_suspended(found)

    def run_round(
        self,
        verdicts: Mapping[int, Outcome],
        answer: Answer = Answer.NONE,
        weights: Mapping[int, int] | None = None,
    ) -> frozenset[int]:
        """Run a round, then what is due of offences; stake that was slashed is filled up.

        Parameters
        ----------
        verdicts : Mapping of int to Outcome
            Who wants to take part, and how each is judged.
        answer : Answer
            To the offences of this round and those that wait.
        weights : Mapping of int to int, optional
            By which the accepted ones share the reward; by default they are equal.

        Returns
        -------
        frozenset of int
            Who was not let in.
        """
        self._round += 1
        made = {m: self._sign(m) for m in verdicts}
        entries = [one.entry() for one in made.values()]
        relay = calls.commit_batch(0, self._round, entries)
        opened = self._send(calls.batch([calls.open_round(0, _HASH), relay]), "coordinator")
        refused = {event.account() for event in opened.events if event.name == "CommitmentRefused"}
        missing = opened.block.number + self.terms.commit_blocks - self._now()
        self._client.node.seal(blocks=missing)
        judged = [
            MemberVerdict(
                one.account, one.commitment, verdicts[m], 0, 0, weights[m] if weights else 1
            )
            for m, one in made.items()
            if one.account not in refused
        ]
        settled = self._send(calls.settle(0, self._round, _HASH, _HASH, judged), "coordinator")
        self._waits |= any(event.name == "OffenceRecorded" for event in settled.events)
        self._tend(answer)
        self._withdraw()
        return frozenset(m for m, one in made.items() if one.account in refused)

    def equivocate(self, member: int, reporter: int | str) -> None:
        """Let a member sign two updates for the next round, and somebody report it."""
        self._send(calls.open_round(0, _HASH), "coordinator")
        self._round += 1
        one, other = (self._sign(member, seed).signed() for seed in (0, 1))
        proof = TwoCommitments(self._signers[member].account, one, other)
        self._send(calls.report_equivocation(0, self._round, proof), reporter)
        self._waits = True
        self._send(calls.abort(0, self._round), "coordinator")

    def report_coordinator(self) -> None:
        """Prove that the coordinator sent another model in the last round than it opened it on."""
        binding = replace(self._binding(), base_model=_OTHER_MODEL)
        signed = self._servants["coordinator"].sign(instruction_payload(binding, 0))
        proof = WrongInstruction(_OTHER_MODEL, self._terms_hash, 0, signed)
        self._send(calls.report_misconduct(0, self._round, proof), "stranger")

    def finish(self) -> None:
        """Execute every slash that waits, close the federation, and pay out every reward."""
        while self._waits:
            self._client.node.seal()
            self._tend(Answer.NONE)
        self._send(calls.close(0), "coordinator")
        self._client.node.seal(blocks=self.terms.dispute_blocks + 1)
        for claims in all_claims(self._client, 0).values():
            for call in claims:
                self._send(call, "stranger")

    def gain(self, who: int | str) -> Planck:
        """Return by how much an account, with what it has on hold, grew, fees added back."""
        account = self._signer(who).account
        return Planck(self._has(account) - self._worth[account])

    def paid_out(self) -> Planck:
        """Return by how much the escrow fell since it was funded."""
        return Planck(self._escrow - self._client.balance(escrow_account(0)).free)

    def burned(self) -> Planck:
        """Return by how much the issuance fell, apart from fees."""
        return Planck(self._issued - self._client.issuance() - sum(self._fees.values()))

    def remember(self) -> Mark:
        """Return a mark for `go_back`."""
        return Mark(
            snapshot=self._client.node.snapshot(),
            round=self._round,
            waits=self._waits,
            free=dict(self._free),
            fees=self._fees.copy(),
            nonces=self._nonces.copy(),
        )

    def go_back(self, mark: Mark) -> None:
        """Make everything as it was; the mark is used up, and so are all made after it."""
        self._client.node.revert(mark.snapshot)
        self._round, self._waits, self._free = mark.round, mark.waits, dict(mark.free)
        self._fees, self._nonces = mark.fees, mark.nonces

    def _tend(self, answer: Answer) -> None:
        """Do what the answer asks for each offence that waits, as far as it is due."""
        if not self._waits:
            return
        members = {signer.account: member for member, signer in enumerate(self._signers)}
        offences = self._client.offences(0)
        for (number, account), found in offences.items():
            now = self._now()
            place = (0, number, account)
            if found.state is OffenceState.PENDING and answer is not Answer.NONE:
                self._send(calls.dispute(0, number), members[account])
                if answer is not Answer.LAPSED:
                    uphold = answer is Answer.UPHELD
                    self._send(calls.resolve(*place, uphold=uphold), "arbiter")
            elif found.is_executable(now + 1):
                self._execute(number, members[account])
            elif found.dispute is not None and now >= found.dispute.until:
                self._send(calls.lapse(*place), "stranger")
        self._waits = any(found.waits for found in self._client.offences(0).values())

    def _execute(self, number: int, member: int) -> None:
        account = self._signers[member].account
        self._send(calls.execute_slash(0, number, account), "stranger")
        found = self._client.participant(0, account)
        missing = 0 if found is None else self.terms.min_stake - found.active
        if missing > 0 and member not in self._free:
            self._send(calls.add_stake(0, Planck(missing)), member)

    def _has(self, account: AccountId) -> int:
        found = self._client.balance(account)
        return found.free + found.held + self._fees[account]

    def _withdraw(self) -> None:
        """Release what is free of those who leave."""
        now = self._now()
        for member in [member for member, until in self._free.items() if until <= now]:
            found = self.member(member)
            if found is not None and not found.pending_offences:
                self._send(calls.withdraw(0, self._signers[member].account), member)
            if self.member(member) is None:
                del self._free[member]

    def _binding(self) -> RoundBinding:
        return RoundBinding(
            genesis=self._client.genesis_hash,
            federation=0,
            round=self._round,
            coordinator=self._servants["coordinator"].account,
            base_model=_HASH,
            terms_hash=self._terms_hash,
        )

    def _sign(self, member: int, seed: int = 0) -> CommittedUpdate:
        digest = blake2_256(bytes([seed]))
        return sign_commitment(self._binding(), self._signers[member], digest, 1, digest)

    def _signer(self, who: int | str) -> Signer:
        return self._servants[who] if isinstance(who, str) else self._signers[who]

    def _send(self, call: Call, who: int | str) -> Receipt:
        signer, client = self._signer(who), self._client
        # not the client's own count: `go_back` makes it stale
        signed = client.sign(call, signer, nonce=self._nonces[signer.account])
        receipt = client.send(signed).wait(_WAIT_S)
        self._nonces[signer.account] += 1
        self._fees[signer.account] += receipt.fee
        return receipt

    def _now(self) -> int:
        with self._client.node.locked() as chain:
            header = chain.header(chain.head)
        return 0 if header is None else header.number
