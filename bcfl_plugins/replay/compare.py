"""Compare verdicts that were made again with those of a report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from bcfl_plugins.published.outcomes import outcome_of
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from bcfl_plugins.types import JudgedUpdate, NodeRef, Verdict
    from pallet_bridge.run.reports import ReportEntry, RoundReport
    from pallet_bridge.types import AccountId


def node_problems(
    nodes: Sequence[NodeRef], claims: Sequence[int], report: RoundReport
) -> Iterator[tuple[AccountId | None, str]]:
    """Give what a list of judged nodes tells otherwise than the entries of a report."""
    ids = [node.node_id for node in nodes]
    if ids != sorted({*ids}):
        yield None, "the nodes that were judged are not in ascending order"
    entries = {entry.account: entry for entry in report.entries}
    judged = {node.account for node in nodes}
    for node, claim in zip(nodes, claims, strict=True):
        entry = None if node.account is None else entries.get(node.account)
        if entry is None or entry.node_id != node.node_id:
            continue
        if entry.signature is not None and entry.num_examples != claim:
            yield (
                entry.account,
                f"it was judged with {claim} examples, and has signed {entry.num_examples}",
            )
    for entry in report.entries:
        if entry.outcome is Outcome.ACCEPTED and entry.account not in judged:
            yield entry.account, "it is accepted, and was not among those that were judged"


def decided(
    judged: Sequence[JudgedUpdate], report: RoundReport
) -> list[tuple[JudgedUpdate, ReportEntry]]:
    """Return the verdicts that follow from the updates alone, each with its entry.

    One whose account sent the chain another commitment, or two, is rejected for that.
    """
    entries = {(entry.account, entry.node_id): entry for entry in report.entries}
    times = Counter(one.node.account for one in judged)
    return [
        (one, entry)
        for one in judged
        if one.node.account is not None
        and (entry := entries.get((one.node.account, one.node.node_id))) is not None
        and entry.signature is not None
        and times[one.node.account] == 1
    ]


def verdict_problems(one: JudgedUpdate, entry: ReportEntry) -> str:
    """Return what an entry tells otherwise than the verdict that was made again; often nothing."""
    told: Mapping[str, tuple[object, object]] = {
        "outcome": (entry.outcome.value, outcome_of(one).value),
        "score": (entry.score, one.score),
        "reason": (entry.reason, one.reason),
        "share": (entry.share, one.share),
        "detail": (entry.detail, one.detail),
    }
    return "; ".join(
        f"its {name} is {said!r} in the report and {found!r} when it is decided again"
        for name, (said, found) in told.items()
        if said != found
    )


def note_problems(verdicts: Sequence[Verdict], report: RoundReport) -> Iterator[str]:
    """Give each plugin whose note or state is another in the report."""
    found = {
        "note": ({v.plugin: v.note for v in verdicts if v.note}, report.parameters),
        "state": ({v.plugin: v.state for v in verdicts if v.state}, report.states),
    }
    for what, (made, told) in found.items():
        for plugin in sorted(made.keys() | told.keys()):
            if made.get(plugin) != told.get(plugin):
                yield (
                    f"the {what} of {plugin} is {told.get(plugin)!r} in the report and "
                    f"{made.get(plugin)!r} when it is decided again"
                )
