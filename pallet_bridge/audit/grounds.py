"""What an audit rests on: how many statements are proved, recomputed, or taken on whose word."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping

    from pallet_bridge.types import AccountId


class Grounds:
    """Counts the statements that were found to hold, by what they rest on.

    A statement is *proved* by a signature or by executing the chain again: whoever wrote the files
    cannot have made it up. It is *recomputed* when it follows from what is published. All others
    rest on somebody's *word*. A statement that does not hold is a finding, and is not counted here.
    """

    def __init__(self) -> None:
        self._proved: Counter[str] = Counter()
        self._recomputed: Counter[str] = Counter()
        self._words: dict[str, Counter[str]] = {}

    def prove(self, what: str, count: int = 1) -> None:
        """Count statements that a signature or the chain's execution proves."""
        self._proved[what] += count

    def recompute(self, what: str, count: int = 1) -> None:
        """Count statements that follow from what is published."""
        self._recomputed[what] += count

    def believe(self, whose: str, what: str, count: int = 1) -> None:
        """Count statements that are taken on somebody's word."""
        if count:
            self._words.setdefault(whose, Counter())[what] += count

    @property
    def proved(self) -> Mapping[str, int]:
        """How many of what are proved."""
        return dict(+self._proved)

    @property
    def recomputed(self) -> Mapping[str, int]:
        """How many of what are recomputed."""
        return dict(+self._recomputed)

    @property
    def words(self) -> Mapping[str, Mapping[str, int]]:
        """Whose word is taken for how many of what."""
        return {whose: dict(counts) for whose, counts in self._words.items()}

    @property
    def totals(self) -> tuple[int, int, int]:
        """How many statements are proved, recomputed, and taken on a word."""
        believed = sum(counts.total() for counts in self._words.values())
        return self._proved.total(), self._recomputed.total(), believed


VERDICTS = "verdicts, with scores, reasons and shares"
AVERAGES = "averages of the accepted updates"
"""What is on the coordinator's word until it is recomputed."""

DRAWN = "groups drawn again, from the block and the members that the chain has"
"""What is counted of rounds that are masked in groups."""

OPENED = "commitments opened"
"""What is counted of rounds of both protocols."""

MEMBERS = "the members"
"""Who says on how many examples an update was trained."""

VOUCHERS = "the members that vouched for others"
INVITERS = "who invited members: the coordinator or the council"
"""Who says to which organisation a member belongs."""


def coordinator_name(account: AccountId) -> str:
    """Return how an audit calls the coordinator of a round."""
    return f"the coordinator {account}"


def node_name(url: str) -> str:
    """Return how an audit calls the node that it reads."""
    return f"the node at {url}"
