"""The page: tables, and sentences whose numbers come from the study."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING

from benchmarks.economics import prose
from benchmarks.economics.experiments import (
    ZONES,
    least_losing,
    most_bearable,
    needed_gain,
    streak_name,
)
from benchmarks.economics.model import ATTACKERS, DODGERS, Kind
from benchmarks.economics.study import EVIDENCE_STREAKS, LIES, MEMBERS, RATES, SOME_DETECT
from pallet_bridge.types import UNIT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from benchmarks.economics.experiments import Curves
    from benchmarks.economics.model import Estimate, Result
    from benchmarks.economics.study import Study

_ROWS = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.7, 0.9, 1.0)
STAYERS = tuple(kind for kind in ATTACKERS if kind not in DODGERS)


def page(study: Study, plots: str | None) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    study : Study
        All results.
    plots : str, optional
        Folder of the pictures as the page links it.
    """
    pictures = ("", "") if plots is None else tuple(
        f"\n![{text}]({plots}/{name}.svg)\n"
        for text, name in (
            ("Return and break-even by detection rate", "economics"),
            ("Where honest members lose and attackers do not", "economics_map"),
        )
    )  # fmt: skip
    parts = [
        prose.HEAD.format(
            records=study.records,
            worst=max(found.worst for found in study.replays.values()),
            runs=study.size.runs,
        ),
        prose.SHORT.format(**_claims(study)),
        pictures[0],
        prose.PATH + _stories(study),
        prose.LEAVING.format(
            rounds=study.leaving.rounds,
            fees=_unit(study.leaving.fees),
            lost=_unit(study.leaving.lost),
        ),
        prose.ATTACKERS + _returns(study),
        prose.GAIN + _gains(study),
        prose.HONEST + _honest(study),
        prose.SHARES + _shares(study),
        prose.TERMS + _terms(study),
        prose.MAP + pictures[1] + "\n" + _zones(study),
        prose.DISPUTES + _disputes(study),
        prose.FRAMED + _framed(study),
        prose.EVIDENCE + _evidence(study),
        prose.LEFT_OUT,
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)


def cells(study: Study) -> Iterator[dict[str, object]]:
    """Yield each result of an attacker as a plain record; money in UNIT per round."""
    places: list[tuple[Mapping[str, object], Curves]] = [
        *(({"terms": name}, found.curves) for name, found in study.terms.items()),
        *(({"share": share}, curves) for share, curves in study.shares.items()),
        *(({"members": members}, curves) for members, curves in study.members.items()),
    ]
    for place, curves in places:
        for kind, curve in curves.items():
            for detect, found in curve.items():
                yield {**place, "kind": kind.value, "detect": detect, **asdict(found)}
    for (share, false), worst in study.honest.items():
        yield {"honest": "worst", "share": share, "false": false, **asdict(worst)}


def _claims(study: Study) -> dict[str, str]:
    curves = study.recommended
    one = study.terms[streak_name(1)]
    every = [curves, *study.shares.values()]
    worst = {
        false: min((study.honest[s, false] for s in study.size.shares), key=_low)
        for false in study.size.false
    }
    most = most_bearable(study.size.false, [worst[f] for f in study.size.false])
    behind = {kind: _least_behind(study, kind) for kind in ATTACKERS}
    middle = min(study.size.detect, key=lambda d: abs(d - 0.5))
    hopper = curves[Kind.HOPPING][middle]
    return {
        "rates": ", ".join(map(prose.percent, study.size.some_detect[:-1]))
        + f" or {prose.percent(study.size.some_detect[-1])}",
        "false": prose.percent(most),
        "least": "-" if most is None else f"{_low(worst[most]):.2f}",
        "stay": _from_all(*every),
        "few": str(min(MEMBERS)),
        "stay_few": _from_all(study.members[min(MEMBERS)]),
        "one": _from_all(one.curves, kinds=[k for k, c in one.curves.items() if _sends(c)]),
        "one_false": prose.percent(one.bearable),
        "behind": ", ".join(f"{k.value} {prose.percent(d)}" for k, d in behind.items()),
        "middle": prose.percent(middle),
        "hopper": f"{hopper.attacker.mean:.2f}",
        "work": f"{hopper.honest.mean:.2f}",
        "stakes": f"{_stakes(study, hopper):.1f}",
        "pulser": f"{curves[Kind.PULSING][middle].attacker.mean:.2f}",
    }


def _from_all(*curves: Curves, kinds: Sequence[Kind] = STAYERS) -> str:
    """Say from which detection rate on all these attackers lose, in all of these curves."""
    rates = [least_losing(found[kind]) for found in curves for kind in kinds]
    known = [rate for rate in rates if rate is not None]
    return prose.percent(max(known) if len(known) == len(rates) else None)


def _least_behind(study: Study, kind: Kind) -> float | None:
    """Return the detection rate from which on this attacker earns less than honest work."""
    least = None
    for rate in sorted(study.size.detect, reverse=True):
        found = study.recommended[kind][rate]
        if not found.attacker.mean < found.honest.mean:
            return least
        least = rate
    return least


def _stakes(study: Study, found: Result) -> float:
    """Return how many stakes an attacker has locked on average, with those on their way out."""
    return 1 + found.renewals * study.leaving.rounds


