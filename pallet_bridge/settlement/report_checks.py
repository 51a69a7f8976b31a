"""Does a report say what the chain says? For who audits a run, and for who attests a round.

Nothing that the coordinator wrote is believed: commitments are opened and signatures are checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pallet_bridge.errors import EncodingError
from pallet_bridge.signing import check_commitment

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.run.reports import ReportEntry, RoundReport
    from pallet_bridge.types import Commitment, Round, RoundKey

Sort = Literal["commitment", "signature"]
"""What a problem of an entry is about."""


def report_problems(report: RoundReport, key: RoundKey, round_: Round) -> Iterator[str]:
    """Give each fact of a round that a report tells otherwise than the chain.

    Parameters
    ----------
    report : RoundReport
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
    if round_.settlement is not None:
        claims["model"] = (report.model, round_.settlement.model)
    for name, (claim, truth) in claims.items():
        if claim != truth:
            told = f"the report's {name} is {_show(claim)}, the chain's {_show(truth)}"
            yield f"round {key.round}: {told}"


def entry_problems(
    entry: ReportEntry, on_chain: Commitment | None, key: RoundKey
) -> Iterator[tuple[Sort, str]]:
    """Give each reason why an entry is not what its account committed to.

    Parameters
    ----------
    entry : ReportEntry
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
    try:
        check = check_commitment(key, signed)
    except EncodingError as error:
        yield "commitment", f"{where}: {error}"
        return
    if not check.is_opened:
        problem = (
            f"{where}: update, examples and salt of the report give the commitment "
            f"{check.opened.hex()}, not {signed.commitment.hex()}"
        )
        yield "commitment", problem
    if not check.is_signed:
        yield "signature", f"{where}: the signature is not the account's over this commitment"


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
