"""Does a report say what the chain says? For who audits a run, and for who attests a round.

Nothing that the coordinator wrote is believed: signatures are checked over what the chain itself
has stored, and each commitment is opened whose opening is at hand.
"""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Literal

from pallet_bridge.encoding import commitment_hash, statement_hash
from pallet_bridge.errors import EncodingError
from pallet_bridge.keys import verify
from pallet_bridge.run.reports import NOTHING, RoundReport
from pallet_bridge.types import Outcome

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pallet_bridge.run.old_reports import OldReport
    from pallet_bridge.run.openings import OpenedUpdate
    from pallet_bridge.run.reports import ReportEntry
    from pallet_bridge.types import AccountId, Commitment, Round, RoundBinding, RoundKey

Sort = Literal["commitment", "signature", "opening"]
"""What a problem of an entry is about."""


def report_problems(report: RoundReport | OldReport, key: RoundKey, round_: Round) -> Iterator[str]:
    """Give each fact of a round that a report tells otherwise than the chain.

    Parameters
    ----------
    report : RoundReport or OldReport
        The report.
    key : RoundKey
        The round that it should be the report of.
    round_ : Round
        The round as the chain has it.
    """
    claims: dict[str, tuple[object, object]] = {
        "genesis": (report.genesis, key.genesis),
        "federation": (report.federation, key.federation),
        "round": (report.round, key.round),
        "terms version": (report.terms_version, round_.terms_version),
        "base model": (report.base_model, round_.base_model),
    }
    if isinstance(report, RoundReport):
        claims["coordinator"] = (report.coordinator, round_.coordinator)
        claims["terms hash"] = (report.terms_hash, round_.terms_hash)
    if round_.settlement is not None:
        claims["model"] = (report.model, round_.settlement.model)
    for name, (claim, truth) in claims.items():
        if claim != truth:
            told = f"the report's {name} is {_show(claim)}, the chain's {_show(truth)}"
            yield f"round {key.round}: {told}"


def verdict_problems(
    report: RoundReport, found: Mapping[AccountId, Commitment]
) -> Iterator[tuple[AccountId, str]]:
    """Give each account that a report judges twice, or leaves out though it committed on chain.

    Parameters
    ----------
    report : RoundReport
        The report.
    found : Mapping[AccountId, Commitment]
        The round's commitments on chain.
    """
    judged = Counter(verdict.account for verdict in report.verdicts())
    for account, count in judged.items():
        if count > 1:
            yield account, f"round {report.round}: the report judges {account} {count} times"
    for account in sorted(found.keys() - judged.keys()):
        yield account, f"round {report.round}: {account} committed and has no verdict"
    for one in report.unrevealed:
        on_chain = found.get(one.account)
        if on_chain is None:
            yield one.account, f"round {report.round}: {one.account} has no commitment on chain"
        elif (on_chain.hash, on_chain.num_examples) != (one.commitment, one.num_examples):
            yield one.account, f"round {report.round}: {one.account} committed to something else"


def entry_problems(
    entry: ReportEntry,
    on_chain: Commitment | None,
    opened: OpenedUpdate | None,
    binding: RoundBinding,
) -> Iterator[tuple[Sort, str]]:
    """Give each reason why an entry is not what its account committed to.

    Parameters
    ----------
    entry : ReportEntry
        One verdict of a report.
    on_chain : Commitment or None
        The account's commitment in the round.
    opened : OpenedUpdate or None
        What the account revealed, where that is at hand.
    binding : RoundBinding
        What the account should have signed for.
    """
    account = entry.account
    where = f"round {binding.round}, {account}"
    if on_chain is None:
        yield "commitment", f"{where}: there is no commitment on chain"
    elif (on_chain.hash, on_chain.num_examples) != (entry.commitment, entry.num_examples):
        problem = (
            f"{where}: the report's commitment {entry.commitment.hex()} over "
            f"{entry.num_examples} examples is not the chain's {on_chain.hash.hex()} over "
            f"{on_chain.num_examples}"
        )
        yield "commitment", problem
    if entry.outcome is Outcome.ACCEPTED and not entry.fits:
        shown = "nothing" if entry.revealed == NOTHING else "something else than was committed to"
        yield "commitment", f"{where}: it is accepted, and the report says that it revealed {shown}"
    try:
        if not _is_signed(entry, binding):
            yield "signature", f"{where}: the signature is not the account's over its statement"
        if opened is not None:
            found = commitment_hash(account, opened.update_digest, opened.salt)
            if found != entry.revealed:
                problem = (
                    f"{where}: its opening gives the commitment {found.hex()}, the report says "
                    f"{entry.revealed.hex()}"
                )
                yield "opening", problem
    except EncodingError as error:
        yield "commitment", f"{where}: {error}"


def _is_signed(entry: ReportEntry, binding: RoundBinding) -> bool:
    if entry.signature is None:
        return entry.outcome is Outcome.REJECTED  # it sent the server a statement on something else
    payload = statement_hash(binding, entry.account, entry.commitment, entry.num_examples)
    return verify(entry.account, payload, entry.signature)


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
