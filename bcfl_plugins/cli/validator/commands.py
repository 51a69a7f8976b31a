"""``bcfl validator new-keys``, ``set-keys``, ``purge-keys`` and ``show``."""

from __future__ import annotations

from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import (
    ActingFor,
    ChainHash,
    DryRun,
    MaybeAccount,
    WaitFor,
    WaitOption,
)
from bcfl_plugins.cli.acting.options import account as read_account
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.output import AsJson, console, print_json
from bcfl_plugins.cli.places import KeySource, MaybeKey, Url, account_of
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from contextlib import AbstractContextManager

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.session_keys import SessionKeys, Validator
    from pallet_bridge.types import AccountId

KeysFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="What `bcfl validator new-keys` wrote.")
]
NewKeysFile = Annotated[
    Path, typer.Argument(metavar="FILE", help="New file for the public keys and their proof.")
]
ItsNode = Annotated[
    str,
    typer.Option(
        "--node", metavar="URL", help="ws:// URL of the validator's own node, from its machine."
    ),
]
MaybeNode = Annotated[
    str | None,
    typer.Option("--node", metavar="URL", help="Ask this node whether it has the secret keys."),
]
Keystore = Annotated[
    Path | None,
    typer.Option(
        "--keystore",
        metavar="DIR",
        help="Look for the secret keys in this folder: a node's BASE/chains/ID/keystore, or a "
        "copy of it.",
    ),
]
Owner = Annotated[str, typer.Option("--account", help="Whose the keys shall be, as an address.")]

_ANSWER_S = 30.0


def register(app: typer.Typer) -> None:
    """Add the group ``validator`` to `app`."""
    group = typer.Typer(
        help="A validator: its session keys on its node and on chain.", no_args_is_help=True
    )
    group.command("new-keys")(new_keys)
    group.command("set-keys")(set_keys)
    group.command("purge-keys")(purge_keys)
    group.command("show")(show)
    app.add_typer(group, name="validator")


def new_keys(file: NewKeysFile, *, node: ItsNode, account: Owner, as_json: AsJson = False) -> None:
    """Let a node make session keys for an account, and write down what the chain wants of them.

    The secrets stay in the node's keystore; the file has none. They count once the account has
    registered them: `bcfl validator set-keys`.
    """
    from pallet_bridge.client.fields import Fields  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.client.rpc import RpcClient  # noqa: PLC0415 (loads the chain client)
    from pallet_bridge.jsonio import ANYONES, write_atomically  # noqa: PLC0415
    from pallet_bridge.session_keys import SessionKeys, SignedKeys  # noqa: PLC0415

    owner = read_account(account)
    if file.exists():
        raise ConfigError(f"{file} exists; name a new file")
    rpc = RpcClient(node, _ANSWER_S)
    try:
        said = rpc.request("author_rotateKeysWithOwner", ["0x" + owner.raw.hex()])
    finally:
        rpc.close()
    answer = Fields("answer about new keys", said)
    made = SignedKeys(owner, SessionKeys.from_raw(answer.raw("keys")), answer.raw("proof"))
    if not made.is_proved:
        raise ConfigError(f"{node} gave keys without a proof; is it a node of this project?")
    write_atomically(file, made.as_bytes(), mode=ANYONES)
    if as_json:
        print_json({"account": str(owner), "file": str(file), "keys": _words(made.keys)})
        return
    console().print(f"{node} has new session keys for {owner}; back up its keystore, then")
    console().print(f"bcfl validator set-keys {file}", markup=False)


