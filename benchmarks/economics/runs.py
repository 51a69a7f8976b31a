"""Runs of a federation on the runtime, one at a time, kept in a file: a table grows in pieces."""

from __future__ import annotations

import json
from dataclasses import asdict, dataclass, replace
from itertools import count
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.evidence import EvidenceSettings, EvidenceState, NodeFacts, observe
from benchmarks.economics.federation import JudgedFederation
from benchmarks.economics.players import Draws, Kind, Owner
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import UNIT, Admission, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from pallet_bridge.types import Terms

DEFAULTS = terms_of(TermsConfig())
"""The defaults of `bcfl.terms`."""
ROUNDS = 100
MEMBERS = 20
"""Of each federation: those that are looked at, and others that are always accepted."""
RATES = (0.0, 0.2, 0.4, 0.6, 1.0)
"""Probabilities that a poisoned update is rejected."""
FALSE = 0.01
"""Probability that an honest update is rejected, unless it is said otherwise."""
HONEST, UNDISTURBED, OPEN = "honest", "undisturbed", "hopping, open admission"
FREE, EVIDENCE, EVIDENCE_ONE = "free riding", "by evidence", "by evidence, one strike"
WORK = 0.1
"""What honest work costs in a round, in UNIT."""
PARTS = (0.0, 0.3, 0.6, 0.8, 1.0)
"""Weights of free riders, as parts of a member's."""
_PART = 10
"""Weight of one member; the others are few accounts that weigh as many."""
_OTHERS = 2
_WHOLE = 1000
"""Weight with which a coordinator gives its friend all that the terms let it."""


@dataclass(frozen=True, slots=True)
class Row:
    """What came of one owner in one run.

    Parameters
    ----------
    of : str
        Which owner, by what is told apart of it.
    rate : float
        Probability that its poisoned updates are rejected.
    gain : float
        What it ended with, in UNIT for each round of the run, the cost of its work taken off.
    paid : float
        The same without that cost.
    offences, accounts, worked, sent, averaged : int
        Of the whole run.
    """

    of: str
    rate: float
    gain: float
    paid: float
    offences: int
    accounts: int
    worked: int
    sent: int
    averaged: int


@dataclass(frozen=True, slots=True)
class Experiment:
    """A federation to run.

    Parameters
    ----------
    play : callable
        From a federation in which nothing has happened, and a seed, to rows.
    members, spare : int
        Accounts that are in it from the start, and that may come later.
    terms : Terms
        Of the federation.
    seeds : range
        Which runs the page is made of.
    """

    play: Callable[[JudgedFederation, int], list[Row]]
    members: int
    spare: int = 0
    terms: Terms = DEFAULTS
    seeds: range = range(20)

    @property
    def digest(self) -> str:
        """What tells its terms apart in the file."""
        return hash_of_terms(self.terms).hex()[:16]

    def run(self, seeds: Iterable[int]) -> Iterator[tuple[int, list[Row]]]:
        """Run one seed after the other on one chain, which goes back each time."""
        with JudgedFederation(self.terms, self.members, self.spare) as federation:
            for seed in seeds:
                mark = federation.remember()
                yield seed, self.play(federation, seed)
                federation.go_back(mark)


def draws(rate: float, false: float, seed: int, stream: int = 0) -> Draws:
    """Draw for one owner. All rates share their numbers: a higher one rejects more of the same."""
    numbers = np.random.default_rng((seed, stream)).random(ROUNDS)
    return Draws(tuple(map(bool, numbers < rate)), tuple(map(bool, numbers < false)))


def bursts(rate: float, length: int, seed: int, stream: int) -> Draws:
    """Draw for a member whose data are far from the others' now and then, for rounds in a row."""
    numbers = np.random.default_rng((seed, stream)).random(ROUNDS)
    starts, left, rejected = rate / (length * (1 - rate)), 0, []
    for number in numbers:
        left = length if left == 0 and number < starts else left
        rejected.append(left > 0)
        left -= left > 0
    return Draws(tuple(rejected), tuple(rejected))


def every_rejection(sent: Mapping[Owner, bool]) -> dict[Owner, Outcome]:
    """Strike for each rejection (``evidence = "streak"``)."""
    return {one: Outcome.REJECTED if bad else Outcome.ACCEPTED for one, bad in sent.items()}


class HarmJudge:
    """Strikes by evidence over rounds, as ``evidence = "harm"`` gives them.

    A poisoned update that is rejected counts as harmful, an honest one does not: the best case for
    this evidence.
    """

    def __init__(self) -> None:
        self._state = EvidenceState(EvidenceSettings(members=256))

    def __call__(self, sent: Mapping[Owner, bool]) -> dict[Owner, Outcome]:
        """Exclude what is rejected, and strike where the evidence says so."""
        named = {str(one.account): one for one in sent}
        facts = [
            NodeFacts(name, sent[one], harmful=one.poisoned) for name, one in sorted(named.items())
        ]
        self._state, findings = observe(self._state, facts)
        struck = {named[found.node] for found in findings if found.strike}
        return {
            one: Outcome.REJECTED
            if one in struck
            else Outcome.EXCLUDED
            if bad
            else Outcome.ACCEPTED
            for one, bad in sent.items()
        }


