"""Take from a server's folder what the chain vouches for, and nothing else.

The model is the one whose digest the chain settled last. What the plugins that judge remember is
pinned in that round's report, whose digest is on chain, by its address in the run's store. All
else in the folder is the other server's word, and stays there.
"""

from __future__ import annotations

from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from bcfl_plugins.offices import NothingToTakeUp
from bcfl_plugins.session.takeover import left_over
from pallet_bridge.encoding import update_digest
from pallet_bridge.errors import EncodingError, JournalError, ReportError
from pallet_bridge.errors.content import ContentError
from pallet_bridge.run.checkpoints import HANDED_OVER, Checkpoint, Checkpoints
from pallet_bridge.run.content import read_arrays, read_value
from pallet_bridge.run.journal import HEADER, REPORTS, Journal, RunHeader, read_header
from pallet_bridge.run.reports import ReportStore
from pallet_bridge.run.store import STORE, FolderStore

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.run.values import Array
    from pallet_bridge.types import AccountId

_MEMORIES = ("bcfl_plugins.defenses.", "bcfl_plugins.evidence.")
"""Where the classes are of what is remembered."""


@dataclass(frozen=True, slots=True)
class Handover:
    """What goes on from another server's run.

    Parameters
    ----------
    server_round : int
        Flower's number of the round that the model is of.
    digest : bytes
        Of the model, as the chain has it.
    model : Mapping[str, ndarray]
        The model.
    states : Mapping[str, object]
        What plugins remember, by name, as far as a report pins it.
    anew : tuple of str
        What starts anew, with the reason, for people.
    """

    server_round: int
    digest: bytes
    model: Mapping[str, Array]
    states: Mapping[str, object]
    anew: tuple[str, ...]


def find_handover(
    folders: tuple[Path, ...], client: ChainClient, federation: int
) -> Handover | None:
    """Return what another server left, as far as the chain vouches for it.

    Parameters
    ----------
    folders : tuple of Path
        Where servers keep their runs (``bcfl.run_dir``), each with one folder a run.
    client : ChainClient
        The chain, which decides.
    federation : int
        The federation.

    Returns
    -------
    Handover or None
        ``None`` where no round is settled yet: the app's own model is as good as any.

    Raises
    ------
    NothingToTakeUp
        If none of the folders has the model that the chain settled last.
    """
    digest = client.federation(federation).model
    if digest is None:
        return None
    problems: list[str] = []
    report = _last_report(client, federation)
    for run in _runs(folders, client.genesis_hash, federation):
        most = client.federation(federation).next_round
        for number in reversed(Checkpoints(run).rounds()):
            try:
                model = _model(run, number, digest)
            except JournalError as error:
                problems.append(str(error))
                continue
            if model is None:
                continue
            if number > most:
                problems.append(f"{run} says round {number}, and the chain has {most}")
                continue
            states, anew = _states(run, report, digest)
            anew = ("what the strategy learned besides the model: no report pins it", *anew)
            return Handover(number, digest, model, states, anew)
    raise NothingToTakeUp(digest, folders, tuple(problems))


def begin_run(
    folder: Path, made: Handover, client: ChainClient, federation: int, account: AccountId
) -> None:
    """Make the folder of a run that goes on from there: the app's next start takes it up.

    Raises
    ------
    NotWritten
        When the disk is full or read-only.
    """
    state = {
        "class": HANDED_OVER,
        "strategy": {},
        "plugins": dict(made.states),
        "tables": {},
    }
    checkpoint = Checkpoint(made.server_round, made.digest, made.model, state)
    Checkpoints(folder).put(checkpoint)
    first = client.federation(federation).next_round
    header = RunHeader(client.url, client.genesis_hash, federation, 0, account, first)
    Journal.create(folder, header)  # from now on it is a run


def _runs(folders: tuple[Path, ...], genesis: bytes, federation: int) -> Iterator[Path]:
    """Give the folders of runs of a federation, the newest first."""
    found = sorted(
        (path.parent for parent in folders for path in parent.glob(f"*/{HEADER}")),
        key=lambda run: run.name,
        reverse=True,
    )
    for run in found:
        try:
            header = read_header(run)
        except JournalError:
            continue
        if (header.genesis, header.federation) == (genesis, federation):
            yield run


def _model(run: Path, number: int, digest: bytes) -> Mapping[str, Array] | None:
    """Return the model of a checkpoint if it is the one, by its own bytes."""
    checkpoints = Checkpoints(run)
    if checkpoints.digest(number) != digest:
        return None
    model = checkpoints.model(number)
    if update_digest(model) == digest:
        return model
    try:  # published with the run's updates
        return read_arrays(FolderStore(run / STORE).get(digest))
    except (ContentError, EncodingError, OSError):
        raise JournalError(
            f"the model in {checkpoints.path(number)} is not the one that it says"
        ) from None


def _last_report(client: ChainClient, federation: int) -> bytes | None:
    """Return the digest of the report of the last settled round."""
    for number in reversed(range(client.federation(federation).next_round)):
        found = client.round(federation, number)
        if found is not None and found.settlement is not None:
            return found.settlement.report
    return None


def _states(
    run: Path, digest: bytes | None, model: bytes
) -> tuple[dict[str, object], tuple[str, ...]]:
    """Return what plugins remembered after the round of a model, and what of it cannot be had."""
    none = "what plugins remember: the chain has no report of the model's round"
    if digest is None:
        return {}, (none,)
    try:
        report: RoundReport = ReportStore(run / REPORTS).get(digest)
        if report.model != model:  # it was pruned, or the federation was given another model
            return {}, (none,)
    except (ReportError, EncodingError, OSError) as error:
        return {}, (f"what plugins remember: {error}",)
    states: dict[str, object] = {}
    anew = []
    for judgement in () if report.evidence is None else report.evidence.judgements:
        if judgement.after is None:
            anew.append(f"what {judgement.plugin} remembers: the run did not publish it")
            continue
        try:
            data = FolderStore(run / STORE).get(judgement.after)
            states[judgement.plugin] = read_value(data, _is_memory)
        except (ContentError, EncodingError, OSError) as error:
            anew.append(f"what {judgement.plugin} remembers: {error}")
    return states, tuple(anew)


def _is_memory(name: str) -> bool:
    """Say whether a class may be in a memory; it is looked for among modules that are loaded."""
    module, _, _ = name.partition(":")
    if not f"{module}.".startswith(_MEMORIES):
        return False
    try:
        import_module(module)
    except ImportError:
        return False
    return True


def goes_on(run_dir: Path, client: ChainClient, federation: int, account: AccountId) -> bool:
    """Say whether the last run of an account is one that the app's next start takes up.

    Parameters
    ----------
    run_dir : Path
        Where it keeps its runs.
    client : ChainClient
        The chain.
    federation : int
        The federation.
    account : AccountId
        Who coordinated the run.

    Raises
    ------
    JournalError
        If its journal is damaged.
    """
    like = RunHeader(client.url, client.genesis_hash, federation, 0, account)
    run = left_over(run_dir, like)
    if run is None:
        return False
    settled = client.federation(federation).model
    checkpoints = Checkpoints(run)
    return any(settled in {None, checkpoints.digest(one)} for one in checkpoints.rounds())
