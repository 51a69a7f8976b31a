"""Hold what both servers signed of a round in two halves against its report and the chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.config.secure import MASKING
from bcfl_plugins.published.halved import RULE, VERSION, HalvesRecord
from bcfl_plugins.published.stops import DoesNotHold
from bcfl_plugins.replay.sketched import SEALS
from bcfl_plugins.secure.halves import COMMITTED, digested_total, half_payload
from bcfl_plugins.secure.statements import Sealed, unmask_payload
from pallet_bridge.audit.audited import Finding
from pallet_bridge.encoding import commitment_hash, update_digest
from pallet_bridge.errors import BcflError, EncodingError
from pallet_bridge.keys import verify
from pallet_bridge.run.judgements import Level
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bcfl_plugins.replay.one_round import RoundReplay
    from pallet_bridge.run.openings import OpenedUpdate
    from pallet_bridge.run.reports import RoundReport
    from pallet_bridge.types import AccountId, BlockRef

    Problems = Iterator[tuple[AccountId | None, str]]

SUMS_OF_HALVES = "models that are the sums which both servers gave"
UNOPENED = "halves that are taken as those committed to, whose openings are not at hand"


def hold_halves(one: RoundReplay) -> None:
    """Add to a round done again what of two halves does not hold, and what rests on a word."""
    report, evidence = one.report, one.report.evidence
    if evidence is None or evidence.level is Level.BOOKKEEPING:
        return
    told = next(
        (
            each
            for each in evidence.judgements
            if (each.plugin, each.rule, each.version) == (MASKING, RULE, VERSION)
        ),
        None,
    )
    accepted = _accepted(report)
    if told is None or (told.inputs is None and not accepted):
        return
    try:
        plain = one.material.value(told.inputs, "what both servers signed")
        record = HalvesRecord.read(plain)
        problems = [*halved_problems(record, report, one.openings, one.chain.seal)]
    except (BcflError, DoesNotHold, EncodingError, ValueError) as error:
        problems = [(None, str(error))]
    else:
        unopened = len(record.halves.keys() - one.openings.keys())
        words = {
            SEALS: int(one.chain.seal is None),
            SUMS_OF_HALVES: int(bool(accepted)),
            UNOPENED: unopened,
        }
        for what, count in words.items():
            if count and not problems:
                one.words[what] = one.words.get(what, 0) + count
    for account, problem in problems:
        whose = "" if account is None else f", {account}"
        statement = f"round {report.round}{whose}: {problem}"
        one.findings.append(Finding("replay", report.round, account, statement))


def halved_problems(
    record: HalvesRecord,
    report: RoundReport,
    openings: Mapping[AccountId, OpenedUpdate],
    seal: BlockRef | None,
) -> Problems:
    """Give what of the signatures does not hold, by account.

    Parameters
    ----------
    record
        What was kept.
    report
        The round's report.
    openings
        What opens its commitments, as far as it is at hand.
    seal
        The block in which the round was sealed; None: it is not known.

    Raises
    ------
    ValueError
        If bytes have a length with which nothing can be signed.
    """
    number, block = record.sealed
    if seal is not None and (seal.number, seal.hash) != (number, block):
        yield None, f"its sketches are by a seed of block {number}, and its seal is {seal.number}"
        return
    commitments = {one.account: one.commitment for one in report.entries}
    commitments |= {one.account: one.commitment for one in report.unrevealed}
    sealed = Sealed(block, number, commitments)
    for who in sorted(record.halves):
        yield from _unsigned(record, report, sealed, who, openings.get(who))
    accepted = _accepted(report)
    if not accepted:
        return
    if accepted != {*record.accepted}:
        yield None, "others are accepted in the report than those whose sum was asked for"
        return
    for who in sorted(accepted - record.halves.keys()):
        yield who, "it is accepted, and no sketches of its halves are published"
    digest, signature = record.total
    second = record.way.aggregator
    asked = unmask_payload(report.key, record.way.digest, sealed, record.accepted)
    if not verify(second, digested_total(report.key, second, asked, digest), signature):
        yield None, f"no sum of those that are accepted is signed by {second}"


def _unsigned(
    record: HalvesRecord,
    report: RoundReport,
    sealed: Sealed,
    who: AccountId,
    opened: OpenedUpdate | None,
) -> Problems:
    one, place, seed = record.halves[who], report.key, sealed.seed(report.key)
    if who not in sealed.commitments:
        yield who, "sketches of its halves are published, and it is not in the round"
        return
    if one.halved.way != record.way.digest:
        yield who, "it committed to another way to halve its update"
    digest = update_digest({COMMITTED: one.halved.array()})
    if opened is not None and sealed.commitments[who] != commitment_hash(who, digest, opened.salt):
        yield who, "its halves are not those that it committed to"
    for half, (sketch, signature), server in (
        (one.halved.seed, one.first, report.coordinator),
        (one.halved.vector, one.second, record.way.aggregator),
    ):
        if not verify(server, half_payload(place, who, seed, half, sketch), signature):
            yield who, f"the sketch of a half is not signed by {server}"


def _accepted(report: RoundReport) -> set[AccountId]:
    return {one.account for one in report.entries if one.outcome is Outcome.ACCEPTED}
