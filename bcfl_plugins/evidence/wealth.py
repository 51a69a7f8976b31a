"""A test martingale in integers: the wealth of a bet against a node's honesty.

The null hypothesis of a node is ``P(bad event in a round | everything before) <= p0``. For a rate
``q > p0`` the bet multiplies its stake by ``q / p0`` after a bad event and by
``(1 - q) / (1 - p0)`` after a clean round. Under the null no such product grows in expectation, so
neither does a mixture of them, over several q and over the round s in which the bet begins, of
weight ``1 / (s (s + 1))``. Ville's inequality then bounds, over all rounds at once::

    P(wealth ever reaches 1 / a) <= a

Ramdas, Grünwald, Vovk, Shafer. Game-theoretic statistics and safe anytime-valid inference.
Statistical Science 2023. Waudby-Smith, Ramdas. Estimating means of bounded random variables by
betting. JRSS B 2024. Every division is rounded down, which only lowers the wealth: the bound holds
for the integers as they are, and they are equal on every machine.
"""

from __future__ import annotations

from dataclasses import dataclass
from decimal import ROUND_FLOOR, Context, Decimal
from functools import lru_cache

from bcfl_plugins.errors import BadUpdates

ONE = 10**9
"""The fraction one, as the chain's Perbill."""

SCALE = 2**64
"""The wealth one."""

MICRO = 10**6
"""Evidence is told in parts of 1e-6 of a nat."""

_DIGITS = Context(prec=28)  # Decimal.ln rounds correctly, so it is equal on every machine


@dataclass(frozen=True, slots=True)
class EvidenceSettings:
    """What a strike takes. All fractions are in parts of 10^9.

    Parameters
    ----------
    members : int
        How many different nodes are judged in the run at most. Each gets an equal part of alpha
        (Bonferroni), whatever the others do.
    alpha : int
        Greatest probability that any honest node of the federation ever gets a strike in the run.
    bad_rate : int
        p0: an honest node has a bad event in at most this share of rounds, whatever happened
        before.
    rates : tuple of int
        The q to bet on, each above `bad_rate` and below one; of equal weight.

    Raises
    ------
    BadUpdates
        Naming the field that is out of range.
    """

    members: int
    alpha: int = ONE // 1000
    bad_rate: int = ONE // 10
    rates: tuple[int, ...] = (2 * ONE // 10, 4 * ONE // 10, 7 * ONE // 10, 95 * ONE // 100)

    def __post_init__(self) -> None:
        """Check the ranges."""
        if self.members < 1:
            raise BadUpdates("members", f"at least one node, got {self.members}")
        for field, value in (("alpha", self.alpha), ("bad_rate", self.bad_rate)):
            if not 0 < value < ONE:
                raise BadUpdates(field, f"must lie between 0 and 10^9, got {value}")
        if not self.rates or not all(self.bad_rate < rate < ONE for rate in self.rates):
            raise BadUpdates("rates", "each must lie between bad_rate and 10^9, and there be one")


@dataclass(frozen=True, slots=True)
class Wealth:
    """The bets against one node since its last strike.

    Parameters
    ----------
    rounds, bad : int
        Rounds in which the node was judged, and bad events among them.
    stakes : tuple of int
        For each rate, in parts of `SCALE`: what the bets that have begun are worth.
    """

    rounds: int
    bad: int
    stakes: tuple[int, ...]

    @property
    def total(self) -> int:
        """The wealth in parts of `SCALE`: the mean of the stakes, and what has not been bet."""
        return sum(self.stakes) // len(self.stakes) + SCALE // (self.rounds + 1)


def of_groups(members: int) -> EvidenceSettings:
    """Return what a strike takes where a node is rejected with all of its group.

    An honest node is rejected where one that cheats is in its group. While those are fewer than
    half as many as there are groups, and nobody chooses the groups, that happens in at most
    ``1 - exp(-1/2)`` of the rounds, under 0.4: also where they cheat only when they are beside it.
    What is left to 0.5 has room for rejections that nobody caused. Where nobody cheats these alone
    stay below it: rounds in which most are rejected count against nobody (see `ledger.observe`).
    """
    return EvidenceSettings(
        members, bad_rate=ONE // 2, rates=(7 * ONE // 10, 9 * ONE // 10, 98 * ONE // 100)
    )


def opening(settings: EvidenceSettings) -> Wealth:
    """Return the wealth before any round: one, all of it not bet."""
    return Wealth(0, 0, (0,) * len(settings.rates))


def after(wealth: Wealth, settings: EvidenceSettings, *, bad: bool) -> Wealth:
    """Return the wealth after one more round."""
    rounds = wealth.rounds + 1
    begun = SCALE // (rounds * (rounds + 1))
    p0 = settings.bad_rate
    stakes = tuple(
        (stake + begun) * (rate if bad else ONE - rate) // (p0 if bad else ONE - p0)
        for stake, rate in zip(wealth.stakes, settings.rates, strict=True)
    )
    return Wealth(rounds, wealth.bad + bad, stakes)


def needed(settings: EvidenceSettings, strikes: int) -> int:
    """Return the wealth, in parts of `SCALE` and rounded up, that the next strike takes.

    The k-th strike of a node takes ``2^k`` times ``members / alpha``: all strikes of all honest
    nodes together then keep alpha.
    """
    odds = SCALE * ONE * settings.members << (strikes + 1)
    return -(-odds // settings.alpha)


@lru_cache(maxsize=1024)
def nats(wealth: int) -> int:
    """Return the natural logarithm of a wealth in parts of 1e-6, rounded down."""
    quotient = _DIGITS.divide(Decimal(wealth), Decimal(SCALE))
    scaled = _DIGITS.multiply(quotient.ln(_DIGITS), Decimal(MICRO))
    return int(scaled.to_integral_value(ROUND_FLOOR))
