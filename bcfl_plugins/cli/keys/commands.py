"""``bcfl keys``: make a key, show its address, import and export it."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import KEY, account_of, here, signer_of
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from pallet_bridge.keys import Signer

OfKey = Annotated[
    str | None,
    typer.Option("--key", envvar=KEY, help=f"Which key: file:PATH or env:NAME. Default: {KEY}."),
]
From = Annotated[
    str | None,
    typer.Option("--from", help="Where the key is: file:PATH or env:NAME. Default: it is typed."),
]
NewFile = Annotated[
    Path, typer.Argument(metavar="PATH", help="The new file, which only you may read.")
]
Name = Annotated[str, typer.Option("--name", help="What a wallet shows for it.")]
InPlain = Annotated[
    bool,
    typer.Option("--plain", help="Write the secret itself, without a password."),
]
Phrase = Annotated[
    bool,
    typer.Option(
        "--phrase", help="Also print the BIP-39 phrase: the one way back when the file is lost."
    ),
]
OpenIt = Annotated[
    bool,
    typer.Option(
        "--open", help="Open it with its password: the secret makes this address, so a copy is one."
    ),
]
Words = Annotated[int, typer.Option("--words", help="Length of the phrase: 12, 15, 18, 21 or 24.")]


def register(app: typer.Typer) -> typer.Typer:
    """Add the group ``keys`` to `app`, and return it."""
    group = typer.Typer(
        help="Keys: sr25519, as polkadot.js and subkey have them.", no_args_is_help=True
    )
    group.command("new")(new)
    group.command("show")(show)
    group.command("import")(import_key)
    group.command("export")(export)
    app.add_typer(group, name="keys")
    return group


def new(
    path: NewFile,
    *,
    name: Name = "",
    words: Words = 12,
    phrase: Phrase = False,
    plain: InPlain = False,
    as_json: AsJson = False,
) -> None:
    """Make a key, and write it to a new file that is encrypted with a password.

    The file is one of polkadot.js: wallets read it. The password is that of the file named in
    BCFL_KEY_PASSWORD_FILE, or BCFL_KEY_PASSWORD, or it is asked for. Without the file and its
    password, and without the phrase, the key and all that it owns is lost.
    """
    from bcfl_plugins.cli.keys.files import refuse_existing  # noqa: PLC0415 (loads the crypto)
    from pallet_bridge.keys import Signer, new_phrase  # noqa: PLC0415

    refuse_existing(path)
    secret = new_phrase(words)
    signer = Signer.from_uri(secret)
    _write(path, signer, secret if plain else None, name)
    fields: dict[str, object] = {"account": str(signer.account), "file": str(path)}
    if as_json:
        print_json(fields | ({"phrase": secret} if phrase else {}))
        return
    out = console()
    out.print(f"{signer.account} in {escape(str(path))}")
    if phrase:
        out.print("Write this down, and keep it from others and from every disk:")
        out.print(secret)
    elif not plain:
        out.print("Keep the file and its password: without them the key is lost (see --phrase).")


def show(*, key: OfKey = None, opened: OpenIt = False, as_json: AsJson = False) -> None:
    """Show the address of a key; never the secret.

    The address of an encrypted file is read without its password, unless you say --open.
    """
    if key is None:
        raise ConfigError("say which key: --key file:PATH, env:NAME or //Alice")
    account = signer_of(key, here()).account if opened else account_of(key, here())
    if as_json:
        print_json({"account": str(account), "public": "0x" + account.raw.hex()})
        return
    console().print(str(account))


def import_key(
    path: NewFile,
    *,
    source: From = None,
    name: Name = "",
    plain: InPlain = False,
    as_json: AsJson = False,
) -> None:
    """Write a key that exists to a new encrypted file: from a phrase, a seed or a file.

    Without --from the phrase or seed is asked for, or read from the standard input. It is never
    taken from the command line, which others on the machine can read.
    """
    from bcfl_plugins.cli.keys.files import refuse_existing, typed_secret  # noqa: PLC0415
    from pallet_bridge.keys import Signer  # noqa: PLC0415 (loads the crypto)

    refuse_existing(path)
    secret = typed_secret() if source is None else None
    signer = signer_of(str(source), here()) if secret is None else Signer.from_uri(secret)
    _write(path, signer, (secret or signer.uri()) if plain else None, name)
    _say(path, signer, as_json=as_json)


def export(
    path: NewFile,
    *,
    key: OfKey = None,
    name: Name = "",
    plain: InPlain = False,
    as_json: AsJson = False,
) -> None:
    """Write a key to a new file for another program or machine, encrypted unless --plain.

    A plain file is a secret URI: 0x and 128 hex digits of the secret key, as subkey reads it.
    """
    if key is None:
        raise ConfigError("say which key: --key file:PATH or env:NAME")
    signer = signer_of(key, here())
    _write(path, signer, signer.uri() if plain else None, name)
    _say(path, signer, as_json=as_json)


def _write(path: Path, signer: Signer, plain: str | None, name: str) -> None:
    from bcfl_plugins.cli.keys.files import (  # noqa: PLC0415 (loads the crypto)
        new_password,
        refuse_existing,
        write_key,
    )

    refuse_existing(path)
    if plain is not None:
        write_key(path, plain.encode() + b"\n")
    else:
        write_key(path, signer.encrypted(new_password(), name or path.stem))


def _say(path: Path, signer: Signer, *, as_json: bool) -> None:
    if as_json:
        print_json({"account": str(signer.account), "file": str(path)})
    else:
        console().print(f"{signer.account} in {escape(str(path))}")
