from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import pytest

from bcfl_plugins.defenses.base import Defense, Extras
from bcfl_plugins.defenses.registry import create_rule, selecting_rule_names
from bcfl_plugins.errors import BadUpdates, NeedsUpdates, NotPublished, TooFewUpdates
from bcfl_plugins.published.inputs import KeptInputs, LiveInputs, twins_of
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef, RoundContext, RunInfo
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.content import read_value, value_bytes

N, ROUNDS = 9, 3
READ_UPDATES = frozenset(
    {
        "alignins",
        "bulyan",
        "cluster",
        "deepsight",
        "fldetector",
        "freqfed",
        "mesas",
        "signguard",
        "snowball",
    }
)
"""Rules that reach for the updates themselves."""


def updates(seed: int, n: int = N) -> tuple[ClientUpdate, ...]:
    rng = np.random.default_rng(seed)
    return tuple(
        ClientUpdate(
            NodeRef(NodeId(number)),
            {
                "w": (rng.normal(size=(20, 3)) - 2.0 * (number == 4)).astype(np.float32),
                "b": rng.normal(size=5),
            },
            10 + number,
        )
        for number in range(n)
    )


def live(sent: tuple[ClientUpdate, ...]) -> LiveInputs:
    reference = {"w": np.zeros((20, 3), np.float32), "b": np.zeros(5)}
    return LiveInputs(RoundContext(RunInfo(1, 9), 1, None, reference), sent)


def stored(inputs: LiveInputs) -> KeptInputs:
    """Return inputs as they come out of a store."""
    return KeptInputs.read(read_value(value_bytes(inputs.kept().plain()), lambda _: False))


def told(found: Any) -> list[Any]:
    one = found.decision
    return [one.kept.tolist(), one.weights.tolist(), one.scores.tolist(), one.reasons, one.note]


@pytest.mark.parametrize("name", selecting_rule_names())
def test_a_rule_decides_the_same_on_what_was_kept_or_says_that_it_cannot(name: str) -> None:
    rule = create_rule(name)
    states: list[Any] = [None, None]
    gaps = set()
    for number in range(ROUNDS):
        inputs = live(updates(number))
        extras = Extras(ids=range(N), claims=inputs.claims if rule.tags.claims else None)
        full = rule.aggregate(
            [one.arrays for one in inputs.updates],
            replace(
                extras,
                reference={"w": np.zeros((20, 3), np.float32), "b": np.zeros(5)},
                state=states[0],
            ),
        )
        now = inputs.decided(rule, replace(extras, state=states[0]))
        assert told(now) == told(full)
        gaps.add(bool(inputs.gap))
        if inputs.gap:
            with pytest.raises(NeedsUpdates, match=name):
                stored(inputs).decided(rule, extras)
        else:
            again = stored(inputs).decided(rule, replace(extras, state=states[1]))
            assert told(again) == told(full)
            assert value_bytes(again.state) == value_bytes(now.state)
            states[1] = again.state
        states[0] = now.state
    assert gaps == {name in READ_UPDATES}


def test_too_few_updates_are_too_few_again() -> None:
    inputs = live(updates(1, 2))
    rule = create_rule("krum", f=2)
    with pytest.raises(TooFewUpdates) as first:
        inputs.decided(rule, Extras(ids=range(2)))
    with pytest.raises(TooFewUpdates) as second:
        stored(inputs).decided(rule, Extras(ids=range(2)))
    assert str(first.value) == str(second.value)


def test_a_rule_of_another_kind_reads_the_updates() -> None:
    class Own(Defense):
        name = "own"

        def max_byzantine(self, n: int) -> int:
            return n

        def aggregate(self, updates: Any, extras: Any = None) -> Any:
            del extras
            return len(updates)

    inputs = live(updates(1))
    assert inputs.decided(Own(), Extras()) == N
    assert "own reads the updates themselves" in inputs.gap
    with pytest.raises(NeedsUpdates):
        stored(inputs).decided(Own(), Extras())


def test_what_was_not_read_cannot_be_read() -> None:
    kept = stored(live(updates(1)))
    with pytest.raises(NotPublished, match="how long the updates are"):
        kept.lengths(())
    with pytest.raises(NotPublished, match="measured of this mixture"):
        kept.losses(())(np.ones(N))


def test_equal_updates_are_twins_whatever_the_sign_of_their_zeros() -> None:
    one, other = {"w": np.array([0.0, 1.0])}, {"w": np.array([-0.0, 1.0])}
    far = {"w": np.array([0.0, 2.0])}
    assert twins_of([one, far, other, far]) == (0, 1, 0, 1)


@pytest.mark.parametrize("plain", [None, {}, {"format": "bcfl-inputs/0"}, []])
def test_what_is_no_input_is_refused(plain: object) -> None:
    with pytest.raises(EncodingError, match="no inputs of a round"):
        KeptInputs.read(plain)


def test_inputs_of_different_sizes_are_refused() -> None:
    plain = live(updates(1)).kept().plain()
    with pytest.raises(EncodingError, match="they are of"):
        KeptInputs.read({**plain, "claims": (1,)})


def in_groups(count: int = 5) -> tuple[ClientUpdate, ...]:
    """Return the updates of three nodes in each group: all are the mean of their group."""
    means = updates(3, count)
    return tuple(
        ClientUpdate(
            NodeRef(NodeId(number)), means[number % count].arrays, 10, group=number % count
        )
        for number in range(3 * count)
    )


@pytest.mark.parametrize("name", ["cluster_guard", "multikrum", "signguard"])
def test_a_mean_is_judged_once_and_what_is_said_of_it_holds_for_its_nodes(name: str) -> None:
    rule, inputs = create_rule(name), live(in_groups())
    alone = live(updates(3, 5)).decided(rule, Extras(ids=range(5)))
    found = inputs.decided(rule, Extras(ids=range(15), state="of groups that are no more"))
    assert found.state is None
    assert found.decision.kept.tolist() == alone.decision.kept.tolist() * 3
    assert found.decision.scores.tolist() == alone.decision.scores.tolist() * 3
    assert found.decision.reasons == alone.decision.reasons * 3
    assert alone.decision.kept.all() == (name == "cluster_guard"), "it sees no common direction"
    if inputs.gap:
        return
    again = stored(inputs)
    assert again.groups == inputs.groups
    assert told(again.decided(rule, Extras(ids=range(15)))) == told(found)


def test_groups_that_do_not_fit_their_statistics_are_refused() -> None:
    inputs = live(in_groups())
    inputs.decided(create_rule("multikrum"), Extras(ids=range(15)))
    plain = inputs.kept().plain()
    assert plain["format"] == "bcfl-inputs/2"
    for wrong in ((0,) * 15, (0, 1), (0, 1, 2) * 5, ()):
        with pytest.raises(EncodingError):
            KeptInputs.read({**plain, "groups": wrong})
    assert "groups" not in live(updates(1)).kept().plain()


def test_means_of_groups_stand_beside_nothing_else() -> None:
    with pytest.raises(BadUpdates, match="some updates are means of groups"):
        live((*in_groups()[:3], *updates(1, 2)))
