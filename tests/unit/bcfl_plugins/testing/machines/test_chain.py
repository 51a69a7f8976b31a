"""The pallet in its real runtime, under calls that make sense and calls that should not."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis.stateful import run_state_machine_as_test

from bcfl_plugins.testing.machines.chain import ACTORS, TERMS, ChainMachine
from bcfl_plugins.testing.machines.ledger import (
    InvariantBroken,
    check_ledger,
    check_step,
    read_ledger,
)
from pallet_bridge import calls, connect
from pallet_bridge.keys import Signer
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from collections.abc import Callable

    from bcfl_plugins.testing.machines.ledger import Books, Ledger


@pytest.mark.slow
def test_no_history_breaks_an_invariant() -> None:
    run_state_machine_as_test(
        ChainMachine,
        settings=settings(
            max_examples=14,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            database=None,
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
    assert sum(ChainMachine.tally.values()) >= 200
    done = {call for call, outcome in ChainMachine.tally if outcome == "ok"}
    assert {"open_round", "batch", "settle", "settle_root", "join"} <= done


@pytest.fixture(scope="module")
def ledger() -> Ledger:
    founder, member = (Signer.from_uri(uri) for uri in ACTORS[:2])
    with connect("embedded") as client:
        client.execute(calls.create_federation(TERMS[0], bytes(32)), founder)
        client.execute(calls.fund(0, Planck(100 * UNIT)), founder)
        client.execute(calls.join(0, Planck(20 * UNIT)), member)
        client.execute(calls.open_round(0, bytes(32)), founder)
        client.execute(calls.commit(0, 0, b"\1" * 32, 5), member)
        return read_ledger(client, [founder.account, member.account], 0)


def altered(ledger: Ledger, change: Callable[[Books], Books]) -> Ledger:
    return replace(ledger, books=tuple(change(books) for books in ledger.books))


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
    ],
)
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
