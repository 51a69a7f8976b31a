"""The audit: recompute a finished run from its files and its chain, and name what does not hold.

Signatures are checked over what the chain has stored; commitments are opened, roots computed
again; rewards, strikes and slashes are held against the chain's events. An embedded chain's blocks
are executed again from the genesis of the runtime that they were made with. What cannot be
checked is not called true: it is counted, with the name of who said it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import AuditedRun, Finding, rounds_of
from pallet_bridge.audit.facts import read_facts
from pallet_bridge.audit.grounds import Grounds, node_name
from pallet_bridge.audit.journal import check_journal, check_overrides, check_slashes_told
from pallet_bridge.audit.money import check_issuance, check_offences, check_rewards, check_slashes
from pallet_bridge.audit.old_rounds import check_old_commitments, check_old_entries
from pallet_bridge.audit.reading import open_node
from pallet_bridge.audit.reports import (
    check_reports,
    check_roots,
    check_strikes,
    take_at_their_word,
)
from pallet_bridge.audit.rounds import (
    check_completeness,
    check_continuity,
    check_protocol,
    check_refuted,
    check_terms,
)
from pallet_bridge.audit.statements import check_statements
from pallet_bridge.client.connect import EMBEDDED
from pallet_bridge.errors import AuditFailed, ConfigError, JournalError, ReportError
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.run.journal import CHAIN, OPENINGS, REPORTS, STATE, read_run
from pallet_bridge.run.openings import OpeningStore
from pallet_bridge.run.reports import ReportStore, RoundReport
from pallet_bridge.types import RoundKey

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from pallet_bridge.audit.audited import Replayed
    from pallet_bridge.audit.facts import ChainFacts
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.run.journal import RunRecord
    from pallet_bridge.run.old_reports import OldReport
    from pallet_bridge.run.openings import OpenedUpdate
    from pallet_bridge.types import AccountId

    Replay = Callable[[Path, AuditedRun], Replayed]

_STATEMENTS = (
    check_overrides,
    check_journal,
    check_protocol,
    check_reports,
    check_completeness,
    check_old_entries,
    check_terms,
    check_continuity,
    check_refuted,
    check_statements,
    check_old_commitments,
    check_roots,
    check_rewards,
    check_strikes,
    check_offences,
    check_slashes,
    check_slashes_told,
    check_issuance,
)
"""All that must hold, in the order in which it is told."""


@dataclass(frozen=True, slots=True)
class AuditReport:
    """What the statements that hold rest on, and those that do not hold."""

    grounds: Grounds
    findings: tuple[Finding, ...]
    notes: tuple[str, ...] = ()
    """What whoever relies on the audit must know besides."""

    @property
    def ok(self) -> bool:
        """Whether nothing was found wrong. What `grounds` has as somebody's word is not checked."""
        return not self.findings

    def require(self) -> None:
        """Raise `AuditFailed` when a statement does not hold."""
        if self.findings:
            raise AuditFailed([finding.statement for finding in self.findings])


def audit_run(
    run: Path,
    *,
    chain: str | None = None,
    runtime: Path | None = None,
    replay: Replay | None = None,
) -> AuditReport:
    """Audit the folder of a run.

    Parameters
    ----------
    run
        A folder with ``run.json``, ``journal.jsonl``, ``reports/`` and, for an embedded chain,
        ``chain.jsonl``, or ``chain/`` when the run did not end. Commitments of rounds that have a
        file in ``openings/`` are opened.
    chain
        The WebSocket URL of a node to read, instead of the chain that ``run.json`` names. A URL
        in ``run.json`` is the coordinator's word: who does not trust it names a node of their own.
    runtime
        The file of the runtime that an embedded chain ran on; by default the package's own, or
        ``runtime.wasm`` in the folder. See `pallet_bridge.audit.execution`.
    replay
        Decides rounds again from what is published of them, as `bcfl_plugins.replay.Replayer`
        does. ``None``: verdicts and models stay the coordinator's word.

    Raises
    ------
    ConfigError
        When a runtime is named for a run whose chain is a node's.
    RuntimeMissing, RuntimeDiffers
        When an embedded chain's runtime is not at hand.
    JournalError
        When the folder's own files cannot be read, or there are no blocks of an embedded chain.
    ProofRefused
        When the node shows a proof of what is final or stored, and it does not hold.
    ChainError
        When the node cannot be read.
    """
    record = read_run(run)
    target = chain or record.header.chain
    if target == EMBEDDED:
        return _audit_embedded(run, record, runtime, replay)
    if runtime is not None:
        raise ConfigError(
            f"--runtime is for runs on the embedded chain: the blocks of {target} are its node's"
        )
    client, is_final, notes = open_node(target, record.header.genesis)
    with client:
        report = audit_on(client, run, record, closed=False, is_final=is_final, replay=replay)
    return replace(report, notes=(*notes, *report.notes))


