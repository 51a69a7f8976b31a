"""What a chain has stored: all that the invariants are about, at one block."""

from __future__ import annotations

from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

from pallet_bridge.encoding import escrow_account
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.types import MotionState

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.types import (
        AccountId,
        Balance,
        BlockRef,
        Bond,
        Commitment,
        Federation,
        Motion,
        Offence,
        Participant,
        Planck,
        Round,
        Seat,
        Terms,
    )


@dataclass(frozen=True, slots=True)
class Books:
    """One federation, all of it. `terms` has the versions that are still stored."""

    number: int
    federation: Federation
    terms: Mapping[int, Terms]
    members: Mapping[AccountId, Participant]
    rounds: Mapping[int, Round]
    commitments: Mapping[int, Mapping[AccountId, Commitment]]
    offences: Mapping[tuple[int, AccountId], Offence]
    committees: Mapping[int, tuple[Seat, ...]]
    motions: Mapping[int, Motion]
    bonds: Mapping[AccountId, Bond]
    sponsors: Mapping[AccountId, Planck]
    escrow: Balance

    def named(self) -> Iterator[AccountId]:
        """Iterate over the accounts on which something of this federation may be on hold."""
        yield self.federation.founder
        yield from self.members
        yield from self.bonds
        yield from (account for _, account in self.offences)
        yield from (m.proposer for m in self.motions.values() if m.state is MotionState.OPEN)


@dataclass(frozen=True, slots=True)
class Ledger:
    """Everything that the invariants are about, at one block.

    `storage` has the raw entries that all of it was read from, where the client can show them.
    """

    block: int
    issuance: Planck
    balances: Mapping[AccountId, Balance]
    books: tuple[Books, ...]
    storage: Mapping[bytes, bytes] = field(default_factory=lambda: MappingProxyType({}))


def read_ledger(
    client: ChainClient, accounts: Iterable[AccountId], first: int, head: BlockRef | None = None
) -> Ledger:
    """Read the federations from number `first` on, and the balances of all concerned.

    Parameters
    ----------
    client : ChainClient
        Where to read.
    accounts : iterable of AccountId
        Whose balances are read besides.
    first : int
        The number of a federation.
    head : BlockRef, optional
        The block whose state is read, by default the newest.
    """
    head = client.head() if head is None else head
    at = head.hash
    numbers = range(first, client.next_federation(at=at))
    books = tuple(read_books(client, number, at) for number in numbers)
    return Ledger(
        block=head.number,
        issuance=client.issuance(at=at),
        balances={who: client.balance(who, at=at) for who in concerned(accounts, books)},
        books=books,
    )


def concerned(accounts: Iterable[AccountId], books: Iterable[Books]) -> list[AccountId]:
    """Return the accounts whose balances the invariants are about, in ascending order."""
    return sorted({*accounts, *(who for one in books for who in one.named())})


def read_books(client: ChainClient, number: int, at: bytes) -> Books:
    """Read one federation at a block."""
    federation = client.federation(number, at=at)
    numbers = range(federation.next_round)
    rounds = {n: client.round(number, n, at=at) for n in numbers}
    motions = {n: client.motion(number, n, at=at) for n in range(federation.next_proposal)}
    pending = federation.pending_terms
    last = federation.terms_version if pending is None else pending.version
    versions = range(1, last + 1)
    terms = {version: read_terms(client, number, version, at) for version in versions}
    return Books(
        number=number,
        federation=federation,
        terms={version: found for version, found in terms.items() if found is not None},
        members=client.participants(number, at=at),
        rounds={n: found for n, found in rounds.items() if found is not None},
        commitments={n: client.commitments(number, n, at=at) for n in numbers},
        offences=client.offences(number, at=at),
        committees={n: client.committee(number, n, at=at) for n in numbers},
        motions={n: found for n, found in motions.items() if found is not None},
        bonds=client.bonds(number, at=at),
        sponsors=client.sponsors(number, at=at),
        escrow=client.balance(escrow_account(number), at=at),
    )


def read_terms(client: ChainClient, number: int, version: int, at: bytes) -> Terms | None:
    """Read terms by their version, None when they are not stored any more."""
    try:
        return client.terms(number, version, at=at)
    except FederationNotFound:
        return None
