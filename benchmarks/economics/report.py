"""The page: tables, and sentences whose numbers come from the runs."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.economics import prose
from benchmarks.economics.estimates import Cell, Estimate, Runs, cell_of, shares_of
from benchmarks.economics.players import ON_OFF_ROUNDS, Kind
from benchmarks.economics.runs import (
    DEFAULTS,
    EVIDENCE,
    EVIDENCE_ONE,
    FREE,
    OPEN,
    PARTS,
    RATES,
    WORK,
)
from pallet_bridge.types import UNIT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from benchmarks.economics.stories import Story

ATTACKERS = {
    "persistent": Kind.PERSISTENT.value,
    "one streak": Kind.ONE_STREAK.value,
    "renewing": Kind.RENEWING.value,
    "pulsing": Kind.PULSING.value,
    "hopping": Kind.HOPPING.value,
    OPEN: OPEN,
    "on-off": Kind.ON_OFF.value,
    "free riding": Kind.PERSISTENT.value,
    "sybil": "sybil",
    "colluding": "colluding",
}
"""Rows of the tables, and the experiments that they are of."""
FORBIDDEN = frozenset({("pulsing", 0.4), ("pulsing", 0.6), ("pulsing", 1.0),
                       (OPEN, 0.4), (OPEN, 0.6), (OPEN, 1.0)})  # fmt: skip
"""Cells in which theory forbids a loss."""
ALLOWED = ("1 %", "5 %", "5 % in pairs")
"""Honest members that the goal is about."""


def page(runs: Runs, stories: Sequence[Story], plots: str | None) -> str:
    """Return the page as Markdown.

    Parameters
    ----------
    runs : Runs
        What the runtime paid.
    stories : sequence of Story
        Single stories.
    plots : str, optional
        Folder of the picture as the page links it.
    """
    terms = DEFAULTS
    streak = cell_of(runs, Kind.ONE_STREAK.value, 0.4)
    counts = [len(runs[name]) for name in set(ATTACKERS.values()) if name in runs]
    parts = [
        prose.HEAD.format(
            admission=str(terms.admission.value).lower(),  # type: ignore[union-attr]
            stake=_unit(terms.min_stake),
            reward=_unit(terms.round_reward),
            work=WORK,
            seeds=" or ".join(map(str, sorted(set(counts)))),
            strikes=terms.strikes_to_slash,
            decay=terms.strike_decay_rounds,
            base=_perbill(terms.slash.outlier_base),
            cap=_perbill(terms.slash.cap),
            vesting=terms.vesting_rounds,
            cut=_perbill(terms.strike_cut),
            tenure=terms.tenure_rounds,
        ),
        prose.GOAL.format(lines="\n".join(_goal(runs))),
        "" if plots is None else f"![Return by the rate of rejections]({plots}/economics.svg)\n",
        prose.RETURNS + _cells(runs, lambda cell: cell.gain),
        prose.KINDS.format(on_off=ON_OFF_ROUNDS),
        prose.BESIDE + _cells(runs, lambda cell: cell.beside),
        prose.HONEST + _honest(runs),
        prose.FORBIDDEN.format(cut=_perbill(terms.strike_cut)),
        prose.FREE + _by_rate(runs, {"return": FREE}, PARTS, "counts as a part of a member")
        if FREE in runs
        else "",
        prose.EVIDENCE + _by_rate(runs, _EVIDENCE, RATES, "rejected")
        if EVIDENCE_ONE in runs
        else "",
        prose.STORIES + _stories(stories),
        prose.LEFT_OUT.format(
            vesting=terms.vesting_rounds,
            strikes=terms.strikes_to_slash,
            first="?" if streak is None else f"{streak.poisoned:.0f}",
        ),
    ]
    return "\n".join(part.strip("\n") + "\n" for part in parts if part)


_EVIDENCE = {f"`strikes_to_slash` {DEFAULTS.strikes_to_slash}": EVIDENCE,
             "`strikes_to_slash` 1": EVIDENCE_ONE}  # fmt: skip


def failures(runs: Runs) -> list[str]:
    """Return the cells in which the goal is missed though theory allows it."""
    missed = []
    for name, experiment in ATTACKERS.items():
        for rate in RATES[1:]:
            cell = cell_of(runs, experiment, rate)
            if cell is None:
                continue
            if not cell.beside.is_negative:
                missed.append(f"{name} at {prose.percent(rate)}: not surely less than honest work")
            loses = rate < 0.4 or cell.gain.is_negative or (name, rate) in FORBIDDEN
            if not loses:
                missed.append(f"{name} at {prose.percent(rate)}: not surely a loss")
    for name, share in shares_of(runs).items():
        if name in ALLOWED and share.kept.mean - share.kept.half < 0.9:
            missed.append(f"honest with {name} rejected: not surely 90 % kept")
        if name in ALLOWED and share.slashed:
            missed.append(
                f"honest with {name} rejected: {share.slashed} of {share.members} slashed"
            )
    return missed


def _goal(runs: Runs) -> list[str]:
    missed = failures(runs)
    positive = [
        f"{name} at {prose.percent(rate)} ({_money(cell.gain)})"
        for name, rate in sorted(FORBIDDEN)
        if (cell := cell_of(runs, ATTACKERS[name], rate)) is not None and not cell.gain.is_negative
    ]
    lines = ["* Theory forbids a loss, for the reasons below, in: " + "; ".join(positive) + "."]
    if not missed:
        return ["* **Every cell that theory allows is reached**, with its whole interval.", *lines]
    return [f"* **Missed**: {one}." for one in missed] + ["* All other cells are reached.", *lines]


def _cells(runs: Runs, part: Callable[[Cell], Estimate]) -> str:
    rows = []
    for name, experiment in ATTACKERS.items():
        found = [cell_of(runs, experiment, rate) for rate in RATES]
        rows.append([name, *("-" if cell is None else _money(part(cell)) for cell in found)])
    return _table(["rejected", *map(prose.percent, RATES)], rows)


def _by_rate(runs: Runs, names: dict[str, str], rates: Sequence[float], head: str) -> str:
    rows = []
    for title, name in names.items():
        found = [cell_of(runs, name, rate) for rate in rates]
        gains = ["-" if cell is None else _money(cell.gain) for cell in found]
        beside = ["-" if cell is None else _money(cell.beside) for cell in found]
        rows += [[title, *gains], [f"{title}, less honest work", *beside]]
    return _table([head, *map(prose.percent, rates)], rows)


def _honest(runs: Runs) -> str:
    rows = [
        [name, f"{100 * one.kept.mean:.1f} ± {100 * one.kept.half:.1f} %",
         f"{one.slashed} of {one.members}"]
        for name, one in shares_of(runs).items()
    ]  # fmt: skip
    return _table(["rejected by mistake", "keeps", "slashed within 100 rounds"], rows)


def _stories(stories: Iterable[Story]) -> str:
    rows = [
        [
            story.title,
            story.rounds,
            *map(_unit, (story.accused, story.other, story.reporter, story.coordinator)),
            *map(_unit, (story.escrow, story.burned)),
        ]
        for story in stories
    ]
    heads = ("what the accused does", "rounds", "accused", "each of the others", "reporter")
    return _table((*heads, "coordinator", "escrow pays", "burned"), rows)


def _money(found: Estimate) -> str:
    half = f"{found.half:.2f}" if found.half < float("inf") else "?"
    return f"{found.mean:.2f} ± {half}"


def _perbill(part: int) -> str:
    return f"{part / 10**7:g} %"


def _unit(planck: int) -> str:
    return f"{planck / UNIT:.4g}"


def _table(heads: Sequence[str], rows: Iterable[Sequence[object]]) -> str:
    lines = ["| " + " | ".join(heads) + " |", "|" + "---|" * len(heads)]
    lines += ["| " + " | ".join(map(str, row)) + " |" for row in rows]
    return "\n".join(lines) + "\n"
