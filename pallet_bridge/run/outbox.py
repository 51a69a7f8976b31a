"""A durable, ordered queue of calls, which outlives a process that ends in the middle.

One call is in flight at a time, so calls reach the chain in the order in which they were put. A
call is written down, signed, before it is sent, so whatever happens between is decided by the
chain. The same bytes are sent again while a block may include them. Once it is final that none
ever will (their era is over, or another call took their nonce), the call is signed anew.

A call is done with once its block is final. Until then another branch may take the place of that
block, so each look at the queue looks at these calls too: one whose block is gone is the first in
the queue again.

Nothing is sent by itself: who put a call sends it, and tries again while the chain is away.
"""

from __future__ import annotations

import logging
import threading
from collections import deque
from time import monotonic, sleep
from typing import TYPE_CHECKING

from pallet_bridge.errors import (
    BcflError,
    CallFailed,
    ChainTimeout,
    ConfigError,
    NotWritten,
    OutboxError,
    TransactionLost,
    TransactionRefused,
)
from pallet_bridge.run.fate import UNDECIDED, Fate, fate, see, truth
from pallet_bridge.run.outbox_file import OUTBOX, Included, OutboxFile, Ticket
from pallet_bridge.types import BlockRef, Receipt

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient, SignedCall, Submission
    from pallet_bridge.keys import Signer
    from pallet_bridge.run.journal import Journal
    from pallet_bridge.run.outbox_file import Entry

_log = logging.getLogger("flwr.bcfl")

_TIMEOUT = 60.0
_SLICE = 0.5  # seconds between looks at whether to stop
# the pool's codes for a transaction that it had and banned for a while, that it has already, and
# for a nonce that another waiting transaction has
_NOT_DECIDED = frozenset({1012, 1013, 1014})


