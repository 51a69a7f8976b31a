from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from bcfl_plugins.config.limits import NodeLimits, check_terms, limits_of
from bcfl_plugins.config.tables import reference
from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import Signer
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import Arbiter, Perbill, Terms

PERCENT = 10**7
FRIEND = Signer.from_uri("//Friend//of//the//server").account


def with_cap(parts: int) -> Terms:
    return replace(DEVELOPMENT, slash=replace(DEVELOPMENT.slash, cap=Perbill(parts)))


def test_the_default_terms_are_within_the_default_limits() -> None:
    assert limits_of({}) == NodeLimits()
    assert check_terms(terms_of(TermsConfig()), NodeLimits()) == ()
    assert check_terms(DEVELOPMENT, NodeLimits()) == ()


BEYOND: list[tuple[Terms, str, str, str, str]] = [
    (with_cap(50 * PERCENT + 1), "slash.cap", "50.0000001 %", "at most 50 %", "bcfl-max-slash"),
    (with_cap(100 * PERCENT), "slash.cap", "100 %", "at most 50 %", "bcfl-max-slash"),
    (
        replace(DEVELOPMENT, silence=Perbill(73 * PERCENT)),
        *("silence", "73 %", "at most 50 %", "bcfl-max-slash"),
    ),
    (
        replace(DEVELOPMENT, reporter_share=Perbill(21 * PERCENT)),
        *("reporter_share", "21 %", "at most 20 %", "bcfl-max-reporter-share"),
    ),
    (
        replace(DEVELOPMENT, dispute_blocks=0),
        *("dispute_blocks", "0 blocks", "at least 1 blocks", "bcfl-min-dispute-blocks"),
    ),
    (
        replace(DEVELOPMENT, unbonding_blocks=806_401),
        *("unbonding_blocks", "806401 blocks", "at most 806400 blocks"),
        "bcfl-max-unbonding-blocks",
    ),
    (
        replace(DEVELOPMENT, lock_blocks=2**32 - 1),
        *("lock_blocks", "4294967295 blocks", "at most 806400 blocks", "bcfl-max-lock-blocks"),
    ),
    (
        replace(DEVELOPMENT, arbiter=FRIEND),
        *("arbiter", f"the account {FRIEND}", "council, attesters", "bcfl-arbiters"),
    ),
]


@pytest.mark.parametrize("case", BEYOND, ids=lambda case: f"{case[1]} {case[2]}")
def test_a_term_beyond_its_limit_is_named_with_value_limit_and_key(case: Any) -> None:
    terms, *facts = case
    (found,) = check_terms(terms, NodeLimits())
    assert [found.term, found.value, found.limit, found.key] == facts
    assert all(fact in str(found) for fact in facts)


def test_all_that_is_beyond_is_named_at_once() -> None:
    terms = replace(with_cap(99 * PERCENT), arbiter=FRIEND, dispute_blocks=0)
    assert [one.term for one in check_terms(terms, NodeLimits())] == [
        *("slash.cap", "dispute_blocks", "arbiter"),
    ]


def test_an_operator_moves_the_limits_either_way() -> None:
    config = {
        "bcfl-max-slash": "99.5 %",
        "bcfl-max-reporter-share": "40 %",
        "bcfl-min-dispute-blocks": 0,
        "bcfl-max-unbonding-blocks": 2_000_000,
        "bcfl-max-lock-blocks": 2**32 - 1,
        "bcfl-arbiters": f"attesters, 0x{FRIEND.raw.hex()}",
        "bcfl-key-uri": "//Alice",
        "partition-id": 3,
    }
    for terms, *_ in BEYOND:
        expected = () if terms.slash.cap < 100 * PERCENT else ("slash.cap",)
        named = terms.arbiter if terms.arbiter == FRIEND else Arbiter.ATTESTERS
        found = check_terms(replace(terms, arbiter=named), limits_of(config))
        assert tuple(one.term for one in found) == expected
    strict = limits_of({"bcfl-max-slash": "9 %", "bcfl-arbiters": "attesters"})
    named = {one.term for one in check_terms(DEVELOPMENT, strict)}
    assert {"slash.cap", "arbiter"} <= named


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("bcfl-max-slash", 0.5),
        ("bcfl-max-slash", "101 %"),
        ("bcfl-max-slash", True),
        ("bcfl-min-dispute-blocks", "ten"),
        ("bcfl-min-dispute-blocks", -1),
        ("bcfl-max-unbonding-blocks", 2**32),
        ("bcfl-max-lock-blocks", 1.5),
        ("bcfl-arbiters", "council; attesters"),
        ("bcfl-arbiters", "5FHneW46xGXgs5mUiveU4sbTyGBzmstUspZC92UhjJM694tX"),
        ("bcfl-arbiters", 7),
    ],
)
def test_a_limit_that_is_none_is_named(key: str, value: Any) -> None:
    with pytest.raises(ConfigError, match=key):
        limits_of({key: value})


def test_the_page_says_each_limit_and_its_default() -> None:
    page = Path("docs/how-to/keys-and-identity.md").read_text(encoding="utf-8")
    for name, _, default, _ in reference(NodeLimits):
        shown = f'"{default}"' if default.endswith(" %") else default
        assert f"| `{name.replace('_', '-')}` | `{shown}` |" in page
