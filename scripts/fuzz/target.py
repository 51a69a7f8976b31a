"""What is fuzzed: a reader of something from outside, and inputs for it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from hypothesis.strategies import SearchStrategy


class Found(AssertionError):
    """A reader took, or gave, what it must not."""


def must(condition: object, what: str) -> None:  # any truth value will do
    """Raise `Found` unless a condition holds."""
    if not condition:
        raise Found(what)


@dataclass(frozen=True, slots=True)
class Target:
    """One reader.

    Parameters
    ----------
    name : str
        Also the name of its corpus.
    check : callable
        Reads an input. What the reader may raise it catches; anything else that it raises is a
        finding, and so is what it asserts.
    inputs : SearchStrategy of bytes
        Inputs, good ones among them.
    examples : int
        How many the short run tries: fewer where one takes long.
    """

    name: str
    check: Callable[[bytes], None]
    inputs: SearchStrategy[bytes]
    examples: int = 100
