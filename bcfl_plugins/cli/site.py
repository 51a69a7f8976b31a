"""``bcfl node check``: can this site take part, before a run is lost on it?

Each fact is looked at as the node and the server will: the key, for whom the node signs, the chain,
the stake, the terms, the memory, and the way to the SuperLink.
"""

from __future__ import annotations

import socket
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.markup import escape

from bcfl_plugins.cli.output import AsJson, MachineCheck, console, print_json

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer
    from pallet_bridge.memory.pins import Pinned

NodeConfig = Annotated[
    str,
    typer.Option(
        "--node-config", help="The argument of flower-supernode --node-config, word for word."
    ),
]
ChainUrl = Annotated[str, typer.Option("--chain", help="ws:// URL of a node of the chain.")]
Superlink = Annotated[
    str, typer.Option("--superlink", help="HOST:PORT of the SuperLink, to see whether it answers.")
]
NamedFederation = Annotated[
    int | None,
    typer.Option("--federation", min=0, help="Where bcfl-federation does not say it."),
]
SuperNodeKey = Annotated[
    Path | None,
    typer.Option(
        "--supernode-key",
        help="The file of flower-supernode --auth-supernode-private-key, to hold it against the "
        "SuperNode that the member named on chain.",
    ),
]
SiteSeconds = Annotated[
    float,
    typer.Option("--training-s", min=0, help="Seconds that this site trains for one round."),
]

_REACH_S = 10.0


def check(
    *,
    node_config: NodeConfig,
    chain: ChainUrl,
    superlink: Superlink = "",
    federation: NamedFederation = None,
    supernode_key: SuperNodeKey = None,
    training_s: SiteSeconds = 0.0,
    as_json: AsJson = False,
) -> None:
    """Check before a run that this site can take part; say what to do about each fault.

    Run it as the user and in the environment of the SuperNode. Exit code 0 when the site can.
    """
    found = _checks(
        node_config,
        chain,
        superlink,
        federation=federation,
        supernode_key=supernode_key,
        training_s=training_s,
    )
    checks = list(found)
    ok = all(one.ok for one in checks if one.required)
    if as_json:
        print_json({"ok": ok, "checks": [asdict(one) for one in checks]})
    else:
        out = console()
        for one in checks:
            mark = "[green]ok[/]" if one.ok else "[red]no[/]" if one.required else "[dim]--[/]"
            out.print(f"{mark:>13} {one.name}: {escape(one.found)}")
            if not one.ok:
                out.print(f"     {escape(one.advice)}")
        out.print("this site can take part" if ok else "this site cannot take part yet")
    if not ok:
        raise typer.Exit(1)


def _checks(
    text: str,
    url: str,
    superlink: str,
    *,
    federation: int | None,
    supernode_key: Path | None,
    training_s: float,
) -> Iterator[MachineCheck]:
    from bcfl_plugins.config.node_config import parse_node_config, pinned_by  # noqa: PLC0415
    from pallet_bridge.client import connect  # noqa: PLC0415 (loads the chain client)
    from pallet_bridge.errors import BcflError  # noqa: PLC0415

    config = parse_node_config(text)
    pinned = pinned_by(config)
    signer: Signer | None = None
    try:
        signer = _signer(config)
        yield _key(config, signer)
        yield _memory(config, signer)
    except BcflError as error:
        yield MachineCheck("key and memory", ok=False, found="not usable", advice=str(error))
    if superlink:
        yield _superlink(superlink)
    number = pinned.federation if pinned.federation is not None else federation
    try:
        with connect(url) as client:
            yield _chain(client, pinned)
            yield from _federation(client, config, pinned, signer, number)
            if signer is not None and number is not None:
                yield _supernode(client, number, signer, supernode_key)
            if training_s and number is not None:
                yield _window(client, number, training_s)
    except BcflError as error:
        yield MachineCheck(f"chain {url}", ok=False, found="no answer", advice=str(error))


def _signer(config: Mapping[str, object]) -> Signer:
    from bcfl_plugins.config.node_config import KEY  # noqa: PLC0415
    from pallet_bridge.errors import ConfigError  # noqa: PLC0415
    from pallet_bridge.keys import Signer  # noqa: PLC0415

    if KEY not in config:
        raise ConfigError(
            f"the node has no key: set {KEY} in --node-config, to env:NAME or file:PATH"
        )
    return Signer.from_source(str(config[KEY]), KEY)


def _key(config: Mapping[str, object], signer: Signer) -> MachineCheck:
    from bcfl_plugins.config.node_config import KEY  # noqa: PLC0415

    public = str(config[KEY]).startswith("//")
    return MachineCheck(
        "key",
        ok=not public,
        found=f"account {signer.account}",
        advice=f"{KEY} is a public development key: anybody can sign with it. Set env:NAME or "
        f"file:PATH, except for a chain on this machine",
        required=False,
    )


def _memory(config: Mapping[str, object], signer: Signer) -> MachineCheck:
    """Open the file as a signature does; a file that is new stays, and is empty."""
    from bcfl_plugins.config.node_config import folder_of  # noqa: PLC0415
    from pallet_bridge.memory.signed import SignedMemory  # noqa: PLC0415
    from pallet_bridge.types import RoundKey  # noqa: PLC0415

    memory = SignedMemory(folder_of(config), signer.account)
    memory.highest(RoundKey(bytes(32), 0, 0))
    rounds = sum(one.rounds for one in memory.summary())
    return MachineCheck("memory", ok=True, found=f"{memory.path}, {rounds} rounds signed")


