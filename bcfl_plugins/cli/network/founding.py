"""How a network begins: keys, ports and the specification, all of it or nothing."""

from __future__ import annotations

import json
import shutil
import socket
from contextlib import ExitStack
from typing import TYPE_CHECKING

from bcfl_plugins.cli.keys.files import write_key
from bcfl_plugins.cli.network.layout import (
    DRAFT,
    FILE,
    LOCK,
    SPEC,
    LocalValidator,
    Network,
    data,
    home,
    node_key,
    phrase,
)
from bcfl_plugins.cli.network.program import said
from bcfl_plugins.cli.network.specification import LOCAL, Title, preset_patch, specification
from bcfl_plugins.errors import ConfigError
from pallet_bridge.jsonio import write_atomically, writing
from pallet_bridge.keys import Signer, new_phrase

if TYPE_CHECKING:
    from pathlib import Path

FIRST_RPC, FIRST_P2P = 9944, 30333
TITLE = Title("Network on one machine", "loopback", "Local")


def found(folder: Path, validators: int, program: Path) -> Network:
    """Make a network of so many validators in a folder that has nothing yet.

    Raises
    ------
    ConfigError
        If something is there.
    NoNodeProgram
        If the program makes no keys.
    """
    folder = folder.resolve()
    draft = folder / DRAFT
    with writing(folder):
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        others = {path.name for path in folder.iterdir()} - {LOCK, DRAFT}
        if others:
            raise ConfigError(
                f"{folder} is no network, and holds {', '.join(sorted(others)[:3])} already; name "
                f"a new folder"
            )
        shutil.rmtree(draft, ignore_errors=True)  # of a command that was broken off
        draft.mkdir(mode=0o700)
    ports = _free(FIRST_RPC, validators), _free(FIRST_P2P, validators)
    numbers = range(1, validators + 1)
    made = [_keys(home(draft, number), program) for number in numbers]
    members = tuple(
        LocalValidator(number, str(account), rpc, p2p, peer)
        for number, (account, _, peer), rpc, p2p in zip(numbers, made, *ports, strict=True)
    )
    keys = [
        [str(account), str(account), {"aura": str(account), "grandpa": grandpa}]
        for account, grandpa, _ in made
    ]
    patch = {**preset_patch(LOCAL[0]), "session": {"keys": keys}}
    spec = specification(TITLE, patch, [one.address for one in members])
    network = Network(folder, "0x" + spec.genesis_hash.hex(), members)
    write_atomically(draft / SPEC, json.dumps(spec.raw).encode())
    for number in numbers:
        _insert(home(draft, number), draft / SPEC, program)
    network.write(draft)
    with writing(folder):
        for name in ("nodes", SPEC, FILE):  # the last one says that it is a network
            (draft / name).rename(folder / name)
        draft.rmdir()
    return network


def _keys(at: Path, program: Path) -> tuple[str, str, str]:
    """Make the secrets of a validator; return its account, its finality key and its peer id."""
    with writing(at):
        at.mkdir(mode=0o700, parents=True)
    secret = new_phrase()
    write_key(phrase(at), secret.encode())
    words = ("key", "inspect", "--scheme", "ed25519", "--output-type", "json", phrase(at))
    grandpa = json.loads(said(program, *words))["ss58Address"]
    peer = said(program, "key", "generate-node-key", "--file", node_key(at)).strip()
    return str(Signer.from_uri(secret).account), str(grandpa), peer


def _insert(at: Path, spec: Path, program: Path) -> None:
    where = ("--base-path", data(at), "--chain", spec, "--suri", phrase(at))
    for scheme, kind in (("sr25519", "aura"), ("ed25519", "gran")):
        said(program, "key", "insert", *where, "--scheme", scheme, "--key-type", kind)


def _free(first: int, count: int) -> list[int]:
    """Return the first free ports from one on."""
    ports: list[int] = []
    with ExitStack() as stack:
        for port in range(first, 2**16):
            if len(ports) == count:
                break
            held = listen(port)
            if held is not None:
                stack.enter_context(held)
                ports.append(port)
    return ports


def listen(port: int) -> socket.socket | None:
    """Take a port of this machine; ``None``: another program has it."""
    try:
        return socket.create_server(("127.0.0.1", port))
    except OSError:
        return None
