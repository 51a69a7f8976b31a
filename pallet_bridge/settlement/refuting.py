"""Settlements that a committee refutes: how its votes are counted, as the pallet counts them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.encoding import attest_statement, refute_statement
from pallet_bridge.types import PERBILL_ONE, RoundBinding, Tally

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.types import Round, RoundKey, Seat, Settlement, Terms


def words_on(key: RoundKey, round_: Round, settlement: Settlement) -> tuple[bytes, bytes]:
    """Return what a seat says that attests a settlement, and what one says that refutes it.

    Parameters
    ----------
    key : RoundKey
        The round.
    round_ : Round
        What the chain has of it.
    settlement : Settlement
        What it was settled with.

    Returns
    -------
    tuple of bytes
        Two statements of 32 bytes.
    """
    binding = RoundBinding.of(key, round_)
    model, report, root = settlement.model, settlement.report, settlement.root
    return (
        attest_statement(binding, model=model, report=report, root=root),
        refute_statement(binding, model=model, report=report, root=root),
    )


def has_decided(seats: Sequence[Seat], terms: Terms, statement: bytes) -> bool:
    """Say whether the seats of a committee that said this decide alone.

    They need `attest_quorum` and more than half of all votes, by seats or by stake. Seats that are
    silent or void count in the whole.
    """

    def votes(seat: Seat) -> int:
        return 1 if terms.attest_by is Tally.COUNT else seat.weight

    whole = sum(votes(seat) for seat in seats)
    for_it = sum(votes(seat) for seat in seats if seat.said == statement and not seat.is_void)
    needed = -(-terms.attest_quorum * whole // PERBILL_ONE)
    return 2 * for_it > whole and for_it >= needed


def is_refuted(key: RoundKey, round_: Round, seats: Sequence[Seat], terms: Terms) -> bool:
    """Say whether a round's committee refuted what the round was settled with.

    Parameters
    ----------
    key : RoundKey
        The round.
    round_ : Round
        What the chain has of it.
    seats : sequence of Seat
        Its committee.
    terms : Terms
        The terms that it was opened under.
    """
    if round_.settlement is None:
        return False
    return has_decided(seats, terms, words_on(key, round_, round_.settlement)[1])
