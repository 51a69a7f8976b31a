"""Execute offences once their dispute window is over. The chain decides what they cost."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.markers import hookimpl
from bcfl_plugins.roots import PostedRoots
from bcfl_plugins.settings import key, read_table
from pallet_bridge import calls
from pallet_bridge.errors import OffenceNotFound

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.services import ChainServices, Services
    from bcfl_plugins.types import RunInfo, Scalar
    from pallet_bridge.types import AccountId, Offence

_log = logging.getLogger("flwr.bcfl")


@dataclass(frozen=True, slots=True)
class Settings:
    """Settings under ``bcfl.slashing``."""

    wait_blocks: int = key(
        -1,
        "Blocks to wait at the end of a run for windows that are still open. -1: as many as it "
        "takes on the embedded chain, none elsewhere.",
        low=-1,
        unit="blocks",
    )


def create(settings: Mapping[str, Scalar], services: Services) -> Slashing:
    """Make the plugin; the entry point ``slashing``."""
    checked = read_table(Settings, "bcfl.slashing", settings)
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

    def __init__(self, settings: Settings, chain: ChainServices) -> None:
        self._settings = settings
        self._chain = chain
        self._roots = PostedRoots(chain)

    @hookimpl
    def bcfl_round_evaluated(self) -> None:
        """Execute the offences whose window is over."""
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
        chain = self._chain
        found = chain.work.reading(lambda: chain.client.offences(chain.federation))
        return {
            place: offence
            for place, offence in found.items()
            if offence.waits and offence.dispute is None
        }

    def _execute_due(self) -> None:
        chain, work = self._chain, self._chain.work
        waiting = self._waiting()
        following = work.reading(chain.client.head).number + 1
        for (round_id, account), offence in sorted(waiting.items(), key=lambda item: item[0]):
            if not offence.is_executable(following):
                continue
            call = calls.execute_slash(chain.federation, round_id, account)
            try:
                work.included(chain.outbox.put(call, "coordinator"))
            except OffenceNotFound:
                # Executing is open to anyone, and somebody was faster.
                _log.info("bcfl: the offence of %s was executed by somebody else", account)
