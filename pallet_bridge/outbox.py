"""A durable, ordered queue of calls: training goes on while the chain is slow or away.

One call is in flight at a time, so calls reach the chain in the order in which they were put. A
call is written down, signed, before it is sent, and whatever happens between is decided by its
nonce: the same bytes can be included only once, so they are sent again until their nonce is used.
"""

from __future__ import annotations

import threading
from collections import deque
from concurrent.futures import Future
from concurrent.futures import TimeoutError as FutureTimeout
from time import monotonic
from typing import TYPE_CHECKING, Literal, Self

from pallet_bridge.errors import (
    BcflError,
    ChainTimeout,
    ChainUnavailable,
    ConfigError,
    OutboxError,
    TransactionLost,
    TransactionRefused,
)
from pallet_bridge.outbox_file import OutboxFile

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path
    from types import TracebackType

    from pallet_bridge.calls import Call
    from pallet_bridge.client import ChainClient, Submission
    from pallet_bridge.keys import Signer
    from pallet_bridge.outbox_file import Entry
    from pallet_bridge.types import Receipt

_FIRST_PAUSE = 0.25
_LONGEST_PAUSE = 30.0
_SLICE = 0.5  # seconds between looks at whether the outbox was closed
# the pool's codes for a transaction that it had and banned for a while, or has already
_KNOWN_TO_POOL = frozenset({1012, 1013})
# whatever became of the call, its nonce tells
_UNDECIDED = (ChainUnavailable, ChainTimeout, TransactionLost)


class Ticket:
    """What `Outbox.put` returns: wait for the call here, or not at all."""

    def __init__(
        self, outbox: Outbox, entry: Entry, on_receipt: Callable[[Receipt], None] | None
    ) -> None:
        self._outbox = outbox
        self.result: Future[Receipt] = Future()
        self.on_receipt = on_receipt
        self.entry = entry

    def wait(self, timeout: float) -> Receipt:
        """Wait for the call and return its receipt.

        Raises
        ------
        ChainTimeout
            When the time is up; the call stays in the queue.
        BcflError
            What made the call fail. `Outbox.flush` does not report it again.
        """
        try:
            return self.result.result(timeout)
        except FutureTimeout:
            raise ChainTimeout(f"{self.entry} being included", timeout) from None
        except BcflError:
            self._outbox.forgive(self.entry)
            raise


