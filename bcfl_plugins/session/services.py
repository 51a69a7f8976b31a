"""What a plugin's factory is given: the open chain, files and keys of one run."""

from __future__ import annotations

import logging
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.errors import ConfigError
from bcfl_plugins.offices import Relieved
from pallet_bridge.errors import BadChainValue, CallFailed, OutboxError
from pallet_bridge.errors.pallet import NotAttested, NotCoordinator
from pallet_bridge.types import Receipt

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from bcfl_plugins.config.run_config import BcflConfig
    from bcfl_plugins.published.keeping import EvidenceKeeper
    from bcfl_plugins.session.chain_work import ChainWork
    from bcfl_plugins.session.copying import Copying
    from bcfl_plugins.types import Validation
    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.run.journal import Journal
    from pallet_bridge.run.outbox import Outbox
    from pallet_bridge.run.outbox_file import Ticket
    from pallet_bridge.run.reports import ReportStore
    from pallet_bridge.types import AccountId, BlockRef, Commitment, Round, RoundKey

_log = logging.getLogger("flwr.bcfl")

_BLOCK_S = 12.0  # two slots: how long one block of a slow chain may take
_SLACK_S = 60.0
_LOOK_S = 1.0  # so often who waits for finality learns how far it is
_FINAL_S = 120.0  # far longer than a chain takes to make a block final
_CALL_S = 60.0  # after which a call that is in no block is looked for and sent again

COORDINATOR = "coordinator"
"""The name of the coordinator's key in the outbox."""


