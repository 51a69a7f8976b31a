"""What a node contributed, as shares of a reward in parts of 10^9."""

from __future__ import annotations

from bcfl_plugins.apportion import split
from bcfl_plugins.contribution.plain import by_cosine, by_examples, uniform
from bcfl_plugins.contribution.rating import Rating, Ratings, by_rating, rate
from bcfl_plugins.contribution.shapley import (
    Sampling,
    leave_one_out,
    of_loss,
    shapley_exact,
    shapley_monte_carlo,
    shapley_quadratic,
)
from bcfl_plugins.contribution.shares import Contribution, contribution

__all__ = [
    "Contribution",
    "Rating",
    "Ratings",
    "Sampling",
    "by_cosine",
    "by_examples",
    "by_rating",
    "contribution",
    "leave_one_out",
    "of_loss",
    "rate",
    "shapley_exact",
    "shapley_monte_carlo",
    "shapley_quadratic",
    "split",
    "uniform",
]
