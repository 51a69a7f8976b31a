"""The cells that the page reports."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, TypeAlias

from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.evidence import EvidenceSettings
from benchmarks.economics.judges import Disputes, Evidence
from benchmarks.economics.model import ATTACKERS, DODGERS, Estimate, Kind, Setting, measure
from benchmarks.economics.table import LAPSED, OVERTURNED, UPHELD
from pallet_bridge.types import Perbill, Planck

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from benchmarks.economics.model import Result
    from benchmarks.economics.table import Table
    from pallet_bridge.types import SlashTerms, Terms

_PERCENT = 10**7
RECOMMENDED = terms_of(TermsConfig())
"""The defaults of `bcfl.terms`."""


def streak_name(strikes: int) -> str:
    """Return how the recommended terms with another `strikes_to_slash` are called."""
    return f"`strikes_to_slash` {strikes}"


def variants() -> dict[str, Terms]:
    """Return the recommended terms, and terms that differ from them in one point."""
    base, slash = RECOMMENDED, RECOMMENDED.slash

    def percent(value: int) -> Perbill:
        return Perbill(value * _PERCENT)

    return {
        "recommended": base,
        "half the stake": replace(base, min_stake=Planck(base.min_stake // 2)),
        "twice the stake": replace(base, min_stake=Planck(base.min_stake * 2)),
        **{streak_name(n): replace(base, strikes_to_slash=n) for n in (1, 2, 4, 5)},
        **{
            f"`outlier_base` {p} %": replace(base, slash=replace(slash, outlier_base=percent(p)))
            for p in (5, 20, 50)
        },
        **{f"`cap` {p} %": replace(base, slash=_capped(base, percent(p))) for p in (25, 100)},
        **{f"`strike_decay_rounds` {n}": replace(base, strike_decay_rounds=n) for n in (1, 4)},
    }


def _capped(terms: Terms, cap: Perbill) -> SlashTerms:
    slash = terms.slash
    return replace(
        slash,
        cap=cap,
        equivocation=min(cap, slash.equivocation),
        mismatch=min(cap, slash.mismatch),
    )


@dataclass(frozen=True, slots=True)
class Size:
    """How fine the grids are.

    Parameters
    ----------
    runs, evidence_runs : int
        Of each cell; of those with evidence over rounds, which are slow.
    detect, false, shares : tuple of float
        Of the grids.
    map_detect, map_false : tuple of float
        Of the map.
    """

    runs: int
    evidence_runs: int
    detect: tuple[float, ...]
    false: tuple[float, ...]
    shares: tuple[float, ...]
    map_detect: tuple[float, ...]
    map_false: tuple[float, ...]

    @property
    def some_detect(self) -> tuple[float, ...]:
        """The least, the middle and the greatest rate of detection."""
        return self.detect[0], self.detect[len(self.detect) // 2], self.detect[-1]


FULL = Size(
    runs=200,
    evidence_runs=20,
    detect=tuple(i / 20 for i in range(1, 21)),
    false=(0.0, 0.01, 0.02, 0.05, 0.1, 0.2, 0.3),
    shares=(0.05, 0.15, 0.25, 0.35, 0.45),
    map_detect=tuple(i / 10 for i in range(1, 11)),
    map_false=(0.0, 0.01, 0.02, 0.03, 0.05, 0.1, 0.2, 0.3),
)
QUICK = Size(
    runs=20,
    evidence_runs=3,
    detect=(0.05, 0.25, 0.5, 1.0),
    false=(0.0, 0.05),
    shares=(0.05, 0.45),
    map_detect=(0.1, 0.5, 1.0),
    map_false=(0.0, 0.05),
)

Curves: TypeAlias = "dict[Kind, dict[float, Result]]"
"""Results by kind of attacker and detection rate."""


@dataclass(frozen=True, slots=True)
class Lab:
    """Runs cells.

    Parameters
    ----------
    size : Size
        How fine.
    """

    size: Size

    def setting(self, kind: Kind, detect: float) -> Setting:
        """Return a cell at 20 members, a fifth of them attackers, 1 % false rejections."""
        return Setting(kind, detect, runs=self.size.runs)

    def curves(self, table: Table, *, members: int = 20, share: float = 0.2) -> Curves:
        """Run every kind of attacker over the detection rates."""
        found: Curves = {}
        for kind in ATTACKERS:
            cells = {d: replace(self.setting(kind, d), members=members, share=share)
                     for d in self.size.detect}  # fmt: skip
            found[kind] = {d: measure(table, cell) for d, cell in cells.items()}
        return found

    def honest(self, table: Table, share: float, false: float) -> Estimate:
        """Return what honest members get at the least, over kinds of attackers and detection."""
        cells = [
            replace(self.setting(kind, rate), share=share, false=false)
            for kind in ATTACKERS
            for rate in self.size.some_detect
        ]
        found = [measure(table, cell).honest for cell in cells]
        return min(found, key=lambda one: one.mean - one.half)

    def disputed(self, table: Table, kind: Kind, detect: float, rate: float) -> Result:
        """Run a cell in which every offence is disputed, and decided rightly at this rate."""
        setting, right = self.setting(kind, detect), UPHELD
        if kind is Kind.FRAMED:
            setting, right = replace(setting, share=1 / setting.members), OVERTURNED
        return measure(table, setting, Disputes(right, LAPSED, rate))

    def unwatched(self, table: Table, detect: float) -> Result:
        """Run a cell with one member that is framed and never disputes."""
        setting = self.setting(Kind.FRAMED, detect)
        return measure(table, replace(setting, share=1 / setting.members))

    def evidence(self, table: Table, kind: Kind, detect: float) -> Result:
        """Run a cell in which strikes take evidence over rounds."""
        setting = replace(self.setting(kind, detect), runs=self.size.evidence_runs)
        shape = (setting.runs, setting.members)
        return measure(table, setting, Evidence(shape, EvidenceSettings(members=256)))

    def zone(self, table: Table, detect: float, false: float) -> int:
        """Return who is on the wrong side: an index of `ZONES`."""
        runs = max(20, self.size.runs // 2)
        found = {
            kind: measure(table, replace(self.setting(kind, detect), false=false, runs=runs))
            for kind in ATTACKERS
        }
        if not all(result.honest.is_positive for result in found.values()):
            return 0
        safe = {kind for kind, one in found.items() if one.attacker.is_negative or not one.sent}
        if not safe.issuperset(set(ATTACKERS) - set(DODGERS)):
            return 1
        return 3 if safe.issuperset(DODGERS) else 2


ZONES = (
    "honest members lose",
    "an attacker that stays does not lose",
    "only attackers that dodge the streak do not lose",
    "every attacker loses, honest members gain",
)
"""What holds in a zone of the map, from the worst to the best."""


def least_losing(curve: Mapping[float, Result]) -> float | None:
    """Return the detection rate from which on the attacker loses, also at all greater ones."""
    least = None
    for rate in sorted(curve, reverse=True):
        if not curve[rate].attacker.is_negative:
            return least
        least = rate
    return least


def most_bearable(rates: Sequence[float], found: Iterable[Estimate]) -> float | None:
    """Return the greatest false rejection rate up to which honest members gain."""
    most = None
    for rate, estimate in zip(rates, found, strict=True):
        if not estimate.is_positive:
            return most
        most = rate
    return most


def needed_gain(result: Result, against: float) -> float | None:
    """Return the outside gain in UNIT per averaged poisoned update that makes an attack pay.

    Parameters
    ----------
    result : Result
        Of the attacker.
    against : float
        The return that it has to beat, in UNIT per round.

    Returns
    -------
    float or None
        None when no poisoned update is ever averaged.
    """
    return (against - result.attacker.mean) / result.hits if result.hits else None
