"""Any rejection stands, whoever says it and in whatever order."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from bcfl_plugins import ClientUpdate, NodeId, NodeRef, PluginError, Rejection, Verdict
from bcfl_plugins.hooks.merge import merge_verdicts

UPDATES = tuple(ClientUpdate(NodeRef(NodeId(n)), {"w": np.ones(1)}, 5) for n in (3, 1, 2))


def test_without_verdicts_all_are_accepted_by_node_id() -> None:
    judged = merge_verdicts(UPDATES, ())
    assert [(j.node.node_id, j.accepted, j.reason, j.score) for j in judged] == [
        (1, True, 0, 0),
        (2, True, 0, 0),
        (3, True, 0, 0),
    ]


def test_the_first_rejection_gives_reason_and_score_and_details_are_joined() -> None:
    verdicts = (
        Verdict("a", (), {NodeId(1): 7, NodeId(2): 8}),
        Verdict("b", (Rejection(NodeId(2), 6, "astray", -4),), {NodeId(3): 9}),
        Verdict("c", (Rejection(NodeId(2), 130, "too new", 1),), {NodeId(1): 70}),
    )
    one, two, three = merge_verdicts(UPDATES, verdicts)
    assert (one.accepted, one.score) == (True, 7)
    assert (two.accepted, two.reason, two.score, two.detail) == (False, 6, -4, "astray; too new")
    assert (three.accepted, three.score) == (True, 9)


@given(st.lists(st.sets(st.sampled_from([1, 2, 3])), max_size=4), st.randoms())
def test_who_is_accepted_does_not_depend_on_any_order(
    rejected: list[set[int]], random: object
) -> None:
    verdicts = [
        Verdict(str(i), tuple(Rejection(NodeId(n), 128, "no") for n in sorted(names)))
        for i, names in enumerate(rejected)
    ]
    shuffled, updates = [*verdicts], [*UPDATES]
    random.shuffle(shuffled)
    random.shuffle(updates)
    accepted = [j.accepted for j in merge_verdicts(UPDATES, verdicts)]
    assert accepted == [j.accepted for j in merge_verdicts(updates, shuffled)]
    assert accepted == [all(n not in names for names in rejected) for n in (1, 2, 3)]


@pytest.mark.parametrize(
    ("verdict", "says"),
    [
        (Verdict("x", (Rejection(NodeId(9), 6, ""),)), "names node 9, which sent no update"),
        (Verdict("x", (), {NodeId(8): 0}), "names node 8, which sent no update"),
        (Verdict("x", (Rejection(NodeId(1), 6, ""),) * 2), "rejects node 1 twice"),
    ],
)
def test_a_verdict_about_strangers_or_twice_is_an_error(verdict: Verdict, says: str) -> None:
    with pytest.raises(PluginError, match=says) as caught:
        merge_verdicts(UPDATES, (verdict,))
    assert caught.value.plugin == "x"
