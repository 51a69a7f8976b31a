"""The commitments of a run's rounds on their way to the chain, as they come."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING

from bcfl_plugins.rounds.lateness import note_overrun
from bcfl_plugins.rounds.report import refusals
from pallet_bridge import calls

if TYPE_CHECKING:
    from collections.abc import Iterable

    from bcfl_plugins.rounds.book import RunBook
    from bcfl_plugins.session.services import ChainServices
    from bcfl_plugins.types import ClientUpdate, Rejection
    from pallet_bridge.types import AccountId, BatchEntry


class Relay:
    """What nodes signed, each commitment relayed once.

    Parameters
    ----------
    chain : ChainServices
        The federation's chain; the coordinator's key pays.
    """

    def __init__(self, chain: ChainServices) -> None:
        self._chain = chain
        self._relayed: set[bytes] = set()
        self._waiting: deque[BatchEntry] = deque()
        self.refused: dict[int, dict[AccountId, str]] = {}

    @property
    def is_idle(self) -> bool:
        """Whether nothing was relayed in this round yet."""
        return not self._relayed

    def begin_round(self) -> None:
        """Forget what was relayed of the round before."""
        self._relayed, self._waiting = set(), deque()

    def send(
        self, round_id: int, updates: Iterable[ClientUpdate | Rejection], book: RunBook
    ) -> None:
        """Relay the commitments that were not relayed yet.

        Parameters
        ----------
        round_id : int
            The round.
        updates : iterable
            What came, with what its nodes signed.
        book : RunBook
            Notes commitments that came after their window.
        """
        signed = [u.commitment for u in updates if u.commitment is not None]
        entries = [one.entry() for one in signed if one.commitment not in self._relayed]
        self._relayed |= {entry.commitment for entry in entries}
        if not entries:
            return
        waiting = self._waiting
        waiting.extend(entries)
        what = f"relaying commitments of round {round_id}"
        self._chain.work.do(what, lambda: self._send(round_id, waiting, book))

    def _send(self, round_id: int, waiting: deque[BatchEntry], book: RunBook) -> None:
        if book.is_aborted(round_id):
            return
        chain = self._chain
        # All that came while the job before waited for its block go into the next one.
        most = chain.work.reading(chain.client.limits).verdicts
        refused = self.refused.setdefault(round_id, {})
        while waiting:
            part = [waiting.popleft() for _ in range(min(most, len(waiting)))]
            receipt = chain.send(calls.commit_batch(chain.federation, round_id, part))
            book.relayed(round_id, receipt.block.number)
            found = refusals(receipt)
            refused |= found
            if "WindowClosed" in found.values():
                note_overrun(chain, book, round_id, receipt.block.number)
