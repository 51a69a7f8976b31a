"""Wire the commands together and turn our errors into one line and an exit code."""

from __future__ import annotations

import gc
import sys
from typing import Annotated

import typer

from bcfl_plugins.cli import attest, audit, chain, check, claim, dispute, doctor, node
from bcfl_plugins.cli.aggregator.command import aggregator
from bcfl_plugins.cli.copies import commands as copies
from bcfl_plugins.cli.council import commands as council
from bcfl_plugins.cli.federation import commands as federation
from bcfl_plugins.cli.federation import governing, showing, succeeding
from bcfl_plugins.cli.init.command import init
from bcfl_plugins.cli.keys import commands as keys
from bcfl_plugins.cli.keys import scoping
from bcfl_plugins.cli.member import commands as member
from bcfl_plugins.cli.member.binding import bind
from bcfl_plugins.cli.member.status import status
from bcfl_plugins.cli.money import commands as money
from bcfl_plugins.cli.rounds import commands as rounds
from bcfl_plugins.cli.rounds import listing
from bcfl_plugins.cli.standby.command import standby
from bcfl_plugins.cli.standby.nodes import supernode
from bcfl_plugins.cli.validator import commands as validator
from pallet_bridge.__about__ import __version__
from pallet_bridge.errors import BcflError

app = typer.Typer(
    name="bcfl",
    help="Federations whose participants need not trust each other: chain, audit, checks.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


_GC = (10_000, 20, 50)
"""The metadata of a chain is a hundred thousand objects that stay. By Python's own thresholds they
are looked through again and again while more is read: a quarter of what an audit takes."""


def _print_version(wanted: bool) -> None:  # noqa: FBT001 - typer hands the option's value over
    if wanted:
        typer.echo(f"bcfl {__version__}")
        raise typer.Exit


Version = Annotated[
    bool,
    typer.Option("--version", callback=_print_version, is_eager=True, help="Show the version."),
]


@app.callback()
def options(*, version: Version = False) -> None:
    """Take the options that stand before a command."""


chain.register(app)
attest.register(app)
node.register(app).command("bind")(bind)
app.command("audit")(audit.audit)
app.command("check")(check.check)
app.command("claim")(claim.claim)
app.command("dispute")(dispute.dispute)
app.command("resolve")(dispute.resolve)
copies.register(app)
member.register(app)
listing.register(app)
rounds.register(app)
scoping.register(keys.register(app))
money.register(app)
council.register(app)
validator.register(app)
of_federation = federation.register(app)
showing.register(of_federation)
governing.register(of_federation)
succeeding.register(of_federation)
app.command("status", rich_help_panel="Members")(status)
app.command("aggregator")(aggregator)
app.command("standby")(standby)
app.command("supernode")(supernode)
app.command("init")(init)
app.command("doctor")(doctor.doctor)


def main() -> None:
    """Run the command line.

    An error of ours ends with exit code 2 and its message, which says what to do next; anything
    else is a bug and keeps its traceback.
    """
    gc.set_threshold(*_GC)
    try:
        app(prog_name="bcfl")  # also as a module: completion goes by it
    except BcflError as error:
        sys.stderr.write(f"bcfl: {error}\n")
        sys.exit(2)
