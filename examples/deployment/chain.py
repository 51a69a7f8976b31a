"""The federation on chain: who coordinates it, who has a stake in it."""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config import TermsConfig, terms_of
from pallet_bridge import Signer, calls, connect
from pallet_bridge.types import UNIT, AccountId, Planck

if TYPE_CHECKING:
    from pathlib import Path

STAKE = Planck(100 * UNIT)
COMMIT_BLOCKS = 60
"""They hold the training of the slowest; a round closes before when all members committed."""


@dataclass(frozen=True)
class Founded:
    """A federation, and the key files of those in it."""

    genesis: str
    federation: int
    coordinator: AccountId
    coordinator_key: Path
    node_keys: list[Path]


def new_key(path: Path) -> Signer:
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        file.write("0x" + secrets.token_hex(32))
    return Signer.from_file(path)


def found(
    url: str, folder: Path, nodes: int, strangers: int = 1, commit_blocks: int = COMMIT_BLOCKS
) -> Founded:
    """Make keys, a federation, and members of it; the last nodes get a key and no stake."""
    folder.mkdir(parents=True)
    rich = Signer.from_uri("//Alice")  # the development key that has the money
    coordinator = new_key(folder / "coordinator.key")
    paths = [folder / f"hospital-{number}.key" for number in range(nodes)]
    signers = [new_key(path) for path in paths]
    members = signers[: nodes - strangers]
    terms = TermsConfig(
        commit_blocks=commit_blocks,
        quorum=len(members),
        unbonding_blocks=200,
        notice_blocks=200,
    )
    with connect(url) as chain:
        number = chain.next_federation()
        gifts = [calls.transfer(coordinator.account, Planck(2000 * UNIT))]
        gifts += [calls.transfer(one.account, Planck(STAKE + 10 * UNIT)) for one in members]
        chain.execute(calls.batch(gifts), rich)
        chain.execute(calls.create_federation(terms_of(terms), metadata=bytes(32)), coordinator)
        invitations = [
            calls.invite(number, one.account, path.stem.encode(), 0)
            for one, path in zip(members, paths, strict=False)
        ]
        chain.execute(
            calls.batch([calls.fund(number, Planck(500 * UNIT)), *invitations]), coordinator
        )
        agreed = chain.terms_hash(number)
        joining = [chain.submit(calls.join(number, STAKE, agreed), one) for one in members]
        for one in joining:
            one.wait(120)
        return Founded(
            "0x" + chain.genesis_hash.hex(),
            number,
            coordinator.account,
            folder / "coordinator.key",
            paths,
        )
