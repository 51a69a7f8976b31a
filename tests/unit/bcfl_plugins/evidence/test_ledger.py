"""The evidence: its bound, its state, and what counts."""

from __future__ import annotations

import json
import math
from fractions import Fraction
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bcfl_plugins.errors import BadUpdates
from bcfl_plugins.evidence import (
    EvidenceSettings,
    EvidenceState,
    NodeFacts,
    decode,
    observe,
    replay_rounds,
)
from bcfl_plugins.evidence.wealth import ONE, SCALE, after, nats, needed, opening

TWENTY = EvidenceSettings(members=20)


def bad(node: str) -> NodeFacts:
    return NodeFacts(node, rejected=True, harmful=True)


def clean(node: str) -> NodeFacts:
    return NodeFacts(node, rejected=False)


def federation(*attackers: str, size: int = 20) -> list[NodeFacts]:
    names = [f"n{number:02d}" for number in range(size)]
    return [bad(name) if name in attackers else clean(name) for name in names]


def exact(events: Any, made: EvidenceSettings) -> Fraction:
    """The wealth by its definition: every start, every rate, no rounding."""
    p0, rounds = Fraction(made.bad_rate, ONE), len(events)
    total = Fraction(1, rounds + 1)
    for start in range(1, rounds + 1):
        for rate in made.rates:
            q, worth = Fraction(rate, ONE), Fraction(1)
            for event in events[start - 1 :]:
                worth *= q / p0 if event else (1 - q) / (1 - p0)
            total += worth / (start * (start + 1) * len(made.rates))
    return total


@settings(deadline=None, max_examples=60, derandomize=True, database=None)
@given(st.lists(st.booleans(), max_size=14))
def test_the_wealth_is_its_definition_rounded_down(events: list[bool]) -> None:
    wealth = opening(TWENTY)
    for event in events:
        wealth = after(wealth, TWENTY, bad=event)
    true = exact(events, TWENTY) * SCALE
    assert wealth.total <= true
    assert wealth.total >= true * (1 - Fraction(1, 10**12))
    assert (wealth.rounds, wealth.bad) == (len(events), sum(events))


@pytest.mark.parametrize("rounds", [1, 4, 9])
def test_under_the_null_the_wealth_does_not_grow_in_expectation(rounds: int) -> None:
    for p in (Fraction(0), Fraction(1, 20), Fraction(1, 10)):
        mean = Fraction(0)
        for events in product((False, True), repeat=rounds):
            wealth = opening(TWENTY)
            for event in events:
                wealth = after(wealth, TWENTY, bad=event)
            chance = p ** sum(events) * (1 - p) ** (rounds - sum(events))
            mean += chance * wealth.total
        assert mean <= SCALE


