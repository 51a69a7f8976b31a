"""Statements about rounds of the first protocol, from before a chain was moved to the second.

Their reports hold each update's digest and salt, and their statements bind neither base model nor
terms: for those the coordinator's word is taken. Each takes an `AuditedRun`, gives a `Finding` for
all that does not hold, and counts what does.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from pallet_bridge.audit.audited import Finding
from pallet_bridge.audit.grounds import OPENED, coordinator_name
from pallet_bridge.encoding_v1 import commitment_hash, signing_payload
from pallet_bridge.errors import EncodingError
from pallet_bridge.keys import verify
from pallet_bridge.run.old_reports import OldReport
from pallet_bridge.types import Opening, SettlementMode

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.audit.audited import AuditedRun, FindingKind
    from pallet_bridge.run.old_reports import OldEntry
    from pallet_bridge.types import Commitment, RoundKey

SIGNED = "commitments signed by their accounts, in rounds of the first protocol"
UNBOUND = "rounds of the first protocol, whose members signed neither base model nor terms"


def check_old_entries(audited: AuditedRun) -> Iterator[Finding]:
    """Check that a report judges exactly the accounts that the chain has a verdict on.

    A root's verdicts come one by one, so there the chain may lack some that the report has.
    """
    for number, settlement_mode, report in _old(audited):
        commitments = audited.facts.commitments.get(number, {})
        judged = {account for account, found in commitments.items() if found.judged}
        entries = Counter(entry.account for entry in report.entries)
        for account in sorted(judged - set(entries)):
            statement = f"round {number}: the report says nothing of {account}, who was judged"
            yield Finding("entry", number, account, statement)
        for account, count in sorted(entries.items()):
            may_wait = settlement_mode is SettlementMode.MERKLE and account in commitments
            if account not in judged and not may_wait:
                statement = f"round {number}: the report judges {account}, the chain did not"
                yield Finding("entry", number, account, statement)
            if count > 1:
                statement = f"round {number}: the report judges {account} {count} times"
                yield Finding("entry", number, account, statement)


def check_old_commitments(audited: AuditedRun) -> Iterator[Finding]:
    """Check that each entry opens the commitment on chain and that its account signed it."""
    for number, _, report in _old(audited):
        coordinator = audited.record.header.coordinator
        audited.grounds.believe(coordinator_name(coordinator), UNBOUND)
        commitments = audited.facts.commitments.get(number, {})
        for entry in report.entries:
            on_chain = commitments.get(entry.account)
            found = list(old_entry_problems(entry, on_chain, audited.key(number)))
            for kind, statement in found:
                yield Finding(kind, number, entry.account, statement)
            wrong = {kind for kind, _ in found}
            if "commitment" not in wrong:
                audited.grounds.recompute(OPENED)
            if not wrong:
                audited.grounds.prove(SIGNED)


def old_entry_problems(
    entry: OldEntry, on_chain: Commitment | None, key: RoundKey
) -> Iterator[tuple[FindingKind, str]]:
    """Give each reason why an entry is not what its account committed to.

    Parameters
    ----------
    entry : OldEntry
        One verdict of a report.
    on_chain : Commitment or None
        The account's commitment in the round.
    key : RoundKey
        The round of the report.
    """
    signed, account = entry.commitment, entry.account
    where = f"round {key.round}, {account}"
    if on_chain is None:
        yield "commitment", f"{where}: there is no commitment on chain"
    elif (on_chain.hash, on_chain.num_examples) != (signed.commitment, signed.num_examples):
        problem = (
            f"{where}: the report's commitment {signed.commitment.hex()} over "
            f"{signed.num_examples} examples is not the chain's {on_chain.hash.hex()} over "
            f"{on_chain.num_examples}"
        )
        yield "commitment", problem
    opening = Opening(signed.update_digest, signed.num_examples, signed.salt)
    try:
        opened = commitment_hash(key, account, opening)
        payload = signing_payload(key, account, signed.commitment, signed.num_examples)
    except EncodingError as error:
        yield "commitment", f"{where}: {error}"
        return
    if opened != signed.commitment:
        problem = (
            f"{where}: update, examples and salt of the report give the commitment "
            f"{opened.hex()}, not {signed.commitment.hex()}"
        )
        yield "commitment", problem
    if not verify(account, payload, signed.signature):
        yield "signature", f"{where}: the signature is not the account's over this commitment"


def _old(audited: AuditedRun) -> Iterator[tuple[int, SettlementMode, OldReport]]:
    for number, _, settlement in audited.settled():
        report = audited.reports.get(number)
        if isinstance(report, OldReport):
            yield number, settlement.mode, report