def _stories(study: Study) -> str:
    rows = [
        [
            story.title,
            story.rounds,
            *map(_unit, (story.accused, story.other, story.reporter, story.coordinator)),
            *map(_unit, (story.escrow, story.burned)),
        ]
        for story in study.stories
    ]
    heads = ("what the accused does", "rounds", "accused", "each of the others", "reporter")
    return _table((*heads, "coordinator", "escrow pays", "burned"), rows)


def _returns(study: Study) -> str:
    rows = [
        [
            prose.percent(d),
            *(_money(study.recommended[kind][d].attacker) for kind in ATTACKERS),
            _money(study.recommended[Kind.HOPPING][d].honest),
            f"{_stakes(study, study.recommended[Kind.HOPPING][d]):.1f}",
        ]
        for d in _rates(study)
    ]
    names = [kind.value for kind in ATTACKERS]
    return _table(["rejected", *names, "honest, beside hopping", "stakes of hopping"], rows)


def _gains(study: Study) -> str:
    rows = []
    for d in _rates(study):
        cells = []
        for kind in ATTACKERS:
            found = study.recommended[kind][d]
            cells.append(_gain(needed_gain(found, 0)))
            cells.append(_gain(needed_gain(found, found.honest.mean)))
        hopper = study.recommended[Kind.HOPPING][d]
        same = hopper.honest.mean * _stakes(study, hopper)
        rows.append([prose.percent(d), *cells, _gain(needed_gain(hopper, same))])
    names = [text for kind in ATTACKERS for text in (f"{kind.value}: loss", "work")]
    return _table(["rejected", *names, "hopping: work with all its stakes"], rows)


def _honest(study: Study) -> str:
    rows = [
        [prose.percent(share), *(_money(study.honest[share, f]) for f in study.size.false)]
        for share in study.size.shares
    ]
    return _table(["attackers", *map(prose.percent, study.size.false)], rows)


def _shares(study: Study) -> str:
    shares = [[f"{prose.percent(s)} of 20", *_losing(c)] for s, c in study.shares.items()]
    sizes = [[f"20 % of {n}", *_losing(study.members[n])] for n in MEMBERS]
    return _table(["attackers", *(kind.value for kind in ATTACKERS)], [*shares, *sizes])


def _terms(study: Study) -> str:
    rows = [
        [name, *_losing(found.curves), prose.percent(found.bearable)]
        for name, found in study.terms.items()
    ]
    heads = ["terms", *(kind.value for kind in ATTACKERS), "false rejections bearable"]
    return _table(heads, rows)


def _zones(study: Study) -> str:
    rows = [
        [
            f"`strikes_to_slash` {strikes}",
            *(
                f"{sum(row.count(zone) for row in zones)} of {sum(map(len, zones))}"
                for zone in range(len(ZONES))
            ),
        ]
        for strikes, zones in sorted(study.zones.items())
    ]
    return _table(["cells of the map", *ZONES], rows)


def _disputes(study: Study) -> str:
    rows = [
        [prose.percent(d), *(_money(study.disputes[d, rate].attacker) for rate in RATES)]
        for d in SOME_DETECT
    ]
    return _table(["rejected", *(f"decided {prose.percent(r)}" for r in RATES)], rows)


def _framed(study: Study) -> str:
    rows = []
    for rate in LIES:
        cells = [study.framed[rate, decided] for decided in (None, 0.0, 1.0)]
        rows.append([prose.percent(rate), *(_money(found.attacker) for found in cells),
                     _money(cells[-1].honest)])  # fmt: skip
    heads = ["falsely rejected", "does not dispute", "disputes, nobody decides"]
    return _table([*heads, "disputes, overturned", "each of the others then"], rows)


def _evidence(study: Study) -> str:
    rows = [
        [
            f"`strikes_to_slash` {n}",
            kind.value,
            *(_money(study.evidence[n, kind, d].attacker) for d in SOME_DETECT),
        ]
        for n in EVIDENCE_STREAKS
        for kind in ATTACKERS
        if (n, kind, SOME_DETECT[0]) in study.evidence
    ]
    return _table(["terms", "attacker", *map(prose.percent, SOME_DETECT)], rows)


def _losing(curves: Curves) -> list[str]:
    return [_from(curves[kind]) for kind in ATTACKERS]


def _from(curve: dict[float, Result]) -> str:
    """Say from which detection rate on an attacker loses."""
    if not _sends(curve):
        return "never poisons"
    least = least_losing(curve)
    return "never loses" if least is None else prose.percent(least)


def _sends(curve: dict[float, Result]) -> bool:
    return any(found.sent for found in curve.values())


def _rates(study: Study) -> list[float]:
    return [d for d in study.size.detect if d in _ROWS]


def _low(found: Estimate) -> float:
    return found.mean - found.half


def _money(found: Estimate) -> str:
    return f"{found.mean:.2f} ± {found.half:.2f}"


def _gain(value: float | None) -> str:
    if value is None:
        return "no hits"
    return "0" if value <= 0 else f"{value:.2f}"


def _unit(planck: int) -> str:
    return f"{planck / UNIT:.4g}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"
