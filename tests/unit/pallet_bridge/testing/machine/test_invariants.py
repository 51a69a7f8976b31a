"""Each invariant is seen to break: in ledgers that are true but for one change."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.testing.machine.accounts import signers
from pallet_bridge.testing.machine.invariants import InvariantBroken, check_ledger, check_step
from pallet_bridge.testing.machine.ledger import read_ledger
from pallet_bridge.types import UNIT, Bond, Compensation, Event, Planck

if TYPE_CHECKING:
    from collections.abc import Callable

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.testing.machine.ledger import Books, Ledger
    from pallet_bridge.types import AccountId, Commitment, Round


BOB = signers()[1].account


@pytest.fixture(scope="module")
def ledger(client: EmbeddedClient) -> Ledger:
    return read_ledger(client, [signer.account for signer in signers()], 0)


def altered(ledger: Ledger, change: Callable[[Books], Books]) -> Ledger:
    return replace(ledger, books=tuple(change(books) for books in ledger.books))


def _of_first(books: Books, **changes: object) -> dict[int, Round]:
    return {**books.rounds, 0: replace(books.rounds[0], **changes)}  # type: ignore[arg-type]


def _richer(books: Books) -> dict[AccountId, Commitment]:
    above = Planck(books.terms[1].round_reward + 1)
    return {who: replace(one, reward=above) for who, one in books.commitments[0].items()}


@pytest.mark.slow
def test_a_true_ledger_passes(ledger: Ledger) -> None:
    check_ledger(ledger)
    check_step(ledger, ledger, (), Planck(0), failed=True)


@pytest.mark.parametrize(
    ("invariant", "change"),
    [
        ("I2", lambda b: replace(b, federation=replace(b.federation, deposit=Planck(1)))),
        ("I2", lambda b: replace(b, federation=replace(b.federation, total_active=Planck(1)))),
        ("I2", lambda b: replace(b, members={})),
        ("I3", lambda b: replace(b, federation=replace(b.federation, owed=Planck(1)))),
        ("I3", lambda b: replace(b, escrow=replace(b.escrow, free=Planck(10 * UNIT)))),
        ("I4", lambda b: replace(b, federation=replace(b.federation, open_round=None))),
        ("I4", lambda b: replace(b, commitments={0: {}})),
        ("I9", lambda b: replace(b, terms={})),
        ("I4", lambda b: replace(b, rounds=_of_first(b, terms_hash=bytes(32)))),
        (
            "I6",
            lambda b: replace(
                b, rounds=_of_first(b, compensation=Compensation(Planck(0), Planck(0), 9))
            ),
        ),
        ("I6", lambda b: replace(b, commitments={0: _richer(b)})),
        ("I2", lambda b: replace(b, bonds={b.federation.coordinator: Bond(Planck(0), 9)})),
        ("I2", lambda b: replace(b, bonds={BOB: Bond(Planck(UNIT), 9)})),
    ],
)
@pytest.mark.slow
def test_a_false_ledger_is_named(
    ledger: Ledger, invariant: str, change: Callable[[Books], Books]
) -> None:
    with pytest.raises(InvariantBroken, match=f"^{invariant}: "):
        check_ledger(altered(ledger, change))


def test_money_that_vanishes_is_seen(ledger: Ledger) -> None:
    poorer = replace(ledger, issuance=Planck(ledger.issuance - 1))
    with pytest.raises(InvariantBroken, match=r"^I1: issuance fell by 1"):
        check_step(ledger, poorer, (), Planck(0), failed=False)


def test_a_failed_call_that_changed_something_is_seen(ledger: Ledger) -> None:
    changed = altered(ledger, lambda b: replace(b, commitments={0: {}}))
    with pytest.raises(InvariantBroken, match=r"^I9: "):
        check_step(ledger, changed, (), Planck(0), failed=True)


def test_a_failed_call_that_changed_what_no_book_shows_is_seen(ledger: Ledger) -> None:
    votes = storage_prefix("Bcfl", "Votes")
    changed = replace(ledger, storage={**ledger.storage, votes: b"\1"})
    with pytest.raises(InvariantBroken, match=f"^I9: .*{votes.hex()}"):
        check_step(ledger, changed, (), Planck(0), failed=True)


@pytest.mark.parametrize(
    ("changes", "problem"),
    [
        ({"burned": 3}, "of 10 taken of a bond 9 went somewhere"),
        ({}, "a bond gave what it had not"),
        ({"taken": 0, "burned": 0, "compensation": 0, "shared": 0}, None),
    ],
)
def test_a_penalty_that_does_not_add_up_is_seen(
    ledger: Ledger, changes: dict[str, int], problem: str | None
) -> None:
    amounts = {"taken": 10, "burned": 4, "compensation": 5, "shared": 1, **changes}
    fields = {"federation": 0, "round": 0, "coordinator": BOB, "reporter": None, **amounts}
    poorer = replace(ledger, issuance=Planck(ledger.issuance - amounts["burned"]))
    events = (Event("Bcfl", "MisconductProved", fields, 1),)
    if problem is None:
        check_step(ledger, poorer, events, Planck(0), failed=False)
        return
    with pytest.raises(InvariantBroken, match=f"^I7: {problem}"):
        check_step(ledger, poorer, events, Planck(0), failed=False)
