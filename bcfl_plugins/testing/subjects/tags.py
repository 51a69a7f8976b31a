"""What an object of no class of ours promises of itself: its tags."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from bcfl_plugins.defenses.base import RuleTags
from bcfl_plugins.testing.generators.cases import minority

if TYPE_CHECKING:
    from collections.abc import Callable

Form = Literal["matrix", "layers", "lists"]
"""How updates are handed over: one (n, d) matrix, n mappings of arrays, or n lists of arrays."""

ProfileName = Literal["fast", "thorough"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tags(RuleTags):
    """`RuleTags`, and what a plain callable cannot say otherwise.

    Parameters
    ----------
    bounded : bool
        As in `RuleTags`, but on by default: a defense is to withstand f byzantine updates.
    max_byzantine : callable
        ``(n) -> int``: the greatest f that the rule tolerates among n updates, -1 for not even
        zero. Asked for more, the rule must raise `ValueError`.
    ties : bool
        Ties are broken by content: also where updates are alike or equally far, their order
        changes nothing. A `Defense` breaks them by the ids that it is given.
    form : {"matrix", "layers", "lists"}
        How the callable takes its updates.
    """

    bounded: bool = True
    max_byzantine: Callable[[int], int] = minority
    ties: bool = False
    form: Form = "matrix"


@dataclass(frozen=True, slots=True)
class Profile:
    """How hard the kit tries.

    Parameters
    ----------
    name : str
        Its name.
    examples : int
        Generated rounds for each check.
    rounds : int
        Rounds of the checks that count, such as the rate of false rejections.
    seed : int or None
        Another series of generated rounds; ``None`` is the one that every machine runs.
    seconds : float
        A check that takes longer fails. None of ours comes near.
    """

    name: str
    examples: int
    rounds: int
    seed: int | None = None
    seconds: float = 30.0


PROFILES = {
    "fast": Profile("fast", examples=80, rounds=100),
    "thorough": Profile("thorough", examples=1000, rounds=1000, seconds=300.0),
}
