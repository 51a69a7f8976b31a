"""Open everything that a run needs, in one place, and close it again."""

from __future__ import annotations

import logging
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from shlex import quote
from shutil import rmtree
from typing import TYPE_CHECKING, Literal, Self

from bcfl_plugins.errors import NotResumable
from bcfl_plugins.published.keeping import TOLD, EvidenceKeeper
from bcfl_plugins.session.chain_work import ChainWork
from bcfl_plugins.session.load import find_plugins
from bcfl_plugins.session.nodes import Nodes
from bcfl_plugins.session.provision import check_federation, coordinator_of, provision
from bcfl_plugins.session.sealing import sealed_round
from bcfl_plugins.session.services import COORDINATOR, ChainServices, Services
from bcfl_plugins.session.takeover import (
    alone,
    check_open_round,
    left_over,
    new_folder,
    open_again,
)
from pallet_bridge.client import connect
from pallet_bridge.errors import ChainError
from pallet_bridge.jsonio import write_atomically, writing
from pallet_bridge.memory.chains import ActedMemory, FinalMemory
from pallet_bridge.memory.files import chains_folder
from pallet_bridge.run.checkpoints import Checkpoints
from pallet_bridge.run.journal import CHAIN, RUNTIME, STATE, Journal, RunHeader
from pallet_bridge.run.journal_lines import EndLine
from pallet_bridge.run.openings import Openings
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.run.store import STORE, FolderStore
from pallet_bridge.trusted.opening import Belief, open_beside, open_checked
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from types import TracebackType

    from bcfl_plugins.config.run_config import BcflConfig
    from bcfl_plugins.hooks.manager import PluginManager
    from bcfl_plugins.secure.statements import Sealed
    from bcfl_plugins.session.copying import Copying
    from bcfl_plugins.session.load import NamedPlugins
    from bcfl_plugins.types import Validation
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.types import RoundKey

_log = logging.getLogger("flwr.bcfl")


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
    """

    config: BcflConfig
    services: Services
    hooks: PluginManager
    _open: ExitStack = field(default_factory=ExitStack, repr=False)

    def sealed(self, place: RoundKey) -> Sealed:
        """Wait until a round is sealed, and return who is in it.

        Raises
        ------
        NotSealed
            If that cannot be known in time.
        ConfigError
            If there is no chain.
        """
        return sealed_round(self.services.need_chain("bcfl.evidence"), place)

    def close(self) -> None:
        """End the journal, write an embedded chain's blocks down, and close the chain."""
        self._open.close()

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
    config: BcflConfig,
    *,
    plugins: Sequence[tuple[str, object]] = (),
    run_id: int = 0,
    validation: Validation | None = None,
    differs: Callable[[Path], str | None] | None = None,
) -> Session:
    """Connect, make the plugins, and return them ready for the first hook.

    Parameters
    ----------
    config : BcflConfig
        The checked config.
    plugins : sequence of (str, object)
        Plugins of the caller's own, by name, called after those that the config names.
    run_id : int
        Flower's id of the run, for the journal.
    validation : callable or None
        The server's own measure of a model, for plugins that ask whether an update did harm or
        how much it helped.
    differs : callable or None
        Takes the folder of an unfinished run on an embedded chain, and says in what its app was
        another than the one that starts; ``None``: it was this one, which goes on with it. Without
        this function no run on an embedded chain is gone on with.

    Raises
    ------
    ConfigError
        If a key, a value or a plugin name is wrong.
    ChainError
        If the chain cannot be used.
    """
    named = find_plugins(config)
    config = named.config
    with ExitStack() as opening:
        chain = None if config.chain == "none" else _open_chain(named, run_id, opening, differs)
        services = Services(config, chain, validation)
        hooks = named.make(services, plugins)
        return Session(config, services, hooks, opening.pop_all())


