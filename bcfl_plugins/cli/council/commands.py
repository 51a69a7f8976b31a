"""``bcfl council members``, ``motions``, ``propose``, ``vote``, ``close`` and ``upgrade``."""

from __future__ import annotations

import json
from contextlib import contextmanager
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
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.send import Sender, belief_of, checked
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import KeySource, Url  # noqa: TC001 - typer reads them
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from bcfl_plugins.cli.council.decide import CouncilView
    from pallet_bridge.calls import Call
    from pallet_bridge.client.protocol import ChainClient

NewValidator = Annotated[
    str | None, typer.Option("--add-validator", help="An account with session keys.")
]
OldValidator = Annotated[
    str | None, typer.Option("--remove-validator", help="One that validates no more.")
]
CodeToAllow = Annotated[
    Path | None, typer.Option("--allow-code", help="File of a runtime: its hash is allowed.")
]
NewCouncil = Annotated[
    list[str] | None,
    typer.Option("--member", help="A member of the council from then on; repeat for each."),
]
CallFile = Annotated[
    Path | None,
    typer.Option(
        "--call",
        help='JSON file with "pallet", "call" and "args", as --dry-run --json writes them: any '
        "other call that the council may send.",
    ),
]
MotionNumber = Annotated[int, typer.Argument(metavar="MOTION", min=0, help="Its number.")]
ForOrAgainst = Annotated[bool, typer.Option("--approve/--reject", help="For it, or against it?")]
_RUNTIMES = (b"\0asm", bytes.fromhex("52bc537646db8e05"))
"""How Wasm begins, and how a compressed runtime does."""
CodeFile = Annotated[Path, typer.Argument(metavar="CODE", help="File of the runtime.")]


def register(app: typer.Typer) -> None:
    """Add the group ``council`` to `app`."""
    group = typer.Typer(
        help="The chain's council: validators, upgrades, its own members.", no_args_is_help=True
    )
    group.command("members")(members)
    group.command("motions")(motions)
    group.command("propose")(propose)
    group.command("vote")(vote)
    group.command("close")(close)
    group.command("upgrade")(upgrade)
    app.add_typer(group, name="council")


def members(*, chain: Url, genesis: ChainHash = None, as_json: AsJson = False) -> None:
    """Say who is in the council, how many decide, who validates, and which upgrade is allowed."""
    with _council(checked(chain, belief_of(genesis, None, None))) as (_, view):
        pass
    allowed = None if view.allowed is None else "0x" + view.allowed.hex()
    if as_json:
        print_json(
            {
                "members": [str(one) for one in view.members],
                "needed": view.needed,
                "validators": [str(one) for one in view.validators],
                "allowed_upgrade": allowed,
            }
        )
        return
    out = console()
    out.print(f"{view.needed} of {len(view.members)} members decide")
    for one in view.members:
        out.print(f"member {one}")
    for one in view.validators:
        out.print(f"validator {one}")
    if allowed is not None:
        out.print(f"the runtime {allowed} may be brought: bcfl council upgrade")


def motions(*, chain: Url, genesis: ChainHash = None, as_json: AsJson = False) -> None:
    """List what the council votes on."""
    from bcfl_plugins.cli.council.decide import named, tally  # noqa: PLC0415 (loads the mirrors)

    with _council(checked(chain, belief_of(genesis, None, None))) as (_, view):
        pass
    if as_json:
        rows = [
            {
                "motion": one.index,
                "hash": "0x" + one.hash.hex(),
                "pallet": one.pallet,
                "function": one.function,
                "args": {name: str(value) for name, value in one.args.items()},
                "threshold": one.threshold,
                "ayes": [str(who) for who in one.ayes],
                "nays": [str(who) for who in one.nays],
                "ends": one.ends,
            }
            for one in view.motions
        ]
        print_json({"motions": rows})
        return
    out = console()
    for one in view.motions:
        out.print(escape(f"motion {one.index}: {named(one)}"))
        out.print(f"  {tally(one)}; votes until {view.clock.until(one.ends)}")
    if not view.motions:
        out.print("the council votes on nothing")


