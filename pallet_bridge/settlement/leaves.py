"""Leaves of rounds that were settled by a root: made of the report, proved, and applied.

The chain holds a root, its totals and the commitments; the report holds the verdicts. Together
they give every leaf again, so that anyone who has the report can apply what the root says.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.errors import EncodingError, RootDiffers
from pallet_bridge.settlement.merkle import (
    greatest_reward,
    leaves_of,
    prove,
    settlement_root,
)
from pallet_bridge.types import RoundState, SettlementMode

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.run.reports import ReportStore, RoundReport
    from pallet_bridge.types import AccountId, Leaf, ProvenLeaf, Round

_LEAVES_A_CALL = 32


@dataclass(frozen=True, slots=True)
class OpenLeaves:
    """The leaves of one posted root that nobody has applied yet.

    Parameters
    ----------
    round : int
        The round.
    dispute_until : int
        The last block in which the root can be proved bad; leaves are applied after it.
    leaves : tuple of ProvenLeaf
        In ascending order of account.
    """

    round: int
    dispute_until: int
    leaves: tuple[ProvenLeaf, ...]

    def calls(self, federation: int) -> tuple[Call, ...]:
        """Return the calls that apply them; anyone may send them.

        A few leaves go into one call, of which all are applied or none.
        """
        one_by_one = [calls.apply_leaf(federation, self.round, proven) for proven in self.leaves]
        return tuple(
            calls.batch(one_by_one[start : start + _LEAVES_A_CALL])
            for start in range(0, len(one_by_one), _LEAVES_A_CALL)
        )


def leaves_of_report(
    client: ChainClient, report: RoundReport, round_: Round, *, at: bytes | None = None
) -> tuple[Leaf, ...]:
    """Return the leaves that a report comes to, under the terms of its round on this chain.

    Parameters
    ----------
    client : ChainClient
        The chain that holds the commitments.
    report : RoundReport
        The verdicts.
    round_ : Round
        The round as the chain has it.
    at : bytes or None
        Block hash; by default the newest.

    Raises
    ------
    EncodingError
        If the report judges an account that has no commitment on chain, or leaves out one that has.
    """
    found = client.commitments(report.federation, report.round, at=at)
    terms = client.terms(report.federation, round_.terms_version, at=at)
    verdicts = report.verdicts()
    omitted = sorted(found.keys() - {verdict.account for verdict in verdicts})
    if omitted:
        raise EncodingError(f"the report has no verdict on {omitted[0]}, whose commitment is taken")
    commitments = {who: one.hash for who, one in found.items()}
    return leaves_of(verdicts, commitments, terms.round_reward, greatest_reward(terms))


def open_leaves(
    client: ChainClient, federation: int, round_id: int, store: ReportStore
) -> OpenLeaves | None:
    """Return what is left to apply of a round, None when that is nothing.

    Nothing is left of a round that is open, aborted, voided or expired, that was settled by a
    list, or whose leaves are all applied.

    Raises
    ------
    ReportError
        If the report is missing, or is not the one whose digest was settled.
    RootDiffers
        If the report's leaves do not give the root.
    """
    at = client.head().hash
    round_ = client.round(federation, round_id, at=at)
    if round_ is None or round_.state is not RoundState.SETTLED or round_.settlement is None:
        return None
    settlement = round_.settlement
    done = settlement.expired or not settlement.left.count
    if done or settlement.mode is not SettlementMode.MERKLE:
        return None
    report = store.get(settlement.report)
    leaves = leaves_of_report(client, report, round_, at=at)
    root = settlement_root(leaves)
    if root != settlement.root:
        raise RootDiffers(round_id, settlement.root, root)
    judged = {
        who for who, one in client.commitments(federation, round_id, at=at).items() if one.judged
    }
    waiting = _not_of(prove(leaves), judged)
    return OpenLeaves(round_id, settlement.dispute_until, waiting) if waiting else None


def _not_of(proven: Sequence[ProvenLeaf], judged: Collection[AccountId]) -> tuple[ProvenLeaf, ...]:
    return tuple(one for one in proven if one.leaf.account not in judged)
