"""Open everything that a run needs, in one place, and close it again."""

from __future__ import annotations

import logging
import os
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Literal, Self

from bcfl_plugins.errors import ConfigError
from bcfl_plugins.manager import PluginManager, load
from bcfl_plugins.services import COORDINATOR, ChainServices, Services
from pallet_bridge import calls
from pallet_bridge.connect import EMBEDDED, connect
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import ChainError, FederationNotFound
from pallet_bridge.journal import CHAIN, EndLine, Journal, RunHeader
from pallet_bridge.keys import Signer
from pallet_bridge.outbox import Outbox
from pallet_bridge.types import Planck, SlashTerms, Terms

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType

    from bcfl_plugins.config import BcflConfig, TermsConfig
    from pallet_bridge.client import ChainClient
    from pallet_bridge.local import EmbeddedClient
    from pallet_bridge.types import Federation, Receipt

_LOG = logging.getLogger(__name__)

OUTBOX = "outbox.jsonl"
"""The file of queued calls in a run's folder."""


@dataclass(frozen=True, slots=True)
class Session:
    """One run's plugins and what they stand on. A context manager; closing twice is harmless.

    Parameters
    ----------
    config : BcflConfig
        The checked config.
    services : Services
        The chain and the files; ``services.chain`` is ``None`` without a chain.
    hooks : PluginManager
        The loaded plugins.
    stack : ExitStack
        What `close` undoes.
    """

    config: BcflConfig
    services: Services
    hooks: PluginManager
    stack: ExitStack

    def close(self) -> None:
        """Stop the outbox, end the journal, write out an embedded chain, and disconnect."""
        self.stack.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()


def open_session(
    config: BcflConfig, *, run_id: int = 0, plugins: Sequence[tuple[str, object]] = ()
) -> Session:
    """Connect, make the plugins, and return them ready for the first hook.

    Parameters
    ----------
    config : BcflConfig
        The checked config.
    run_id : int
        Flower's id of the run, for the journal.
    plugins : sequence of (str, object)
        Plugins that the calling code brings; called after the configured ones.

    Raises
    ------
    ConfigError
        If a key, a value, a plugin name or the coordinator's key is wrong.
    ChainError
        If the chain cannot be used.
    """
    with ExitStack() as stack:
        chain = None if config.chain == "none" else _open_chain(config, run_id, stack)
        services = Services(config, chain)
        return Session(config, services, load(config, services, plugins), stack.pop_all())


def load_signer(source: str) -> Signer:
    """Read the coordinator's key from ``env:NAME``, ``file:PATH`` or a development key.

    Raises
    ------
    ConfigError
        If there is no key there. The message never repeats what was found.
    """
    kind, _, rest = source.partition(":")
    if kind == "file":
        return Signer.from_file(Path(rest))
    if kind == "env":
        secret = os.environ.get(rest)
        if not secret:
            raise ConfigError(
                f"bcfl.coordinator names the environment variable {rest}, which is not set"
            )
        return Signer.from_uri(secret)
    return Signer.from_uri(source)


def terms_of(config: TermsConfig) -> Terms:
    """Return the terms as the chain takes them."""
    return Terms(
        min_stake=config.min_stake,
        max_participants=config.max_participants,
        quorum=config.quorum,
        commit_blocks=config.commit_blocks,
        settle_blocks=config.settle_blocks,
        dispute_blocks=config.dispute_blocks,
        unbonding_blocks=config.unbonding_blocks,
        round_reward=config.round_reward,
        strikes_to_slash=config.strikes_to_slash,
        strike_decay_rounds=config.strike_decay_rounds,
        slash=SlashTerms(config.equivocation, config.outlier_base, config.cap),
    )


def _open_chain(config: BcflConfig, run_id: int, stack: ExitStack) -> ChainServices:
    coordinator = load_signer(config.coordinator)
    folder = _run_folder(Path(config.run_dir))
    embedded = config.chain == EMBEDDED
    client: ChainClient
    if embedded:
        client = own = stack.enter_context(connect("embedded"))
        _provision(client, coordinator, config)
        stack.callback(_export, own, folder)
    else:
        client = stack.enter_context(connect(config.chain))
    federation = _federation(client, coordinator, config)
    journal = Journal.create(
        folder,
        RunHeader(
            chain=config.chain,
            genesis=client.genesis_hash,
            federation=config.federation,
            run_id=run_id,
            coordinator=coordinator.account,
            first_round=federation.next_round,
        ),
    )
    stack.callback(_end_journal, client, journal)
    mode: Literal["queue", "fail"] = "fail" if config.on_chain_error == "fail" else "queue"
    outbox = Outbox(
        client,
        folder / OUTBOX,
        {COORDINATOR: coordinator},
        mode=mode,
        on_receipt=lambda _call, receipt: _note(journal, receipt),
    )
    stack.callback(outbox.close)
    return ChainServices(
        client=client,
        coordinator=coordinator,
        outbox=outbox,
        journal=journal,
        reports=journal.reports,
        run_dir=folder,
        federation=config.federation,
        embedded=embedded,
    )


def _note(journal: Journal, receipt: Receipt) -> None:
    journal.append_receipt(receipt)


def _run_folder(parent: Path) -> Path:
    """Make a folder of its own for this run; the name says when it started."""
    stamp = datetime.now(UTC).strftime("%Y%m%dT%H%M%SZ")
    for name in (stamp, *(f"{stamp}-{n}" for n in range(2, 1000))):
        folder = parent / name
        try:
            folder.mkdir(parents=True)
        except FileExistsError:
            continue
        return folder
    raise ConfigError(f"bcfl.run_dir {parent} is full of runs of this second; choose another")


def _provision(client: ChainClient, coordinator: Signer, config: BcflConfig) -> None:
    """Create and fund the federation on a chain that starts empty."""
    number = client.next_federation()
    if config.federation != number:
        raise ConfigError(
            f"bcfl.federation is {config.federation}, but an embedded chain starts empty and its "
            f"first federation is {number}; set bcfl.federation to {number}"
        )
    terms = terms_of(config.terms)
    client.execute(calls.create_federation(terms, blake2_256(b"bcfl")), coordinator)
    budget = Planck(config.terms.fund_rounds * terms.round_reward)
    if budget:
        client.execute(calls.fund(number, budget), coordinator)


def _federation(client: ChainClient, coordinator: Signer, config: BcflConfig) -> Federation:
    try:
        federation = client.federation(config.federation)
    except FederationNotFound as error:
        raise ConfigError(
            f"there is no federation {config.federation} on {config.chain}; create it there first, "
            f"or set bcfl.federation to one that exists"
        ) from error
    if federation.coordinator != coordinator.account:
        raise ConfigError(
            f"bcfl.coordinator is {coordinator.account}, but federation {config.federation} is "
            f"coordinated by {federation.coordinator}; set bcfl.coordinator to that account's key"
        )
    return federation


def _export(client: EmbeddedClient, folder: Path) -> None:
    client.export(folder / CHAIN)


def _end_journal(client: ChainClient, journal: Journal) -> None:
    try:
        next_round = client.federation(journal.header.federation).next_round
    except ChainError as error:
        _LOG.warning("the journal in %s has no end line: %s", journal.folder, error)
        return
    journal.append(EndLine(next_round))
