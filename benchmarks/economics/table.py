"""What each verdict does to a member, read from the runtime record by record.

The runtime is the only place that knows the rules. It is run from every record that a member can
have, with each outcome, and what it answered is kept in arrays; samples are walks over them.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np

from benchmarks.economics.federation import Answer, JudgedFederation, Standing
from pallet_bridge.settlement.merkle import split_rewards
from pallet_bridge.types import Outcome, Planck

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from pallet_bridge.types import Terms

    Integers = NDArray[np.int64]
    Floats = NDArray[np.float64]

Move = tuple[Outcome, Answer]
"""A verdict, and what happens to the offence that may come of it."""
MOVES: tuple[Move, ...] = (
    (Outcome.ACCEPTED, Answer.NONE),
    (Outcome.REJECTED, Answer.NONE),
    (Outcome.EXCLUDED, Answer.NONE),
    (Outcome.REJECTED, Answer.UPHELD),
    (Outcome.REJECTED, Answer.OVERTURNED),
    (Outcome.REJECTED, Answer.LAPSED),
)
"""The columns of a table, or the first of them: the third is for evidence, others for disputes."""
ACCEPT, REJECT, EXCLUDE, UPHELD, OVERTURNED, LAPSED = range(6)


@dataclass(frozen=True, slots=True)
class Step:
    """What one verdict did.

    Parameters
    ----------
    after : Standing
        The member's record once everything that followed was over.
    lost : Planck
        Stake and bond that the member lost by it, in planck.
    missed : int
        Rounds in which the member was then not let in.
    """

    after: Standing
    lost: Planck
    missed: int


@dataclass(frozen=True, slots=True)
class Leaving:
    """What it takes to leave and to come again under another account.

    Parameters
    ----------
    fees : Planck
        Of joining, unbonding and withdrawing.
    lost : Planck
        What else it costs.
    rounds : int
        Rounds after the last one until the stake is free.
    """

    fees: Planck
    lost: Planck
    rounds: int


@dataclass(frozen=True, slots=True)
class Table:
    """The money path of one member under fixed terms.

    Parameters
    ----------
    terms : Terms
        As it was run.
    states : tuple of Standing
        All records that can be reached; the first is a fresh member's. Records with more offences
        than cost more are kept as one.
    after, lost, missed : ndarray
        (states, moves): index of the next record; planck; rounds.
    """

    terms: Terms
    states: tuple[Standing, ...]
    after: Integers
    lost: Integers
    missed: Integers

    @property
    def strikes(self) -> Integers:
        """(states,) strikes of each record."""
        return np.array([state.strikes for state in self.states])

    def shares(self, members: int) -> Floats:
        """Return the reward in planck of one of k accepted members, for k from 0 to `members`."""
        budget = self.terms.round_reward
        paid = [sum(split_rewards(budget, [1] * k)) / max(k, 1) for k in range(members + 1)]
        return np.array(paid)


def read_table(terms: Terms, moves: Sequence[Move] = MOVES[:2]) -> Table:
    """Run every record with every outcome.

    Parameters
    ----------
    terms : Terms
        Of the federation.
    moves : sequence of Move
        The columns: the first ones of `MOVES`.
    """
    with JudgedFederation(terms, 1) as federation:
        steps = _walk(federation, moves, _flat(federation))
    states = sorted({state for state, _ in steps}, key=_order)
    place = {state: i for i, state in enumerate(states)}

    def column(part: Mapping[tuple[Standing, Move], int]) -> Integers:
        return np.array([[part[state, move] for move in moves] for state in states])

    return Table(
        federation.terms,
        tuple(states),
        column({key: place[step.after] for key, step in steps.items()}),
        column({key: step.lost for key, step in steps.items()}),
        column({key: step.missed for key, step in steps.items()}),
    )


def read_leaving(terms: Terms) -> Leaving:
    """Let a member leave with as many strikes as it can have, and join as another one."""
    with JudgedFederation(terms, 1, 1) as federation:
        for _ in range(terms.strikes_to_slash - 1):
            federation.run_round({0: Outcome.REJECTED})
        federation.leave(0)
        federation.join(1)
        rounds = 0
        while not federation.withdraw(0):
            federation.run_round({1: Outcome.ACCEPTED})
            rounds += 1
        federation.finish()
        gained = federation.gain(0)
        return Leaving(Planck(federation.fees(0) + federation.fees(1)), Planck(-gained), rounds)


def _flat(federation: JudgedFederation) -> int:
    """Return the number of offences from which on another one costs no more than the one before."""
    mark = federation.remember()
    costs = [_streak(federation), _streak(federation)]
    while costs[-1] != costs[-2]:
        costs.append(_streak(federation))
    federation.go_back(mark)
    return len(costs) - 2


def _streak(federation: JudgedFederation) -> Planck:
    """Reject until no strike is left, and return what it cost."""
    lost = 0
    while True:
        step = _run_rounds(federation, MOVES[REJECT])
        lost += step.lost
        if step.after.strikes == 0:
            return Planck(lost)


def _walk(
    federation: JudgedFederation, moves: Sequence[Move], flat: int
) -> dict[tuple[Standing, Move], Step]:
    found: dict[tuple[Standing, Move], Step] = {}
    known: set[Standing] = set()

    def fold(state: Standing) -> Standing:
        return replace(state, offences=min(state.offences, flat))

    def visit(state: Standing) -> None:
        known.add(state)
        for move in moves:
            mark = federation.remember()
            step = _run_rounds(federation, move)
            found[state, move] = replace(step, after=fold(step.after))
            if found[state, move].after not in known:
                visit(found[state, move].after)
            federation.go_back(mark)

    visit(fold(federation.standing(0)))
    return found


def _run_rounds(federation: JudgedFederation, move: Move) -> Step:
    """Run one round, and those that the member then misses."""
    outcome, answer = move
    before, rounds = federation.gain(0), 0
    if federation.run_round({0: outcome}, answer):
        raise RuntimeError("the member is not let in, though nothing suspends it")
    while federation.is_shut_out(0):
        if not federation.run_round({0: outcome}, answer):
            raise RuntimeError("the member is let in, though it is suspended")
        rounds += 1
    return Step(federation.standing(0), Planck(before - federation.gain(0)), rounds)


def _order(state: Standing) -> tuple[int, int, int]:
    return state.offences, state.strikes, state.clean_rounds
