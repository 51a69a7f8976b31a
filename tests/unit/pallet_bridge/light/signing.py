"""Authorities of the tests' own, that sign what they are told to."""

from __future__ import annotations

import ed25519_zebra

from pallet_bridge.embedded.chain.block import Header
from pallet_bridge.light.authorities import AuthoritySet
from pallet_bridge.light.justification import Justification, Precommit, Target, signed_bytes

ROUND = 9


class Authority:
    def __init__(self, seed: int) -> None:
        self._secret, public = ed25519_zebra.ed_from_seed(bytes([seed]) * 32)
        self.key = bytes(public)

    def vote(self, target: Target, *, set_id: int = 0, round_: int = ROUND) -> Precommit:
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


def target_of(header: Header) -> Target:
    return Target(header.hash, header.number)


def commit(target: Header, votes: list[Precommit], *ancestries: Header) -> Justification:
    return Justification(ROUND, target_of(target), tuple(votes), ancestries)