def test_ville_s_bound_holds_at_the_edge_of_the_null() -> None:
    # One node and alpha = 5 %: 4,000 runs of 200 rounds with exactly p0 bad events.
    made = EvidenceSettings(members=1, alpha=ONE // 20)
    bound = needed(made, 0)
    events = np.random.default_rng(1).random((4_000, 200)) < 0.1
    rates = np.array(made.rates) / ONE
    stakes = np.zeros((4_000, len(rates)))
    struck = np.zeros(4_000, bool)
    for turn in range(1, 201):
        hit = events[:, turn - 1, None]
        stakes = (stakes + 1 / (turn * (turn + 1))) * np.where(hit, rates / 0.1, (1 - rates) / 0.9)
        struck |= stakes.mean(axis=1) + 1 / (turn + 1) >= bound / SCALE
    assert 0 < struck.mean() <= 0.05


def rounds_to_strike(events: Any, made: EvidenceSettings = TWENTY) -> int | None:
    state = EvidenceState(made)
    for turn, event in enumerate(events, 1):
        facts = [bad("a") if event else clean("a"), *(clean(f"b{n}") for n in range(9))]
        state, findings = observe(state, facts)
        if findings[0].strike:
            return turn
    return None


def test_how_fast_a_strike_comes() -> None:
    assert rounds_to_strike([True] * 50) == 6
    assert rounds_to_strike([True] * 50, EvidenceSettings(members=1000)) == 8
    sleeper = rounds_to_strike([False] * 500 + [True] * 50)
    assert sleeper is not None
    assert sleeper - 500 <= 12
    on_off = rounds_to_strike(([False] * 7 + [True] * 3) * 60)
    assert on_off is not None
    assert on_off <= 200
    assert rounds_to_strike(([True] + [False] * 9) * 100) is None


def test_each_strike_of_a_node_takes_twice_as_much() -> None:
    assert [needed(TWENTY, k) for k in range(3)] == [SCALE * 40_000 << k for k in range(3)]
    state, strikes = EvidenceState(TWENTY), []
    for turn in range(1, 40):
        state, findings = observe(state, federation("n03"))
        strikes += [turn for one in findings if one.strike]
    assert strikes[:3] == [6, 12, 19]
    assert dict(state.nodes)["n03"].strikes == len(strikes)


def test_rejection_alone_is_never_bad() -> None:
    for facts, expected in (
        (NodeFacts("a", rejected=True), False),
        (NodeFacts("a", rejected=True, harmful=False), False),
        (NodeFacts("a", rejected=False, harmful=True), False),
        (NodeFacts("a", rejected=False, broken=True), False),
        (NodeFacts("a", rejected=True, harmful=True), True),
        (NodeFacts("a", rejected=True, broken=True), True),
    ):
        assert facts.bad is expected
    state = EvidenceState(TWENTY)
    always_out = [NodeFacts("a", rejected=True), *federation(size=19)]
    for _ in range(1000):
        state, findings = observe(state, always_out)
        assert not any(one.strike for one in findings)


def test_a_round_that_is_bad_for_most_counts_against_nobody() -> None:
    state = EvidenceState(TWENTY)
    for _ in range(50):
        state, findings = observe(state, [bad("a"), bad("b"), clean("c")])
        assert not any(one.strike for one in findings)
    assert "as most were" in findings[0].reason
    assert dict(state.nodes)["a"].wealth.bad == 0
    state, _ = observe(state, [bad("a"), bad("b"), clean("c"), clean("d")])
    assert dict(state.nodes)["a"].wealth.bad == 1


def test_findings_say_how_far_it_is() -> None:
    _, findings = observe(EvidenceState(TWENTY), federation("n03"))
    found = findings[3]
    assert [one.node for one in findings] == sorted(one.node for one in findings)
    assert found.needed == math.floor(math.log(40_000) * 1e6)
    assert found.reason == ("rejected and harmful; 1 bad of 1 rounds, evidence 1.19 of 10.59 nats")
    assert findings[0].reason.startswith("accepted; 0 bad of 1 rounds, evidence -0.")
    turns, told = 0, findings
    state = EvidenceState(TWENTY)
    while not told[3].strike:
        state, told = observe(state, federation("n03"))
        turns += 1
    assert told[3].reason.endswith("a strike")
    assert turns == 6
    assert told[3].evidence >= told[3].needed


@pytest.mark.parametrize("factor", [1, 2, 3, 10, 12345, 10**30])
def test_nats_are_the_logarithm_rounded_down(factor: int) -> None:
    assert nats(SCALE * factor) == math.floor(math.log(factor) * 1e6)
    assert nats(max(1, SCALE // factor)) <= 0


def test_order_and_absence_do_not_matter() -> None:
    facts = federation("n03", "n07")
    one, _ = observe(EvidenceState(TWENTY), facts)
    other, _ = observe(EvidenceState(TWENTY), facts[::-1])
    assert one == other
    later, _ = observe(one, [fact for fact in facts if fact.node != "n03"])
    assert dict(later.nodes)["n03"] == dict(one.nodes)["n03"]


FACTS = st.builds(
    NodeFacts,
    st.sampled_from("abcdefgh"),
    rejected=st.booleans(),
    harmful=st.sampled_from([None, False, True]),
    broken=st.booleans(),
)
ROUNDS = st.lists(st.lists(FACTS, unique_by=lambda one: one.node, max_size=8), max_size=25)


@settings(deadline=None, max_examples=40, derandomize=True, database=None)
@given(ROUNDS)
def test_a_replay_from_any_stored_state_is_bit_for_bit_the_same(rounds: Any) -> None:
    made = EvidenceSettings(members=8)
    end, told = replay_rounds(made, rounds)
    state, again = EvidenceState(made), []
    for facts in rounds:
        state, findings = observe(decode(state.encode()), facts)
        again.append(findings)
    assert state == end
    assert state.encode() == end.encode()
    assert tuple(again) == told
    assert all(type(value) is not float for value in _leaves(json.loads(end.encode())))


def _leaves(value: Any) -> Any:
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [leaf for item in value for leaf in _leaves(item)]
    return [value]


def test_the_encoded_form_is_pinned() -> None:
    made = EvidenceSettings(members=4, rates=(ONE // 2,))
    state, _ = observe(EvidenceState(made), [bad("b"), clean("a")])
    assert state.encode() == (
        '{"alpha":1000000,"bad_rate":100000000,"members":4,"nodes":{'
        '"a":{"bad":0,"rounds":1,"stakes":["5124095576030431004"],"strikes":0},'
        '"b":{"bad":1,"rounds":1,"stakes":["46116860184273879040"],"strikes":0}},'
        '"rates":[500000000],"version":1}'
    )


@pytest.mark.parametrize(
    "change",
    [
        lambda v: v.update(version=2),
        lambda v: v.update(members=0),
        lambda v: v.update(extra=1),
        lambda v: v.update(alpha=0.5),
        lambda v: v.pop("rates"),
        lambda v: v["nodes"]["a"]["stakes"].append("1"),
        lambda v: v["nodes"]["a"].update(stakes=["-1"] * 4),
        lambda v: v["nodes"]["a"].update(rounds=True),
        lambda v: v["nodes"]["a"].update(bad=1.0),
        lambda v: v.update(nodes=[]),
    ],
)
def test_other_texts_are_refused(change: Any) -> None:
    state, _ = observe(EvidenceState(TWENTY), [clean("a")])
    value = json.loads(state.encode())
    change(value)
    for text in (json.dumps(value, sort_keys=True, separators=(",", ":")), "[]", "{", "null"):
        with pytest.raises(BadUpdates, match="state"):
            decode(text)
    with pytest.raises(BadUpdates, match="canonical"):
        decode(state.encode() + " ")


def test_nodes_beyond_those_that_share_alpha_get_no_strike_and_end_no_run() -> None:
    """A federation that more nodes join than were thought of goes on."""
    settings = EvidenceSettings(members=2, alpha=ONE // 2)
    state, struck = EvidenceState(settings), set()
    for _ in range(40):
        round_ = [bad("a"), *(clean(name) for name in "bcde"), bad("z")]
        state, findings = observe(state, round_)
        assert [one.node for one in findings] == ["a", "b", "c", "d", "e", "z"]
        struck |= {one.node for one in findings if one.strike}
        assert "2 other nodes" in findings[-1].reason
    assert [name for name, _ in state.nodes] == ["a", "b"]
    assert struck == {"a"}


def test_facts_and_settings_that_do_not_fit_are_refused() -> None:
    with pytest.raises(BadUpdates, match="twice"):
        observe(EvidenceState(TWENTY), [bad("a"), clean("a")])
    for wrong in (
        {"members": 0},
        {"alpha": 0},
        {"alpha": ONE},
        {"bad_rate": 0},
        {"rates": ()},
        {"rates": (ONE // 10,)},
        {"rates": (ONE,)},
    ):
        with pytest.raises(BadUpdates):
            EvidenceSettings(**{"members": 1, **wrong})