class Outbox:
    """Sends calls in order, and keeps them over a restart.

    Several threads may use it; each sends what stands before its own call, too.

    Parameters
    ----------
    client
        The chain.
    path
        The file that calls are kept in; what is open there is sent first.
    signers
        Keys by the names that `put` uses; only names are written down.
    checked
        Where it reads what is final: by proofs, or what several nodes agree about. What `client`
        said of a call is looked at again there, once the block is final. By default `client`.
    stopped
        Asked while a block is waited for; once it says so, `send` raises `ChainTimeout`.
    on_receipt
        Called with each call that succeeded, also one that an earlier process had put. It is
        called again with the receipt of another block when that of before was replaced, and after
        a process that ended before the block was final.
    on_replaced
        Called with the hash of signed bytes that may have been told of by `on_receipt`, and that
        are in no block of the chain now: the block was replaced.

    Raises
    ------
    ConfigError
        When the file is for another chain, or has open calls of a key that is not there.
    JournalError
        When the file cannot be read.
    """

    def __init__(
        self,
        client: ChainClient,
        path: Path,
        signers: Mapping[str, Signer],
        *,
        checked: ChainClient | None = None,
        stopped: Callable[[], bool] = lambda: False,
        on_receipt: Callable[[Call, Receipt], None] | None = None,
        on_replaced: Callable[[bytes], None] | None = None,
    ) -> None:
        self._client = client
        self._checked = checked or client
        self._signers = dict(signers)
        self._stopped = stopped
        self._on_receipt = on_receipt
        self._on_replaced = on_replaced
        self._file = OutboxFile(path, client.genesis_hash)
        self._adding = threading.Lock()
        self._sending = threading.Lock()
        self._queue = deque(Ticket(entry) for entry in self._file.pending())
        self._not_final: deque[Included] = deque()
        for ticket in self._queue:
            self._signer(ticket.entry.signer)

    @classmethod
    def of_run(
        cls,
        client: ChainClient,
        journal: Journal,
        signers: Mapping[str, Signer],
        *,
        checked: ChainClient | None = None,
        stopped: Callable[[], bool] = lambda: False,
    ) -> Outbox:
        """Open the outbox in a run's folder; the run's journal hears what becomes of its calls."""

        def note(_call: Call, receipt: Receipt) -> None:
            journal.append_receipt(receipt)

        return cls(
            client,
            journal.folder / OUTBOX,
            signers,
            checked=checked,
            stopped=stopped,
            on_receipt=note,
            on_replaced=journal.void,
        )

    @property
    def newest(self) -> int:
        """The number of the newest block that has a call and is not final; 0 where none has."""
        return max((one.block.number for one in tuple(self._not_final)), default=0)

    def put(self, call: Call, signer: str) -> Ticket:
        """Write a call down, behind those that are open. It is not sent yet.

        Parameters
        ----------
        call
            What to do.
        signer
            The name of the key that pays.

        Raises
        ------
        ConfigError
            When no key has that name.
        """
        self._signer(signer)
        with self._adding:
            ticket = Ticket(self._file.add(call, signer))
            self._queue.append(ticket)
        return ticket

    def send(self, ticket: Ticket, timeout: float = _TIMEOUT) -> Receipt:
        """Send what is open up to this call, and return the call's receipt.

        Parameters
        ----------
        ticket
            From `put`.
        timeout
            Seconds that the block of each call may take.

        Raises
        ------
        ChainUnavailable, ChainTimeout, MetadataMismatch, TransactionLost
            When it is not known what became of a call. It stays open: call this again.
        BcflError
            What made the call fail for good. What calls before it failed with is in the file.
        """
        with self._sending:
            while ticket.result is None:
                self._advance(timeout)
        if isinstance(ticket.result, BcflError):
            raise ticket.result
        return ticket.result

    def resume(self, timeout: float = _TIMEOUT) -> None:
        """Send all that is open: what an earlier process left, and what was in replaced blocks.

        What is in a block is not waited for until that is final: see `confirm`.

        Raises
        ------
        ChainUnavailable, ChainTimeout, MetadataMismatch, TransactionLost
            As `send`.
        OutboxError
            When calls failed for good; the others were sent all the same.
        """
        failures = []
        with self._sending:
            self._follow()
            while self._queue:
                ticket = self._advance(timeout)
                if isinstance(ticket.result, BcflError) and not ticket.was_told:
                    failures.append(f"{ticket.entry}: {ticket.result}")
        if failures:
            raise OutboxError(failures)

    def confirm(self, timeout: float = _TIMEOUT) -> None:
        """Wait until all that was sent is in final blocks; what is open is sent first.

        Raises
        ------
        ChainTimeout
            When it takes longer: the error says how far finality is. Call this again.
        ChainUnavailable, MetadataMismatch, TransactionLost
            As `send`.
        OutboxError
            When calls failed for good; the others are final.
        """
        end = monotonic() + timeout
        while True:
            self.resume(timeout)
            with self._sending:
                self._follow()
                if not self._queue and not self._not_final:
                    return
                last = self._not_final[-1].block.number if self._not_final else None
            if last is not None and (monotonic() >= end or self._stopped()):
                final = self._checked.finalized().number
                what = f"finality of block {last}, which has the newest call (final: {final})"
                raise ChainTimeout(what, timeout)
            sleep(min(_SLICE, max(0.0, end - monotonic())))

    def _signer(self, name: str) -> Signer:
        if name not in self._signers:
            known = ", ".join(sorted(self._signers)) or "none"
            raise ConfigError(f"the outbox has no key named {name!r}; it has {known}")
        return self._signers[name]

    def _advance(self, timeout: float) -> Ticket:
        """Bring the first call into a block; raises one of `UNDECIDED` when it is in none yet."""
        self._follow()
        ticket, before = self._queue[0], self._queue[0].result
        try:
            outcome: Receipt | BcflError = self._include(ticket, timeout)
        except (*UNDECIDED, NotWritten):
            raise
        except BcflError as error:
            self._replaced(ticket)
            outcome = error
        block: BlockRef | None = None
        if isinstance(outcome, Receipt):
            ticket.result, block = self._note(ticket.entry, outcome), outcome.block
        else:
            ticket.result, ticket.was_told = outcome, isinstance(before, BcflError)
            if isinstance(outcome, CallFailed) and outcome.block is not None:
                block = BlockRef(*outcome.block)
            if isinstance(before, Receipt):
                _log.error(
                    "bcfl: %s was in block %d, which another branch took the place of, and fails "
                    "there: %s",
                    *(ticket.entry, before.block.number, outcome),
                )
        if block is None:  # no block has it: the pool refused it
            self._file.failed(ticket.entry, str(outcome))
        else:
            self._not_final.append(Included(ticket, block, outcome))
        self._queue.popleft()
        self._follow()
        return ticket

    def _follow(self) -> None:
        """Be done with calls in final blocks; those whose block is gone are the first again."""
        if not self._not_final:
            return
        final = self._checked.finalized()
        gone: list[Ticket] = []
        for one in tuple(self._not_final):
            number, outcome = one.block.number, one.outcome
            # above what is final only the node that was sent to says which blocks there are
            there = (self._client if number > final.number else self._checked).block_at
            if one.block != final and there(number) != one.block:
                _log.warning(
                    "bcfl: block %d, which had %s, was replaced by another branch of the chain",
                    *(number, one.ticket.entry),
                )
                self._replaced(one.ticket)
                gone.append(one.ticket)
            elif number > final.number:
                continue
            else:
                proved = outcome if self._checked is self._client else self._prove(one)
                if proved is None:
                    gone.append(one.ticket)
                elif isinstance(proved, Receipt):
                    self._file.done(one.ticket.entry, proved)
                else:
                    self._file.failed(one.ticket.entry, str(proved))
            self._not_final.remove(one)
        self._queue.extendleft(reversed(gone))

    def _prove(self, one: Included) -> Receipt | BcflError | None:
        """Return what a final block has of a call, and tell of it where something else was said."""
        found, differs = truth(self._checked, one.ticket.entry, one.block, one.outcome)
        if differs is None:
            return found
        _log.error("bcfl: %s", differs)
        self._replaced(one.ticket)
        if isinstance(found, Receipt):
            found = self._note(one.ticket.entry, found)
        if found is not None:
            one.ticket.result = found
        return found

    def _replaced(self, ticket: Ticket) -> None:
        if self._on_replaced is not None and ticket.entry.signed is not None:
            self._on_replaced(ticket.entry.signed.hash)

    def _note(self, entry: Entry, receipt: Receipt) -> Receipt | BcflError:
        """Tell of a receipt before the call is done with: else a full disk would lose it."""
        try:
            if self._on_receipt is not None:
                self._on_receipt(entry.call, receipt)
        except NotWritten:
            raise
        except (BcflError, OSError) as error:
            return OutboxError([f"{entry} succeeded, its receipt got lost: {error}"])
        return receipt

    def _include(self, ticket: Ticket, timeout: float) -> Receipt:
        """Bring a call into a block, or find out what became of it when it was sent before."""
        end = monotonic() + timeout
        while True:
            try:
                return self._attempt(ticket, end)
            except (ChainTimeout, TransactionLost):
                left = end - monotonic()
                if left <= 0 or self._stopped():
                    raise
                sleep(min(_SLICE, left))

    def _attempt(self, ticket: Ticket, end: float) -> Receipt:
        if ticket.entry.signed is None:
            signed = self._sign(ticket, None)
        else:
            signed, receipt = self._look(ticket, ticket.entry.signed)
            if receipt is not None:
                return receipt
        try:
            submission = self._client.send(signed)
        except TransactionRefused as error:
            decided = fate(signed, see(self._client, signed, self._checked)) is Fate.OPEN
            if decided and error.is_bad_signature:
                # for a runtime that is no more; with its nonce only one of the two can be taken
                return self._wait(self._client.send(self._sign(ticket, signed.nonce)), end)
            if decided and error.code not in _NOT_DECIDED:
                raise
            raise ChainTimeout(f"{ticket.entry} being included", 0) from None
        return self._wait(submission, end)

    def _look(self, ticket: Ticket, signed: SignedCall) -> tuple[SignedCall, Receipt | None]:
        """Return the call's receipt, or else what to send: the same bytes, or new ones."""
        seen = see(self._client, signed, self._checked)
        until = None if signed.era is None else signed.era.last
        # Also when its nonce is free: the account may have ended meanwhile and begun anew.
        receipt, since = None, ticket.entry.since
        if self._checked is not self._client:
            receipt = self._checked.find(signed, since=since, until=until)
            since = max(since, seen.final + 1)
        receipt = receipt or self._client.find(signed, since=since, until=until)
        if receipt is not None:
            return signed, receipt
        match fate(signed, seen):
            case Fate.NEVER:
                return self._sign(ticket, self._client.nonce(signed.account)), None
            case Fate.UNDECIDED:
                raise ChainTimeout(f"a final block that decides about {ticket.entry}", 0)
        return signed, None

    def _sign(self, ticket: Ticket, nonce: int | None) -> SignedCall:
        self._replaced(ticket)
        entry = ticket.entry
        signed = self._client.sign(entry.call, self._signer(entry.signer), nonce=nonce)
        since = self._client.head().number if signed.era is None else signed.era.birth.number
        ticket.entry = self._file.signed(entry, signed, since)
        return signed

    def _wait(self, submission: Submission, end: float) -> Receipt:
        while True:
            try:
                return submission.wait(min(_SLICE, max(0.0, end - monotonic())))
            except ChainTimeout:
                if self._stopped() or monotonic() >= end:
                    raise
