"""How a federation's windows, which are counted in blocks, fit the time that training takes."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil
from typing import TYPE_CHECKING

from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from pallet_bridge.types import Terms

USUAL_SLOT_S = 6.0
"""The length of a slot where a chain does not say."""

_SETTLING_BLOCKS = 4  # opening, relaying, settling, and one that came too early
_SLACK_S = 60.0


@dataclass(frozen=True, slots=True)
class Overrun:
    """Commitments that came after the window of their round.

    Parameters
    ----------
    round : int
        The round on chain.
    blocks : int
        How many blocks after the round's opening they came.
    terms : Terms
        What the round ran under.
    """

    round: int
    blocks: int
    terms: Terms

    @property
    def proposal(self) -> str:
        """Settings that would have held them, with half as much again to spare."""
        return proposal(ceil(1.5 * self.blocks) + 1, self.terms)

    def __str__(self) -> str:
        return (
            f"Set {self.proposal} (a federation that exists takes new terms by `bcfl federation "
            f"set-terms` or a vote): the commitments of round {self.round} came {self.blocks} "
            f"blocks after its opening, and its window has {self.terms.commit_blocks}. Where only "
            f'some nodes are slow, bcfl.round_log.follow = "seal" goes on without them.'
        )


def proposal(commit_blocks: int, terms: Terms) -> str:
    """Return the settings that give a federation this window.

    Stake outlasts every window, and new terms are announced for as long as stake takes to leave.
    """
    unbonding = commit_blocks + terms.settle_blocks + 2 * terms.dispute_blocks + 1
    least = {"commit_blocks": commit_blocks}
    if unbonding > terms.unbonding_blocks:
        least["unbonding_blocks"] = unbonding
    if max(unbonding, terms.unbonding_blocks) > terms.notice_blocks:
        least["notice_blocks"] = max(unbonding, terms.unbonding_blocks)
    return ", ".join(f"bcfl.terms.{name} to {blocks} or more" for name, blocks in least.items())


def unanswered(round_id: int, terms: Terms) -> str:
    """Say what to change where the window of a round ended before any reply came."""
    return (
        f"Set {proposal(2 * terms.commit_blocks, terms)} (a federation that exists takes new terms "
        f"by `bcfl federation set-terms` or a vote): the window of round {round_id} ended after "
        f"{terms.commit_blocks} blocks, before any reply came. How long replies take is measured "
        f'with bcfl.round_log.follow = "replies".'
    )


def is_tight(used: int, window: int) -> bool:
    """Say whether commitments that came after so many blocks used over two thirds of a window."""
    return used <= window < 1.5 * used


def blocks_for(training_s: float, slot_s: float) -> int:
    """Return a commit window in blocks for training of this length, with half as much to spare."""
    return ceil(1.5 * training_s / slot_s) + 1


def refuse_short(federation: int, terms: Terms, training_s: float, slot_s: float) -> None:
    """Refuse a federation that takes no commitments after training of this length.

    Raises
    ------
    ConfigError
        With the terms that would do.
    """
    fitting = blocks_for(training_s, slot_s)
    if not training_s or terms.commit_blocks >= fitting:
        return
    raise ConfigError(
        f"nodes of federation {federation} commit within {terms.commit_blocks} blocks of "
        f"{slot_s:g} s from the opening of a round, and one round of training takes "
        f"{training_s:g} s: set {proposal(fitting, terms)}, by `bcfl federation set-terms` or a "
        f"vote"
    )


def round_patience(terms: Terms, slot_s: float, attest_s: float, wait_blocks: int) -> float:
    """Return how long the chain may take for the record of one round, in seconds.

    Parameters
    ----------
    terms
        The federation's terms.
    slot_s
        The length of a slot in seconds.
    attest_s
        How long a committee is waited for, its settle window included; 0 where none is.
    wait_blocks
        Blocks that the end of the run waits for dispute windows.
    """
    blocks = terms.commit_blocks + _SETTLING_BLOCKS + max(0, wait_blocks)
    return blocks * slot_s + attest_s + _SLACK_S
