"""Statements about rounds of the second protocol: nothing is left out, and models continue.

Each takes an `AuditedRun`, gives a `Finding` for all that does not hold, and counts what does.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import Finding
from pallet_bridge.audit.grounds import node_name
from pallet_bridge.run.old_reports import OldReport
from pallet_bridge.settlement.report_checks import verdict_problems
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types import SettlementMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.audit.audited import AuditedRun
    from pallet_bridge.audit.facts import ChainFacts

TERMS = "hashes of terms"
COMPLETE = "rounds in which every commitment has a verdict"
CONTINUED = "base models that are the last settled model"


def check_protocol(audited: AuditedRun) -> Iterator[Finding]:
    """Check that the rounds of an embedded chain are told in the form of its own protocol.

    The runtime that executed its blocks takes statements of one only: the first where the chain
    was `moved` to be read, else the second.
    """
    for number, report in audited.reports.items():
        if audited.closed and isinstance(report, OldReport) != audited.moved:
            told, known = ("second", "first") if audited.moved else ("first", "second")
            statement = (
                f"round {number}: its report has the form of the {told} protocol, and this chain "
                f"has known the {known} from its first block on"
            )
            yield Finding("report", number, None, statement)


def check_terms(audited: AuditedRun) -> Iterator[Finding]:
    """Check that the terms on chain are those whose hash the members of a round signed."""
    for number, round_, _ in audited.reported():
        found = hash_of_terms(audited.facts.terms[round_.terms_version])
        if found == round_.terms_hash:
            audited.grounds.recompute(TERMS)
            continue
        statement = (
            f"round {number}: version {round_.terms_version} of the terms has the hash "
            f"{found.hex()}, the round's members signed {round_.terms_hash.hex()}"
        )
        yield Finding("terms", number, None, statement)


def check_completeness(audited: AuditedRun) -> Iterator[Finding]:
    """Check that each account with a commitment has one verdict, in the report and on chain.

    A root's verdicts are applied one by one, so there the chain may still lack some.
    """
    for number, round_, report in audited.reported():
        found = audited.facts.commitments.get(number, {})
        problems = list(verdict_problems(report, found))
        settlement = round_.settlement
        if settlement is not None and settlement.mode is SettlementMode.LIST:
            waits = (account for account, one in found.items() if not one.judged)
            problems += [(a, f"round {number}: the chain has no verdict on {a}") for a in waits]
        for account, statement in problems:
            yield Finding("completeness", number, account, statement)
        if not problems:
            audited.grounds.recompute(COMPLETE)


def check_refuted(audited: AuditedRun) -> Iterator[Finding]:
    """Name each round whose committee did it again and refuted its settlement."""
    for number in audited.rounds:
        for seen in audited.facts.of("RoundRefuted", number):
            round_ = audited.facts.rounds.get(number)
            coordinator = None if round_ is None else round_.coordinator
            statement = (
                f"round {number}: its committee did it again and refuted its settlement "
                f"(RoundRefuted in block {seen.block.number}), so the round is void"
            )
            yield Finding("refuted", number, coordinator, statement)


def check_continuity(audited: AuditedRun) -> Iterator[Finding]:
    """Check that each round starts from the model of the last settled one, or from a rebase.

    The first round of a federation may start anywhere. On a chain that may have been moved from
    the first protocol, so may the first round of the run that is told in today's form: there the
    node's word is taken, which would have refused the round. A chain of the first protocol asked
    for no such thing.
    """
    if audited.moved:
        return
    first = min((number for number, _, _ in audited.reported()), default=None)
    if audited.closed:
        first = audited.rounds.start
    if first is None:
        return
    expected = _models_before(audited.facts)
    for number in audited.rounds:
        round_, model = audited.facts.rounds.get(number), expected.get(number)
        if round_ is None or model is None or number < first:
            continue
        if model == round_.base_model:
            audited.grounds.recompute(CONTINUED)
        elif number == first and not audited.closed:
            audited.grounds.believe(node_name(audited.node), CONTINUED)
        else:
            statement = (
                f"round {number} starts from {round_.base_model.hex()}, the last settled model is "
                f"{model.hex()}, and no rebase says otherwise"
            )
            yield Finding("continuity", number, None, statement)


def _models_before(facts: ChainFacts) -> dict[int, bytes]:
    """Return the model that each round had to start from; without those that might choose.

    A number that was used up without a round opens none, so it has no place here. A round that is
    voided gives its base model back, unless another was settled on top of its model.
    """
    model: bytes | None = None
    found: dict[int, bytes] = {}
    steps: dict[int, tuple[bytes, bytes]] = {}
    for seen in facts.events:
        event = seen.event
        if event.name == "RoundOpened" and model is not None:
            found[event.integer("round")] = model
        elif event.name == "Rebased":
            model = event.hash("model")
        elif event.name == "RoundSettled":
            number, model = event.integer("round"), event.hash("model")
            if number in facts.rounds:
                steps[number] = facts.rounds[number].base_model, model
        elif event.name == "RoundVoided":
            base, settled = steps.get(event.integer("round"), (None, None))
            if base is not None and model == settled:
                model = base
    return found
