"""The drawing of a round's groups is the chain's: its block, its members, and who committed."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.replay.drawing import RoundSources, drawing_problems
from pallet_bridge.types import BlockRef
from tests.unit.bcfl_plugins.published.test_grouped import ACCOUNTS, GROUPING, NODES, record
from tests.unit.bcfl_plugins.secure.nodes import PLACE, account, drawn
from tests.unit.pallet_bridge.audit.paper import MEMBERS, entry, report
from tests.unit.pallet_bridge.some_member import some_member

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.published.grouped import GroupRecord
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import AccountId, Participant

OPENED, SEAL = BlockRef(GROUPING.number, GROUPING.block), BlockRef(11, drawn("seal"))
THERE = {who: some_member(1, 0) for who in ACCOUNTS}
STRANGER = account(NODES)


def reported() -> RoundReport:
    signed = entry(MEMBERS[0], 0)
    entries = tuple(replace(signed, account=who, node_id=n) for n, who in enumerate(ACCOUNTS))
    made = replace(report(0), entries=entries)
    return replace(made, genesis=PLACE.genesis, federation=PLACE.federation, round=PLACE.round)


def chain(members: Mapping[AccountId, Participant] = THERE) -> RoundSources:
    """Return a chain that has the drawing's block, and knows members in that block only."""
    return RoundSources(SEAL, OPENED, lambda block: {OPENED: members}[block])


def problems(said: GroupRecord, on: RoundSources | None = None) -> list[str]:
    found = drawing_problems(said, reported(), chain() if on is None else on)
    return [text if who is None else f"{who}: {text}" for who, text in found]


def test_an_honest_drawing_is_the_chains() -> None:
    assert problems(record()) == []
    assert chain().drawn(record()) == len(record().groups)
    suspended = {**THERE, STRANGER: some_member(1, OPENED.number + 1)}
    assert problems(record(), chain(suspended)) == [], "who is suspended is not drawn"


@pytest.mark.parametrize(
    ("number", "block"),
    [(GROUPING.number, drawn("another")), (GROUPING.number - 1, GROUPING.block)],
)
def test_a_block_that_did_not_open_the_round_is_named(number: int, block: bytes) -> None:
    other = replace(GROUPING, number=number, block=block)
    groups = tuple(
        replace(one, members=members)
        for one, members in zip(record().groups, other.groups(PLACE), strict=True)
    )
    (problem,) = problems(record(grouping=other, groups=groups))
    assert f"drawn from block {number}, {block.hex()}, and the round was opened in" in problem


def test_another_seal_is_named() -> None:
    (problem,) = problems(record(sealed=(12, SEAL.hash)))
    assert "said to be sealed in block 12" in problem


def test_who_was_no_member_then_is_named() -> None:
    for less in (
        {who: one for who, one in THERE.items() if who != ACCOUNTS[3]},
        {**THERE, ACCOUNTS[3]: some_member(1, OPENED.number + 1)},
    ):
        (problem,) = problems(record(), chain(less))
        assert problem.startswith(f"{ACCOUNTS[3]}: it was drawn into a group, and was no member")


def test_a_member_that_was_not_drawn_is_named() -> None:
    (problem,) = problems(record(), chain({**THERE, STRANGER: some_member(1, 0)}))
    assert problem.startswith(f"{STRANGER}: it was a member when the round was opened")


def test_members_that_are_told_twice_are_named() -> None:
    twice = replace(GROUPING, accounts=(*ACCOUNTS, ACCOUNTS[-1]))
    assert any("not told once each" in one for one in problems(record(grouping=twice)))


def test_groups_that_the_seed_does_not_give_are_named() -> None:
    first, second = (one.members for one in record().groups[:2])
    swapped = replace(record().groups[0], members=(*first[:-1], second[0]))
    told = problems(record(groups=(swapped, *record().groups[1:])))
    assert f"{second[0]}: it is in group 0, into which it was not drawn" in told


def test_who_committed_to_nothing_is_in_no_sum() -> None:
    said = reported()
    without = replace(
        said,
        entries=tuple(
            replace(one, signature=None) if one.account == ACCOUNTS[0] else one
            for one in said.entries
        ),
    )
    ((who, text),) = drawing_problems(record(), without, chain())
    assert who == ACCOUNTS[0]
    assert "committed to nothing" in text


def test_without_a_chain_to_ask_nothing_is_drawn_again() -> None:
    blind = RoundSources(SEAL, OPENED)
    other = record(grouping=replace(GROUPING, accounts=(*ACCOUNTS, STRANGER)))
    assert blind.drawn(record()) == 0
    assert not any("no member then" in one for one in problems(other, blind))
