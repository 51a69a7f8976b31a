"""``bcfl claim``: apply what roots say, and pay what was earned. Anyone may; owners get it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import ChainHash, DryRun, digest
from bcfl_plugins.cli.acting.send import Sender, belief_of, checked
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import (
    KeySource,
    MaybeUrl,
    signer_of,
    url_of,
    usual_place,
)
from bcfl_plugins.config.tables import write_amount
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.run.journal import RunHeader
    from pallet_bridge.types import AccountId, Receipt

MaybeRunFolder = Annotated[
    Path | None,
    typer.Argument(help="A run's folder. With its reports, verdicts of roots are applied first."),
]
MaybeFederation = Annotated[
    int | None,
    typer.Option("--federation", min=0, help="The federation, where no run is given."),
]
Accounts = Annotated[
    list[str] | None,
    typer.Option("--account", help="Pay this account only; may be repeated. Default: everybody."),
]

_TIMEOUT_S = 120.0
_TOGETHER = 256  # calls that wait for blocks at a time: far fewer than a pool and a node allow


def claim(
    run: MaybeRunFolder = None,
    *,
    key: KeySource,
    chain: MaybeUrl = None,
    federation: MaybeFederation = None,
    account: Accounts = None,
    genesis: ChainHash = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Pay members the rewards that are vested and past their dispute window.

    The key pays the fees only. A call is done once its block is final. Rewards that are not vested
    yet, and those that an offence of their account holds up, are left for later. With --dry-run
    verdicts of roots are not applied, so what only they would make payable is not listed.
    """
    from pallet_bridge.run.journal import read_run  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.types import AccountId  # noqa: PLC0415

    header = None if run is None else read_run(run).header
    url, number = _place(header, chain, federation)
    wanted = None if account is None else {AccountId.parse(text) for text in account}
    where = "--genesis"
    if header is not None:
        if genesis is not None and digest(genesis, where) != header.genesis:
            raise ConfigError(
                f"--genesis is {genesis}, and the run in {run} was on 0x{header.genesis.hex()}: "
                f"leave --genesis out, or name a run of that chain"
            )
        genesis, where = header.genesis.hex(), f"the run in {run}"
    sender = Sender(key, url, dry_run, as_json, genesis)
    payer = sender.account()
    with checked(url, belief_of(genesis, key, payer, where)) as client:
        if dry_run:
            _say(*_foresee(client, number, payer, wanted), as_json=as_json)
            return
        signer, applied = signer_of(key, url), 0
        sender.remember(client)
        if run is not None and header is not None:
            applied = _apply(client, run, header, signer)
        paid = dict(_pay(client, number, signer, wanted))
    if as_json:
        print_json({"applied": applied, "paid": {str(who): much for who, much in paid.items()}})
        return
    out = console()
    out.print(f"{applied} verdicts of roots applied")
    for who, much in paid.items():
        out.print(f"{who}: {write_amount(much)}")
    out.print(f"{len(paid)} accounts paid")


def _foresee(
    client: ChainClient, federation: int, payer: AccountId, wanted: set[AccountId] | None
) -> tuple[dict[AccountId, int], int]:
    """Return the most that each account would be paid, and the fees."""
    from pallet_bridge.settlement.claims import all_claims, ripe_rewards  # noqa: PLC0415

    head = client.head().hash
    ripe = ripe_rewards(client, federation, at=head)
    listed = all_claims(client, federation, at=head)
    paid = [who for who in ripe if wanted is None or who in wanted]
    fee = sum(client.fee(call, payer) for who in paid for call in listed[who])
    return {who: sum(ripe[who].values()) for who in paid}, fee


def _say(most: dict[AccountId, int], fee: int, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {"sent": False, "fee": fee, "most": {str(who): one for who, one in most.items()}}
        )
        return
    out = console()
    for who, much in most.items():
        out.print(f"{who}: up to {write_amount(much)}")
    out.print(f"{len(most)} accounts would be paid, for fees of {write_amount(fee)}")
    out.print("nothing was sent")


def _place(header: RunHeader | None, chain: str | None, federation: int | None) -> tuple[str, int]:
    if header is not None:
        return url_of(header, chain), header.federation
    return usual_place(chain, federation)


def _apply(client: ChainClient, run: Path, header: RunHeader, signer: Signer) -> int:
    """Apply the leaves of the run's roots whose window is over; return how many."""
    from pallet_bridge.run.journal import REPORTS, read_run  # noqa: PLC0415
    from pallet_bridge.run.reports import ReportStore  # noqa: PLC0415
    from pallet_bridge.settlement.leaves import open_leaves  # noqa: PLC0415

    store = ReportStore(run / REPORTS)
    applied = 0
    for line in sorted(read_run(run).rounds, key=lambda line: line.round):
        found = open_leaves(client, header.federation, line.round, store)
        if found is None or client.head().number < found.dispute_until:
            continue
        _send(client, found.calls(header.federation), signer)
        applied += len(found.leaves)
    return applied


def _pay(
    client: ChainClient, federation: int, signer: Signer, wanted: set[AccountId] | None
) -> Iterator[tuple[AccountId, int]]:
    from pallet_bridge.settlement.claims import all_claims  # noqa: PLC0415 (loads the chain client)

    due = all_claims(client, federation, at=client.head().hash).items()
    listed = [(who, call) for who, some in due for call in some if wanted is None or who in wanted]
    paid = dict.fromkeys((who for who, _ in listed), 0)
    receipts = _send(client, [call for _, call in listed], signer)
    for (who, _), receipt in zip(listed, receipts, strict=True):
        claimed = [event for event in receipt.events if event.name == "Claimed"]
        paid[who] += sum(event.integer("amount") for event in claimed)
    yield from paid.items()


def _send(client: ChainClient, listed: Sequence[Call], signer: Signer) -> list[Receipt]:
    """Send calls in their order, and wait until all are in final blocks."""
    receipts: list[Receipt] = []
    for start in range(0, len(listed), _TOGETHER):
        sent = [client.submit(call, signer) for call in listed[start : start + _TOGETHER]]
        receipts += [one.wait(_TIMEOUT_S, finalized=True) for one in sent]
    return receipts
