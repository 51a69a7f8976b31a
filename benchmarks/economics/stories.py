"""Single stories run on the runtime, and what each account has at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.economics.federation import Answer, JudgedFederation
from pallet_bridge.types import Outcome, Planck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pallet_bridge.types import Terms

MEMBERS = 5
"""Member 0 is the accused, the others are always accepted."""
_OTHERS = dict.fromkeys(range(1, MEMBERS), Outcome.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Story:
    """How accounts changed, fees apart; planck.

    Parameters
    ----------
    title : str
        What happened.
    rounds : int
        How many were settled.
    accused, other, reporter : Planck
        Gain of the accused with all its accounts, of one other member, of who reported.
    others, coordinator : Planck
        Gain of all other members, and of the coordinator.
    escrow : Planck
        What the escrow paid.
    burned : Planck
        What is gone.
    """

    title: str
    rounds: int
    accused: Planck
    other: Planck
    others: Planck
    reporter: Planck
    coordinator: Planck
    escrow: Planck
    burned: Planck

    @property
    def is_conserved(self) -> bool:
        """True when what all gained is what the escrow paid less what was burned."""
        gained = self.accused + self.others + self.reporter + self.coordinator
        return gained == self.escrow - self.burned


def run_stories(terms: Terms) -> Iterator[Story]:
    """Run every story under these terms."""
    streak = terms.strikes_to_slash
    rejected, accepted = {0: Outcome.REJECTED}, {0: Outcome.ACCEPTED}

    def rounds(
        federation: JudgedFederation, count: int, verdict: dict[int, Outcome], answer: Answer
    ) -> int:
        for _ in range(count):
            federation.run_round(_OTHERS | verdict, answer)
        while federation.is_shut_out(0):
            federation.run_round(_OTHERS, answer)
            count += 1
        return count

    def told(answer: Answer) -> Callable[[JudgedFederation], int]:
        return lambda federation: rounds(federation, streak, rejected, answer)

    def two_streaks(federation: JudgedFederation) -> int:
        return sum(rounds(federation, streak, rejected, Answer.NONE) for _ in range(2))

    def equivocates(reporter: int | str) -> Callable[[JudgedFederation], int]:
        def story(federation: JudgedFederation) -> int:
            federation.equivocate(0, reporter)
            return 0

        return story

    def hops(federation: JudgedFederation) -> int:
        count = rounds(federation, streak - 1, rejected, Answer.NONE)
        federation.leave(0)
        federation.join(MEMBERS)
        return count + rounds(federation, 0, {}, Answer.NONE)

    stories: dict[str, Callable[[JudgedFederation], int]] = {
        f"accepted {streak} times": lambda federation: rounds(
            federation, streak, accepted, Answer.NONE
        ),
        f"accepted {streak} times, five times the stake": lambda federation: rounds(
            _rich(federation), streak, accepted, Answer.NONE
        ),
        f"rejected {streak} times; {Answer.NONE.value}": told(Answer.NONE),
        f"rejected {streak} times, five times the stake; {Answer.NONE.value}": lambda federation: (
            rounds(_rich(federation), streak, rejected, Answer.NONE)
        ),
        f"rejected {streak} times, twice; {Answer.NONE.value}": two_streaks,
        f"rejected {streak} times; {Answer.UPHELD.value}": told(Answer.UPHELD),
        f"rejected {streak} times; {Answer.OVERTURNED.value}": told(Answer.OVERTURNED),
        f"rejected {streak} times; {Answer.LAPSED.value}": told(Answer.LAPSED),
        f"rejected {streak - 1} times, leaves, comes again as another account": hops,
        "signs two updates; a stranger reports it": equivocates("stranger"),
        "signs two updates; reports itself by a second account": equivocates(MEMBERS),
        "signs two updates; the coordinator reports it": equivocates("coordinator"),
    }
    with JudgedFederation(terms, MEMBERS, spare=1) as federation:
        for title, story in stories.items():
            mark = federation.remember()
            yield _ended(title, federation, story(federation))
            federation.go_back(mark)


def _rich(federation: JudgedFederation) -> JudgedFederation:
    federation.add(0, Planck(4 * federation.terms.min_stake))
    return federation


def _ended(title: str, federation: JudgedFederation, rounds: int) -> Story:
    federation.finish()
    return Story(
        title=title,
        rounds=rounds,
        # the spare account is the accused's second one
        accused=Planck(federation.gain(0) + federation.gain(MEMBERS)),
        other=federation.gain(1),
        others=Planck(sum(federation.gain(m) for m in _OTHERS)),
        reporter=federation.gain("stranger"),
        coordinator=federation.gain("coordinator"),
        escrow=federation.paid_out(),
        burned=federation.burned(),
    )
