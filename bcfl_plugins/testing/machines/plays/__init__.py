"""What adversaries play on purpose: one script for each thing that calls at random rarely meet.

Each play has a fresh federation of its own, which stays there for all further calls, and ends in
each of the errors that it names, whatever it draws. Together they reach every error of the pallet
but `Defensive`, which nothing may reach.
"""

from __future__ import annotations

from bcfl_plugins.testing.machines.plays.committees import (
    loud_committee,
    packed_jury,
    silent_committee,
    throng,
)
from bcfl_plugins.testing.machines.plays.company import Company, Play
from bcfl_plugins.testing.machines.plays.governance import council_rule, flood, usurper
from bcfl_plugins.testing.machines.plays.members import (
    crowd_at_the_door,
    empty_hands,
    greedy_founder,
    hasty_closer,
    salami,
)
from bcfl_plugins.testing.machines.plays.offences import (
    false_witness,
    quarrel,
    slow_justice,
    streak,
    two_faces,
)
from bcfl_plugins.testing.machines.plays.roots import liar, twins
from bcfl_plugins.testing.machines.plays.rounds import (
    clumsy_coordinator,
    hoarder,
    hurried_coordinator,
)

__all__ = ["PLAYS", "Company", "Play"]

PLAYS: tuple[Play, ...] = (
    greedy_founder,
    crowd_at_the_door,
    salami,
    empty_hands,
    hasty_closer,
    hurried_coordinator,
    clumsy_coordinator,
    hoarder,
    liar,
    twins,
    two_faces,
    quarrel,
    slow_justice,
    false_witness,
    streak,
    loud_committee,
    packed_jury,
    silent_committee,
    throng,
    usurper,
    council_rule,
    flood,
)
"""All plays."""
