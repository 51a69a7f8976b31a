"""Errors of servers that follow each other in office."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.errors import BcflError

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.types import AccountId


class Relieved(BcflError):
    """Another account coordinates the federation now: this run ends, and its model is kept.

    Attributes
    ----------
    federation : int
        The federation's id.
    by : AccountId
        Who coordinates it.
    """

    def __init__(self, federation: int, by: AccountId) -> None:
        super().__init__(federation, by)
        self.federation = federation
        self.by = by

    def __str__(self) -> str:
        return (
            f"{self.by} coordinates federation {self.federation} now: this server was relieved, "
            f"and the chain takes nothing of it any more. Nothing is lost: who coordinates goes on "
            f"from the last settled round. To follow as a standby, run bcfl standby"
        )


class NothingToTakeUp(BcflError):
    """No folder has the model that the chain settled last, so a standby cannot go on from it.

    Attributes
    ----------
    digest : bytes
        Of that model.
    folders : tuple of Path
        Where it was looked for.
    problems : tuple of str
        What was found instead.
    """

    def __init__(self, digest: bytes, folders: tuple[Path, ...], problems: tuple[str, ...]) -> None:
        super().__init__(digest, folders, problems)
        self.digest = digest
        self.folders = folders
        self.problems = problems

    def __str__(self) -> str:
        found = "".join(f"; {one}" for one in self.problems)
        return (
            f"the chain settled the model {self.digest.hex()} last, and no run in "
            f"{', '.join(map(str, self.folders))} has it{found}. Bring a copy of the last "
            f"coordinator's bcfl.run_dir there, and name it with --from"
        )
