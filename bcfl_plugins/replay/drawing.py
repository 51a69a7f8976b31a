"""Hold the drawing of a round's groups against the chain: its block, and who was a member then."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.secure.groups import drawable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

    from bcfl_plugins.published.grouped import GroupRecord
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import AccountId, BlockRef, Participant


@dataclass(frozen=True, slots=True)
class RoundSources:
    """What the chain has of one round that draws follow from.

    Parameters
    ----------
    seal : BlockRef or None
        The block in which it was sealed; ``None``: that is not known.
    opened : BlockRef or None
        The block in which it was opened; ``None``: that is not known.
    members : callable or None
        Returns all members of the federation in the state of a block; ``None``: nobody can be
        asked.
    """

    seal: BlockRef | None = None
    opened: BlockRef | None = None
    members: Callable[[BlockRef], Mapping[AccountId, Participant]] | None = None

    def drawn(self, record: GroupRecord | None) -> int:
        """Return how many groups of a round are drawn again from the chain: all of them, or 0."""
        is_told = self.opened is not None and self.members is not None
        return len(record.groups) if is_told and record is not None else 0


def drawing_problems(
    record: GroupRecord, report: RoundReport, chain: RoundSources
) -> Iterator[tuple[AccountId | None, str]]:
    """Give what of a round's groups does not follow from the chain or from the drawing, by account.

    Raises
    ------
    StateDiscarded
        When the node has pruned the state of the opening: an archive node is needed.
    """
    yield from record.problems(report.key)
    yield from _uncommitted(record, report)
    yield from _block_problems(record, chain)
    yield from _member_problems(record, chain)


def _uncommitted(record: GroupRecord, report: RoundReport) -> Iterator[tuple[AccountId, str]]:
    """Give who is in the sum of a group, and has no commitment on chain by the report."""
    committed = {one.account for one in report.entries if one.signature is not None}
    for number, one in enumerate(record.groups):
        for who in one.members:
            if who not in committed:
                yield who, f"it is in the sum of group {number}, and committed to nothing"


def _block_problems(record: GroupRecord, chain: RoundSources) -> Iterator[tuple[None, str]]:
    said, opened = (record.grouping.number, record.grouping.block), chain.opened
    if opened is not None and said != (opened.number, opened.hash):
        there = f"{opened.number}, {opened.hash.hex()}"
        text = f"its groups are drawn from block {said[0]}, {said[1].hex()}, and the round was"
        yield None, f"{text} opened in block {there}"
    (number, block), seal = record.sealed, chain.seal
    if seal is not None and (number, block) != (seal.number, seal.hash):
        text = f"it is said to be sealed in block {number}, {block.hex()}, and was in block"
        yield None, f"{text} {seal.number}, {seal.hash.hex()}"


def _member_problems(
    record: GroupRecord, chain: RoundSources
) -> Iterator[tuple[AccountId | None, str]]:
    if chain.opened is None or chain.members is None:
        return
    said = record.grouping.accounts
    there = drawable(chain.members(chain.opened), chain.opened.number)
    for who in said:
        if who not in there:
            yield who, "it was drawn into a group, and was no member then, or suspended"
    for who in there:
        if who not in said:
            yield who, "it was a member when the round was opened, and was not drawn into a group"
    if {*said} == {*there} and said != there:
        yield None, "who was drawn is not told once each and in ascending order"
