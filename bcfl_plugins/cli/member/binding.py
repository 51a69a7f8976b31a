"""``bcfl node bind``: say on chain with which key a node authenticates itself."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from bcfl_plugins.cli.acting.options import (
    ActingFor,
    ChainHash,
    DryRun,
    WaitFor,
    WaitOption,
)
from bcfl_plugins.cli.acting.send import Sender
from bcfl_plugins.cli.acting.session import acting
from bcfl_plugins.cli.output import AsJson  # noqa: TC001 - typer reads it
from bcfl_plugins.cli.places import FederationNumber, KeySource, Url  # noqa: TC001 - the same
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from bcfl_plugins.cli.acting.plan import CallPlan
    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.types import AccountId, NodeKey, Participant

PrivateKeyFile = Annotated[
    Path | None,
    typer.Option(
        "--node-key",
        help="The SuperNode's private key: the file of --auth-supernode-private-key. It signs a "
        "proof, and stays where it is.",
    ),
]
PublicKeyFile = Annotated[
    Path | None,
    typer.Option("--public-key", help="Its public key only: the record has no proof then."),
]
Clear = Annotated[bool, typer.Option("--clear", help="Take back what is bound.")]


def bind(
    *,
    chain: Url,
    federation: FederationNumber,
    key: KeySource,
    node_key: PrivateKeyFile = None,
    public_key: PublicKeyFile = None,
    clear: Clear = False,
    genesis: ChainHash = None,
    wait: WaitOption = WaitFor.FINAL,
    acting_for: ActingFor = None,
    dry_run: DryRun = False,
    as_json: AsJson = False,
) -> None:
    """Say as a member which SuperNode is yours, by the key with which it authenticates itself."""
    from pallet_bridge import node_keys  # noqa: PLC0415 (loads the crypto)
    from pallet_bridge.types import NodeKey, NodeProof  # noqa: PLC0415

    if sum([node_key is not None, public_key is not None, clear]) != 1:
        raise ConfigError("give the node's key: --node-key or --public-key; or --clear")
    with acting(Sender(key, chain, dry_run, as_json, genesis, wait, acting_for), federation) as now:
        bound = None
        if node_key is not None:
            private = node_keys.read_private_key(_read(node_key))
            bound = node_keys.bind(private, now.client.genesis_hash, federation, now.account)
        elif public_key is not None:
            shown = node_keys.read_public_key(_read(public_key))
            bound = NodeKey(node_keys.key_hash(shown), NodeProof(b""))
        before = now.client.node_key(federation, now.account, at=now.view.at)
        now.send(plan_bind(now.view, now.account, bound, member=now.member(), before=before))


def plan_bind(
    view: View,
    signer: AccountId,
    bound: NodeKey | None,
    *,
    member: Participant | None,
    before: NodeKey | None,
) -> CallPlan:
    """Plan to bind a node's key to a member, in place of the one before, or to take it back."""
    from bcfl_plugins.cli.acting.plan import CallPlan  # noqa: PLC0415 (loads the mirrors)
    from pallet_bridge import calls  # noqa: PLC0415

    refusals = []
    if member is None:
        refusals.append(f"{signer} is no member of federation {view.number}; join it first")
    if bound is None:
        means = f"no node's key is bound to {signer} any more"
    else:
        proof = "with its proof" if bound.proof else "without a proof"
        means = f"the node with the key 0x{bound.key.hex()} speaks for {signer}, {proof}"
    if before is not None and bound is not None:
        means += f"; the key 0x{before.key.hex()} does no more"
    return CallPlan(calls.bind_node_key(view.number, bound), means, refusals=tuple(refusals))


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigError(f"{path} cannot be read: {error.strerror}; name another file") from None
