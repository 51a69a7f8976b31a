"""Sending one call, and checking all that it did."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace
from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.errors import CallFailed
from pallet_bridge.errors.pallet import Defensive, FederationNotFound
from pallet_bridge.testing.machine.accounts import signers
from pallet_bridge.testing.machine.in_process import InProcess
from pallet_bridge.testing.machine.invariants import InvariantBroken, check_ledger, check_step
from pallet_bridge.testing.machine.memory import OffChainMemory, Turn
from pallet_bridge.testing.machine.reader import LedgerReader
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient, SignedCall
    from pallet_bridge.keys import Signer
    from pallet_bridge.testing.machine.ledger import Books, Ledger
    from pallet_bridge.types import AccountId, Event

OK = "ok"
"""The outcome of a call that succeeded."""
REFUSED_INSIDE = "refused inside"
"""The outcome of a call for somebody else (of the council, of root) whose own call failed."""

_WAIT_S = 60.0


class CheckedChain:
    """One chain under test, and who acts on it.

    After each call the whole state is read back and every invariant is checked; a call that fails
    must leave everything of the pallet as it was.

    Parameters
    ----------
    client : ChainClient
        The chain.
    tally : Counter of (str, str)
        Counts (call, outcome): `OK`, `REFUSED_INSIDE`, or the name of an error.
    first : int, optional
        The number of the first federation that is watched; by default the next that is made.
    """

    def __init__(
        self,
        client: ChainClient,
        tally: Counter[tuple[str, str]] | None = None,
        first: int | None = None,
    ) -> None:
        self.client = client
        self.tally: Counter[tuple[str, str]] = Counter() if tally is None else tally
        self.memory = OffChainMemory(client.genesis_hash, signers())
        self.first = client.next_federation() if first is None else first
        self.events: Sequence[Event] = ()
        """The events of the last block with a call."""
        self._nonces: dict[AccountId, int] = {}
        self._reader = LedgerReader(client, self.first)
        self.ledger: Ledger = self._read()

    @property
    def signers(self) -> tuple[Signer, ...]:
        """Who acts."""
        return self.memory.signers

    def books(self, federation: int) -> Books:
        """Return a federation by its number on the chain."""
        return self.ledger.books[federation - self.first]

    def turn(self, federation: int, number: int, actor: Signer) -> Turn:
        """Return a round of a federation in which someone acts."""
        return Turn(self.memory, self.books(federation), number, actor)

    def join(self, federation: int, stake: Planck) -> Call:
        """Return the call by which somebody joins under the terms in force."""
        try:
            agreed = self.client.terms_hash(federation)
        except FederationNotFound:
            agreed = bytes(32)
        return calls.join(federation, stake, agreed)

    def do(self, name: str, call: Call, signer: Signer) -> str:
        """Send a call, check what it did, and say what became of it.

        Raises
        ------
        InvariantBroken
            When anything is wrong after it.
        """
        before = self.ledger
        nonce = self._nonces.get(signer.account)
        if nonce is None:
            nonce = self.client.nonce(signer.account)
        signed = self.client.sign(call, signer, nonce=nonce)
        self._nonces[signer.account] = nonce + 1
        outcome = self._include(signed)
        self.tally[name, outcome] += 1
        if outcome == Defensive.__name__:
            raise InvariantBroken("I9: the pallet met a state that it excludes")
        self.ledger = self._read()
        fees = sum(e.integer("actual_fee") for e in self.events if e.name == "TransactionFeePaid")
        check_ledger(self.ledger)
        check_step(before, self.ledger, self.events, Planck(fees), failed=outcome != OK)
        return outcome

    def wait(self, blocks: int) -> None:
        """Let blocks pass; nothing may change by itself."""
        before = self.ledger
        if isinstance(self.client, InProcess):
            self.client.node.seal(blocks)
        else:
            self.client.wait_until_block(before.block + blocks, timeout=_WAIT_S)
        self.ledger = self._read()
        if replace(self.ledger, block=before.block) != before:
            raise InvariantBroken("I9: time alone changed the state")

    def wait_past(self, block: int) -> None:
        """Let time pass until the next call is in a block after this one."""
        if self.ledger.block < block:
            self.wait(block - self.ledger.block)

    def _include(self, signed: SignedCall) -> str:
        """Put a call into a block of its own, note the block's events, and name the outcome."""
        try:
            if isinstance(self.client, InProcess):
                self._author(self.client, signed.extrinsic)
                receipt = self.client.find(signed, since=self.ledger.block + 1)
            else:
                receipt = self.client.send(signed).wait(_WAIT_S)
        except CallFailed as error:
            self.events = self.client.events(self.client.head().hash)
            return REFUSED_INSIDE if error.inside else error.name
        if receipt is None:
            raise AssertionError("the chain made a block without the call")
        self.events = receipt.events
        return OK

    @staticmethod
    def _author(client: InProcess, extrinsic: bytes) -> None:
        """Build the next block with a call in it, past the pool: that saves half of the time."""
        with client.node.locked() as chain:
            (outcome,) = chain.author([extrinsic]).outcomes
            if outcome.rejected is not None:  # the block that ends a session has room for nothing
                chain.author([extrinsic])

    def _read(self) -> Ledger:
        return self._reader.read(signer.account for signer in self.signers)
