"""Two defenses of my own: the first idea, and what is left of it after the tests."""

from mydefense.fixed import CloseToTheMedian
from mydefense.naive import drop_farthest

__all__ = ["CloseToTheMedian", "drop_farthest"]
