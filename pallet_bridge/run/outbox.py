"""A durable, ordered queue of calls, which outlives a process that ends in the middle.

One call is in flight at a time, so calls reach the chain in the order in which they were put. A
call is written down, signed, before it is sent, and whatever happens between is decided by its
nonce: the same bytes can be included only once, so they are sent again until their nonce is used.

Nothing is sent by itself: who put a call sends it, and tries again while the chain is away.
"""

from __future__ import annotations

import threading
from collections import deque
from time import monotonic
from typing import TYPE_CHECKING

from pallet_bridge.errors import (
    BcflError,
    ChainTimeout,
    ChainUnavailable,
    ConfigError,
    NotWritten,
    OutboxError,
    TransactionLost,
    TransactionRefused,
)
from pallet_bridge.run.outbox_file import OutboxFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient, Submission
    from pallet_bridge.keys import Signer
    from pallet_bridge.run.outbox_file import Entry
    from pallet_bridge.types import Receipt

UNDECIDED = (ChainUnavailable, ChainTimeout, TransactionLost)
"""What says nothing of what became of a call: its nonce will tell, so it is sent again."""

_TIMEOUT = 60.0
_SLICE = 0.5  # seconds between looks at whether to stop
# the pool's codes for a transaction that it had and banned for a while, or has already
_KNOWN_TO_POOL = frozenset({1012, 1013})


class Ticket:
    """What `Outbox.put` returns: one call, and later what became of it."""

    def __init__(self, entry: Entry) -> None:
        self.entry = entry
        self.result: Receipt | BcflError | None = None


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
    stopped
        Asked while a block is waited for; once it says so, `send` raises `ChainTimeout`.
    on_receipt
        Called with each call that succeeded, also one that an earlier process had put. After a
        process that ended at the wrong moment it is called again with the same receipt.

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
        stopped: Callable[[], bool] = lambda: False,
        on_receipt: Callable[[Call, Receipt], None] | None = None,
    ) -> None:
        self._client = client
        self._signers = dict(signers)
        self._stopped = stopped
        self._on_receipt = on_receipt
        self._file = OutboxFile(path, client.genesis_hash)
        self._adding = threading.Lock()
        self._sending = threading.Lock()
        self._queue = deque(Ticket(entry) for entry in self._file.pending())
        for ticket in self._queue:
            self._signer(ticket.entry.signer)

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
        ChainUnavailable, ChainTimeout, TransactionLost
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
        """Send all that is open: what an earlier process left, before anything new.

        Raises
        ------
        ChainUnavailable, ChainTimeout, TransactionLost
            As `send`.
        OutboxError
            When calls failed for good; the others were sent all the same.
        """
        failures = []
        with self._sending:
            while self._queue:
                ticket = self._advance(timeout)
                if isinstance(ticket.result, BcflError):
                    failures.append(f"{ticket.entry}: {ticket.result}")
        if failures:
            raise OutboxError(failures)

    def _signer(self, name: str) -> Signer:
        if name not in self._signers:
            known = ", ".join(sorted(self._signers)) or "none"
            raise ConfigError(f"the outbox has no key named {name!r}; it has {known}")
        return self._signers[name]

    def _advance(self, timeout: float) -> Ticket:
        """Bring the first call to its end; raises one of `UNDECIDED` when it has none yet."""
        entry = self._file.pending()[0]
        try:
            receipt = self._include(entry, timeout)
        except (*UNDECIDED, NotWritten):
            raise
        except BcflError as error:
            self._file.failed(entry, str(error))
            return self._end(error)
        result = self._note(entry, receipt)
        self._file.done(entry, receipt)
        return self._end(result)

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

    def _end(self, result: Receipt | BcflError) -> Ticket:
        ticket = self._queue.popleft()
        ticket.result = result
        return ticket

    def _include(self, entry: Entry, timeout: float) -> Receipt:
        """Send a call, or find out what became of it when it was sent before."""
        if entry.signed is None:
            return self._send_new(entry, timeout)
        if self._client.nonce(entry.signed.account) > entry.signed.nonce:
            found = self._client.find(entry.signed, since=entry.since)
            # not found: another transaction of the account took the nonce, so this one never comes
            return self._send_new(entry, timeout) if found is None else found
        try:
            return self._wait(self._client.send(entry.signed), timeout)
        except TransactionRefused as error:
            used = self._client.nonce(entry.signed.account) > entry.signed.nonce
            if used or error.code in _KNOWN_TO_POOL:
                raise ChainTimeout(f"{entry} being included", 0) from None
            if not error.is_bad_signature:
                raise
            # signed for a runtime that is no more; with its nonce only one of the two can be taken
            return self._send_new(entry, timeout, nonce=entry.signed.nonce)

    def _send_new(self, entry: Entry, timeout: float, *, nonce: int | None = None) -> Receipt:
        signer = self._signer(entry.signer)
        since = self._client.head().number
        signed = self._client.sign(entry.call, signer, nonce=nonce)
        self._file.signed(entry, signed, since)
        try:
            submission = self._client.send(signed)
        except TransactionRefused:
            # another process may have used the nonce meanwhile: worth one more try
            again = self._client.sign(entry.call, signer)
            if again.nonce == signed.nonce:
                raise
            self._file.signed(entry, again, since)
            submission = self._client.send(again)
        return self._wait(submission, timeout)

    def _wait(self, submission: Submission, timeout: float) -> Receipt:
        end = monotonic() + timeout
        while True:
            try:
                return submission.wait(min(_SLICE, timeout))
            except ChainTimeout:
                if self._stopped() or monotonic() >= end:
                    raise