def run_owners(
    federation: JudgedFederation,
    owners: Mapping[str, tuple[Kind, float, Draws]],
    judge: Callable[[Mapping[Owner, bool]], dict[Owner, Outcome]] = every_rejection,
    parts: Sequence[int] = (),
) -> list[Row]:
    """Run these owners, with the first accounts, and others that are always accepted.

    `parts` are the owners' weights, by their first accounts, where they are not those of a member.
    """
    places = range(len(owners), len(owners) + _OTHERS)
    found = [Owner(kind, drawn, i) for i, (kind, _, drawn) in enumerate(owners.values())]
    spare = count(places.stop)
    for number in range(ROUNDS):
        updates = {one: one.update(federation, number, spare) for one in found}
        judged = judge({one: bad for one, bad in updates.items() if bad is not None})
        verdicts = dict.fromkeys(places, Outcome.ACCEPTED)
        verdicts |= {one.account: outcome for one, outcome in judged.items()}
        weights = dict.fromkeys(verdicts, _PART) | dict(enumerate(parts))
        weights |= dict.fromkeys(places, _PART * (MEMBERS - len(owners)) // _OTHERS)
        if federation.run_round(verdicts, weights=weights):
            raise RuntimeError("the runtime shuts out a member that nothing suspends")
    for one in found:
        one.look_back(federation)
    federation.finish()
    gains = [sum(map(federation.gain, one.accounts)) for one in found]
    _check(federation, sum(gains) + sum(map(federation.gain, places)))
    return [
        Row(
            of=name,
            rate=rate,
            gain=gain / UNIT / ROUNDS - WORK * one.worked / ROUNDS,
            paid=gain / UNIT / ROUNDS,
            offences=one.offences,
            accounts=len(one.accounts),
            worked=one.worked,
            sent=one.sent,
            averaged=one.averaged,
        )
        for (name, (_, rate, _)), one, gain in zip(owners.items(), found, gains, strict=True)
    ]


def _check(federation: JudgedFederation, members: int) -> None:
    apart = federation.gain("coordinator") + federation.gain("stranger")
    if members + apart != federation.paid_out() - federation.burned():
        raise RuntimeError("money was made or lost that nobody has")


def attackers(kind: Kind) -> Callable[[JudgedFederation, int], list[Row]]:
    """Return a run of one attacker for each rate, and of one that works on the same numbers."""

    def play(federation: JudgedFederation, seed: int) -> list[Row]:
        owners = {f"{kind.value} {r}": (kind, r, draws(r, FALSE, seed)) for r in RATES}
        owners[HONEST] = (Kind.HONEST, 0.0, draws(0.0, FALSE, seed))
        rows = run_owners(federation, owners)
        return [replace(row, of=row.of if row.of == HONEST else kind.value) for row in rows]

    return play


def sybils(federation: JudgedFederation, seed: int) -> list[Row]:
    """Run a federation of which half are accounts of one owner, two for each rate."""
    owners = {
        f"sybil {r} {i}": (Kind.PERSISTENT, r, draws(r, FALSE, seed, i))
        for r in RATES
        for i in (0, 1)
    }
    owners[HONEST] = (Kind.HONEST, 0.0, draws(0.0, FALSE, seed))
    rows = run_owners(federation, owners)
    return [replace(row, of=row.of if row.of == HONEST else "sybil") for row in rows]


def free_riders(federation: JudgedFederation, seed: int) -> list[Row]:
    """Run free riders that are never rejected, and count less than members: `rate` says how much.

    So rewards by measured help pay those whose updates help less.
    """
    parts = [round(part * _PART) for part in PARTS]
    owners = {str(part): (Kind.PERSISTENT, part, draws(0.0, FALSE, seed)) for part in PARTS}
    owners[HONEST] = (Kind.HONEST, 0.0, draws(0.0, FALSE, seed))
    rows = run_owners(federation, owners, parts=parts)
    return [replace(row, of=row.of if row.of == HONEST else "free rider") for row in rows]


def by_evidence(federation: JudgedFederation, seed: int) -> list[Row]:
    """Run persistent attackers where a strike takes evidence over rounds."""
    owners = {f"{r}": (Kind.PERSISTENT, r, draws(r, FALSE, seed)) for r in RATES}
    owners[HONEST] = (Kind.HONEST, 0.0, draws(0.0, FALSE, seed))
    rows = run_owners(federation, owners, HarmJudge())
    return [replace(row, of=row.of if row.of == HONEST else "evidence") for row in rows]


def honest(federation: JudgedFederation, seed: int) -> list[Row]:
    """Run members that all work, and are rejected by mistake in different ways."""
    drawn = [
        (UNDISTURBED, Draws((False,) * ROUNDS, (False,) * ROUNDS)),
        ("1 %", draws(0.0, 0.01, seed, 1)),
        *(("5 %", draws(0.0, 0.05, seed, 2 + i)) for i in range(3)),
        *(("5 % in pairs", bursts(0.05, 2, seed, 5 + i)) for i in range(2)),
        ("10 %", draws(0.0, 0.1, seed, 7)),
        ("20 %", draws(0.0, 0.2, seed, 8)),
        ("20 % in pairs", bursts(0.2, 2, seed, 9)),
    ]
    owners = {f"{i}": (Kind.HONEST, 0.0, one) for i, (_, one) in enumerate(drawn)}
    rows = run_owners(federation, owners)
    return [replace(row, of=name) for row, (name, _) in zip(rows, drawn, strict=True)]


def colluding(federation: JudgedFederation, seed: int) -> list[Row]:
    """Run a coordinator that gives its friend all that the terms let it, until that is proved.

    Each round is proved with the given probability, by what the coordinator signed. A row is of
    both together.
    """
    found = []
    for rate in RATES:
        mark = federation.remember()
        found.append(_collude(federation, rate, draws(rate, 0.0, seed).poison))
        federation.go_back(mark)
    return found


def _collude(federation: JudgedFederation, rate: float, proved: Sequence[bool]) -> Row:
    verdicts = dict.fromkeys(range(1 + _OTHERS), Outcome.ACCEPTED)
    weights = dict.fromkeys(verdicts, _PART * (MEMBERS - 1) // _OTHERS) | {0: _WHOLE}
    number = 0
    for number in range(ROUNDS):
        federation.run_round(verdicts, weights=weights)
        if proved[number]:
            federation.report_coordinator()
            break
    federation.finish()
    gain = federation.gain(0) + federation.gain("coordinator")
    _check(federation, sum(map(federation.gain, verdicts)))
    each, sent = gain / UNIT / ROUNDS, number + 1
    return Row("colluding", rate, each, each, int(proved[number]), 1, 0, sent, sent)


EXPERIMENTS = {
    **{
        kind.value: Experiment(attackers(kind), 1 + len(RATES) + _OTHERS, spare)
        for kind, spare in (
            (Kind.PERSISTENT, 0),
            (Kind.ONE_STREAK, 0),
            (Kind.RENEWING, 60),
            (Kind.PULSING, 0),
            (Kind.HOPPING, 75),
        )
    },
    Kind.ON_OFF.value: Experiment(
        attackers(Kind.ON_OFF), 1 + len(RATES) + _OTHERS, seeds=range(3000, 3113)
    ),
    OPEN: Experiment(
        attackers(Kind.HOPPING),
        1 + len(RATES) + _OTHERS,
        75,
        replace(DEFAULTS, admission=Admission.OPEN),
    ),
    "sybil": Experiment(sybils, 1 + 2 * len(RATES) + _OTHERS),
    HONEST: Experiment(honest, 10 + _OTHERS),
    "colluding": Experiment(colluding, 1 + _OTHERS),
    FREE: Experiment(free_riders, 1 + len(PARTS) + _OTHERS),
    EVIDENCE: Experiment(by_evidence, 1 + len(RATES) + _OTHERS),
    EVIDENCE_ONE: Experiment(
        by_evidence, 1 + len(RATES) + _OTHERS, terms=replace(DEFAULTS, strikes_to_slash=1)
    ),
}
"""All that the page reports, by name."""


def fill(path: Path, names: Iterable[str], most: int | None = None) -> Iterator[tuple[str, int]]:
    """Run what is missing in the file, and add it there after each run; say which that was."""
    path.parent.mkdir(parents=True, exist_ok=True)
    known = {(name, digest, seed) for name, digest, seed, _ in _lines(path)}
    for name in names:
        one = EXPERIMENTS[name]
        missing = [seed for seed in one.seeds[:most] if (name, one.digest, seed) not in known]
        for seed, rows in one.run(missing) if missing else ():
            line = {"name": name, "terms": one.digest, "seed": seed, "rows": [*map(asdict, rows)]}
            with path.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
            yield name, seed


def read(path: Path) -> dict[str, dict[int, list[Row]]]:
    """Return the runs under the terms of now, by experiment and seed."""
    found: dict[str, dict[int, list[Row]]] = {}
    for name, digest, seed, rows in _lines(path):
        one = EXPERIMENTS.get(name)
        if one is not None and one.digest == digest and seed in one.seeds:
            found.setdefault(name, {})[seed] = rows
    return found


def _lines(path: Path) -> list[tuple[str, str, int, list[Row]]]:
    if not path.exists():
        return []
    lines = map(json.loads, path.read_text(encoding="utf-8").splitlines())
    return [(one["name"], one["terms"], one["seed"], [Row(**row) for row in one["rows"]])
            for one in lines]  # fmt: skip
