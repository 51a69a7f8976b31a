"""``bcfl outbox RUN``: the calls of a run that are in no final block."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.acting.options import DryRun  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import KEY, MaybeUrl, signer_of, url_of
from bcfl_plugins.config.tables import write_amount
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from pallet_bridge.run.journal import RunHeader
    from pallet_bridge.run.outbox_file import Entry
    from pallet_bridge.trusted.opening import Belief
    from pallet_bridge.types import Planck

RunPlace = Annotated[Path, typer.Argument(metavar="RUN", help="The folder of one run.")]
CoordinatorKey = Annotated[
    str | None,
    typer.Option(
        "--key", envvar=KEY, help=f"The key of the run's coordinator, to send. Default: {KEY}."
    ),
]
Send = Annotated[
    bool,
    typer.Option("--send", help="Send them, in their order. The run must not go on meanwhile."),
]


def outbox(
    run: RunPlace,
    *,
    chain: MaybeUrl = None,
    key: CoordinatorKey = None,
    send: Send = False,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """List the calls that a run left unsent or unconfirmed; with --send bring them to their end.

    What the chain has of them already is found there and not sent again. A call is confirmed once
    its block is final. With --dry-run the chain is asked what each would cost. Exit code 1: calls
    are left, or failed for good.
    """
    from pallet_bridge.run.journal import read_run  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.run.outbox_file import OUTBOX, OutboxFile  # noqa: PLC0415

    header = read_run(run).header
    path = run / OUTBOX
    if not path.is_file():  # opening it would make one
        raise ConfigError(f"{path} is not there: the run sent nothing to a chain")
    left = OutboxFile(path, header.genesis).pending()
    failures: tuple[str, ...] = ()
    fees = _fees(left, run, header, url_of(header, chain), key) if dry_run and left else {}
    if send and left and not dry_run:
        if key is None:
            raise ConfigError("sending takes the key of the run's coordinator: give --key")
        failures = _send(run, header, url_of(header, chain), key)
        left = OutboxFile(path, header.genesis).pending()
    if as_json:
        calls = [_record(entry) | _fee(fees, entry) for entry in left]
        print_json({"file": str(path), "left": calls, "failed": list(failures)})
    else:
        out = console()
        for entry in left:
            where = "signed" if entry.signed is not None else "not signed yet"
            fee = f", for a fee of {write_amount(fees[entry.id])}" if entry.id in fees else ""
            out.print(escape(f"{entry} of {entry.signer}: {where}{fee}"))
        for failure in failures:
            out.print(escape(f"FAILED {failure}"))
        out.print(f"{len(left)} calls left" + ("; nothing was sent" if dry_run else ""))
    if left or failures:
        raise typer.Exit(1)


def _send(run: Path, header: RunHeader, url: str, key: str) -> tuple[str, ...]:
    from bcfl_plugins.session.services import COORDINATOR  # noqa: PLC0415 (loads the client)
    from pallet_bridge.errors import OutboxError  # noqa: PLC0415
    from pallet_bridge.run.journal import Journal  # noqa: PLC0415
    from pallet_bridge.run.outbox import Outbox  # noqa: PLC0415
    from pallet_bridge.trusted.opening import open_beside, open_checked  # noqa: PLC0415

    signer = signer_of(key, url)
    if signer.account != header.coordinator:  # its calls would fail for good, and be lost
        raise ConfigError(
            f"--key is that of {signer.account}, and the run's coordinator is "
            f"{header.coordinator}; give its key"
        )
    with open_checked(url, _belief(run, header, key), _tell) as sure, open_beside(sure) as live:
        try:
            Outbox.of_run(live, Journal.open(run), {COORDINATOR: signer}, checked=sure).confirm()
        except OutboxError as error:
            return error.failures
    return ()


def _belief(run: Path, header: RunHeader, key: str | None) -> Belief:
    from pallet_bridge.memory.chains import FinalMemory  # noqa: PLC0415 (loads the memory)
    from pallet_bridge.memory.files import chains_folder  # noqa: PLC0415
    from pallet_bridge.trusted.opening import Belief  # noqa: PLC0415 (loads the client)

    is_public = key is None or key.startswith("//")  # a public key's chains begin anew
    memory = None if is_public else FinalMemory(chains_folder())
    return Belief((header.genesis,), f"the run in {run}", memory)


def _tell(text: str) -> None:
    typer.echo(f"bcfl: {text}", err=True)


def _fees(
    left: Sequence[Entry], run: Path, header: RunHeader, url: str, key: str | None
) -> dict[int, Planck]:
    from pallet_bridge.trusted.opening import open_checked  # noqa: PLC0415 (loads the client)

    with open_checked(url, _belief(run, header, key), _tell) as client:
        return {one.id: client.fee(one.call, header.coordinator) for one in left}


def _fee(fees: Mapping[int, Planck], entry: Entry) -> dict[str, object]:
    return {"fee": fees[entry.id]} if entry.id in fees else {}


def _record(entry: Entry) -> dict[str, object]:
    return {
        "id": entry.id,
        "call": entry.call.function,
        "args": {
            name: value for name, value in entry.call.args.items() if isinstance(value, int | str)
        },
        "signer": entry.signer,
        "signed": entry.signed is not None,
        "nonce": None if entry.signed is None else entry.signed.nonce,
    }
