"""How windows that are counted in blocks fit the time that training takes."""

from __future__ import annotations

import re
from dataclasses import replace

import pytest

from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.rounds.windows import Overrun, blocks_for, is_tight, round_patience

TERMS = TermsConfig(settle_blocks=30, dispute_blocks=5, unbonding_blocks=80)


@pytest.mark.parametrize("blocks", [1, 2, 7, 25, 26, 40, 1001])
def test_a_proposed_window_holds_half_as_much_again_and_can_be_set(blocks: int) -> None:
    late = Overrun(3, blocks, terms_of(TERMS))
    words = re.findall(r"bcfl\.terms\.(\w+) to (\d+) or more", str(late))
    asked = {name: int(number) for name, number in words}
    assert 1.5 * blocks + 1 <= asked["commit_blocks"] < 1.5 * blocks + 2
    terms = replace(TERMS, **asked)
    assert terms.unbonding_blocks > terms.commit_blocks + 30 + 2 * 5
    assert ("unbonding_blocks" in asked) == (blocks > 25)
    assert terms.notice_blocks >= terms.unbonding_blocks, "else the chain takes no such terms"
    assert ("notice_blocks" in asked) == (terms.unbonding_blocks > TERMS.notice_blocks)


@pytest.mark.parametrize(("training_s", "slot_s"), [(0.2, 3.0), (45.0, 3.0), (600.0, 6.0)])
def test_a_window_for_a_training_time_holds_it(training_s: float, slot_s: float) -> None:
    blocks = blocks_for(training_s, slot_s)
    assert isinstance(blocks, int)
    assert (blocks - 1) * slot_s >= 1.5 * training_s
    assert (blocks - 2) * slot_s < 1.5 * training_s


def test_patience_follows_from_the_terms() -> None:
    short = terms_of(replace(TERMS, commit_blocks=5))
    long = replace(short, commit_blocks=105)
    assert round_patience(long, 3.0, 0, 0) - round_patience(short, 3.0, 0, 0) == 300.0
    assert round_patience(short, 3.0, 40.0, 0) - round_patience(short, 3.0, 0, -1) == 40.0
    assert round_patience(short, 2.0, 0, 10) - round_patience(short, 2.0, 0, -1) == 20.0
    assert round_patience(short, 3.0, 0, 0) > 5 * 3.0


@pytest.mark.parametrize(
    ("used", "window", "tight"),
    [(2, 5, False), (3, 5, False), (4, 5, True), (5, 5, True), (6, 5, False), (-7, 5, False),
     (40, 60, False), (41, 60, True)],
)  # fmt: skip
def test_a_window_of_which_two_thirds_are_used_up_is_tight(
    used: int, window: int, tight: bool
) -> None:
    """One that was overrun is told of by its refusals."""
    assert is_tight(used, window) is tight
