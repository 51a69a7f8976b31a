"""Apply what the roots say that this run posted, once their dispute windows are over.

A leaf that nobody applies neither pays nor strikes, so a root's coordinator applies all of them,
in the order of the rounds: acceptances forgive strikes, so to leave them out would be unfair.
"""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING

from pallet_bridge.errors.pallet import AlreadyJudged
from pallet_bridge.settlement.leaves import open_leaves
from pallet_bridge.types import RoundState

if TYPE_CHECKING:
    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.settlement.leaves import OpenLeaves

_log = logging.getLogger("flwr.bcfl")


class PostedRoots:
    """The rounds of one run that were settled by a root. All methods are for open jobs.

    Several plugins may each have one: what is applied stands on chain.

    Parameters
    ----------
    chain
        The federation's chain; the coordinator's key pays.
    """

    def __init__(self, chain: ChainServices) -> None:
        self._chain = chain
        self._first = chain.journal.header.first_round
        self._done: set[int] = set()

    def apply_due(self) -> int | None:
        """Apply what may be applied in the next block.

        Returns
        -------
        int or None
            The last block that other leaves wait for; ``None`` when none do.

        Raises
        ------
        ReportError
            If a report of this run is gone, or does not give the root.
        """
        chain, block = self._chain, self._chain.believed()
        waits: int | None = None
        last = chain.work.reading(
            lambda: chain.checked.federation(chain.federation, at=block.hash)
        ).next_round
        for number in range(self._first, last):
            found = None if number in self._done else self._open(number)
            if found is None:
                continue
            if chain.believed().number < found.dispute_until:
                waits = max(waits or 0, found.dispute_until)
            else:
                self._apply(found)
        return waits

    def finish(self, limit: int) -> None:
        """Apply all, waiting for dispute windows as `ChainServices.may_wait` allows.

        Parameters
        ----------
        limit
            Blocks, see `ChainServices.may_wait`.
        """
        chain = self._chain
        chain.caught_up()
        while (until := self.apply_due()) is not None:
            blocks = until - chain.believed().number
            if not chain.may_wait(blocks, limit):
                _log.warning(
                    "bcfl: verdicts of roots wait for block %d, %d blocks from now; anyone can "
                    "apply them then: bcfl claim %s",
                    until + 1,
                    blocks,
                    chain.run_dir,
                )
                return
            chain.wait_until_block(until, blocks)

    def _open(self, number: int) -> OpenLeaves | None:
        chain, client = self._chain, self._chain.checked
        found = chain.work.reading(
            lambda: open_leaves(client, chain.federation, number, chain.reports)
        )
        at = chain.believed().hash
        round_ = chain.work.reading(lambda: client.round(chain.federation, number, at=at))
        if found is None and round_ is not None and round_.state is not RoundState.OPEN:
            self._done.add(number)
        return found

    def _apply(self, found: OpenLeaves) -> None:
        chain = self._chain
        for call in found.calls(chain.federation):
            try:
                chain.send(call)
            except AlreadyJudged:
                # Applying is open to anyone, and somebody was faster with one of them.
                chain.caught_up()
                again = self._open(found.round)
                if again is not None:
                    self._apply(again)
                return
        self._done.add(found.round)  # what is final may lag behind: they are not sent twice
