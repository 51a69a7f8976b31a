"""``bcfl dispute`` and ``bcfl resolve``: object to an offence of yours; decide on another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import (
    Accused,
    ActingFor,
    ChainHash,
    DryRun,
    WaitFor,
    WaitOption,
)
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.acting.session import acting
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url  # noqa: TC001 - typer's
from bcfl_plugins.config.tables import write_amount

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.session import Acting
    from pallet_bridge.types import Offence, Planck

MaybeRound = Annotated[
    int | None,
    typer.Option("--round", min=0, help="Object to the offence in this round; it takes a bond."),
]
Decided = Annotated[int, typer.Option("--round", min=0, help="The round of the offence.")]
Upheld = Annotated[
    bool, typer.Option("--uphold/--overturn", help="Was the account rightly accused?")
]


def dispute(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: MaybeRound = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """List your offences in a federation; with --round, object to one of them.

    An offence can be disputed while it is pending and before its block. The terms' bond is put on
    hold; it comes back unless the arbiter upholds the offence. A dispute that nobody decides in
    time ends in your favour.
    """
    from bcfl_plugins.cli.rounds import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        mine = _offences_of(now)
        if round_id is not None:
            plan = decide.dispute(
                now.view,
                now.account,
                round_id,
                offence=mine.get(round_id),
                balance=now.client.balance(now.account, at=now.view.at),
                bond=_bond(now, round_id),
            )
            receipt = now.send(plan)
            if receipt is None or as_json:
                return
            mine = _offences_of(now)
    clock = now.view.clock
    if as_json:
        listed = [_fields(number, offence) for number, offence in mine.items()]
        print_json({"account": str(now.account), "block": clock.block, "offences": listed})
        return
    out = console()
    for number, one in mine.items():
        out.print(
            f"round {number}: {one.kind.value}, {one.state.value}, {write_amount(one.amount)} "
            f"from {clock.until(one.executable_at)}"
        )
    amount = write_amount(now.view.terms.dispute_bond)
    out.print(f"{len(mine)} offences of {now.account}; a dispute takes a bond of {amount}")


def _bond(now: Acting, number: int) -> Planck:
    """Return what a dispute takes by the terms that the round ran under."""
    found = now.client.round(now.view.number, number, at=now.view.at)
    version = None if found is None else found.terms_version
    return now.client.terms(now.view.number, version, at=now.view.at).dispute_bond


def _offences_of(now: Acting) -> dict[int, Offence]:
    return {
        number: offence
        for (number, account), offence in now.client.offences(now.view.number).items()
        if account == now.account
    }


def resolve(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: Decided,
    account: Accused,
    uphold: Upheld,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Decide a dispute as the arbiter that the terms name, or vote on it with your seat.

    The seats of a round's committee decide where the terms' arbiter is the attesters. The accused,
    the reporter and the coordinator do not judge. The council decides by its own motions.
    """
    from bcfl_plugins.cli.rounds import decide  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.types import AccountId  # noqa: PLC0415

    place = round_id, AccountId.parse(account)
    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        offence = now.client.offences(federation, at=now.view.at).get(place)
        receipt = now.send(decide.resolve(now.view, place, offence, uphold=uphold))
        if receipt is not None and not as_json:
            found = now.client.offences(federation, at=receipt.block.hash)[place]
            console().print(f"round {round_id}, {place[1]}: {found.state.value}")


def _fields(number: int, offence: Offence) -> dict[str, object]:
    dispute = offence.dispute
    return {
        "round": number,
        "kind": offence.kind.value,
        "state": offence.state.value,
        "amount": offence.amount,
        "executable_at": offence.executable_at,
        "decided_until": None if dispute is None else dispute.until,
    }
