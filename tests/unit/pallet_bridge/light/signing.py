"""Authorities of the tests' own, that sign what they are told to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import ed25519_zebra

from pallet_bridge.embedded.chain.block import Header
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.light.authorities import AuthoritySet
from pallet_bridge.light.final import METHODS, PROVE, SUBSCRIBE
from pallet_bridge.light.justification import Justification, Precommit, VotedBlock, signed_bytes

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient
    from tests.unit.pallet_bridge.client.test_every_lie import Liar

ROUND = 9


# of the development account, as every Substrate node derives it
ALICE_SEED = bytes.fromhex("abf8e5bdbe30c65656c0a3cbd181ff8a56294a69dfedd27982aace4a76909115")


class Authority:
    def __init__(self, seed: int | bytes) -> None:
        seed = seed if isinstance(seed, bytes) else bytes([seed]) * 32
        self._secret, public = ed25519_zebra.ed_from_seed(seed)
        self.key = bytes(public)

    def vote(self, target: VotedBlock, *, set_id: int = 0, round_: int = ROUND) -> Precommit:
        message = signed_bytes(target, round_, set_id)
        return Precommit(target, bytes(ed25519_zebra.ed_sign(self._secret, message)), self.key)


FOUR = [Authority(seed) for seed in range(1, 5)]
SET = AuthoritySet(0, {one.key: 1 for one in FOUR})


def chain(length: int, *, salt: bytes = b"\0", start: Header | None = None) -> list[Header]:
    """Headers, each the child of the one before."""
    made = [] if start is None else [start]
    while len(made) < length:
        parent = made[-1].hash if made else bytes(32)
        number = made[-1].number + 1 if made else 10
        made.append(Header(parent, number, salt * 32, bytes(32)))
    return made


def target_of(header: Header) -> VotedBlock:
    return VotedBlock(header.hash, header.number)


def commit(target: Header, votes: list[Precommit], *ancestries: Header) -> Justification:
    return Justification(ROUND, target_of(target), tuple(votes), ancestries)


def sign_finality(liar: Liar, client: EmbeddedClient, *authorities: Authority) -> None:
    """Let a node before an embedded chain prove by these keys that its head is final."""

    def prove(params: list[Any]) -> str | None:
        head = client.head()
        if params[0] > head.number:
            return None
        block = VotedBlock(head.hash, head.number)
        votes = tuple(one.vote(block) for one in authorities)
        shown = Justification(ROUND, block, votes, ()).encode()
        return "0x" + (head.hash + blob(shown) + compact(0)).hex()

    liar.own[PROVE] = prove
    liar.own[SUBSCRIBE] = lambda _params: "justifications"
    liar.own["rpc_methods"] = lambda _params: {"version": 1, "methods": sorted(METHODS)}