def audit_on(
    client: ChainClient,
    run: Path,
    record: RunRecord,
    *,
    closed: bool,
    is_final: bool = False,
    moved: bool = False,
    replay: Replay | None = None,
) -> AuditReport:
    """Audit a run against the chain of an open client.

    `closed` says that nobody mints there, as on an embedded chain, and `moved` that it executed its
    blocks by the first protocol: see `AuditedRun`. `is_final` says that the client proves what it
    reads, as `FinalClient` does. `replay` is as in `audit_run`.
    """
    header = record.header
    grounds = Grounds()
    if client.genesis_hash != header.genesis:
        statement = (
            f"the run took place on the chain {header.genesis.hex()}, this is "
            f"{client.genesis_hash.hex()}"
        )
        return AuditReport(grounds, (Finding("chain", None, None, statement),))
    try:
        facts = read_facts(client, header.federation)
    except FederationNotFound as error:
        return AuditReport(grounds, (Finding("chain", None, None, str(error)),))
    if closed:
        grounds.prove("blocks executed again", facts.blocks)
    elif is_final:
        grounds.prove("blocks that are final, with their events and state", facts.blocks)
    else:
        grounds.believe(node_name(client.url), "blocks, with their events and state", facts.blocks)
    findings: list[Finding] = []
    opened = {one.coordinator for n, one in facts.rounds.items() if n >= header.first_round}
    if header.coordinator not in {facts.federation.coordinator, *opened}:
        statement = (
            f"the coordinator of federation {facts.number} is {facts.federation.coordinator}, "
            f"not {header.coordinator}"
        )
        findings.append(Finding("chain", None, header.coordinator, statement))
    rounds = rounds_of(record, facts)
    reports = dict(_reports(run, facts, rounds, findings))
    openings = dict(_openings(run, facts, reports, findings))
    audited = AuditedRun(
        record,
        facts,
        rounds,
        reports,
        openings,
        closed,
        client.url,
        grounds,
        moved,
        members_at=lambda block: client.participants(header.federation, at=block.hash),
    )
    for check in _STATEMENTS:
        findings.extend(check(audited))
    notes: tuple[str, ...] = ()
    if replay is not None:
        again = replay(run, audited)
        audited = replace(audited, replayed=again.rounds)
        findings.extend(again.findings)
        notes = again.notes
    take_at_their_word(audited)
    return AuditReport(grounds, tuple(findings), notes)


def _audit_embedded(
    run: Path, record: RunRecord, runtime: Path | None, replay: Replay | None
) -> AuditReport:
    from pallet_bridge.audit.execution import execute  # noqa: PLC0415
    from pallet_bridge.client.embedded import EmbeddedClient  # noqa: PLC0415
    from pallet_bridge.embedded import EmbeddedNode, Manual  # noqa: PLC0415 - see connect
    from pallet_bridge.embedded.errors import (  # noqa: PLC0415
        BadExport,
        BlockRefused,
        NotExportable,
        RuntimePanic,
        UnknownBlock,
    )
    from pallet_bridge.embedded.store.errors import StateDamaged  # noqa: PLC0415

    path = run / CHAIN
    if not path.exists():
        path = run / STATE
    if not path.exists():
        raise JournalError(
            f"{run} holds no blocks: neither {CHAIN}, which is written when a run ends, nor "
            f"{STATE}, where its chain is kept while it goes on"
        )
    try:
        made = execute(run, runtime)
    except (
        BadExport,
        BlockRefused,
        NotExportable,
        RuntimePanic,
        StateDamaged,
        UnknownBlock,
    ) as error:
        statement = f"the blocks in {path} do not execute: {error}"
        return AuditReport(Grounds(), (Finding("chain", None, None, statement),))
    node = EmbeddedNode.start(chain=made.chain, sealing=Manual())
    with EmbeddedClient(node) as client:
        report = audit_on(client, run, record, closed=True, moved=made.moved, replay=replay)
    found, notes = made.findings + report.findings, made.notes + report.notes
    return replace(report, findings=found, notes=notes)


def _reports(
    run: Path, facts: ChainFacts, rounds: range, findings: list[Finding]
) -> Iterator[tuple[int, RoundReport | OldReport]]:
    store = ReportStore(run / REPORTS)
    for number, round_ in facts.rounds.items():
        if number not in rounds or round_.settlement is None:
            continue
        try:
            yield number, store.get_any(round_.settlement.report)
        except ReportError as error:
            findings.append(Finding("report", number, None, f"round {number}: {error}"))


def _openings(
    run: Path,
    facts: ChainFacts,
    reports: Mapping[int, RoundReport | OldReport],
    findings: list[Finding],
) -> Iterator[tuple[int, Mapping[AccountId, OpenedUpdate]]]:
    store = OpeningStore(run / OPENINGS)
    for number, report in reports.items():
        if not isinstance(report, RoundReport):
            continue  # an old report holds its own
        try:
            yield number, store.get(RoundKey(facts.genesis, facts.number, number))
        except ReportError as error:
            findings.append(Finding("opening", number, None, f"round {number}: {error}"))