def set_keys(
    file: KeysFile,
    *,
    chain: Url,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Register session keys for your account: the first, or others in place of those before.

    Both nodes have to run until the new keys are in force, if they are two: see `show`.
    """
    from bcfl_plugins.cli.validator import decide  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.session_keys import SignedKeys, key_deposit, owners_of  # noqa: PLC0415

    sender = Sender(key, chain, dry_run, as_json, genesis, wait, acting_for)
    signed = SignedKeys.read(file)
    with _looking(sender.connect(), sender.account()) as (client, at, now):
        owners = owners_of(client, signed.keys, at=at)
        sender.send(client, decide.register(now, signed, owners, key_deposit(client)))


def purge_keys(
    *,
    chain: Url,
    key: KeySource,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Give your account's session keys up, so that its deposit comes back.

    A validator resigns by it. To change keys, register the new ones instead.
    """
    from bcfl_plugins.cli.validator import decide  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge.session_keys import key_deposit  # noqa: PLC0415

    sender = Sender(key, chain, dry_run, as_json, genesis, wait, acting_for)
    with _looking(sender.connect(), sender.account()) as (client, _, now):
        sender.send(client, decide.give_up(now, key_deposit(client)))


def show(
    *,
    chain: Url,
    key: MaybeKey = None,
    account: MaybeAccount = None,
    node: MaybeNode = None,
    keystore: Keystore = None,
    as_json: AsJson = False,
) -> None:
    """Say whether an account validates, with which keys, and from when on.

    With --node or --keystore it also says whether the secrets of the registered keys are there: so
    a backup is checked without starting a second validator. Exit code 0 when all is as it should
    be, else 1.
    """
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)

    if account is None and key is None:
        raise ConfigError("say whose keys: give --account, or --key")
    who = account_of(str(key), chain) if account is None else read_account(account)
    with _looking(connect(chain), who) as (_, _, now):
        pass
    lacking = _lacking(now, node, keystore)
    if as_json:
        fields: dict[str, object] = {
            "account": str(now.account),
            "listed": now.listed,
            "validating": now.validating,
            "keys": None if now.keys is None else _words(now.keys),
            "next_session": None if now.queued is None else _words(now.queued),
            "in_force": now.in_force,
        }
        if node is not None or keystore is not None:
            fields["lacking"] = lacking
        print_json(fields)
    else:
        for line in _lines(now, lacking, looked=keystore or node):
            console().print(line, markup=False)
    if lacking or (now.listed and now.keys is None):
        raise typer.Exit(1)


@contextmanager
def _looking(
    connecting: AbstractContextManager[ChainClient], account: AccountId
) -> Iterator[tuple[ChainClient, bytes, Validator]]:
    from pallet_bridge.session_keys import validator  # noqa: PLC0415 (loads the mirrors)

    with connecting as client:
        at = client.head().hash
        yield client, at, validator(client, account, at=at)


def _lacking(now: Validator, node: str | None, keystore: Path | None) -> list[str]:
    """Return which of the registered keys have no secret in the places that were named."""
    if now.keys is None:
        return []
    found = []
    if keystore is not None:
        from pallet_bridge.session_keys import secrets_in  # noqa: PLC0415 (loads the crypto)

        there = secrets_in(keystore)
        found += [kind for kind, one in now.keys.by_kind().items() if one not in there[kind]]
    if node is not None:
        found += [kind for kind, one in now.keys.by_kind().items() if not _has(node, kind, one)]
    return sorted(set(found))


def _has(node: str, kind: str, public: bytes) -> bool:
    from pallet_bridge.client.rpc import RpcClient  # noqa: PLC0415 (loads the chain client)

    rpc = RpcClient(node, _ANSWER_S)
    try:
        return rpc.request("author_hasKey", ["0x" + public.hex(), kind]) is True
    finally:
        rpc.close()


def _lines(now: Validator, lacking: list[str], looked: object) -> Iterator[str]:
    listed = "is listed by the council" if now.listed else "is not listed by the council"
    does = "validates in this session" if now.validating else "does not validate in this session"
    yield f"{now.account} {listed}, and {does}"
    if now.keys is None:
        yield "it has no session keys: `bcfl validator new-keys`, then `bcfl validator set-keys`"
        return
    yield f"registered  {now.keys.raw.hex()}"
    if now.in_force:
        yield "these keys are in force"
    elif now.queued == now.keys:
        yield "they are in force from the next session on"
    else:
        yield "they are in force from the session after the next one on, where it is listed"
    for kind in lacking:
        yield f"the secret of its {kind} key is not in {looked}: take another copy"
    if looked is not None and not lacking:
        yield f"{looked} has the secrets of both"


def _words(keys: SessionKeys) -> dict[str, str]:
    return {"aura": "0x" + keys.aura.hex(), "grandpa": "0x" + keys.grandpa.hex()}