class Outbox:
    """Sends calls in order, in a thread of its own, and keeps them over a restart.

    Parameters
    ----------
    client
        The chain.
    path
        The file that calls are kept in; what is pending there is sent first.
    signers
        Keys by the names that `put` uses; only names are written down.
    mode
        ``queue`` sends in the background, tries again while the chain is away and keeps failures
        for `flush`; ``fail`` sends within `put`, which raises.
    timeout
        Seconds after which a call that is not included is looked for and sent again; in mode
        ``fail``, after which `put` gives up.
    on_receipt
        Called with each call that succeeded, also one that an earlier process had queued.
    """

    def __init__(
        self,
        client: ChainClient,
        path: Path,
        signers: Mapping[str, Signer],
        *,
        mode: Literal["queue", "fail"] = "queue",
        timeout: float = 60.0,
        on_receipt: Callable[[Call, Receipt], None] | None = None,
    ) -> None:
        self._client = client
        self._signers = dict(signers)
        self._timeout = timeout
        self._on_receipt = on_receipt
        self._file = OutboxFile(path, client.genesis_hash)
        self._changed = threading.Condition()
        self._sending = threading.Lock()
        self._closing = threading.Event()
        self._failures: dict[int, str] = {}
        self._queue = deque(Ticket(self, entry, None) for entry in self._file.pending())
        for ticket in self._queue:
            self._signer(ticket.entry.signer)
        self._worker: threading.Thread | None = None
        if mode == "queue":
            self._worker = threading.Thread(target=self._work, name="bcfl-outbox", daemon=True)
            self._worker.start()

    def put(
        self, call: Call, signer: str, on_receipt: Callable[[Receipt], None] | None = None
    ) -> Ticket:
        """Queue a call.

        Parameters
        ----------
        call
            What to do.
        signer
            The name of the key that pays.
        on_receipt
            Called when the call has succeeded, in the outbox's thread.

        Raises
        ------
        ConfigError
            When no key has that name.
        BcflError
            In mode ``fail``, what made the call fail. When that is `ChainUnavailable` or
            `ChainTimeout`, the call is still pending and is tried again by the next `put`.
        """
        self._signer(signer)
        with self._changed:
            ticket = Ticket(self, self._file.add(call, signer), on_receipt)
            self._queue.append(ticket)
            self._changed.notify_all()
        if self._worker is None:
            with self._sending:
                while not ticket.result.done():
                    self._advance(self._queue[0])
            ticket.wait(0)
        return ticket

    def flush(self, timeout: float) -> None:
        """Wait until the queue is empty.

        Raises
        ------
        OutboxError
            When calls failed, each reported once, or when `timeout` seconds were not enough.
        """
        end = monotonic() + timeout
        with self._changed:
            while self._queue and self._working() and (left := end - monotonic()) > 0:
                self._changed.wait(min(left, _SLICE))
            failures = [*self._failures.values()]
            self._failures.clear()
            failures += [f"{ticket.entry} is still waiting" for ticket in self._queue]
        if failures:
            raise OutboxError(failures)

    def forgive(self, entry: Entry) -> None:
        """Do not report this call's failure at `flush`: someone has dealt with it."""
        with self._changed:
            self._failures.pop(entry.id, None)

    def close(self) -> None:
        """Stop sending. What is pending stays in the file for the next outbox on it."""
        with self._changed:
            self._closing.set()
            self._changed.notify_all()
        if self._worker is not None:
            self._worker.join()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def _working(self) -> bool:
        return self._worker is not None and self._worker.is_alive()

    def _signer(self, name: str) -> Signer:
        if name not in self._signers:
            known = ", ".join(sorted(self._signers)) or "none"
            raise ConfigError(f"the outbox has no key named {name!r}; it has {known}")
        return self._signers[name]

    def _work(self) -> None:
        pause = _FIRST_PAUSE
        while (ticket := self._first()) is not None:
            try:
                self._advance(ticket)
                pause = _FIRST_PAUSE
            except _UNDECIDED:
                self._closing.wait(pause)
                pause = min(2 * pause, _LONGEST_PAUSE)

    def _first(self) -> Ticket | None:
        with self._changed:
            while not self._queue and not self._closing.is_set():
                self._changed.wait()
            return None if self._closing.is_set() else self._queue[0]

    def _advance(self, ticket: Ticket) -> None:
        """Bring the first call to its end; raises one of `_UNDECIDED` when it has none yet."""
        entry = self._file.pending()[0]
        try:
            receipt = self._include(entry)
        except _UNDECIDED:
            raise
        except BcflError as error:
            self._file.failed(entry, str(error))
            self._end(ticket, error)
            return
        self._file.done(entry, receipt)
        try:
            if self._on_receipt is not None:
                self._on_receipt(entry.call, receipt)
            if ticket.on_receipt is not None:
                ticket.on_receipt(receipt)
        except (BcflError, OSError) as error:
            self._end(ticket, OutboxError([f"{entry} succeeded, its receipt got lost: {error}"]))
        else:
            self._end(ticket, receipt)

    def _end(self, ticket: Ticket, result: Receipt | BcflError) -> None:
        with self._changed:
            self._queue.popleft()
            if isinstance(result, BcflError):
                self._failures[ticket.entry.id] = f"{ticket.entry}: {result}"
                ticket.result.set_exception(result)
            else:
                ticket.result.set_result(result)
            self._changed.notify_all()

    def _include(self, entry: Entry) -> Receipt:
        """Send a call, or find out what became of it when it was sent before."""
        if entry.signed is None:
            return self._send_new(entry)
        if self._client.nonce(entry.signed.account) > entry.signed.nonce:
            found = self._client.find(entry.signed, since=entry.since)
            # not found: another transaction of the account took the nonce, so this one never comes
            return self._send_new(entry) if found is None else found
        try:
            return self._wait(self._client.send(entry.signed))
        except TransactionRefused as error:
            used = self._client.nonce(entry.signed.account) > entry.signed.nonce
            if used or error.code in _KNOWN_TO_POOL:
                raise ChainTimeout(f"{entry} being included", 0) from None
            raise

    def _send_new(self, entry: Entry) -> Receipt:
        signer = self._signer(entry.signer)
        since = self._client.head().number
        signed = self._client.sign(entry.call, signer)
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
        return self._wait(submission)

    def _wait(self, submission: Submission) -> Receipt:
        end = monotonic() + self._timeout
        while True:
            try:
                return submission.wait(min(_SLICE, self._timeout))
            except ChainTimeout:
                if self._closing.is_set() or monotonic() >= end:
                    raise
