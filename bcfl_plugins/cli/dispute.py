"""``bcfl dispute`` and ``bcfl resolve``: object to an offence of yours; decide on another's."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url, signer_of

if TYPE_CHECKING:
    from pallet_bridge.types import Offence

MaybeRound = Annotated[
    int | None,
    typer.Option("--round", min=0, help="Object to the offence in this round; it takes a bond."),
]
Decided = Annotated[int, typer.Option("--round", min=0, help="The round of the offence.")]
Accused = Annotated[str, typer.Option("--account", help="The accused.")]
Upheld = Annotated[
    bool, typer.Option("--uphold/--overturn", help="Was the account rightly accused?")
]


def dispute(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: MaybeRound = None,
    as_json: AsJson = False,
) -> None:
    """List your offences in a federation; with --round, object to one of them.

    An offence can be disputed while it is pending and before its block. The terms' bond is put on
    hold; it comes back unless the arbiter upholds the offence. A dispute that nobody decides in
    time ends in your favour.
    """
    from pallet_bridge import calls  # noqa: PLC0415 (loads the chain client)
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)

    signer = signer_of(key, chain)
    with connect(chain) as client:
        if round_id is not None:
            client.execute(calls.dispute(federation, round_id), signer)
        found = {
            number: offence
            for (number, account), offence in client.offences(federation).items()
            if account == signer.account
        }
        bond = client.terms(federation).dispute_bond
        head = client.head().number
    if as_json:
        listed = [_fields(number, offence) for number, offence in found.items()]
        print_json({"account": str(signer.account), "block": head, "offences": listed})
        return
    out = console()
    for number, offence in found.items():
        out.print(
            f"round {number}: {offence.kind.value}, {offence.state.value}, {offence.amount} planck "
            f"from block {offence.executable_at} on (now {head})"
        )
    out.print(f"{len(found)} offences of {signer.account}; a dispute takes a bond of {bond} planck")


def resolve(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    round_id: Decided,
    account: Accused,
    uphold: Upheld,
) -> None:
    """Decide a dispute as the arbiter that the terms name, or vote on it with your seat.

    The seats of a round's committee decide where the terms' arbiter is the attesters. The accused,
    the reporter and the coordinator do not judge. The council decides by its own motions.
    """
    from pallet_bridge import calls  # noqa: PLC0415 (loads the chain client)
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)
    from pallet_bridge.types import AccountId  # noqa: PLC0415

    accused = AccountId.parse(account)
    with connect(chain) as client:
        call = calls.resolve(federation, round_id, accused, uphold=uphold)
        client.execute(call, signer_of(key, chain))
        found = client.offences(federation)[round_id, accused]
    console().print(f"round {round_id}, {accused}: {found.state.value}")


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
