"""Whether a chain takes terms: the pallet's own checks, with the name of what is wrong.

The pallet says only that some term is out of its range. A call that it refuses costs its fee.
"""

from __future__ import annotations

from itertools import chain
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import write_amount, write_fraction
from pallet_bridge.types import PERBILL_ONE, Arbiter, Coupling, MembersVote, Vouched

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.types import Succession, TermRanges, Terms

_MOST_VOUCHERS = 16
_MOST_VESTING = 32
_MOST_SUCCESSORS = 8
_U32 = 2**32 - 1


def faults(terms: Terms, ranges: TermRanges) -> tuple[str, ...]:
    """Return what a chain with these ranges refuses in terms, each with what it would take."""
    found = chain(_windows(terms, ranges), _strikes(terms, ranges), _money(terms, ranges),
                  _votes(terms, ranges), _trust(terms, ranges), _together(terms))  # fmt: skip
    return tuple(f"bcfl.terms.{fault}" for fault in found)


def _windows(terms: Terms, ranges: TermRanges) -> Iterator[str]:
    for name in ("commit_blocks", "settle_blocks", "dispute_blocks"):
        yield from _number(terms, name, 1, ranges.max_window)
    most = ranges.max_unbonding_blocks
    yield from _number(terms, "unbonding_blocks", 1, most)
    yield from _number(terms, "claim_blocks", 1, most)
    for name in ("cooldown_blocks", "notice_blocks", "lock_blocks", "aging_blocks"):
        yield from _number(terms, name, 0, most)
    least = terms.dispute_blocks + terms.claim_blocks
    yield from _number(terms, "retention_blocks", least, ranges.max_retention_blocks)


def _strikes(terms: Terms, ranges: TermRanges) -> Iterator[str]:
    for name in ("strikes_to_slash", "strike_decay_rounds", "max_failed_rounds"):
        yield from _number(terms, name, 1, ranges.max_strikes)
    yield from _number(terms, "tenure_rounds", 0, ranges.max_strikes)
    yield from _number(terms, "vesting_rounds", 0, _MOST_VESTING)


def _money(terms: Terms, ranges: TermRanges) -> Iterator[str]:
    if terms.min_stake < ranges.min_stake:
        yield f"min_stake is less than {write_amount(ranges.min_stake)}; set that or more"
    for name, most in (
        ("round_reward", ranges.max_round_reward),
        ("dispute_bond", ranges.max_dispute_bond),
        ("coordinator_bond", ranges.max_coordinator_bond),
    ):
        if getattr(terms, name) > most:
            yield f"{name} is more than {write_amount(most)}; set that or less"
    slash, cap = terms.slash, terms.slash.cap
    for name, part, limit in (
        ("equivocation", slash.equivocation, cap),
        ("mismatch", slash.mismatch, cap),
        ("outlier_base", slash.outlier_base, cap),
        ("silence", terms.silence, cap),
        ("cap", cap, ranges.max_slash),
        ("reporter_share", terms.reporter_share, ranges.max_reporter_share),
    ):
        if part > limit:
            yield f"{name} is more than {write_fraction(limit)}; set that or less"


def _votes(terms: Terms, ranges: TermRanges) -> Iterator[str]:
    yield from _number(terms, "committee_size", 0, ranges.max_committee)
    needed = terms.coupling is not Coupling.LOOSE or terms.arbiter is Arbiter.ATTESTERS
    if needed and not (terms.committee_size and terms.attest_quorum):
        yield "committee_size and attest_quorum must be above 0 where attesters decide; set both"
    vote = terms.governance
    if isinstance(vote, MembersVote):
        if not vote.quorum:
            yield "vote_quorum is 0 %; set more"
        if vote.threshold < PERBILL_ONE // 2:
            yield "vote_threshold is less than 50 %; set that or more"
        if not 1 <= vote.voting_blocks <= ranges.max_window:
            yield f"voting_blocks is {vote.voting_blocks}; set 1 to {ranges.max_window}"
        if vote.delay_blocks > ranges.max_unbonding_blocks:
            yield f"delay_blocks is more than {ranges.max_unbonding_blocks}; set that or less"


def _trust(terms: Terms, ranges: TermRanges) -> Iterator[str]:
    yield from _number(terms, "max_participants", 1, ranges.max_participants)
    if terms.quorum.count > terms.max_participants:
        yield f"quorum is more than max_participants; set {terms.max_participants} or less"
    if isinstance(terms.admission, Vouched) and not 1 <= terms.admission.vouchers <= _MOST_VOUCHERS:
        yield f"vouchers is {terms.admission.vouchers}; set 1 to {_MOST_VOUCHERS}"
    for name in ("max_share", "max_vote_share"):
        if not getattr(terms, name):
            yield f"{name} is 0 %; set more"


def _together(terms: Terms) -> Iterator[str]:
    windows = terms.commit_blocks + terms.settle_blocks + 2 * terms.dispute_blocks
    vote = terms.governance
    voting = vote.voting_blocks if isinstance(vote, MembersVote) else 0
    if terms.unbonding_blocks <= windows:
        yield (
            f"unbonding_blocks is {terms.unbonding_blocks}, and must be more than commit_blocks + "
            f"settle_blocks + 2 x dispute_blocks; set {windows + 1} or more"
        )
    if terms.unbonding_blocks <= voting:
        yield (
            f"unbonding_blocks is {terms.unbonding_blocks}, and must be more than voting_blocks; "
            f"set {voting + 1} or more"
        )
    if terms.notice_blocks < terms.unbonding_blocks:
        yield f"notice_blocks is less than unbonding_blocks; set {terms.unbonding_blocks} or more"


def _number(terms: Terms, name: str, low: int, high: int) -> Iterator[str]:
    value = getattr(terms, name)
    if not low <= value <= min(high, _U32):
        yield f"{name} is {value}; set {low} to {high}"


def succession_faults(line: Succession, ranges: TermRanges) -> Iterator[str]:
    """Give what is wrong with a succession."""
    if len(set(line.accounts)) < len(line.accounts):
        yield "an account is named twice; name each once"
    if not line.accounts:
        return
    if len(line.accounts) > _MOST_SUCCESSORS:
        yield f"{len(line.accounts)} accounts are named; name up to {_MOST_SUCCESSORS}"
    for option, blocks, most in (
        ("--idle", line.idle_blocks, ranges.max_unbonding_blocks),
        ("--turn", line.turn_blocks, ranges.max_window),
    ):
        if not 1 <= blocks <= most:
            yield f"{option} is {blocks} blocks; give 1 to {most}"
