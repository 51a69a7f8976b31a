"""``bcfl standby``: follow the chain, take over when the one in office is overdue, and go on."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import ChainHash, DryRun  # noqa: TC001 - typer reads them
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.copies.options import Folders, IdentityFile
from bcfl_plugins.cli.output import AsJson  # noqa: TC001 - the same
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url, signer_of
from bcfl_plugins.cli.standby.children import Poll  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.standby.saying import Saying
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from bcfl_plugins.standby.watch import Sight
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer

Command = Annotated[
    list[str],
    typer.Argument(
        metavar="-- COMMAND...",
        help="Starts the app, with your key as bcfl.coordinator and --run-dir as bcfl.run_dir.",
    ),
]
Sources = Annotated[
    list[str] | None,
    typer.Option(
        "--from",
        help="Where who may be in office before you copies its runs to (its bcfl.copy.to), or its "
        "bcfl.run_dir, or a copy of that; may be repeated.",
    ),
]
ModelOnly = Annotated[
    bool, typer.Option("--model-only", help="Let all that plugins remember start anew.")
]
RunDir = Annotated[Path, typer.Option("--run-dir", help="Your own bcfl.run_dir.")]
_FETCHED = ".fetched"
"""The folder in `--run-dir` where what is at a URL is brought."""


def standby(
    command: Command,
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    run_dir: RunDir,
    source: Sources = None,
    identity: IdentityFile = None,
    poll: Poll = 6.0,
    model_only: ModelOnly = False,
    genesis: ChainHash = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Take over when the coordinator misses its deadline, and go on with its run.

    It goes by final blocks. The model is the one that the chain settled last, and is checked
    against the chain's digest; what plugins remember, against the round's report. Then COMMAND is
    started, and its exit code is this one's. With --dry-run it looks once: who is in office, what
    there is to go on from, and what taking over would cost.
    """
    from bcfl_plugins.cli.standby.children import end, ended_by_signals, start  # noqa: PLC0415

    saying = Saying(as_json=as_json)
    sources = Folders([*(source or ()), str(run_dir)], run_dir / _FETCHED, identity)
    sender = Sender(key, chain, dry_run, as_json, genesis)
    if dry_run:
        _rehearse(sender, federation, sources, saying)
        return
    signer = signer_of(key, chain)
    with ended_by_signals():
        _take_office(sender, federation, signer, sources, poll=poll, saying=saying)
        _prepare(sender, federation, signer, sources, run_dir, saying=saying, model_only=model_only)
        saying.say(f"starting: {' '.join(command)}")
        try:
            child = start(command)
        except OSError as error:
            raise ConfigError(f"{command[0]} cannot be started: {error}") from error
        try:
            code = child.wait()
        finally:
            end(child)
    raise typer.Exit(code)


def _rehearse(sender: Sender, federation: int, sources: Folders, saying: Saying) -> None:
    """Say who is in office, what this account would go on from, and what taking over costs."""
    from bcfl_plugins.cli.acting import view  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.cli.federation.succession import plan_take_over  # noqa: PLC0415
    from bcfl_plugins.offices import NothingToTakeUp  # noqa: PLC0415
    from bcfl_plugins.standby.handover import find_handover  # noqa: PLC0415
    from bcfl_plugins.standby.watch import look  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.copies.errors import CopyError  # noqa: PLC0415 (few commands need it)

    account = sender.account()
    with sender.connect() as client:
        sight = look(client, federation, account)
        saying.say(_words(sight, sight.duty(account).value))
        try:
            made = find_handover(sources.now(), client, federation)
        except (NothingToTakeUp, CopyError) as error:
            saying.say(f"it would not take over: {error}")
        else:
            own = "the app's own model"
            last = own if made is None else f"the model of round {made.server_round}"
            saying.say(f"it would go on from {last}")
        sender.send(client, plan_take_over(client, view.look(client, federation), account))


def _take_office(
    sender: Sender,
    federation: int,
    signer: Signer,
    sources: Folders,
    *,
    poll: float,
    saying: Saying,
) -> None:
    """Wait until the account is in office, and take over when it may and could go on."""
    from bcfl_plugins.offices import NothingToTakeUp  # noqa: PLC0415
    from bcfl_plugins.standby.handover import find_handover  # noqa: PLC0415
    from bcfl_plugins.standby.watch import NextStep, look  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.copies.errors import CopyError  # noqa: PLC0415 (few commands need it)
    from pallet_bridge.errors.proofs import (  # noqa: PLC0415
        NodesDiffer,
        ProofRefused,
        StateTooOld,
    )
    from pallet_bridge.run.fate import UNDECIDED  # noqa: PLC0415

    while True:
        try:
            with sender.connect() as client:
                while True:
                    sight = look(client, federation, signer.account)
                    duty = sight.duty(signer.account)
                    saying.tell(_words(sight, duty.value))
                    if duty is NextStep.SERVE:
                        return
                    if duty is NextStep.TAKE_OVER:
                        find_handover(sources.now(), client, federation)
                        sender.remember(client)
                        _take_over(client, federation, signer, saying)
                    else:
                        time.sleep(poll)
        except (
            NothingToTakeUp,
            CopyError,
        ) as error:  # another successor may have it, or a copy may come
            saying.tell(f"not taken over: {error}")
            time.sleep(poll)
        except (ProofRefused, NodesDiffer, StateTooOld) as error:  # it acts on nothing of that
            saying.tell(f"no node is believed: {error}")
            time.sleep(poll)
        except UNDECIDED as error:
            saying.tell(f"the chain is away: {error}")
            time.sleep(poll)


def _take_over(client: ChainClient, federation: int, signer: Signer, saying: Saying) -> None:
    """Send the call; when another was faster, or the one in office came back, the chain says so."""
    from pallet_bridge import calls  # noqa: PLC0415
    from pallet_bridge.errors.offices import NotSuccessor, TakeoverTooEarly  # noqa: PLC0415

    sent = client.submit(calls.take_over(federation), signer)
    try:
        sent.wait(_WAIT_S, finalized=True)
    except (NotSuccessor, TakeoverTooEarly) as refused:
        saying.say(f"not taken over: {refused}")


def _prepare(
    sender: Sender,
    federation: int,
    signer: Signer,
    sources: Folders,
    run_dir: Path,
    *,
    saying: Saying,
    model_only: bool,
) -> None:
    """Make the folder of a run that goes on, unless there is one already."""
    from bcfl_plugins.session.takeover import new_folder  # noqa: PLC0415
    from bcfl_plugins.standby.handover import begin_run, find_handover, goes_on  # noqa: PLC0415

    with sender.connect() as client:
        if goes_on(run_dir, client, federation, signer.account):
            saying.say(f"the last run in {run_dir} goes on")
            return
        made = find_handover(sources.now(), client, federation)
        if made is None:
            saying.say("no round is settled yet: the run begins with the app's own model")
            return
        if model_only:
            made = replace(made, states={}, anew=("all but the model",))
        folder = new_folder(run_dir)
        begin_run(folder, made, client, federation, signer.account)
    saying.say(f"round {made.server_round} was the last: the run goes on in {folder}")
    saying.say("the model is the one that the chain settled last")
    for name in made.states:
        saying.say(f"what {name} remembers is what the round's report pins")
    for what in made.anew:
        saying.say(f"starts anew: {what}")


def _words(sight: Sight, duty: str) -> str:
    start = "" if sight.start is None else f"; it may be replaced from block {sight.start} on"
    return f"{sight.in_office} is in office{start}: {duty}"


_WAIT_S = 120.0
