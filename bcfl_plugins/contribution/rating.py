"""Contribution from ranks, round after round: the Plackett-Luce rating, in decimals of fixed size.

Each round the nodes are ranked by how much their own update lowered the loss on validation data,
and a Bayesian rating (mean mu, deviation sigma) takes the ranks in, as in Gauntlet (Lidin et al.
Incentivizing permissionless distributed learning of LLMs. arXiv 2505.21684, 2025), which uses
OpenSkill. Ranks compare rounds in which losses cannot be compared, and one lucky round does not
count for much. Gauntlet also multiplies the ordinal by two averages of its own, for work on the
assigned data and for being in step; they are not here.

Formulas: Weng, Lin. A Bayesian approximation method for online ranking. JMLR 12, 2011, 267-300,
algorithm 4 (Plackett-Luce), with OpenSkill's kappa and without its drift (its tau is 0 here: a
rating grows surer with every round). They are computed with `decimal`, whose exp and sqrt round
correctly: equal ranks give equal integers on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from decimal import ROUND_HALF_EVEN, Context, Decimal, localcontext
from fractions import Fraction
from typing import TYPE_CHECKING

from bcfl_plugins.apportion import split
from bcfl_plugins.contribution.shares import Contribution
from bcfl_plugins.errors import BadUpdates

if TYPE_CHECKING:
    from collections.abc import Mapping

MICRO = 10**6

_CONTEXT = Context(prec=28, rounding=ROUND_HALF_EVEN)
_LEAST_VARIANCE = Decimal("0.0001")  # kappa: the least factor of a variance
_FEWEST = 2


@dataclass(frozen=True, slots=True)
class Rating:
    """How good a node is believed to be, in parts of 1e-6.

    Parameters
    ----------
    mu, sigma : int
        Mean and standard deviation of the belief; 25 and 25/3 before any round.
    """

    mu: int = 25 * MICRO
    sigma: int = 25 * MICRO // 3

    @property
    def ordinal(self) -> int:
        """``mu - 3 sigma``: what the node is at least, with 99.87 % belief; 0 at first."""
        return self.mu - 3 * self.sigma


@dataclass(frozen=True, slots=True)
class Ratings:
    """All ratings of a run.

    Parameters
    ----------
    nodes : tuple of (str, Rating)
        In ascending order of the name.
    beta : int
        In parts of 1e-6: how much one node's performance varies; 25/6, as OpenSkill has it.
    """

    nodes: tuple[tuple[str, Rating], ...] = field(default=())
    beta: int = 25 * MICRO // 6


def rate(ratings: Ratings, gains: Mapping[str, int]) -> Ratings:
    """Take in one round. O(n^2), after n + 1 evaluations of the validation data for the gains.

    Parameters
    ----------
    ratings : Ratings
        After the round before.
    gains : Mapping of str to int
        By how much each node's own update lowered the validation loss, in parts of 1e-6. Equal
        gains are a draw. With fewer than two nodes nothing changes.
    """
    if len(gains) < _FEWEST:
        return ratings
    known = dict(ratings.nodes)
    names = sorted(gains)
    before = [known.get(name, Rating()) for name in names]
    ranks = [sum(gains[other] > gains[name] for other in names) for name in names]
    with localcontext(_CONTEXT):
        moved = _plackett_luce(before, ranks, ratings.beta)
    known.update(zip(names, moved, strict=True))
    return replace(ratings, nodes=tuple(sorted(known.items())))


def by_rating(ratings: Ratings, nodes: tuple[str, ...], power: int = 2) -> Contribution:
    """Pay the nodes in proportion to ``max(ordinal, 0) ** power``; new nodes earn nothing yet.

    O(n log n), no evaluation.

    Parameters
    ----------
    ratings : Ratings
        After this round.
    nodes : tuple of str
        Who is paid, in the order of the answer.
    power : int
        At least 1; 2 as in Gauntlet's code (``power_normalisation`` of tplr-ai/templar), so that
        many weak nodes earn less than one good one.

    Raises
    ------
    BadUpdates
        If `power` is less than 1.
    """
    if power < 1:
        raise BadUpdates("power", f"must be at least 1, got {power}")
    known = dict(ratings.nodes)
    scores = tuple(known.get(node, Rating()).ordinal for node in nodes)
    return Contribution(split([Fraction(max(score, 0)) ** power for score in scores]), scores)


def _plackett_luce(before: list[Rating], ranks: list[int], beta: int) -> list[Rating]:
    """Algorithm 4 for teams of one. Called within `_CONTEXT`."""
    mus = [Decimal(one.mu) / MICRO for one in before]
    variances = [(Decimal(one.sigma) / MICRO) ** 2 for one in before]
    c = sum((one + (Decimal(beta) / MICRO) ** 2 for one in variances), Decimal(0)).sqrt()
    powers = [(mu / c).exp() for mu in mus]
    places = range(len(before))
    sums = [sum((powers[s] for s in places if ranks[s] >= ranks[q]), Decimal(0)) for q in places]
    draws = [ranks.count(rank) for rank in ranks]
    moved = []
    for i in places:
        omega = delta = Decimal(0)
        for q in places:
            if ranks[q] > ranks[i]:
                continue
            share = powers[i] / sums[q]
            omega += ((1 if q == i else 0) - share) / draws[q]
            delta += share * (1 - share) / draws[q]
        gamma = variances[i].sqrt() / c
        kept = max(1 - gamma * variances[i] / c**2 * delta, _LEAST_VARIANCE)
        mu = mus[i] + variances[i] / c * omega
        moved.append(Rating(_micro(mu), _micro((variances[i] * kept).sqrt())))
    return moved


def _micro(value: Decimal) -> int:
    return int((value * MICRO).to_integral_value())
