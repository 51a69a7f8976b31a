from __future__ import annotations

from dataclasses import replace

import pytest

from pallet_bridge.metadata import CALLS, ERRORS, EVENTS, STORAGE, PalletNames, differences

EXACT = PalletNames(
    calls=CALLS,
    storage=STORAGE,
    events={name: tuple(fields) for name, fields in EVENTS.items()},
    errors=ERRORS,
)


def test_the_same_pallet_has_no_differences() -> None:
    assert differences(EXACT) == ()


def test_what_the_chain_has_in_addition_is_no_difference() -> None:
    more = PalletNames(
        calls={**EXACT.calls, "audition": ("federation",)},
        storage={**STORAGE, "Disputes": 2},
        events={**EXACT.events, "Auditioned": ("who",)},
        errors=ERRORS | {"TooLate"},
    )
    assert differences(more) == ()


@pytest.mark.parametrize(
    ("part", "value", "sentence"),
    [
        ("calls", {k: v for k, v in CALLS.items() if k != "fund"}, "it has no call fund"),
        ("calls", {**CALLS, "close": ("id",)}, "its call close takes id"),
        ("storage", {**STORAGE, "Rounds": 1}, "it has no storage Rounds with 2 key(s)"),
        ("events", {**EXACT.events, "Closed": ()}, "it has no event Closed"),
        ("errors", ERRORS - {"Suspended"}, "it has no error Suspended"),
    ],
)
def test_each_difference_is_a_sentence(part: str, value: object, sentence: str) -> None:
    (found,) = differences(replace(EXACT, **{part: value}))
    assert found.startswith(sentence)
