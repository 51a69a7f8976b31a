"""The invariants of pallet-bcfl, checked from outside: from storage, events and balances.

The numbers are those of the pallet's documentation. Nothing here repeats a rule of the pallet:
these are the statements that must be true whatever its rules are.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.metadata import PALLET
from pallet_bridge.settlement.merkle import greatest_reward
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import (
    PERBILL_ONE,
    FederationState,
    MotionState,
    OffenceState,
    Planck,
    RoundState,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from pallet_bridge.testing.machine.ledger import Books, Ledger
    from pallet_bridge.types import AccountId, Event, Round, Terms

EXISTENTIAL_DEPOSIT = Planck(10**9)
"""The least balance of an account in the runtime that ships with this package."""


_ENTRIES = storage_prefix(PALLET, "")[:16]
_COUNTED = storage_prefix(PALLET, "Sponsorships")
_BURNING = frozenset({"Slashed", "OffenceUpheld", "MisconductProved"})


class InvariantBroken(AssertionError):
    """An invariant of the pallet does not hold."""


def check_ledger(ledger: Ledger) -> None:
    """Check what one state shows.

    Raises
    ------
    InvariantBroken
        Naming the invariant.
    """
    _check_holds(ledger)
    for books in ledger.books:
        _check_escrow(books)
        _check_rounds(books)
        _check_commitments(books)
        _check_offences(books)
        _check_motions(books)
        _check_end(books)


def check_step(
    before: Ledger, after: Ledger, events: Iterable[Event], fees: Planck, *, failed: bool
) -> None:
    """Check what one call did: I1, I7 and I9.

    Parameters
    ----------
    before, after : Ledger
        The state before and after the block.
    events : iterable of Event
        Of that block.
    fees : Planck
        What was paid for the call.
    failed : bool
        Whether the call was refused.

    Raises
    ------
    InvariantBroken
        Naming the invariant.
    """
    ours = [event for event in events if event.pallet == PALLET]
    # a fee is paid by whom it may be, also for a call that fails
    listed = [event for event in ours if event.name != "FeeSponsored"]
    burned = sum(event.integer("burned") for event in listed if event.name in _BURNING)
    drop = before.issuance - after.issuance
    _must(drop == fees + burned, "I1", f"issuance fell by {drop}, not by {fees} + {burned}")
    for event in listed:
        if event.name == "Slashed":
            _check_shares(before, event)
        if event.name == "MisconductProved":
            _check_penalty(before, event)
    if failed:
        _must(after.books == before.books, "I9", "a failed call changed a federation")
        _check_untouched(before, after)
        _must(not listed, "I9", f"a failed call gave events: {[e.name for e in listed]}")


def _check_untouched(before: Ledger, after: Ledger) -> None:
    """Check that no entry of the pallet differs, also none that the books leave out."""
    differing = {key for key, _ in before.storage.items() ^ after.storage.items()}
    ours = (key for key in differing if key.startswith(_ENTRIES))
    touched = [key.hex() for key in ours if not key.startswith(_COUNTED)]
    _must(not touched, "I9", f"a failed call changed {touched}")


def _check_shares(ledger: Ledger, slash: Event) -> None:
    books = next(b for b in ledger.books if b.number == slash.integer("federation"))
    terms = _terms_of(books, slash.integer("round"))
    shared, burned = slash.integer("shared"), slash.integer("burned")
    reporter = slash.fields.get("reporter")
    most = (shared + burned) * terms.reporter_share // PERBILL_ONE
    _must(shared <= most, "I7", f"a reporter got {shared}, the share is {most}")
    insiders = {None, books.federation.coordinator, slash.account()}
    _must(shared == 0 or reporter not in insiders, "I7", "an insider profited from a slash")


def _check_penalty(ledger: Ledger, proved: Event) -> None:
    books = next(b for b in ledger.books if b.number == proved.integer("federation"))
    boss = proved.account("coordinator")
    taken, shared = proved.integer("taken"), proved.integer("shared")
    gone = proved.integer("burned") + shared + proved.integer("compensation")
    _must(taken == gone, "I7", f"of {taken} taken of a bond {gone} went somewhere")
    posted = books.bonds.get(boss)
    _must(taken <= (0 if posted is None else posted.amount), "I7", "a bond gave what it had not")
    most = taken * _terms_of(books, proved.integer("round")).reporter_share // PERBILL_ONE
    _must(shared <= most, "I7", f"a reporter got {shared}, the share is {most}")
    insiders = {None, books.federation.coordinator, boss}
    apart = proved.fields.get("reporter") not in insiders
    _must(shared == 0 or apart, "I7", "an insider profited from a misconduct")


def _check_holds(ledger: Ledger) -> None:
    due: dict[AccountId, int] = {}

    def owe(account: AccountId, amount: int) -> None:
        due[account] = due.get(account, 0) + amount

    for books in ledger.books:
        owe(books.federation.founder, books.federation.deposit)
        for account, member in books.members.items():
            owe(account, member.stake)
        for (_, account), offence in books.offences.items():
            if offence.dispute is not None and not offence.dispute.from_stake:
                owe(account, offence.dispute.bond)
        for motion in books.motions.values():
            if motion.state is MotionState.OPEN:
                owe(motion.proposer, motion.deposit)
        for account, bond in books.bonds.items():
            owe(account, bond.amount)
            bound = account == books.federation.coordinator
            _must((bond.free_at is None) == bound, "I2", f"the bond of {account} is free too early")
    for account, balance in ledger.balances.items():
        wanted = due.get(account, 0)
        _must(
            balance.held == wanted,
            "I2",
            f"{account} has {balance.held} on hold, its stakes, bonds and deposits are {wanted}",
        )


def _check_escrow(books: Books) -> None:
    federation = books.federation
    unpaid: int = sum(
        round_.settlement.unpaid
        for round_ in books.rounds.values()
        if round_.settlement is not None and not round_.settlement.expired
    )
    unpaid += sum(
        round_.compensation.unpaid
        for round_ in books.rounds.values()
        if round_.compensation is not None
    )
    active = sum(member.active for member in books.members.values())
    _must(federation.total_active == active, "I2", "total_active is not the members' stake")
    _must(federation.members == len(books.members), "I2", "members are not counted right")
    _must(federation.sponsors == len(books.sponsors), "I3", "sponsors are not counted right")
    if federation.state is FederationState.CLOSED:
        return
    paid = sum(books.sponsors.values())
    _must(federation.funded == paid, "I3", f"funded {federation.funded}, sponsors paid {paid}")
    _must(federation.owed == unpaid, "I3", f"owed {federation.owed}, the rounds say {unpaid}")
    needed = federation.owed + federation.reserved + EXISTENTIAL_DEPOSIT
    _must(books.escrow.free >= needed, "I3", f"the escrow has {books.escrow.free} of {needed}")


def _check_rounds(books: Books) -> None:
    open_rounds = [n for n, found in books.rounds.items() if found.state is RoundState.OPEN]
    now = books.federation.open_round
    _must(open_rounds == ([] if now is None else [now]), "I4", "not the open round is open")
    for number, found in books.rounds.items():
        settlement = found.settlement
        where = f"round {number}"
        terms = books.terms.get(found.terms_version)
        agreed = terms is None or found.terms_hash == hash_of_terms(terms)
        _must(agreed, "I4", f"{where} names other terms than it has")
        _check_compensation(where, found)
        if settlement is None:
            continue
        if terms is None:  # pruned with the round: it has nothing left to pay
            _must((found.stored, settlement.unpaid) == (0, 0), "I6", f"{where} lost its terms")
        else:
            within = settlement.totals.rewards <= terms.round_reward
            _must(within, "I6", f"{where} pays above its budget")
        _must(settlement.unpaid <= settlement.totals.rewards, "I6", f"{where} owes too much")
        complete = settlement.totals.count == found.commitments
        _must(complete, "I6", f"{where} judges strangers, or not all who committed")
        in_order = settlement.dispute_until <= settlement.vests_at <= settlement.claim_until
        _must(in_order, "I6", f"{where} pays before it is vested, or never")


def _check_compensation(where: str, found: Round) -> None:
    compensation = found.compensation
    if compensation is None:
        return
    over = found.state in {RoundState.ABORTED, RoundState.VOIDED}
    _must(over, "I6", f"{where} was spoiled by its coordinator and goes on")
    most = compensation.each * found.commitments
    _must(compensation.unpaid <= most, "I6", f"{where} owes more than a part to each")


def _check_commitments(books: Books) -> None:
    for number, commitments in books.commitments.items():
        found = books.rounds[number]
        _must(found.stored == len(commitments), "I4", f"round {number} miscounts commitments")
        last = found.commit_until if found.sealed_at is None else found.sealed_at
        for account, commitment in commitments.items():
            inside = found.opened_at <= commitment.at <= max(last, found.opened_at)
            _must(inside, "I4", f"{account} committed outside of the window of round {number}")
            terms = _terms_of(books, number)
            enough = commitment.stake >= terms.min_stake
            _must(enough, "I4", f"{account} committed without the stake")
            _must(
                commitment.reward <= greatest_reward(terms),
                "I6",
                f"{account} gets {commitment.reward} in round {number}, above its greatest share",
            )


def _check_offences(books: Books) -> None:
    waiting: dict[AccountId, int] = {}
    for (number, account), offence in books.offences.items():
        terms = _terms_of(books, number)
        most = offence.stake * terms.slash.cap // PERBILL_ONE
        _must(offence.amount <= most, "I5", f"an offence of {account} asks for more than the cap")
        disputed = offence.state is OffenceState.DISPUTED
        _must((offence.dispute is not None) == disputed, "I5", "a dispute without its bond")
        if offence.waits:
            waiting[account] = waiting.get(account, 0) + 1
    for account, member in books.members.items():
        known = waiting.pop(account, 0)
        _must(member.pending_offences == known, "I5", f"offences of {account} are miscounted")
    _must(not waiting, "I5", "an offender left before the slash")


def _check_motions(books: Books) -> None:
    for number, motion in books.motions.items():
        cast = motion.ayes + motion.nays
        _must(cast <= motion.electorate, "I9", f"more stake voted on {number} than there was")


def _check_end(books: Books) -> None:
    federation = books.federation
    if federation.state is not FederationState.CLOSED:
        return
    left = (federation.members, federation.deposit, federation.owed, federation.reserved)
    _must(left == (0, 0, 0, 0), "I8", f"a closed federation still has {left}")
    due = sum(federation.part_of(federation.left, paid) for paid in books.sponsors.values())
    has = books.escrow.free
    is_paid = has >= due + EXISTENTIAL_DEPOSIT if books.sponsors else has == 0
    _must(is_paid, "I8", f"a closed escrow has {has} for refunds of {due}")


def _terms_of(books: Books, number: int) -> Terms:
    """Return the terms of a round, which must be stored while anything asks for them."""
    version = books.rounds[number].terms_version
    if version not in books.terms:
        raise InvariantBroken(f"I9: round {number} needs terms {version}, which are gone")
    return books.terms[version]


def _must(condition: object, invariant: str, problem: str) -> None:
    if not condition:
        raise InvariantBroken(f"{invariant}: {problem}")
