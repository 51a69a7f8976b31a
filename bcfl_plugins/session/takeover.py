"""Find what an earlier run of the same federation and coordinator left unfinished on this disk."""

from __future__ import annotations

from contextlib import ExitStack, contextmanager
from datetime import UTC, datetime
from itertools import count
from typing import TYPE_CHECKING

from bcfl_plugins.errors import RoundLeftOpen, RunInProgress
from pallet_bridge.errors import InstructionsUnusable, JournalError, NotWritten
from pallet_bridge.jsonio import sweep, writing
from pallet_bridge.memory.files import coordinators_folder
from pallet_bridge.memory.instructions import InstructionMemory
from pallet_bridge.memory.lock import held
from pallet_bridge.run.checkpoints import Checkpoints
from pallet_bridge.run.journal import HEADER, OWED, Journal, read_header, read_run

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.run.journal import RunHeader
    from pallet_bridge.types import AccountId


@contextmanager
def alone(genesis: bytes, federation: int, coordinator: AccountId) -> Iterator[None]:
    """Be the one process of this machine that coordinates a federation, until this is closed.

    Raises
    ------
    RunInProgress
        If another one does.
    InstructionsUnusable
        If that cannot be known.
    """
    name = f"{coordinator.raw.hex()}-{genesis.hex()[:16]}-{federation}.lock"
    lock = coordinators_folder() / name
    with ExitStack() as holding:
        try:
            mine = holding.enter_context(held(lock))
        except NotWritten as error:
            raise InstructionsUnusable(str(lock), error.cause) from error
        if not mine:
            raise RunInProgress(federation, lock)
        yield


def check_open_round(
    client: ChainClient, federation: int, coordinator: AccountId, first: int | None = None
) -> None:
    """Refuse to begin while a round is open that another run may still settle.

    A round that this machine instructed is nobody's any more, for this process is alone; so is one
    whose settle window is over. Such a round is settled or aborted.

    Parameters
    ----------
    client : ChainClient
        The chain.
    federation : int
        The federation.
    coordinator : AccountId
        Who opens its rounds.
    first : int or None
        The first round of the run that goes on. Killed before it could instruct, a run may have
        opened one round more than it instructed. ``None``: no run goes on.

    Raises
    ------
    RoundLeftOpen
        If it is neither.
    """
    number = client.federation(federation).open_round
    if number is None:
        return
    told = InstructionMemory(coordinators_folder(), coordinator)
    highest = told.highest(client.genesis_hash, federation)
    last = -1 if highest is None else highest
    if first is not None:
        last = max(last + 1, first)
    found = client.round(federation, number)
    if found is None or number <= last:
        return
    if client.head().number < found.settle_until:
        raise RoundLeftOpen(federation, number, found.settle_until)


def left_over(parent: Path, like: RunHeader) -> Path | None:
    """Return the folder of the last run of a federation, if that run is not finished.

    Parameters
    ----------
    parent : Path
        Where runs have their folders.
    like : RunHeader
        Of a run of the same chain, federation and coordinator. Embedded chains count as one: each
        run has its own.

    Raises
    ------
    JournalError
        If its journal is damaged.
    """
    folders = sorted(path.parent for path in parent.glob(f"*/{HEADER}"))
    for folder in reversed(folders):
        if _is_of(folder, like):
            return folder if _is_unfinished(folder) else None
    return None


def open_again(folder: Path, *, anew: bool) -> Journal:
    """Open the journal of a run that was not finished.

    Parameters
    ----------
    folder : Path
        Its folder. What a killed process was writing there is removed.
    anew : bool
        Whether what it owes the chain is forgotten: its open round is aborted then.
    """
    sweep(folder)
    if anew:
        for path in (folder / OWED).glob("*.json"):
            with writing(path):
                path.unlink()
    return Journal.open(folder)


def new_folder(parent: Path) -> Path:
    """Make a folder named by the time; two runs of one second get different ones."""
    stamp = datetime.now(UTC).strftime("%Y%m%d-%H%M%S")
    for number in count(1):
        folder = parent / (stamp if number == 1 else f"{stamp}-{number}")
        try:
            with writing(folder):
                folder.mkdir(parents=True)
        except NotWritten as error:
            if isinstance(error.__cause__, FileExistsError) and folder.is_dir():
                continue
            raise
        return folder
    raise AssertionError  # count() has no end


def _is_of(folder: Path, like: RunHeader) -> bool:
    try:
        found = read_header(folder)
    except JournalError:  # whatever it is, it is no run that could go on
        return False
    if (found.federation, found.coordinator) != (like.federation, like.coordinator):
        return False
    if "embedded" in {found.chain, like.chain}:
        return found.chain == like.chain
    return found.genesis == like.genesis


def _is_unfinished(folder: Path) -> bool:
    if Checkpoints(folder).rounds() or any((folder / OWED).glob("*.json")):
        return True
    try:
        return read_run(folder).end is None
    except JournalError as error:
        raise JournalError(
            f"{error}. It is of the last run of this federation: mend the file, or move "
            f"{folder.absolute()} away to begin anew"
        ) from error