@dataclass(frozen=True, slots=True)
class ChainServices:
    """What exists only with a chain.

    Parameters
    ----------
    client : ChainClient
        The open connection. Its node is believed: what is read of it decides about nothing that
        the chain or a later look at `checked` does not decide again.
    checked : ChainClient
        Reads final blocks, by proofs or as several nodes agree; `client` itself where one node is
        believed, and where the chain is in this process. What decides about money, data or models
        is read here.
    coordinator : Signer
        The federation's coordinator.
    outbox : Outbox
        The durable queue of the coordinator's calls; `send` uses it.
    work : ChainWork
        The order in which the plugins' jobs on the chain are done.
    journal : Journal
        What this run did on chain.
    reports : ReportStore
        The content-addressed round reports.
    run_dir : Path
        The run's folder.
    federation : int
        The federation's id.
    embedded : bool
        Whether the chain lives in this process.
    keeper : EvidenceKeeper
        Keeps what rounds can be decided again from.
    copying : Copying or None
        Copies the run to a URL while it goes on.
    """

    client: ChainClient
    checked: ChainClient
    coordinator: Signer
    outbox: Outbox
    work: ChainWork
    journal: Journal
    reports: ReportStore
    run_dir: Path
    federation: int
    embedded: bool
    keeper: EvidenceKeeper
    copying: Copying | None = None

    def send(self, call: Call, timeout: float | None = None) -> Receipt:
        """Send a call as the coordinator and return its receipt.

        The call is written down before it is sent: a process that ends meanwhile leaves it in the
        outbox.

        Parameters
        ----------
        call : Call
            What to do.
        timeout : float or None
            Seconds until `ChainTimeout`. By default, in mode ``queue``, it takes as long as the
            chain is away, which is for an open job.

        Raises
        ------
        Relieved
            If another account coordinates the federation by now.
        CallFailed
            If the call is included and fails.
        ChainError
            If it is not taken; in mode ``fail`` also if the chain is away.
        """
        ticket = self.outbox.put(call, COORDINATOR)
        longest = _CALL_S if timeout is None else timeout
        try:
            return self.work.sending(lambda: self.outbox.send(ticket, longest), timeout)
        except NotAttested:  # tried again with each seat, so there is nothing to lose by a lie
            raise
        except CallFailed as refused:
            return self._failed(ticket, refused)

    def _failed(self, ticket: Ticket, refused: CallFailed) -> Receipt:
        """Believe a failure once it is proved: rounds are aborted, and runs end, for less.

        A success is not waited for. The outbox looks at it again once its block is final.
        """
        while self.checked is not self.client and self.outbox.newest:
            self.caught_up()
            self.follow()
        found = ticket.result
        if isinstance(found, Receipt):
            return found
        if isinstance(found, NotCoordinator):
            at = self.believed().hash
            there = self.work.reading(lambda: self.checked.federation(self.federation, at=at))
            raise Relieved(self.federation, there.coordinator) from found
        raise found or refused

    def believed(self) -> BlockRef:
        """Return the newest block that `checked` reads, within an open job."""
        return self.work.reading(self.checked.head)

    def caught_up(self, block: int = 0) -> BlockRef:
        """Return the same, once it has all that was sent, and this block; for an open job.

        Finality may take a few blocks. So it is for what is read once a round, beside the training.

        Raises
        ------
        ChainTimeout
            In mode ``fail``, when that takes longer than two minutes.
        """
        step = _LOOK_S if self.work.mode == "queue" else _FINAL_S
        return self.work.reading(lambda: self.caught_up_once(block, step))

    def caught_up_once(self, block: int = 0, timeout: float = _FINAL_S) -> BlockRef:
        """Return the same outside of a job.

        Raises
        ------
        ChainUnavailable, ChainTimeout
            When the chain is away, or takes longer than this many seconds.
        """
        if self.checked is self.client:  # it knows the newest block
            return self.checked.head()
        wanted = max(block, self.outbox.newest)
        return self.checked.wait_until_block(wanted, timeout=timeout)

    def follow(self) -> None:
        """Send what is in no block: what an earlier process left, and what was in replaced ones.

        For an open job. What the chain refuses of it is an error in the log.
        """
        self._sent(self.work.sending, self.outbox.resume)

    def confirm(self) -> None:
        """Wait until all that was sent is in final blocks; for an open job.

        Raises
        ------
        ChainError
            In mode ``fail``, when that takes longer than a minute.
        """
        step = _LOOK_S if self.work.mode == "queue" else _CALL_S
        self._sent(self.work.reading, lambda: self.outbox.confirm(step))

    def _sent(self, insist: Callable[[Callable[[], None]], None], act: Callable[[], None]) -> None:
        try:
            insist(act)
        except OutboxError as error:
            _log.error("bcfl: of what was sent: %s", error)

    def may_wait(self, blocks: int, limit: int) -> bool:
        """Say whether a run may wait this many blocks at its end.

        Parameters
        ----------
        blocks : int
            How many.
        limit : int
            The most by the settings; -1: any number on the embedded chain, which makes blocks at
            once, and none elsewhere.
        """
        return blocks <= limit or (limit < 0 and (self.embedded or blocks <= 0))

    def once_sealed(self, key: RoundKey) -> tuple[Round, dict[AccountId, Commitment]]:
        """Return a round and its commitments once nobody can commit in it; for an open job.

        See `bcfl_plugins.rounds.settle.once_sealed`.

        Raises
        ------
        BadChainValue
            If the chain has no such round any more.
        """
        self.follow()
        found, some = self._there(key, self.caught_up())
        if found.sealed_at is None and some:
            # The settlement goes into the block after the head: the first one past the window.
            blocks = max(1, found.commit_until - found.opened_at)
            self.wait_until_block(found.commit_until, blocks)
            found, some = self._there(key, self.caught_up())
        return found, some

    def _there(self, key: RoundKey, block: BlockRef) -> tuple[Round, dict[AccountId, Commitment]]:
        place, at, reading = (key.federation, key.round), block.hash, self.work.reading
        found = reading(lambda: self.checked.round(*place, at=at))
        if found is None:
            raise BadChainValue(f"the chain has lost round {key.round}, which it had opened")
        return found, reading(lambda: self.checked.commitments(*place, at=at))

    def wait_until_block(self, block: int, blocks: int) -> None:
        """Wait for a block that is about this many blocks away, and until `checked` has it.

        For an open job.

        Raises
        ------
        ChainTimeout
            If it takes more than twice its time.
        """
        timeout = blocks * _BLOCK_S + _SLACK_S
        self.work.reading(lambda: self.client.wait_until_block(block, timeout=timeout))
        self.caught_up(block)


@dataclass(frozen=True, slots=True)
class Services:
    """What a plugin's factory is given.

    Parameters
    ----------
    config : BcflConfig
        The whole checked config.
    chain : ChainServices or None
        ``None`` when ``bcfl.chain`` is ``none``.
    validation : callable or None
        The server's own measure of a model, see `bcfl_plugins.types.Validation`; ``None`` when the
        app gave none.
    """

    config: BcflConfig
    chain: ChainServices | None = None
    validation: Validation | None = None

    def need_chain(self, plugin: str) -> ChainServices:
        """Return the chain's services.

        Raises
        ------
        ConfigError
            If there is no chain.
        """
        if self.chain is None:
            raise ConfigError(
                f'plugin {plugin!r} needs a chain, and bcfl.chain is "none"; set bcfl.chain to '
                f'"embedded" or a node\'s address, or take {plugin!r} out of bcfl.plugins'
            )
        return self.chain