def _open_chain(
    named: NamedPlugins,
    run_id: int,
    opening: ExitStack,
    differs: Callable[[Path], str | None] | None,
) -> ChainServices:
    config = named.config
    coordinator = coordinator_of(config)
    if config.chain == "embedded":
        kept = _left_embedded(config, coordinator, differs)
        resumed = None if kept is None else _go_on_embedded(named, coordinator, kept, opening)
        return resumed or _begin_embedded(config, coordinator, run_id, opening)
    nodes = opening.enter_context(_open_nodes(config, coordinator))
    checked = nodes.checked
    opening.enter_context(alone(checked.genesis_hash, config.federation, coordinator.account))
    header = _header_of(config, nodes.caught_up(), coordinator, run_id)
    left = left_over(Path(config.run_dir), header)
    if left is not None:
        resumed = _take_over(named, nodes, coordinator, left, opening)
        if resumed is not None:
            return resumed
        header = _header_of(config, nodes.caught_up(), coordinator, run_id)
    check_open_round(checked, config.federation, coordinator.account)
    journal = Journal.create(new_folder(Path(config.run_dir)), header)
    copying = _copy_until_closed(config, journal.folder, opening)
    chain = _serve(config, nodes, coordinator, journal, opening, copying=copying)
    named.recover(chain)
    return chain


@contextmanager
def _open_nodes(config: BcflConfig, coordinator: Signer) -> Iterator[Nodes]:
    """Connect to the nodes of a run, once its federation is proved to be there, and ours.

    What decides about money, data and models is read by proofs, where nodes have them. Where none
    has, several are all asked during the whole run, and have to agree; one is believed, and that
    is said.
    """
    chains = acted = None
    if not config.coordinator.startswith("//"):  # a public key's chains begin anew
        chains = FinalMemory(chains_folder())
        acted = ActedMemory(chains_folder(), coordinator.account)
    if config.pinned_genesis is not None:
        belief = Belief((config.pinned_genesis,), "bcfl.genesis", chains)
    else:
        before = () if acted is None else acted.chains()
        belief = Belief(before, f"the first time of {coordinator.account}", chains)
    with open_checked(config.chain, belief, lambda said: _log.warning("bcfl: %s", said)) as checked:
        check_federation(checked, config, coordinator)
        if acted is not None:
            acted.add(checked.genesis_hash)
        with open_beside(checked) as live:
            yield Nodes(live, checked)


def _begin_embedded(
    config: BcflConfig, coordinator: Signer, run_id: int, opening: ExitStack
) -> ChainServices:
    """Begin a run with a chain of its own, which its folder keeps."""
    folder = new_folder(Path(config.run_dir))
    with _removed_if_unused(folder):
        local = opening.enter_context(connect("embedded", state=folder / STATE))
        provision(local, config, coordinator)
    journal = Journal.create(folder, _header_of(config, local, coordinator, run_id))
    write_atomically(folder / RUNTIME, local.runtime())
    copying = _copy_until_closed(config, folder, opening)
    opening.callback(local.export, folder / CHAIN)
    return _serve(config, Nodes(local, local), coordinator, journal, opening, copying=copying)


def _left_embedded(
    config: BcflConfig, coordinator: Signer, differs: Callable[[Path], str | None] | None
) -> Path | None:
    """Return the folder of the last run with a chain of its own, if this app goes on with it."""
    if config.resume == "never" or differs is None:
        return None
    like = RunHeader("embedded", bytes(HASH_BYTES), config.federation, 0, coordinator.account)
    folder = left_over(Path(config.run_dir), like)
    if folder is None or not Checkpoints(folder).rounds():
        return None
    other = differs(folder)
    if other is not None:
        _log.warning(
            "bcfl: the run in %s was not finished, and stays as it is: a new run begins, since %s",
            folder.absolute(),
            other,
        )
        return None
    return folder


def _go_on_embedded(
    named: NamedPlugins, coordinator: Signer, folder: Path, opening: ExitStack
) -> ChainServices | None:
    """Go on with the chain in a run's folder; ``None`` while another process does."""
    from pallet_bridge.embedded.store.errors import (  # noqa: PLC0415 - loads wasmtime
        StateDamaged,
        StateInUse,
    )

    with ExitStack() as closing:
        try:
            local = closing.enter_context(connect("embedded", state=folder / STATE))
        except StateInUse:
            return None
        except StateDamaged as error:
            raise NotResumable(folder.absolute(), str(error)) from error
        _log.warning(
            'bcfl: the run in %s was not finished: it goes on (bcfl.resume = "never" begins '
            "another one)",
            folder.absolute(),
        )
        journal = open_again(folder, anew=False)
        with writing(folder / CHAIN):
            (folder / CHAIN).unlink(missing_ok=True)  # of an end that was none
        copying = _copy_until_closed(named.config, folder, closing)
        closing.callback(local.export, folder / CHAIN)
        chain = _serve(
            named.config, Nodes(local, local), coordinator, journal, closing, copying=copying
        )
        named.recover(chain)
        opening.enter_context(closing.pop_all())
        return chain


