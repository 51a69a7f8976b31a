"""Does a report say what the chain says? For who audits a run, and for who attests a round.

Nothing that the coordinator wrote is believed: commitments are opened and signatures are checked.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

from pallet_bridge.encoding import commitment_hash, signing_payload
from pallet_bridge.errors import EncodingError
from pallet_bridge.keys import verify

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.reports import ReportEntry, RoundReport
    from pallet_bridge.types import Commitment, Round

Sort = Literal["commitment", "signature"]
"""What a problem of an entry is about."""


def report_problems(
    report: RoundReport, *, genesis: bytes, federation: int, number: int, round_: Round
) -> Iterator[str]:
    """Give each fact of a round that a report tells otherwise than the chain.

    Parameters
    ----------
    report : RoundReport
        The report.
    genesis : bytes
        Hash of the chain's block 0, 32 bytes.
    federation, number : int
        The round's ids.
    round_ : Round
        The round as the chain has it.
    """
    claims: dict[str, tuple[object, object]] = {
        "genesis": (report.genesis, genesis),
        "federation": (report.federation, federation),
        "round": (report.round, number),
        "terms version": (report.terms_version, round_.terms_version),
        "base model": (report.base_model, round_.base_model),
    }
    if round_.settlement is not None:
        claims["model"] = (report.model, round_.settlement.model)
    for name, (claim, truth) in claims.items():
        if claim != truth:
            yield (
                f"round {number}: the report's {name} is {_show(claim)}, the chain's {_show(truth)}"
            )


def entry_problems(
    entry: ReportEntry,
    on_chain: Commitment | None,
    *,
    genesis: bytes,
    federation: int,
    number: int,
) -> Iterator[tuple[Sort, str]]:
    """Give each reason why an entry is not what its account committed to.

    Parameters
    ----------
    entry : ReportEntry
        One verdict of a report.
    on_chain : Commitment or None
        The account's commitment in the round.
    genesis : bytes
        Hash of the chain's block 0, 32 bytes.
    federation, number : int
        The round's ids.
    """
    signed, account = entry.commitment, entry.account
    where = f"round {number}, {account}"
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
        opened = commitment_hash(
            genesis=genesis,
            federation=federation,
            round_id=number,
            account=account,
            update_digest=signed.update_digest,
            num_examples=signed.num_examples,
            salt=signed.salt,
        )
        payload = signing_payload(
            genesis=genesis,
            federation=federation,
            round_id=number,
            account=account,
            commitment=signed.commitment,
            num_examples=signed.num_examples,
        )
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


def _show(value: object) -> str:
    return value.hex() if isinstance(value, bytes) else str(value)
