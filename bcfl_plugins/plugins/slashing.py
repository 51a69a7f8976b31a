"""Execute offences once their dispute window is over. The chain decides what they cost.

A dispute that nobody decided in time ends for the accused, which is done here as well.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.hooks.markers import hookimpl, needs_chain
from bcfl_plugins.rounds.posted_roots import PostedRoots
from pallet_bridge import calls
from pallet_bridge.errors.pallet import (
    DisputeOpen,
    OffenceNotDisputed,
    OffenceNotFound,
    RoundVoided,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.session.services import ChainServices, Services
    from bcfl_plugins.types import RunInfo, Scalar
    from pallet_bridge.types import AccountId, Offence

_log = logging.getLogger("flwr.bcfl")


@dataclass(frozen=True, slots=True)
class SlashingSettings:
    """Settings under ``bcfl.slashing``."""

    wait_blocks: int = key(
        -1,
        "Blocks to wait at the end of a run for windows that are still open. -1: as many as it "
        "takes on the embedded chain, none elsewhere.",
        low=-1,
        unit="blocks",
    )


@needs_chain
def create(settings: Mapping[str, Scalar], services: Services) -> Slashing:
    """Make the plugin; the entry point ``slashing``."""
    checked = read_table(SlashingSettings, "bcfl.slashing", settings)
    return Slashing(checked, services.need_chain("slashing"))


class Slashing:
    """Executes what is due.

    Parameters
    ----------
    settings
        Checked settings.
    chain
        The federation's chain.
    """

    def __init__(self, settings: SlashingSettings, chain: ChainServices) -> None:
        self._settings = settings
        self._chain = chain
        self._roots = PostedRoots(chain)

    @hookimpl
    def bcfl_round_evaluated(self) -> None:
        """Execute the offences whose window is over, end the disputes that nobody decided."""
        self._chain.work.do("executing offences that are due", self._execute_due)

    @hookimpl
    def bcfl_run_finished(self, run: RunInfo, error: BaseException | None) -> None:
        """Wait for open windows, as far as the settings allow, and execute those too."""
        del run
        if error is None:
            self._chain.work.do("executing the last offences", self._finish)

    def _finish(self) -> None:
        chain, work = self._chain, self._chain.work
        self._roots.finish(self._settings.wait_blocks)
        self._execute_due()
        waiting = self._waiting()
        if not waiting:
            return
        head = work.reading(chain.client.head).number
        last = max(offence.executable_at for offence in waiting.values())
        blocks = last - 1 - head  # the slash goes into the block after the head
        if not chain.may_wait(blocks, self._settings.wait_blocks):
            _log.warning(
                "bcfl: %d offence(s) wait for block %d, %d blocks from now; anyone can execute "
                "them then. bcfl.slashing.wait_blocks makes a run wait",
                len(waiting),
                last,
                blocks,
            )
            return
        chain.wait_until_block(last - 1, blocks)
        self._execute_due()

    def _waiting(self) -> dict[tuple[int, AccountId], Offence]:
        """Return what may still cost stake; a disputed offence is for its arbiter to decide."""
        return {place: found for place, found in self._open().items() if found.dispute is None}

    def _open(self) -> dict[tuple[int, AccountId], Offence]:
        # Of the newest block: the chain decides what is due and what it costs, and anyone may send
        # these calls. A node that lies here costs fees, or leaves the calls to others.
        chain = self._chain
        found = chain.work.reading(lambda: chain.client.offences(chain.federation))
        return {place: offence for place, offence in found.items() if offence.waits}

    def _execute_due(self) -> None:
        chain = self._chain
        following = chain.work.reading(chain.client.head).number + 1
        for (round_id, account), offence in sorted(self._open().items(), key=lambda one: one[0]):
            if offence.dispute is not None and offence.dispute.until < following:
                self._do(calls.lapse(chain.federation, round_id, account), account)
            elif offence.is_executable(following):
                self._execute(round_id, account)

    def _execute(self, round_id: int, account: AccountId) -> None:
        federation = self._chain.federation
        try:
            self._do(calls.execute_slash(federation, round_id, account), account)
        except RoundVoided:
            # Its root was proved bad, so it proves nothing of this account.
            self._do(calls.lapse(federation, round_id, account), account)

    def _do(self, call: calls.Call, account: AccountId) -> None:
        try:
            self._chain.send(call)
        except (DisputeOpen, OffenceNotDisputed, OffenceNotFound) as error:
            # The calls are open to anyone, a dispute is to the accused: somebody was faster.
            _log.info("bcfl: the offence of %s has changed meanwhile: %s", account, error)
