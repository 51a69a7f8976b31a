"""Everything that the page reports, in the order in which it is found."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from benchmarks.economics.experiments import RECOMMENDED, Lab, most_bearable, streak_name, variants
from benchmarks.economics.model import ATTACKERS, Kind, Setting, measure
from benchmarks.economics.replay import Replay, replay
from benchmarks.economics.stories import Story, run_stories
from benchmarks.economics.table import MOVES, Leaving, Table, read_leaving, read_table

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from benchmarks.economics.experiments import Curves, Size
    from benchmarks.economics.model import Estimate, Result
    from benchmarks.economics.table import Move
    from pallet_bridge.types import Terms

STREAKS = (1, 3, 5)
"""Values of `strikes_to_slash` on the map."""
EVIDENCE_STREAKS = (1, 2, 3)
RATES = (0.0, 0.25, 0.5, 0.75, 1.0)
"""How often a dispute is decided in time."""
LIES = (0.1, 0.25, 0.5, 1.0)
"""How often a lying coordinator rejects the member that it frames."""
SOME_DETECT = (0.1, 0.3, 0.5, 0.7, 0.9, 1.0)
MEMBERS = (5, 10, 20, 50)


@dataclass(frozen=True, slots=True)
class UnderTerms:
    """What came out under one set of terms.

    Parameters
    ----------
    curves : Curves
        Of the attackers.
    honest : tuple of Estimate
        Return of honest members for each rate of false rejections.
    bearable : float or None
        The greatest of these rates up to which honest members gain.
    """

    curves: Curves
    honest: tuple[Estimate, ...]
    bearable: float | None


@dataclass(frozen=True, slots=True)
class Study:
    """All results; see the page for what each is.

    Parameters
    ----------
    size : Size
        How fine the grids were.
    records : int
        How many records the runtime was run from, in sum.
    """

    size: Size
    records: int
    stories: tuple[Story, ...]
    leaving: Leaving
    replays: Mapping[Kind, Replay]
    terms: Mapping[str, UnderTerms]
    shares: Mapping[float, Curves]
    honest: Mapping[tuple[float, float], Estimate]
    members: Mapping[int, Curves]
    disputes: Mapping[tuple[float, float], Result]
    framed: Mapping[tuple[float, float | None], Result]
    evidence: Mapping[tuple[int, Kind, float], Result]
    zones: Mapping[int, tuple[tuple[int, ...], ...]]

    @property
    def recommended(self) -> Curves:
        """The curves under the recommended terms."""
        return self.terms["recommended"].curves


def run(size: Size, tell: Callable[[str], None], *, names: tuple[str, ...] | None = None) -> Study:
    """Run the runtime, then draw all samples.

    Parameters
    ----------
    size : Size
        How fine.
    tell : callable
        Is told what comes next.
    names : tuple of str, optional
        Which variants of the terms; all by default.
    """
    lab = Lab(size)
    chosen = {name: terms for name, terms in variants().items() if names is None or name in names}
    tell("playing single stories on the runtime")
    stories = tuple(run_stories(RECOMMENDED))
    tables = {}
    for name, terms in chosen.items():
        tell(f"playing every record on the runtime: {name}")
        tables[name] = read_table(terms, _moves(terms))
    table = tables["recommended"]
    by_streak = {n: tables[name] for n in (1, 2, 4, 5) if (name := streak_name(n)) in tables}
    by_streak[RECOMMENDED.strikes_to_slash] = table
    tell("playing sampled runs on the runtime")
    replays = {kind: replay(table, _small(kind)) for kind in ATTACKERS}
    tell("drawing")
    return Study(
        size=size,
        records=sum(len(found.states) for found in tables.values()),
        stories=stories,
        leaving=read_leaving(RECOMMENDED),
        replays=replays,
        terms={name: _under(lab, found) for name, found in tables.items()},
        shares={share: lab.curves(table, share=share) for share in size.shares},
        honest={(s, f): lab.honest(table, s, f) for s in size.shares for f in size.false},
        members={n: lab.curves(table, members=n) for n in MEMBERS},
        disputes={
            (d, rate): lab.disputed(table, Kind.PERSISTENT, d, rate)
            for d in SOME_DETECT
            for rate in RATES
        },
        framed=_framed(lab, table),
        evidence={
            (n, kind, d): lab.evidence(by_streak[n], kind, d)
            for n in EVIDENCE_STREAKS
            if n in by_streak
            for kind in ATTACKERS
            for d in SOME_DETECT
        },
        zones={n: _map(lab, by_streak[n]) for n in STREAKS if n in by_streak},
    )


def _moves(terms: Terms) -> tuple[Move, ...]:
    """Return the columns that are asked of a table: each takes its time on the runtime."""
    if terms == RECOMMENDED:
        return MOVES
    return MOVES[: 3 if terms.strikes_to_slash in EVIDENCE_STREAKS else 2]


def _small(kind: Kind) -> Setting:
    return Setting(kind, detect=0.6, false=0.05, share=0.5, members=6, rounds=25)


def _under(lab: Lab, table: Table) -> UnderTerms:
    middle = lab.setting(Kind.PERSISTENT, 0.5)
    cells = [replace(middle, false=false) for false in lab.size.false]
    honest = tuple(measure(table, cell).honest for cell in cells)
    return UnderTerms(lab.curves(table), honest, most_bearable(lab.size.false, honest))


def _framed(lab: Lab, table: Table) -> dict[tuple[float, float | None], Result]:
    found: dict[tuple[float, float | None], Result] = {}
    for rate in LIES:
        found[rate, None] = lab.unwatched(table, rate)
        for decided in (0.0, 1.0):
            found[rate, decided] = lab.disputed(table, Kind.FRAMED, rate, decided)
    return found


def _map(lab: Lab, table: Table) -> tuple[tuple[int, ...], ...]:
    """Return the zones, a row for each rate of false rejections."""
    size = lab.size
    return tuple(tuple(lab.zone(table, d, f) for d in size.map_detect) for f in size.map_false)
