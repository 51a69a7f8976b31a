"""``bcfl federation show`` and ``terms``: what a federation is, and by which terms it is run."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.acting.options import ChainHash  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.acting.send import belief_of, checked
from bcfl_plugins.cli.output import AsJson, console, print_json, printable
from bcfl_plugins.cli.places import FederationNumber, Url  # noqa: TC001 - typer reads it
from bcfl_plugins.config.tables import write_amount

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.types import AccountId, Motion, Participant, Planck

TermsVersion = Annotated[
    int | None, typer.Option("--version", min=0, help="Of the terms. Default: those in force.")
]
Announced = Annotated[
    bool, typer.Option("--announced", help="The terms that are announced and not yet in force.")
]
OnlyHash = Annotated[
    bool, typer.Option("--hash", help="Print their hash only, for `bcfl join --terms`.")
]
Save = Annotated[
    Path | None,
    typer.Option("--save", help="Also write them to a TOML file; --terms of others reads it."),
]


def register(group: typer.Typer) -> None:
    """Add the commands to the group."""
    group.command("show")(show)
    group.command("terms")(terms)


def show(
    *, chain: Url, federation: FederationNumber, genesis: ChainHash = None, as_json: AsJson = False
) -> None:
    """Show a federation: its state, money, members, and the proposals that wait."""
    from bcfl_plugins.cli.acting.view import look  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.cli.federation import succession  # noqa: PLC0415
    from bcfl_plugins.cli.member.standing import read_motions  # noqa: PLC0415
    from pallet_bridge.encoding import escrow_account, purse_account  # noqa: PLC0415
    from pallet_bridge.terms_codec import hash_of_terms  # noqa: PLC0415

    with checked(chain, belief_of(genesis, None, None)) as client:
        view = look(client, federation)
        members = client.participants(federation, at=view.at)
        motions = read_motions(client, view)
        office = client.office(federation, at=view.at)
        escrow = client.balance(escrow_account(federation), at=view.at).free
        purse = client.balance(purse_account(federation), at=view.at).free
        block_0 = client.genesis_hash
    agreed = hash_of_terms(view.terms)
    if as_json:
        fields = _record(view, agreed, members, motions, escrow)
        fields["fees"] = purse
        fields["succession"] = succession.record(view, office)
        print_json({"genesis": "0x" + block_0.hex(), **fields})
        return
    out = console()
    out.print(f"chain 0x{block_0.hex()}")
    for line in _lines(view, agreed, members, motions, escrow):
        out.print(escape(line))
    if purse:
        out.print(f"{write_amount(purse)} for fees of members who cannot pay them")
    for line in succession.lines(view, office):
        out.print(escape(line))


def terms(
    *,
    chain: Url,
    federation: FederationNumber,
    version: TermsVersion = None,
    announced: Announced = False,
    only_hash: OnlyHash = False,
    save: Save = None,
    genesis: ChainHash = None,
    as_json: AsJson = False,
) -> None:
    """Show the terms as bcfl.terms has them, and the hash that a member agrees to."""
    from bcfl_plugins.cli.acting.view import look  # noqa: PLC0415 (loads the mirrors)
    from bcfl_plugins.config.terms_file import table_of, training_of  # noqa: PLC0415
    from bcfl_plugins.errors import ConfigError  # noqa: PLC0415
    from pallet_bridge.terms_codec import hash_of_terms  # noqa: PLC0415

    with checked(chain, belief_of(genesis, None, None)) as client:
        view = look(client, federation)
        pending = view.federation.pending_terms
        if announced and pending is None:
            raise ConfigError(f"federation {federation} has no terms that are announced")
        number = version if pending is None or not announced else pending.version
        found = view.terms
        if number is not None:
            found = client.terms(federation, number, at=view.at)
    table, training = table_of(found), training_of(found)
    agreed = "0x" + hash_of_terms(found).hex()
    text = _toml(table, training)
    if save is not None:
        _write_new(save, text)
    if as_json:
        print_json({"hash": agreed, "terms": table, "training": training})
        return
    out = console()
    if only_hash:
        out.print(agreed)
        return
    out.print(escape(text), end="")
    out.print(f"hash {agreed}")


def _toml(table: Mapping[str, object], training: Mapping[str, object]) -> str:
    import tomlkit  # noqa: PLC0415 (one command needs it)

    document = tomlkit.document()
    document.update(table)
    if training:
        document["training"] = dict(training)
    return tomlkit.dumps(document)


def _write_new(path: Path, text: str) -> None:
    from bcfl_plugins.errors import ConfigError  # noqa: PLC0415

    try:
        with path.open("x", encoding="utf-8") as file:
            file.write(text)
    except FileExistsError:
        raise ConfigError(f"{path} exists; name another file") from None
    except OSError as error:
        raise ConfigError(f"{path} cannot be written: {error.strerror}") from None


def _lines(
    view: View,
    agreed: bytes,
    members: Mapping[AccountId, Participant],
    motions: Mapping[int, Motion],
    escrow: Planck,
) -> Iterator[str]:
    from bcfl_plugins.cli.federation.govern import tally  # noqa: PLC0415 (loads the mirrors)

    federation, clock = view.federation, view.clock
    state = federation.state.value.lower()
    yield f"federation {view.number} is {state}, coordinated by {federation.coordinator}"
    if federation.closing_ends is not None:
        yield f"its closing time ends at {clock.until(federation.closing_ends)}"
    yield f"founded by {federation.founder}, with a deposit of {write_amount(federation.deposit)}"
    yield f"escrow {write_amount(escrow)}, of which {write_amount(federation.owed)} are owed"
    yield f"terms {federation.terms_at(clock.next)}, hash 0x{agreed.hex()}"
    if federation.pending_terms is not None:
        worse = ", worse for members" if federation.pending_terms.is_worse else ""
        starts = clock.until(federation.pending_terms.starts_at)
        yield f"terms {federation.pending_terms.version} come into force at {starts}{worse}"
    yield (
        f"next round {federation.next_round}; {federation.failed_rounds} failed, "
        f"{federation.failures_in_row} in a row"
    )
    for who, member in members.items():
        name = printable((member.organisation or b"").decode(errors="backslashreplace"))
        yield f"member {who} {name}: {write_amount(member.active)} active".replace(" :", ":")
    for number, motion in motions.items():
        yield f"proposal {number}, {motion.state.value.lower()}: {tally(motion)}"
        yield f"  votes until {clock.until(motion.voting_until)}"


def _record(
    view: View,
    agreed: bytes,
    members: Mapping[AccountId, Participant],
    motions: Mapping[int, Motion],
    escrow: Planck,
) -> dict[str, object]:
    federation, pending = view.federation, view.federation.pending_terms
    return {
        "federation": view.number,
        "block": view.clock.block,
        "state": federation.state.value,
        "coordinator": str(federation.coordinator),
        "founder": str(federation.founder),
        "closing_ends": federation.closing_ends,
        "escrow": escrow,
        "owed": federation.owed,
        "terms_version": federation.terms_at(view.clock.next),
        "terms_hash": "0x" + agreed.hex(),
        "announced": None
        if pending is None
        else {
            "version": pending.version,
            "starts_at": pending.starts_at,
            "is_worse": pending.is_worse,
        },
        "open_round": federation.open_round,
        "next_round": federation.next_round,
        "failures_in_row": federation.failures_in_row,
        "members": {
            str(who): {
                "active": member.active,
                "stake": member.stake,
                "organisation": "0x" + (member.organisation or b"").hex(),
                "strikes": member.strikes,
            }
            for who, member in members.items()
        },
        "proposals": {
            str(number): {
                "state": motion.state.value,
                "ayes": motion.ayes,
                "nays": motion.nays,
                "electorate": motion.electorate,
                "voting_until": motion.voting_until,
                "enact_at": motion.enact_at,
            }
            for number, motion in motions.items()
        },
    }