def _take_over(
    named: NamedPlugins,
    nodes: Nodes,
    coordinator: Signer,
    folder: Path,
    opening: ExitStack,
) -> ChainServices | None:
    """Bring to an end what a run left open on chain; return its services if it goes on."""
    config = named.config
    where = folder.absolute()
    goes_on = config.resume == "auto" and bool(Checkpoints(folder).rounds())
    how = (
        'it goes on (bcfl.resume = "never" ends it instead)'
        if goes_on
        else "it is ended, and a new run begins"
    )
    _log.warning("bcfl: the run in %s was not finished: %s", where, how)
    with ExitStack() as closing:
        journal = open_again(folder, anew=config.resume == "never")
        place = config.federation, coordinator.account
        check_open_round(nodes.checked, *place, first=journal.header.first_round)
        copying = _copy_until_closed(config, folder, closing)
        chain = _serve(config, nodes, coordinator, journal, closing, copying=copying)
        named.recover(chain)
        if goes_on:
            opening.enter_context(closing.pop_all())
            return chain
        Checkpoints(folder).clear()
    return None


def _serve(
    config: BcflConfig,
    nodes: Nodes,
    coordinator: Signer,
    journal: Journal,
    opening: ExitStack,
    *,
    copying: Copying | None,
) -> ChainServices:
    place = journal.folder.absolute()
    _log.info("bcfl: this run is recorded in %s", place)
    opening.callback(_say_where, place)
    level, readers = config.evidence.level, Openings(config.evidence.readers)
    opening.callback(_end, journal, nodes.live, config.federation)
    keeper = EvidenceKeeper(level, FolderStore(journal.folder / STORE, readers.mode))
    _log.info("bcfl: evidence is %s (%s): %s", level.value, readers.value, TOLD[level])
    mode: Literal["queue", "fail"] = "fail" if config.on_chain_error == "fail" else "queue"
    work = ChainWork(mode)
    opening.callback(work.close)
    signers = {COORDINATOR: coordinator}
    outbox = Outbox.of_run(
        nodes.live, journal, signers, checked=nodes.checked, stopped=work.is_stopping
    )
    return ChainServices(
        client=nodes.live,
        checked=nodes.checked,
        coordinator=coordinator,
        outbox=outbox,
        work=work,
        journal=journal,
        reports=journal.reports,
        run_dir=journal.folder,
        federation=config.federation,
        embedded=config.chain == "embedded",
        keeper=keeper,
        copying=copying,
    )


def _copy_until_closed(config: BcflConfig, run: Path, opening: ExitStack) -> Copying | None:
    """Copy the run while it goes on, and last of all what its end writes."""
    if not config.copy.to:
        return None
    from bcfl_plugins.session.copying import Copying  # noqa: PLC0415 - needs an extra

    return opening.enter_context(Copying(config.copy, run.absolute()))


def _say_where(folder: Path) -> None:
    _log.info("bcfl: check what this run recorded with: bcfl audit %s", quote(str(folder)))


def _header_of(
    config: BcflConfig, client: ChainClient, coordinator: Signer, run_id: int
) -> RunHeader:
    federation = client.federation(config.federation)
    return RunHeader(
        chain="embedded" if config.chain == "embedded" else client.url,
        genesis=client.genesis_hash,
        federation=config.federation,
        run_id=run_id,
        coordinator=coordinator.account,
        first_round=federation.next_round
        if federation.open_round is None
        else federation.open_round,
    )


@contextmanager
def _removed_if_unused(folder: Path) -> Iterator[None]:
    """Take a new folder away when its chain cannot be made ready: it holds no run yet."""
    try:
        yield
    except BaseException:
        rmtree(folder, ignore_errors=True)
        raise


def _end(journal: Journal, client: ChainClient, federation: int) -> None:
    try:
        # of the newest block: nothing waits for finality any more, and an audit looks at it again
        next_round = client.federation(federation).next_round
    except ChainError as error:  # a node that lost its disk does not know the federation
        # Without its last line the journal reads as that of a run that was cut off, as it was.
        _log.error("bcfl: the journal in %s stays without an end: %s", journal.folder, error)
        return
    journal.append(EndLine(next_round))
