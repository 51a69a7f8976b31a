"""The page: worst over attacks, nobody attacks, whom it costs, where the default is behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

import numpy as np

from benchmarks.breadth.cases import (
    ALL,
    BY_CONDITION,
    BY_NUMBER,
    BY_SPLIT,
    CORE,
    EVIL,
    HELD_OUT,
    Cell,
)
from benchmarks.breadth.contestants import BYZFL, CLUSTER, FEDAVG, OURS
from benchmarks.breadth.prose import PAGE
from benchmarks.breadth.simulation import REFUSED, Case, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from benchmarks.cells import Found

    Group: TypeAlias = "Callable[[Case], str]"

POINT = 1.0
"""Percentage points that the default may lie below the best without being named."""
FIVE = 5.0
"""Percentage points that it may lose to FedAvg without being named, where nobody attacks."""
ALWAYS = 100.0


@dataclass(frozen=True, slots=True)
class Ran:
    """One federation that is done."""

    table: str
    case: Case
    outcomes: Mapping[str, Outcome]


def done(cells: Iterable[tuple[str, Cell]], found: Found) -> list[Ran]:
    """Return what is done, each federation in the first table that has it."""
    ran: dict[str, Ran] = {}
    for table, cell in cells:
        outcomes = cell.read(found)
        if outcomes is not None:
            ran.setdefault(cell.key, Ran(table, cell.case, outcomes))
    return list(ran.values())


def mean(ran: Iterable[Ran], who: str) -> float:
    """Return the mean accuracy; `REFUSED` where the rule refused one of the federations."""
    some = [one.outcomes[who].accuracy for one in ran]
    return REFUSED if REFUSED in some else float(np.mean(some))


def worst(ran: Sequence[Ran], who: str) -> float:
    """Return the least over the attacks of the mean accuracy under each."""
    attacks = dict.fromkeys(one.case.attack for one in ran)
    return min(mean([one for one in ran if one.case.attack == attack], who) for attack in attacks)


def grouped(ran: Iterable[Ran], by: Group) -> dict[str, list[Ran]]:
    """Return what is done by the names of groups, in order."""
    groups: dict[str, list[Ran]] = {}
    for one in ran:
        groups.setdefault(by(one.case), []).append(one)
    return groups


def table(
    ran: Sequence[Ran], head: str, by: Group, value: Callable[[Sequence[Ran], str], float] = mean
) -> str:
    """Return a row for each group, a column for each contestant, and how far the default is off."""
    if not ran:
        return "None of these federations was run yet."
    names = list(ran[0].outcomes)
    lines = [
        f"| {head} | runs | {' | '.join(names)} | default under the best |",
        "|" + " -- |" * (len(names) + head.count("|") + 3),
    ]
    for group, some in grouped(ran, by).items():
        row = {who: value(some, who) for who in names}
        shown = " | ".join("-" if one == REFUSED else f"{one:.1f}" for one in row.values())
        lines.append(f"| {group} | {len(some)} | {shown} | {max(row.values()) - row[OURS]:.1f} |")
    return "\n".join(lines)


def behind(ran: Sequence[Ran], by: Group, value: Callable[[Sequence[Ran], str], float]) -> str:
    """Name the groups in which the default is more than a point worse than the best column."""
    said = []
    groups = grouped(ran, by)
    for group, some in groups.items():
        row = {who: value(some, who) for who in some[0].outcomes}
        best = max(row, key=lambda who: row[who])
        if row[best] - row[OURS] > POINT:
            told = group.replace(" | ", ", ")
            said.append(f"- {told}: {row[OURS]:.1f}, and {best} {row[best]:.1f}")
    if not groups:
        return "None of these federations was run yet."
    where = f"The default is more than a point worse than the best in {len(said)} of {len(groups)}"
    return f"{where} rows.\n\n" + "\n".join(said) if said else f"{where} rows."


def costs(ran: Sequence[Ran]) -> str:
    """Return whom the default and `cluster` reject and strike, split by split."""
    lines = [
        (
            "| who judges | table | split or condition | nobody attacks | runs | honest rejected "
            "| worst honest site | runs in which one was always rejected "
            "| runs with a strike on an honest site | attackers rejected |"
        ),
        "|" + " -- |" * 10,
    ]
    for who in (OURS, CLUSTER):
        groups = grouped_by_table(ran)
        for (name, place, calm), some in groups.items():
            told = [one.outcomes[who] for one in some]
            caught = "-" if calm else f"{np.mean([one.caught for one in told]):.1f}"
            lines.append(
                f"| {who} | {name} | {place} | {'yes' if calm else 'no'} | {len(told)} "
                f"| {np.mean([one.honest for one in told]):.1f} "
                f"| {max(one.worst for one in told):.1f} "
                f"| {sum(one.worst >= ALWAYS for one in told)} "
                f"| {sum(one.struck > 0.0 for one in told)} | {caught} |"
            )
    return "\n".join(lines)


def grouped_by_table(ran: Iterable[Ran]) -> dict[tuple[str, str, bool], list[Ran]]:
    """Return what is done by its table, its split or condition, and whether nobody attacks."""
    groups: dict[tuple[str, str, bool], list[Ran]] = {}
    for one in ran:
        place = one.case.condition if one.table == BY_CONDITION else one.case.split
        groups.setdefault((one.table, place, one.case.attack == "none"), []).append(one)
    return groups


def defects(ran: Iterable[Ran]) -> str:
    """Name the federations without an attacker in which the default costs much."""
    said = []
    for one in ran:
        case, ours, plain = one.case, one.outcomes[OURS], one.outcomes[FEDAVG]
        what = []
        if ours.struck:
            what.append("an honest site is struck")
        if case.attack == "none" and ours.worst >= ALWAYS:
            what.append("an honest site is rejected in every round")
        if case.attack == "none" and plain.accuracy - ours.accuracy > FIVE:
            what.append(f"accuracy is {ours.accuracy:.1f}, and with FedAvg {plain.accuracy:.1f}")
        if what:
            where = f"{case.data}, {case.family}, {case.split}, {case.attack}, {case.condition}"
            said.append(f"- {where}, n = {case.n}, seed {case.seed}: {'; '.join(what)}")
    return "\n".join(said) or "None."


def left(cells: Sequence[tuple[str, Cell]], ran: Iterable[Ran]) -> str:
    """Say how many federations of each table are done."""
    whole = {cell.key: name for name, cell in reversed(cells)}  # the first table that has it
    counts, made = Counter(whole.values()), Counter(one.table for one in ran)
    names = [name for name in (CORE, BY_SPLIT, BY_CONDITION, BY_NUMBER, ALL) if name in counts]
    return "\n".join(
        ["| table | done | of |", "| -- | -- | -- |"]
        + [f"| {name} | {made[name]} | {counts[name]} |" for name in names]
    )


def seeds(ran: Iterable[Ran]) -> str:
    """Say which seeds were run."""
    some = sorted({one.case.seed for one in ran})
    return "none" if not some else f"{some[0]} to {some[-1]}" if len(some) > 1 else f"{some[0]}"


def _model(case: Case) -> str:
    return f"{case.data} | {case.family} | {case.n}"


def page(cells: Sequence[tuple[str, Cell]], found: Found) -> str:
    """Return the page about what is done."""
    ran = done(cells, found)
    core = [one for one in ran if one.table == CORE]
    evil = [one for one in core if one.case.attack in EVIL]
    attacked = [one for one in ran if one.case.attack in EVIL]
    calm = [one for one in ran if one.case.attack == "none"]
    others = [one for one in ran if one.table in {BY_SPLIT, BY_CONDITION, BY_NUMBER}]
    split = [one for one in others if one.table == BY_SPLIT]
    condition = [one for one in others if one.table == BY_CONDITION]
    number = [one for one in others if one.table == BY_NUMBER]
    byzfl = any(name in one.outcomes for one in ran for name in BYZFL)
    return PAGE.format(
        first=HELD_OUT[0],
        last=HELD_OUT[-1],
        seeds=seeds(ran),
        left=left(cells, ran),
        byzfl="byzfl 0.0.11 was installed." if byzfl else "byzfl was not installed.",
        attacks=", ".join(f"`{name}`" for name in dict.fromkeys(o.case.attack for o in evil)),
        worst=table(evil, "data | model | sites", _model, worst),
        behind=behind(evil, _model, worst),
        by_attack=table(core, "attack", lambda case: case.attack),
        behind_attack=behind(core, lambda case: case.attack, mean),
        clean=table([o for o in core if o in calm], "data | model | sites", _model),
        splits=table(split, "split | attack", lambda case: f"{case.split} | {case.attack}"),
        behind_split=behind(split, lambda case: f"{case.split} | {case.attack}", mean),
        own=table(
            [o for o in split if o.case.split in {"lone", "scanner"} and o in calm],
            "split",
            lambda case: case.split,
            own,
        ),
        conditions=table(
            condition, "condition | attack", lambda case: f"{case.condition} | {case.attack}"
        ),
        numbers=table(number, "sites | attack", lambda case: f"{case.n} | {case.attack}"),
        costs=costs(ran),
        defects=defects(ran),
        runs=len(ran),
        attacked=len(attacked),
    )


def own(ran: Sequence[Ran], who: str) -> float:
    """Return the mean accuracy on what only the first site can teach."""
    some = [one.outcomes[who] for one in ran]
    refused = any(one.accuracy == REFUSED for one in some)
    return REFUSED if refused else float(np.mean([one.own for one in some]))
