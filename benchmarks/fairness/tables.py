"""The rows of the fairness tables: who is rejected, who is struck, and how soon."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.defenses import registry
from bcfl_plugins.defenses.base import Extras
from bcfl_plugins.errors import DefenseError
from bcfl_plugins.evidence import EvidenceSettings, NodeFacts, replay_rounds
from bcfl_plugins.evidence.wealth import ONE
from benchmarks.fairness.simulation import (
    NODES,
    SPLITS,
    Case,
    Simulation,
    against,
    by_rule,
)

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.defenses.base import Defense, Flags
    from benchmarks.fairness.simulation import Judge, Trace

F = 4  # attackers among NODES, and what the rules are told
COMPOSED = ("nnm+trimmed_mean",)
DIMENSIONS = 100
HARD = "always rejects 5"
SKEWED = "dirichlet 0.1"
HARSH = "flame"  # rejects a third of honest nodes
DEFAULT = "cluster_guard"
FIRST_SEED = {"B": 50_000, "C": 60_000, "D": 70_000, "E": 100_000, "F": 150_000}
"""The rule of harm was chosen while looking at others: below 50,000, and from 200,000 on."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How much is run."""

    sizes: tuple[int, ...] = (10, 20, 40)
    draws: int = 40
    split_rounds: int = 40
    split_seeds: int = 3
    slash_rounds: int = 1000
    slash_seeds: int = 40
    attack_rounds: int = 60
    attack_seeds: int = 5
    early_rounds: int = 50
    early_seeds: int = 1000
    beside_seeds: int = 10


QUICK = Plan((10,), 5, 3, 1, 10, 4, 10, 1, 8, 2, 1)


@dataclass(frozen=True, slots=True)
class Share:
    """Share kept: 100 is what a mean leaves of the odd node's pull, 0 is nothing.

    N(3, 1) in each of 100 coordinates; a fifth of the nodes counts as byzantine. Rejected: percent
    of rounds in which the odd node was not kept. -: the rule does not take this few nodes.
    """

    rule: str
    n: int
    share_kept: float | None
    rejected: float | None


@dataclass(frozen=True, slots=True)
class Rejections:
    """No attacker, 20 nodes, rules told of 4. Percent of node-rounds, or of the worst node's.

    Opposed: rejected, and pointing away from the mean of the other kept updates. Harmful: rejected,
    and a bad event of the evidence. Strikes: honest nodes that got one. Share kept, worst node: how
    much of the part of its updates at a right angle to the mean of the others' is in the result,
    over all rounds, of what a mean has; 0 is a node that is not heard.
    """

    rule: str
    split: str
    rejected: float
    worst_node: float
    rejected_opposed_worst: float
    rejected_harmful_worst: float
    strikes: int
    share_kept_worst_node: float
    accuracy: float


@dataclass(frozen=True, slots=True)
class Slashes:
    """Honest nodes only, the evidence as by default. Bad rate: the worst node's, percent of rounds.

    The hard judge rejects the same five nodes in every round, but averages them. In the row before
    the last the validation data lacks a class, and the nodes that hold it are rejected. The
    evidence cannot know that. The last row is the edge of the null hypothesis itself.
    """

    judge: str
    split: str
    seeds: int
    rounds: int
    worst_bad_rate: float
    nodes_with_a_strike: int
    runs_with_a_strike: int


@dataclass(frozen=True, slots=True)
class Speed:
    """4 of 20 attack. The perfect judge rejects exactly them. What is left is the evidence's doing.

    Struck: attackers with a strike within the rounds; median round: of their first.
    """

    judge: str
    split: str
    attack: str
    struck: int
    attackers: int
    median_round: float | None
    honest_struck: int


@dataclass(frozen=True, slots=True)
class Early:
    """As the hard judge of C, but only the first rounds, in many more federations.

    A round says something of harm only while the model still gets better. So this is where an
    honest node is in danger. Of the five rejected nodes: how many never had a bad event, and the
    most rounds in which one had. At most: the upper end of a 95 % confidence interval (Clopper and
    Pearson) of the share of runs with a strike, percent.
    """

    split: str
    seeds: int
    rounds: int
    nodes: int
    never_bad: int
    most_bad_rounds: int
    runs_with_a_strike: int
    at_most: float


@dataclass(frozen=True, slots=True)
class Beside(Early):
    """As E, but 4 of 20 attack and are kept, so that they choose what honest nodes are judged by.

    There are as many seeds for each attack of D, and for framing, which is made to have a node
    rejected. All are in one row.
    """


