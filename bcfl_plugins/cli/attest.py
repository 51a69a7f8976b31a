"""``bcfl attester`` and ``bcfl attest``: sit in committees, and attest what a report comes to."""

from __future__ import annotations

import os
import time
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.acting.options import (
    ActingFor,
    ChainHash,
    DryRun,
    WaitFor,
    WaitOption,
)
from bcfl_plugins.cli.acting.send import Sender, belief_of, checked
from bcfl_plugins.cli.acting.session import acting
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import FederationNumber, KeySource, MaybeUrl, Url, signer_of, url_of
from bcfl_plugins.config.tables import write_amount
from pallet_bridge.errors import CallFailed, ConfigError, TransactionRefused

if TYPE_CHECKING:
    from bcfl_plugins.replay.run import Replayer
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.settlement.attester import Attestation
    from pallet_bridge.types import RoundKey

PublishedRun = Annotated[
    Path, typer.Argument(help="The run's folder as its coordinator publishes it.")
]
Secret = Annotated[
    Path,
    typer.Option("--secret", help="File with your chain of hashes, which only you may read."),
]
Length = Annotated[
    int, typer.Option("--length", min=1, max=1_000_000, help="Attestations that it lasts for.")
]
Watch = Annotated[
    float, typer.Option("--watch", min=0, help="Go on looking for this many seconds; 0: look once.")
]
Count = Annotated[
    int, typer.Option("--count", min=0, help="Stop after this many attestations; 0: never.")
]
AttestAgain = Annotated[
    bool,
    typer.Option(
        "--replay",
        help=(
            "Decide each round again from what the run published. Refute a settlement that comes "
            "out otherwise, to the bit; abstain where it cannot be decided."
        ),
    ),
]

_POLL_S = 1.0


def register(app: typer.Typer) -> None:
    """Add ``bcfl attest`` and the group ``bcfl attester`` to `app`."""
    group = typer.Typer(help="Sit in the committees of a federation.", no_args_is_help=True)
    group.command("register")(sign_up)
    group.command("resign")(resign)
    app.add_typer(group, name="attester")
    app.command("attest")(attest)


def sign_up(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    secret: Secret,
    length: Length = 10_000,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Register a member as attester, with a new chain of hashes for this federation only."""
    from bcfl_plugins.cli.member import decide  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.cli.secrets import ChainSecret  # noqa: PLC0415 (loads the encodings)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        made = ChainSecret(now.client.genesis_hash, federation, now.account, os.urandom(32), length)
        plan = decide.register_attester(
            now.view,
            now.account,
            made.links()[0],
            member=now.member(),
            attester=now.client.attesters(federation, at=now.view.at).get(now.account),
        )
        if dry_run:
            now.send(plan)
            return
        made.write(secret)
        try:
            now.send(plan)
        except (CallFailed, ConfigError, TransactionRefused):
            secret.unlink()  # the chain does not know it: the next try makes another
            raise


def resign(
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
    """Take the offer back; the stake is free after that."""
    from bcfl_plugins.cli.member import decide  # noqa: PLC0415 (loads the mirrors)

    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        attester = now.client.attesters(federation, at=now.view.at).get(now.account)
        now.send(decide.resign_attester(now.view, now.account, attester))


def attest(
    run: PublishedRun,
    *,
    key: KeySource,
    secret: Secret,
    chain: MaybeUrl = None,
    watch: Watch = 0,
    count: Count = 0,
    again: AttestAgain = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Check the reports of rounds in which you are seated, and attest what they come to.

    A report that does not hold gets an abstention, and each problem is named. With --replay a
    settlement that comes out otherwise is refuted, and reported once its committee did so. Exit
    code 0: every report that was looked at was attested. 1: at least one was not. 2: it could not
    be tried. With --dry-run it looks once, and the key is opened to find what the file has of its
    secret.
    """
    from bcfl_plugins.cli.secrets import read_secret  # noqa: PLC0415 (loads the encodings)
    from pallet_bridge.run.journal import OPENINGS, REPORTS, read_run  # noqa: PLC0415
    from pallet_bridge.run.openings import OpeningStore  # noqa: PLC0415
    from pallet_bridge.run.reports import ReportStore  # noqa: PLC0415
    from pallet_bridge.settlement.attester import Attester, Word  # noqa: PLC0415

    header = read_run(run).header
    url = url_of(header, chain)
    signer = signer_of(key, url)
    done: list[Attestation] = []
    end = time.monotonic() + watch
    belief = belief_of(header.genesis.hex(), key, signer.account, "the run")
    with checked(url, belief) as client:
        kept = read_secret(secret, header.genesis, header.federation, signer.account)
        decide_again = partial(_replayer(client).redone, run) if again else None
        reports, openings = ReportStore(run / REPORTS), OpeningStore(run / OPENINGS)
        attester = Attester(
            client,
            header.federation,
            signer,
            kept.links(),
            reports,
            openings=openings,
            again=decide_again,
            silently=dry_run,
        )
        while True:
            made = [one for one in attester.work() if one.word is not Word.WAITS]
            for one in made:
                _show(one, as_json=as_json)
            done += made
            if dry_run or (count and len(done) >= count) or time.monotonic() >= end:
                break
            time.sleep(min(_POLL_S, max(0.0, end - time.monotonic())))
    if any(one.problems for one in done):
        raise typer.Exit(1)


def _replayer(client: ChainClient) -> Replayer:
    from bcfl_plugins.replay.drawing import RoundSources  # noqa: PLC0415 (see Replayer)
    from bcfl_plugins.replay.run import Replayer  # noqa: PLC0415 (loads the rules)

    def on_chain(key: RoundKey) -> RoundSources:
        round_ = client.round(key.federation, key.round)
        if round_ is None:
            return RoundSources()
        seal, opened = client.block_at(round_.seal_block), client.block_at(round_.opened_at)
        return RoundSources(
            seal, opened, lambda block: client.participants(key.federation, at=block.hash)
        )

    return Replayer(on_chain=on_chain)


def _show(one: Attestation, *, as_json: bool) -> None:
    if as_json:
        print_json(
            {
                "round": one.round,
                "said": one.word.value,
                "statement": one.statement.hex(),
                "problems": list(one.problems),
                "sent": one.fee is None,
            }
            | ({} if one.fee is None else {"fee": one.fee})
        )
        return
    out = console()
    word = one.word.value
    if one.fee is not None:
        word = f"would be {word}, for a fee of {write_amount(one.fee)}; nothing was sent"
    out.print(f"round {one.round}: {word}")
    for problem in one.problems:
        out.print(f"[red]FAILS[/] {escape(problem)}")
