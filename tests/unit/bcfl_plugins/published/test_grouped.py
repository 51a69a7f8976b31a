from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from bcfl_plugins.published.grouped import GroupRecord, SummedGroup
from bcfl_plugins.reasons import Reason
from bcfl_plugins.secure.groups import Grouping
from bcfl_plugins.types import JudgedUpdate, NodeId, NodeRef, Rejection
from pallet_bridge.errors import EncodingError
from pallet_bridge.run.content import read_value, value_bytes
from tests.unit.bcfl_plugins.secure.nodes import PLACE, account, drawn

NODES = 12
ACCOUNTS = tuple(sorted((account(n) for n in range(NODES)), key=lambda one: one.raw))
GROUPING = Grouping(drawn("block"), 9, 4, ACCOUNTS)
REFS = {who: NodeRef(NodeId(number), who) for number, who in enumerate(ACCOUNTS)}


def record(**changes: Any) -> GroupRecord:
    made = GroupRecord(
        GROUPING,
        tuple(SummedGroup(group, 4, drawn("sum")) for group in GROUPING.groups(PLACE)),
        clip=1.0,
        bits=26,
        sealed=(11, drawn("seal")),
        sent=tuple((ref, 10) for ref in REFS.values()),
        rejections=(Rejection(NodeId(3), Reason.MALFORMED, "why", strike=False),),
        note="3 of 3",
    )
    return replace(made, **changes)


def judged(out: set[int]) -> list[JudgedUpdate]:
    return [
        JudgedUpdate(ref, 10, None, accepted=number not in out)
        for number, ref in enumerate(REFS.values())
    ]


def group(number: int, **changes: Any) -> tuple[SummedGroup, ...]:
    """Return the groups, one of them changed."""
    groups = record().groups
    return tuple(replace(one, **changes) if at == number else one for at, one in enumerate(groups))


def test_what_is_stored_is_read_again() -> None:
    found = GroupRecord.read(read_value(value_bytes(record().plain()), lambda _: False))
    assert found == record()
    assert not [*found.problems(PLACE)]
    assert [one.num_examples for one in found.updates()] == [10] * NODES
    assert found.verdict("masks").rejections == record().rejections


@pytest.mark.parametrize(
    "plain",
    [
        None,
        {},
        {**record().plain(), "format": "bcfl-mask-groups/0"},
        {**record().plain(), "drawn": ("nobody",)},
        {**record().plain(), "rejections": ((1, 0, "", 0, True),)},
    ],
)
def test_what_is_none_is_refused(plain: object) -> None:
    with pytest.raises(EncodingError):
        GroupRecord.read(plain)


def test_what_does_not_follow_from_the_drawing_is_named() -> None:
    first, second = (one.members for one in record().groups[:2])
    cases: dict[str, dict[str, Any]] = {
        "into which it was not drawn": {"groups": group(0, members=(*first[:-1], second[0]))},
        "was unmasked twice": {"groups": group(0, members=second)},
        "is of 3, not 4": {"groups": group(0, members=first[:3])},
        "and sent nothing": {"sent": record().sent[:-1]},
        "is not in ascending order": {"sent": record().sent[::-1]},
        "groups of 2 hide no update": {"grouping": replace(GROUPING, size=2)},
    }
    for problem, changes in cases.items():
        told = [text for _, text in record(**changes).problems(PLACE)]
        assert any(problem in text for text in told), problem
    assert [*record().problems(replace(PLACE, round=4))], "the groups are those of one round"
    low = group(0, members=first[:2], needed=2)
    assert any("not 4" in text for _, text in record(groups=low).problems(PLACE))


def test_a_group_is_counted_whole_or_not_at_all() -> None:
    places = {who: number for number, who in enumerate(ACCOUNTS)}
    one = {places[who] for who in record().groups[0].members}
    assert not [*record().split_problems(judged(set()))]
    assert not [*record().split_problems(judged(one))]
    (problem,) = record().split_problems(judged({min(one)}))
    assert "some of group 0 are counted" in problem
    (problem,) = record(groups=record().groups[1:]).split_problems(judged(set()))
    assert "4 are counted that are in no sum" in problem


def test_who_was_judged_is_who_was_summed() -> None:
    of = {who: at for at, one in enumerate(record().groups) for who in one.members}
    nodes = [REFS[who] for who in ACCOUNTS]
    groups = [of[who] for who in ACCOUNTS]
    assert record().is_judged(nodes, groups)
    assert record().is_judged(nodes, [7 * number for number in groups]), "numbers are names"
    assert not record().is_judged(nodes[1:], groups[1:])
    assert not record().is_judged(nodes, [])
    assert not record().is_judged(nodes, [0] * NODES)
    assert not record().is_judged(nodes, list(range(NODES)))