def _superlink(address: str) -> MachineCheck:
    host, _, port = address.rpartition(":")
    try:
        with socket.create_connection((host.strip("[]"), int(port)), timeout=_REACH_S):
            return MachineCheck("superlink", ok=True, found=f"{address} answers")
    except (OSError, ValueError) as error:
        return MachineCheck(
            "superlink",
            ok=False,
            found=f"{address} does not answer ({error})",
            advice="see the address, the network and its firewalls; it is that of "
            "flower-supernode --superlink",
        )


def _chain(client: ChainClient, pinned: Pinned) -> MachineCheck:
    from bcfl_plugins.config.node_config import GENESIS  # noqa: PLC0415

    here = f"0x{client.genesis_hash.hex()}"
    found = f"{client.url}, block {client.head().number}, genesis {here}"
    if pinned.genesis is None:
        advice = f'set {GENESIS}="{here}" in --node-config, once you know that it is the chain'
        return MachineCheck("chain", ok=False, found=found, advice=advice, required=False)
    same = pinned.genesis == client.genesis_hash
    advice = f"{GENESIS} is 0x{pinned.genesis.hex()}: this is another chain"
    return MachineCheck("chain", ok=same, found=found, advice=advice)


def _federation(
    client: ChainClient,
    config: Mapping[str, object],
    pinned: Pinned,
    signer: Signer | None,
    number: int | None,
) -> Iterator[MachineCheck]:
    from bcfl_plugins.config.limits import check_terms, limits_of  # noqa: PLC0415
    from bcfl_plugins.config.node_config import COORDINATOR, FEDERATION  # noqa: PLC0415

    if number is None:
        advice = f"set {FEDERATION} in --node-config, or give --federation"
        yield MachineCheck("federation", ok=False, found="not named", advice=advice)
        return
    record = client.federation(number)
    named = ", ".join(map(str, (pinned.coordinator, *pinned.successors)))
    yield MachineCheck(
        f"federation {number}",
        ok=pinned.serves(record.coordinator),
        found=f"coordinated by {record.coordinator}",
        advice=f"{COORDINATOR} is {named}: the node would sign nothing for this one",
    )
    terms = client.terms(number)
    beyond = check_terms(terms, limits_of(config))
    yield MachineCheck(
        "terms",
        ok=not beyond,
        found="within the node's limits" if not beyond else "; ".join(map(str, beyond)),
        advice="who agrees to them raises the limit in --node-config; who does not leaves",
    )
    if signer is not None:
        yield _stake(client, number, signer)


def _stake(client: ChainClient, number: int, signer: Signer) -> MachineCheck:
    """Ask what the plugin `staking` asks before each round."""
    from bcfl_plugins.plugins.staking import why_left_out  # noqa: PLC0415
    from bcfl_plugins.types import NodeId, NodeRef  # noqa: PLC0415

    least = client.terms(number).min_stake
    member = client.participants(number).get(signer.account)
    node = NodeRef(NodeId(0), signer.account)
    why = why_left_out(node, member, least, client.head().number)
    staked = 0 if member is None else member.active
    return MachineCheck(
        "stake",
        ok=why is None,
        found=f"{staked} planck at stake, {least} needed" if why is None else why,
        advice=f"the server would leave this node out: join federation {number} with the stake "
        f"(docs/how-to/real-node.md)",
    )


def _supernode(client: ChainClient, number: int, signer: Signer, file: Path | None) -> MachineCheck:
    """Compare as the server does; without a record there is nothing to compare with."""
    from pallet_bridge.errors import ConfigError  # noqa: PLC0415
    from pallet_bridge.node_keys import key_hash, read_private_key  # noqa: PLC0415 (the crypto)

    bound = client.node_key(number, signer.account)
    if bound is None:
        return MachineCheck("supernode", ok=True, found="the member named none on chain")
    named = f"the member named the one with the key 0x{bound.key.hex()} on chain"
    if file is None:
        advice = "the server leaves out every other: give its key's file with --supernode-key"
        return MachineCheck("supernode", ok=False, found=named, advice=advice, required=False)
    try:
        data = file.read_bytes()
    except OSError as error:
        raise ConfigError(f"{file} cannot be read: {error.strerror}; name another file") from None
    return MachineCheck(
        "supernode",
        ok=key_hash(read_private_key(data).public_key()) == bound.key,
        found=named,
        advice=f"{file} is another key, and the server would leave this node out: start the "
        f"SuperNode with that key, or name this one (bcfl node bind --node-key {file})",
    )


def _window(client: ChainClient, number: int, training_s: float) -> MachineCheck:
    from bcfl_plugins.rounds.windows import USUAL_SLOT_S, blocks_for, proposal  # noqa: PLC0415

    terms, slot_s = client.terms(number), client.slot_seconds() or USUAL_SLOT_S
    fitting = blocks_for(training_s, slot_s)
    return MachineCheck(
        "commit window",
        ok=terms.commit_blocks >= fitting,
        found=f"{terms.commit_blocks} blocks of {slot_s:g} s, for {training_s:g} s of training",
        advice=f"the chain refuses what comes later: ask the coordinator for "
        f"{proposal(fitting, terms)}",
    )