def propose(
    *,
    chain: Url,
    key: KeySource,
    add_validator: NewValidator = None,
    remove_validator: OldValidator = None,
    allow_code: CodeToAllow = None,
    member: NewCouncil = None,
    call: CallFile = None,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Let the council vote on one thing. The vote of who proposes is one of its own: vote, too."""
    from bcfl_plugins.cli.council import decide  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.council import COUNCIL  # noqa: PLC0415

    given = [add_validator, remove_validator, allow_code, call, member or None]
    if sum(one is not None for one in given) != 1:
        raise ConfigError(
            "propose one thing: --add-validator, --remove-validator, --allow-code, --member (once "
            "for each), or --call"
        )
    sender = Sender(key, chain, dry_run, as_json, genesis, wait, acting_for)
    with _council(sender.connect()) as (client, view):
        if add_validator is not None:
            made, means = _validator(add_validator, come=True)
        elif remove_validator is not None:
            made, means = _validator(remove_validator, come=False)
        elif allow_code is not None:
            made, means = _upgrade(allow_code)
        elif call is not None:
            made, means = _any_call(call)
        else:
            made, means = _members(member or [], len(view.members))
        receipt = sender.send(client, decide.propose(view, sender.account(), made, means))
    if receipt is not None and not as_json:
        for event in receipt.events:
            if (event.pallet, event.name) == (COUNCIL, "Proposed"):
                console().print(f"motion {event.integer('proposal_index')}")


def vote(
    number: MotionNumber,
    *,
    chain: Url,
    key: KeySource,
    approve: ForOrAgainst,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Vote on a motion, as a member of the council."""
    from bcfl_plugins.cli.council import decide  # noqa: PLC0415 (loads the mirrors)

    sender = Sender(key, chain, dry_run, as_json, genesis, wait, acting_for)
    with _council(sender.connect()) as (client, view):
        sender.send(client, decide.vote(view, sender.account(), number, approve=approve))


def close(
    number: MotionNumber,
    *,
    chain: Url,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Count the votes on a motion, and do what it says when enough approved. Anyone may."""
    from bcfl_plugins.cli.council import decide  # noqa: PLC0415 (loads the mirrors)

    sender = Sender(key, chain, dry_run, as_json, genesis, wait, acting_for)
    with _council(sender.connect()) as (client, view):
        sender.send(client, decide.close(view, number))


def upgrade(
    code: CodeFile,
    *,
    chain: Url,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Bring the runtime that the council allowed. Anyone may; blocks go on with it."""
    from bcfl_plugins.cli.council import decide  # noqa: PLC0415 (loads the mirrors)

    sender = Sender(key, chain, dry_run, as_json, genesis, wait, acting_for)
    with _council(sender.connect()) as (client, view):
        receipt = sender.send(client, decide.upgrade(view, _read(code)))
    for event in () if receipt is None else receipt.events:
        if event.name == "RejectedInvalidAuthorizedUpgrade":
            raise ConfigError(
                f"System refused this runtime ({_why(event.fields.get('error'))}); the old one "
                f"stays, and the council must allow another one"
            )


@contextmanager
def _council(
    connecting: AbstractContextManager[ChainClient],
) -> Iterator[tuple[ChainClient, CouncilView]]:
    from bcfl_plugins.cli.acting.view import clock_of  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.cli.council.decide import CouncilView  # noqa: PLC0415
    from pallet_bridge import council  # noqa: PLC0415

    with connecting as client:
        head = client.head()
        yield (
            client,
            CouncilView(
                clock=clock_of(client, head.number),
                members=council.members_of(client, at=head.hash),
                validators=council.validators_of(client, at=head.hash),
                motions=council.council_motions(client, at=head.hash),
                allowed=council.allowed_upgrade(client, at=head.hash),
            ),
        )


def _validator(text: str, *, come: bool) -> tuple[Call, str]:
    from pallet_bridge import calls  # noqa: PLC0415 (loads the mirrors)

    account = read_account(text)
    if come:
        return calls.add_validator(account), f"{account} validates from the session after the next"
    return calls.remove_validator(account), f"{account} validates until the session after the next"


def _upgrade(file: Path) -> tuple[Call, str]:
    from pallet_bridge import calls  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.encoding import blake2_256  # noqa: PLC0415
    from pallet_bridge.runtime import known_runtimes  # noqa: PLC0415

    code = _read(file)
    if not code.startswith(_RUNTIMES):
        raise ConfigError(f"{file} is no runtime; give the compressed or the plain Wasm of one")
    digest = blake2_256(code)
    known = known_runtimes().get(digest.hex())
    what = (
        "no runtime that this version knows" if known is None else f"version {known.spec_version}"
    )
    means = f"anyone may bring the runtime 0x{digest.hex()} ({what})"
    return calls.authorize_upgrade(digest), means


def _members(accounts: list[str], old_count: int) -> tuple[Call, str]:
    from pallet_bridge import calls  # noqa: PLC0415 (loads the mirrors)

    named = sorted({read_account(one) for one in accounts})
    names = ", ".join(str(one) for one in named)
    return calls.set_council(named, old_count), f"the council is {names} from then on"


def _any_call(file: Path) -> tuple[Call, str]:
    from pallet_bridge.calls import Call  # noqa: PLC0415 (loads the mirrors)

    try:
        said = json.loads(_read(file))
    except ValueError as error:
        raise ConfigError(f"{file} is no JSON: {error}") from None
    match said:
        case {"pallet": str(pallet), "call": str(function), "args": dict(args)}:
            return Call(pallet, function, args), f"{pallet}.{function}"
    raise ConfigError(f'{file} needs "pallet", "call" and "args"')


def _why(error: object) -> str:
    """Return the name of an error of System, by its number in the metadata."""
    names = ("InvalidSpecName", "SpecVersionNeedsToIncrease", "FailedToExtractRuntimeVersion")
    match error:
        case {"Module": {"error": str(code)}}:
            number = int(code[2:4], 16)
            return names[number] if number < len(names) else str(error)
    return str(error)


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; name another file") from None
