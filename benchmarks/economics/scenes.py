"""Single stories played on the runtime, and what each account has at the end."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from benchmarks.economics.stage import Answer, Stage
from pallet_bridge.types import Outcome, Planck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from pallet_bridge.types import Terms

MEMBERS = 5
"""Member 0 is the accused, the others are always accepted."""
_OTHERS = dict.fromkeys(range(1, MEMBERS), Outcome.ACCEPTED)


@dataclass(frozen=True, slots=True)
class Scene:
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


def play_scenes(terms: Terms) -> Iterator[Scene]:
    """Play every story under these terms."""
    streak = terms.strikes_to_slash
    rejected, accepted = {0: Outcome.REJECTED}, {0: Outcome.ACCEPTED}

    def rounds(stage: Stage, count: int, verdict: dict[int, Outcome], answer: Answer) -> int:
        for _ in range(count):
            stage.play(_OTHERS | verdict, answer)
        while stage.is_shut_out(0):
            stage.play(_OTHERS, answer)
            count += 1
        return count

    def told(answer: Answer) -> Callable[[Stage], int]:
        return lambda stage: rounds(stage, streak, rejected, answer)

    def two_streaks(stage: Stage) -> int:
        return sum(rounds(stage, streak, rejected, Answer.NONE) for _ in range(2))

    def equivocates(reporter: int | str) -> Callable[[Stage], int]:
        def story(stage: Stage) -> int:
            stage.equivocate(0, reporter)
            return 0

        return story

    def hops(stage: Stage) -> int:
        count = rounds(stage, streak - 1, rejected, Answer.NONE)
        stage.leave(0)
        stage.join(MEMBERS)
        return count + rounds(stage, 0, {}, Answer.NONE)

    stories: dict[str, Callable[[Stage], int]] = {
        f"accepted {streak} times": lambda stage: rounds(stage, streak, accepted, Answer.NONE),
        f"accepted {streak} times, five times the stake": lambda stage: rounds(
            _rich(stage), streak, accepted, Answer.NONE
        ),
        f"rejected {streak} times; {Answer.NONE.value}": told(Answer.NONE),
        f"rejected {streak} times, five times the stake; {Answer.NONE.value}": lambda stage: rounds(
            _rich(stage), streak, rejected, Answer.NONE
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
    with Stage(terms, MEMBERS, spare=1) as stage:
        for title, story in stories.items():
            mark = stage.remember()
            yield _ended(title, stage, story(stage))
            stage.go_back(mark)


def _rich(stage: Stage) -> Stage:
    stage.add(0, Planck(4 * stage.terms.min_stake))
    return stage


def _ended(title: str, stage: Stage, rounds: int) -> Scene:
    stage.finish()
    return Scene(
        title=title,
        rounds=rounds,
        # the spare account is the accused's second one
        accused=Planck(stage.gain(0) + stage.gain(MEMBERS)),
        other=stage.gain(1),
        others=Planck(sum(stage.gain(m) for m in _OTHERS)),
        reporter=stage.gain("stranger"),
        coordinator=stage.gain("coordinator"),
        escrow=stage.paid_out(),
        burned=stage.burned(),
    )
