"""``bcfl federation``: found, pay, and close a federation; let others in."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Annotated

import typer

from bcfl_plugins.cli.acting.options import (
    ActingFor,
    Amount,
    ChainHash,
    DryRun,
    WaitFor,
    WaitOption,
    planck,
)
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.acting.session import acting
from bcfl_plugins.cli.output import AsJson, console
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url  # noqa: TC001 - typer's
from bcfl_plugins.errors import ConfigError

TermsFrom = Annotated[
    Path | None,
    typer.Option(
        "--terms",
        help="TOML file with the keys of bcfl.terms, or an app's pyproject.toml. Others have "
        "their defaults.",
    ),
]
NewTerms = Annotated[
    list[str] | None,
    typer.Option("--set", metavar="KEY=VALUE", help="One term of bcfl.terms; may be repeated."),
]
About = Annotated[
    Path | None,
    typer.Option("--about", help="A file about the federation; its hash is stored on chain."),
]
Guest = Annotated[str, typer.Argument(metavar="ACCOUNT", help="Whom, as an address.")]
BelongsTo = Annotated[
    str | None, typer.Option("--organisation", help="Whom it belongs to: up to 32 bytes.")
]
MostExamples = Annotated[
    int | None,
    typer.Option("--max-examples", min=0, help="Most examples of its updates; 0: not said."),
]
Sponsor = Annotated[
    str | None, typer.Argument(metavar="[SPONSOR]", help="Whom, as an address. Default: you.")
]
ForFees = Annotated[
    bool,
    typer.Option(
        "--fees",
        help="Into the purse for fees of members who cannot pay them, in place of the escrow.",
    ),
]
NoQuestion = Annotated[bool, typer.Option("--yes", help="Do not ask in a terminal.")]
MaybeBond = Annotated[
    str | None,
    typer.Argument(metavar="[AMOUNT]", help="Default: what the terms ask for and is missing."),
]


def register(app: typer.Typer) -> typer.Typer:
    """Add the group ``federation`` to `app`, and return it."""
    group = typer.Typer(help="Found a federation, pay, govern and close it.", no_args_is_help=True)
    group.command("create")(create)
    group.command("fund")(fund)
    group.command("invite")(invite)
    group.command("vouch")(vouch)
    group.command("post-bond")(post_bond)
    group.command("withdraw-bond")(withdraw_bond)
    group.command("close")(close)
    group.command("refund")(refund)
    app.add_typer(group, name="federation")
    return group


def create(
    *,
    chain: Url,
    key: KeySource,
    terms: TermsFrom = None,
    sets: NewTerms = None,
    about: About = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Found a federation with its terms, and coordinate it. Prints its number.

    A deposit is on hold until it is closed, and the coordinator's bond of the terms. Look at the
    cost with --dry-run first.
    """
    from bcfl_plugins.cli.federation import decide  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.config.terms_file import changed, read_terms_file  # noqa: PLC0415
    from pallet_bridge.encoding import blake2_256  # noqa: PLC0415

    made = changed(None, {} if terms is None else read_terms_file(terms), sets or ())
    metadata = bytes(32) if about is None else blake2_256(_read(about))
    sender = Sender(key, chain, dry_run, as_json, genesis, wait, acting_for)
    account = sender.account()
    with sender.connect() as client:
        plan = decide.create(
            account,
            made,
            metadata,
            prices=client.prices(),
            ranges=client.term_ranges(),
            number=client.next_federation(),
        )
        receipt = sender.send(client, plan)
    if receipt is not None and not as_json:
        (found,) = (one for one in receipt.events if one.name == "FederationCreated")
        console().print(f"federation {found.integer('federation')}")


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; name another file") from None


def fund(
    amount: Amount,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    fees: ForFees = False,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Pay into a federation's escrow, from which rewards are paid, or for fees. Anyone may."""
    from bcfl_plugins.cli.federation import decide  # noqa: PLC0415 (loads the mirrors)

    plan = decide.fund_fees if fees else decide.fund
    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        now.send(plan(now.view, now.account, planck(amount)))


def invite(
    guest: Guest,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    organisation: BelongsTo = None,
    max_examples: MostExamples = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let an account join, as the coordinator."""
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)

    who, said = read_account(guest), ((organisation or "").encode(), max_examples or 0)
    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        now.send(govern.invite(now.view, now.account, who, said, member=now.member(who)))


def vouch(
    guest: Guest,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    organisation: BelongsTo = None,
    max_examples: MostExamples = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Vouch for an account as a member, where the terms let members admit.

    All who vouch for one account say the same of it: what is not given is what others said.
    """
    from bcfl_plugins.cli.federation import govern  # noqa: PLC0415 (loads the mirrors)

    who = read_account(guest)
    said = (None if organisation is None else organisation.encode(), max_examples)
    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        plan = govern.vouch(
            now.view,
            now.account,
            who,
            said,
            member=now.member(who),
            voucher=now.member(),
            invitation=now.client.invitation(federation, who, at=now.view.at),
        )
        now.send(plan)


def post_bond(
    amount: MaybeBond = None,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Put more on hold as a coordinator's bond; no round opens while it is too small."""
    from bcfl_plugins.cli.federation import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        posted = now.client.bond(federation, now.account, at=now.view.at)
        more = None if amount is None else planck(amount)
        now.send(decide.post_bond(now.view, now.account, more, posted))


def withdraw_bond(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take your bond back, whole, once it is free."""
    from bcfl_plugins.cli.federation import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        posted = now.client.bond(federation, now.account, at=now.view.at)
        now.send(decide.withdraw_bond(now.view, now.account, posted))


def close(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    yes: NoQuestion = False,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Begin to close a federation, as its coordinator; or finish it, which anyone may.

    It can be finished once its closing time is over and all members are out. In a terminal it asks
    before it begins: what closes is never opened again.
    """
    from bcfl_plugins.cli.federation import decide  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.encoding import escrow_account, purse_account  # noqa: PLC0415
    from pallet_bridge.types import Planck  # noqa: PLC0415

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        places = (escrow_account(federation), purse_account(federation))
        money = sum(now.client.balance(place, at=now.view.at).free for place in places)
        begins = not now.view.closed()
        if begins and not (yes or dry_run) and sys.stdin.isatty():
            typer.confirm("Close it? It cannot be opened again", abort=True, err=True)
        founder = now.view.federation.founder
        own = now.client.sponsor(federation, founder, at=now.view.at)
        now.send(decide.close(now.view, now.account, Planck(money), own))


def refund(
    sponsor: Sponsor = None,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Pay a sponsor its part of what a closed federation has left. Anyone may."""
    from bcfl_plugins.cli.federation import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        who = now.account if sponsor is None else read_account(sponsor)
        paid = now.client.sponsor(federation, who, at=now.view.at)
        now.send(decide.refund(now.view, who, paid))
