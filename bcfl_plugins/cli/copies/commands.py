"""``bcfl copy push`` and ``bcfl copy fetch``: bring a run to a URL, and from there to a folder."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from bcfl_plugins.cli.copies.options import IdentityFile, fetcher
from bcfl_plugins.cli.output import AsJson, console, print_json

Run = Annotated[
    Path, typer.Argument(help="The folder of one run, such as runs/20260101-120000.", exists=True)
]
To = Annotated[
    str, typer.Argument(metavar="URL", help="Where to: a folder, s3://BUCKET/FOLDER, ...")
]
Source = Annotated[str, typer.Argument(metavar="URL", help="Where a server copies its runs to.")]
Into = Annotated[Path, typer.Argument(help="Each run gets a folder in this one.")]
RecipientKeys = Annotated[
    list[str] | None,
    typer.Option(
        "--recipient",
        help="Public key of age: who can read models, updates, statistics and openings. May be "
        "repeated. Without any, of these only what the run published is copied.",
    ),
]
OneRun = Annotated[
    str | None, typer.Option("--run", help="Only the run of this name. Default: all there are.")
]


def register(app: typer.Typer) -> None:
    """Add the commands."""
    group = typer.Typer(name="copy", help="Runs at a URL.", no_args_is_help=True)
    app.add_typer(group)
    group.command("push")(push)
    group.command("fetch")(fetch)


def push(
    run: Run,
    url: To,
    *,
    recipient: RecipientKeys = None,
    as_json: AsJson = False,
) -> None:
    """Copy a run to a URL, or what is new in it since the last time.

    A server does the same by itself while it trains, with bcfl.copy.to in its run config.
    """
    from pallet_bridge.copies.age import Recipients  # noqa: PLC0415 (needs an extra)
    from pallet_bridge.copies.place import CopyPlace  # noqa: PLC0415 (the same)
    from pallet_bridge.copies.pushing import RunCopy  # noqa: PLC0415 (the same)
    from pallet_bridge.run.journal import read_header  # noqa: PLC0415 (loads the chain's types)

    read_header(run)  # it is a run
    copy = RunCopy(CopyPlace(url), run.absolute(), Recipients(recipient or ()))
    count = copy.push()
    if as_json:
        print_json({"url": copy.url, "files": count})
    else:
        console().print(f"{count} files are new at {copy.url}", markup=False)


def fetch(
    url: Source,
    folder: Into,
    *,
    run: OneRun = None,
    identity: IdentityFile = None,
    as_json: AsJson = False,
) -> None:
    """Bring runs from a URL into a folder. Believe nothing of it: audit it there.

    Files that are encrypted to others are left out, and counted.
    """
    source = fetcher(url, folder, identity)
    found = [source.fetch(name) for name in source.runs() if run in {None, name}]
    if as_json:
        told = {
            one.folder.name: {"closed": len(one.closed), "folder": str(one.folder), "new": one.new}
            for one in found
        }
        print_json({"runs": told})
        return
    for one in found:
        shut = f"; {len(one.closed)} are encrypted to others" if one.closed else ""
        console().print(f"{one.folder}: {one.new} new files{shut}", markup=False)
    if not found:
        console().print("no run of that name is there", markup=False)
        raise typer.Exit(1)
