"""Look whether a lie is seen."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from bcfl_plugins.replay.run import Replayer
from scripts.lies.plant import as_audited, told_by

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.audit.audited import Replayed
    from scripts.lies.federation import HonestRun
    from scripts.lies.plant import Random, Told


@dataclass(frozen=True, slots=True)
class Planted:
    """A lie, and what came of it.

    Parameters
    ----------
    what : str
        The lie.
    how : str
        ``"named"``: as wrong; ``"said"``: nobody can know, and the audit says of what; or
        ``"unseen"``.
    """

    what: str
    how: str

    @property
    def is_seen(self) -> bool:
        """Whether the audit tells of it."""
        return self.how != "unseen"


def decided_again(run: HonestRun, told: Told) -> Replayed:
    """Decide the rounds of a run again, as they were told."""
    return Replayer(store=told)(run.folder, as_audited(run, told))


def plant_one(run: HonestRun, lies: Sequence[Any], rng: Random) -> Planted:
    """Plant one lie in a random round, and look."""
    told = told_by(run)
    number = int(rng.choice(sorted(told.reports)))
    what = lies[int(rng.integers(len(lies)))](told, number, rng)
    return Planted(what, _how(decided_again(run, told), run.again))


def _how(found: Replayed, honest: Replayed) -> str:
    if found.findings:
        return "named"
    fewer = any(
        (found.rounds[number].verdicts, found.rounds[number].is_averaged)
        != (one.verdicts, one.is_averaged)
        for number, one in honest.rounds.items()
    )
    return "said" if found.notes != honest.notes or fewer else "unseen"