ATTACKS: tuple[tuple[str, tuple[tuple[str, object], ...]], ...] = (
    ("sign_flip", ()),
    ("sign_flip", (("factor", 5.0),)),
    ("scaling", ()),
    ("gaussian", (("sigma", 5.0),)),
    ("ipm", ()),
    ("ipm", (("epsilon", 1.0),)),
    ("alie", ()),
    ("min_max", ()),
    ("noisy_min_max", ()),
    ("mimic", ()),
    ("label_flip", ()),
    ("pixel_backdoor", (("shape", (8, 8)),)),
    ("free_rider", ()),
    ("on_off", (("base", "sign_flip"),)),
    ("non_finite", ()),
)


def rules(n: int) -> Iterator[tuple[str, Defense]]:
    """Make every registered rule for F of NODES, or as many of n as it takes."""
    for name in (*registry.rule_names(), *COMPOSED):
        most = registry.create_rule(name).max_byzantine(n)
        yield name, registry.create_rule(name, f=max(0, min(n * F // NODES, most)))


def shares(plan: Plan) -> Iterator[Share]:
    """Project what the result moved by on what the odd node asked for."""
    for n in plan.sizes:
        for name, rule in rules(n):
            rng = np.random.default_rng(n)
            kept, asked, got, state = [], 0.0, 0.0, None
            draws = plan.draws * plan.sizes[0] // n
            for _ in range(draws):
                rows = rng.standard_normal((n, DIMENSIONS))
                rows[0] += 3.0
                extras = Extras(
                    ids=tuple(range(n)), trusted=rng.standard_normal(DIMENSIONS), state=state
                )
                try:
                    made = rule.aggregate(rows, extras)
                except DefenseError:
                    break
                state = made.state
                centre = rows[1:].mean(axis=0)
                toward = rows[0] - centre
                got += float((made.value - centre) @ toward)
                asked += float((rows.mean(axis=0) - centre) @ toward)
                kept.append(bool(made.decision.kept[0]))
            if len(kept) < draws:
                yield Share(name, n, None, None)
            else:
                yield Share(name, n, 100 * got / asked, 100 - 100 * float(np.mean(kept)))


def rejections(plan: Plan) -> Iterator[Rejections]:
    """Run every rule on every split."""
    for name, rule in rules(NODES):
        for kind in SPLITS:
            runs = [
                Simulation(Case(kind, seed, plan.split_rounds)).run(by_rule(rule))
                for seed in _seeds("B", plan.split_seeds)
            ]
            yield Rejections(
                name,
                kind,
                100 * float(np.mean([run.rejected.mean() for run in runs])),
                _worst(runs, lambda run: run.rejected),
                _worst(runs, lambda run: run.rejected & run.opposed),
                _worst(runs, lambda run: run.rejected & run.harmful),
                sum(len(run.struck) for run in runs),
                100 * min(float((run.got / run.asked).min()) for run in runs),
                float(np.mean([run.accuracy for run in runs])),
            )


def _seeds(letter: str, count: int) -> range:
    return range(FIRST_SEED[letter], FIRST_SEED[letter] + count)


def _worst(runs: list[Trace], flags: Any) -> float:  # noqa: ANN401 - a function of a run
    return 100 * max(float(flags(run).mean(axis=0).max()) for run in runs)


def slashes(plan: Plan) -> Iterator[Slashes]:
    """Run a judge that always rejects the same five, and a rule that rejects a third."""
    each = plan.slash_seeds // len(SPLITS)
    for name in (HARD, HARSH):
        for kind in SPLITS:
            cases = [Case(kind, seed, plan.slash_rounds) for seed in _seeds("C", each)]
            runs = [Simulation(case).run(judge_of(name, victims_of(case.seed))) for case in cases]
            yield _slashes(name, kind, plan, runs)
    lacking = plan.slash_rounds // 10
    blind = [Case("1 label", seed, lacking, blind=0) for seed in _seeds("C", each)]
    federations = [Simulation(case) for case in blind]
    runs = [one.run(against(one.holders, heard=True)) for one in federations]
    yield _slashes("always rejects a class that validation lacks", "1 label", plan, runs)
    yield _edge(plan)


def _edge(plan: Plan) -> Slashes:
    """Toss coins at the edge of the null hypothesis: each node is bad with exactly p0."""
    settings = EvidenceSettings(members=NODES)
    struck, worst = [], 0.0
    for seed in _seeds("C", plan.slash_seeds):
        rng = np.random.default_rng([seed, 12])
        bad = rng.random((plan.slash_rounds, NODES)) < settings.bad_rate / ONE
        _, told = replay_rounds(
            settings,
            (
                [NodeFacts(f"{node:02d}", bool(one), harmful=True) for node, one in enumerate(row)]
                for row in bad
            ),
        )
        struck.append(len({one.node for findings in told for one in findings if one.strike}))
        worst = max(worst, 100 * float(bad.mean(axis=0).max()))
    return Slashes(
        "coins with p0",
        "-",
        plan.slash_seeds,
        plan.slash_rounds,
        worst,
        sum(struck),
        sum(map(bool, struck)),
    )


def _slashes(judge: str, kind: str, plan: Plan, runs: list[Trace]) -> Slashes:
    return Slashes(
        judge,
        kind,
        len(runs),
        len(runs[0].rejected) if runs else plan.slash_rounds,
        _worst(runs, lambda run: run.rejected & run.harmful),
        sum(len(run.struck) for run in runs),
        sum(bool(run.struck) for run in runs),
    )


def victims_of(seed: int, honest: int = NODES) -> Flags:
    """Draw the five nodes that the hard judge rejects from the first ones, which are honest."""
    victims = np.zeros(NODES, np.bool_)
    victims[np.random.default_rng(seed).permutation(honest)[:5]] = True
    return victims


def judge_of(name: str, victims: Flags) -> Judge:
    """Return the judge that always rejects the victims, or a rule."""
    if name == HARD:
        return against(victims, heard=True)
    return by_rule(registry.create_rule(name, f=F))


def early_runs(plan: Plan) -> Iterator[Early]:
    """Run the hard judge on each split; most seeds where honest nodes differ most in size."""
    for kind in SPLITS:
        count = plan.early_seeds if kind == SKEWED else -(-plan.early_seeds // 5)
        cases = [Case(kind, seed, plan.early_rounds) for seed in _seeds("E", count)]
        yield Early(kind, *_first_rounds(cases))


def besides(plan: Plan) -> Iterator[Beside]:
    """Run the hard judge where the last nodes attack and are kept."""
    for kind in SPLITS:
        cases = [
            Case(kind, seed, plan.early_rounds, attack, settings, F)
            for attack, settings in (*ATTACKS, ("framing", ()))
            for seed in _seeds("F", plan.beside_seeds)
        ]
        yield Beside(kind, *_first_rounds(cases))


def _first_rounds(cases: list[Case]) -> tuple[int, int, int, int, int, int, float]:
    bad, struck = [], 0
    for case in cases:
        victims = victims_of(case.seed, NODES - case.f)
        run = Simulation(case).run(judge_of(HARD, victims))
        bad += (run.rejected & run.harmful).sum(axis=0)[victims].tolist()
        struck += bool(run.struck)
    count, most = len(cases), 100 * at_most(struck, len(cases))
    return count, cases[0].rounds, len(bad), bad.count(0), max(bad), struck, most


def at_most(hits: int, tries: int) -> float:
    """Return the upper end of the two-sided 95 % interval of Clopper and Pearson (1934).

    The rate at which `hits` or fewer of `tries` happen with a chance of 2.5 %.
    """
    low, high = hits / tries, 1.0
    for _ in range(60):
        rate = (low + high) / 2
        chance = sum(
            math.comb(tries, k) * rate**k * (1.0 - rate) ** (tries - k) for k in range(hits + 1)
        )
        low, high = (low, rate) if chance < 0.025 else (rate, high)
    return high


def speeds(plan: Plan) -> Iterator[Speed]:
    """Run a judge that rejects exactly the attackers, and a rule."""
    evil = np.arange(NODES) >= NODES - F
    for kind in ("iid", "dirichlet 0.1"):
        for attack, settings in ATTACKS:
            for name, judge in (("perfect", against(evil, heard=False)), (DEFAULT, None)):
                runs = [
                    Simulation(Case(kind, seed, plan.attack_rounds, attack, settings, F)).run(
                        judge or judge_of(name, evil)
                    )
                    for seed in _seeds("D", plan.attack_seeds)
                ]
                first = [turn for run in runs for node, turn in run.struck.items() if evil[node]]
                told = ", ".join(f"{key} {value}" for key, value in settings if key != "shape")
                yield Speed(
                    name,
                    kind,
                    f"{attack} ({told})" if told else attack,
                    len(first),
                    F * len(runs),
                    float(np.median(first)) if first else None,
                    sum(not evil[node] for run in runs for node in run.struck),
                )
