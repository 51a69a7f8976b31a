"""What the chain says of one federation: state and events, read through any client."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pallet_bridge.errors import BadChainValue
from pallet_bridge.metadata import PALLET
from pallet_bridge.types import AccountId, BlockRef, Event, Planck

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import Commitment, Federation, Round, Terms


@dataclass(frozen=True, slots=True)
class BlockEvent:
    """An event with its block."""

    block: BlockRef
    event: Event


Place = tuple[int, AccountId]
"""A round and one of its members."""


def place_of(seen: BlockEvent) -> Place:
    """Return the round and the member that an event is about."""
    return seen.event.integer("round"), seen.event.account()


@dataclass(frozen=True, slots=True)
class ChainFacts:
    """One federation at the head, with all of its events in order and by name and round.

    `number` is the federation's, `blocks` how many blocks were read, `overrides` those in which
    the chain's sudo key acted. `burns` are what the currency burned of stakes, as its own events
    say: block number, extrinsic index, account and amount. `issuance_drop` is how much less there
    is in all than before the first block that was read, `fees` and `slashed` what events say was
    burned meanwhile. `seals` and `opened` are the blocks in which rounds were sealed and opened.
    """

    genesis: bytes
    head: BlockRef
    blocks: int
    number: int
    federation: Federation
    terms: Mapping[int, Terms]
    rounds: Mapping[int, Round]
    commitments: Mapping[int, Mapping[AccountId, Commitment]]
    events: tuple[BlockEvent, ...]
    by_round: Mapping[tuple[str, int], tuple[BlockEvent, ...]]
    overrides: tuple[BlockRef, ...]
    burns: frozenset[tuple[int, int | None, AccountId, int]]
    issuance_drop: Planck
    fees: Planck
    slashed: Planck
    forfeited_bonds: Planck
    seals: Mapping[int, BlockRef] = field(default_factory=lambda: MappingProxyType({}))
    opened: Mapping[int, BlockRef] = field(default_factory=lambda: MappingProxyType({}))

    def of(self, name: str, round_id: int) -> tuple[BlockEvent, ...]:
        """Return the events of one name and round."""
        return self.by_round.get((name, round_id), ())


def read_facts(client: ChainClient, federation: int) -> ChainFacts:
    """Read everything about a federation from the block that made it to the head.

    Raises
    ------
    FederationNotFound
        When the chain has no such federation.
    StateDiscarded
        When the node has pruned some of those blocks: an archive node is needed.
    """
    head = client.head()
    state = client.federation(federation, at=head.hash)
    rounds = {n: client.round(federation, n, at=head.hash) for n in range(state.next_round)}
    known = {n: round_ for n, round_ in rounds.items() if round_ is not None}
    first = _first_block(client, federation, head.number)
    blocks = [_block(client, number) for number in range(first, head.number + 1)]
    events = [BlockEvent(block, event) for block in blocks for event in client.events(block.hash)]
    ours = tuple(
        seen
        for seen in events
        if seen.event.pallet == PALLET and seen.event.fields.get("federation") == federation
    )
    before = client.issuance(at=_block(client, first - 1).hash)
    return ChainFacts(
        genesis=client.genesis_hash,
        head=head,
        blocks=len(blocks),
        number=federation,
        federation=state,
        terms={
            version: client.terms(federation, version, at=head.hash)
            for version in {round_.terms_version for round_ in known.values()}
        },
        rounds=known,
        commitments={n: client.commitments(federation, n, at=head.hash) for n in known},
        events=ours,
        by_round=_by_round(ours),
        overrides=tuple(seen.block for seen in events if seen.event.pallet == "Sudo"),
        burns=frozenset(_burns(events)),
        issuance_drop=Planck(before - client.issuance(at=head.hash)),
        fees=_sum(events, "TransactionPayment", "TransactionFeePaid", "actual_fee"),
        slashed=_sum(events, PALLET, "Slashed", "burned"),
        forfeited_bonds=Planck(
            _sum(events, PALLET, "OffenceUpheld", "burned")
            + _sum(events, PALLET, "MisconductProved", "burned")
        ),
        seals={
            n: blocks[round_.seal_block - first]
            for n, round_ in known.items()
            if first <= round_.seal_block <= head.number
        },
        opened={
            n: blocks[round_.opened_at - first]
            for n, round_ in known.items()
            if first <= round_.opened_at <= head.number
        },
    )


def _first_block(client: ChainClient, federation: int, head: int) -> int:
    """Return the number of the block that made the federation: it exists from there on."""
    low, high = 1, head
    while low < high:
        middle = (low + high) // 2
        # a number, which reads the same on a runtime of before
        if client.next_federation(at=_block(client, middle).hash) > federation:
            high = middle
        else:
            low = middle + 1
    return low


def _block(client: ChainClient, number: int) -> BlockRef:
    block = client.block_at(number)
    if block is None:
        raise BadChainValue(f"the chain has no block {number} any more: audit again")
    return block


def _by_round(events: Iterable[BlockEvent]) -> dict[tuple[str, int], tuple[BlockEvent, ...]]:
    grouped: dict[tuple[str, int], list[BlockEvent]] = {}
    for seen in events:
        if "round" in seen.event.fields:
            grouped.setdefault((seen.event.name, seen.event.integer("round")), []).append(seen)
    return {key: tuple(group) for key, group in grouped.items()}


def _burns(events: Iterable[BlockEvent]) -> Iterable[tuple[int, int | None, AccountId, int]]:
    for seen in events:
        event = seen.event
        if (event.pallet, event.name) == ("Balances", "BurnedHeld"):
            account = AccountId.parse(event.text("who"))
            yield seen.block.number, event.extrinsic, account, event.integer("amount")


def _sum(events: Iterable[BlockEvent], pallet: str, name: str, field: str) -> Planck:
    return Planck(
        sum(
            seen.event.integer(field)
            for seen in events
            if (seen.event.pallet, seen.event.name) == (pallet, name)
        )
    )
