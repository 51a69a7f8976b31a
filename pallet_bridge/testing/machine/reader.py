"""Reading a ledger after each call: what has not changed in storage is not decoded again.

The embedded chain shows its raw entries. Equal bytes decode to equal records, so a record is read
anew exactly when a byte of it has changed; any other client is read whole each time.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Final, TypeVar

from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.encoding import escrow_account
from pallet_bridge.metadata import PALLET
from pallet_bridge.testing.machine.in_process import InProcess
from pallet_bridge.testing.machine.ledger import (
    Books,
    Ledger,
    concerned,
    read_books,
    read_ledger,
    read_terms,
)
from pallet_bridge.types import AccountId, BlockRef

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from pallet_bridge.client.protocol import ChainClient

K = TypeVar("K")
V = TypeVar("V")

_ITEM: Final = 32
"""Bytes of the name of a storage item in front of its keys."""
_COUNTED: Final = 12
"""Bytes of a counted number in a key: eight of its hash, then four of itself."""
_ALL: Final = 10**9
_ACCOUNTS: Final = storage_prefix("System", "Account")
_BCFL: Final = storage_prefix(PALLET, "")[:16]


class LedgerReader:
    """Reads the federations from number `first` on, again and again.

    Parameters
    ----------
    client : ChainClient
        Where to read. What a client `InProcess` shows of its storage saves work.
    first : int
        The number of a federation.
    """

    def __init__(self, client: ChainClient, first: int) -> None:
        self._client = client
        self._first = first
        self._last: Ledger | None = None

    def read(self, accounts: Iterable[AccountId]) -> Ledger:
        """Read the newest state, with the balances of these accounts besides."""
        if not isinstance(self._client, InProcess):
            return read_ledger(self._client, accounts, self._first)
        head, storage = _stored(self._client)
        if self._last is None:
            made = read_ledger(self._client, accounts, self._first, head)
        else:
            made = _caught_up(self._client, self._last, head, storage, accounts, self._first)
        self._last = replace(made, storage=storage)
        return self._last


def _stored(client: InProcess) -> tuple[BlockRef, Mapping[bytes, bytes]]:
    """Return the head, and the raw entries of the pallet and of all accounts."""
    with client.node.locked() as chain:
        header = chain.header(chain.head)
        if header is None:
            raise AssertionError("the chain has no head")
        head = BlockRef(header.number, chain.head)
        found: dict[bytes, bytes] = {}
        for prefix in (_BCFL, _ACCOUNTS):
            for key in chain.keys(prefix, count=_ALL):
                value = chain.get(key)
                if value is not None:
                    found[key] = value
    return head, found


def _caught_up(  # noqa: PLR0917 - what was, what is, and where to read
    client: ChainClient,
    last: Ledger,
    head: BlockRef,
    storage: Mapping[bytes, bytes],
    accounts: Iterable[AccountId],
    first: int,
) -> Ledger:
    changed = {key for key, _ in storage.items() ^ last.storage.items()}
    paid = {AccountId(key[-32:]) for key in changed if key.startswith(_ACCOUNTS)}
    dirty: dict[int, set[bytes]] = {}
    for key in changed:
        if key.startswith(_BCFL) and len(key) >= _ITEM + _COUNTED:
            dirty.setdefault(_number(key, 0), set()).add(key)
    books = [
        _patched(client, one, dirty.get(one.number, set()), head.hash, paid) for one in last.books
    ]
    until = client.next_federation(at=head.hash) if changed else first + len(books)
    books += [read_books(client, n, head.hash) for n in range(first + len(books), until)]
    names = concerned(accounts, books)
    fresh = {who for who in names if who in paid or who not in last.balances}
    return Ledger(
        block=head.number,
        issuance=client.issuance(at=head.hash),
        balances={
            who: client.balance(who, at=head.hash) if who in fresh else last.balances[who]
            for who in names
        },
        books=tuple(books),
    )


def _number(key: bytes, place: int) -> int:
    end = _ITEM + (place + 1) * _COUNTED
    return int.from_bytes(key[end - 4 : end], "little")


def _patched(
    client: ChainClient, books: Books, changed: set[bytes], at: bytes, paid: set[AccountId]
) -> Books:
    """Return the books with each record that lies under a changed key read anew."""
    escrow = escrow_account(books.number)
    if escrow in paid:
        books = replace(books, escrow=client.balance(escrow, at=at))
    for item, again in _AGAIN.items():
        prefix = storage_prefix(PALLET, item)
        keys = {key for key in changed if key.startswith(prefix)}
        if keys:
            books = again(client, books, keys, at)
    return books


def _federation(client: ChainClient, books: Books, _: set[bytes], at: bytes) -> Books:
    federation = client.federation(books.number, at=at)
    numbers = range(books.federation.next_round, federation.next_round)
    return replace(
        books,
        federation=federation,
        commitments={**books.commitments, **{n: {} for n in numbers}},
        committees={**books.committees, **dict.fromkeys(numbers, ())},
    )


def _terms(client: ChainClient, books: Books, keys: set[bytes], at: bytes) -> Books:
    found = {n: read_terms(client, books.number, n, at) for n in _second(keys)}
    return replace(books, terms=_merged(books.terms, found))


def _members(client: ChainClient, books: Books, keys: set[bytes], at: bytes) -> Books:
    who = (AccountId(key[-32:]) for key in keys)
    found = {account: client.participant(books.number, account, at=at) for account in who}
    return replace(books, members=_merged(books.members, found))


def _rounds(client: ChainClient, books: Books, keys: set[bytes], at: bytes) -> Books:
    found = {n: client.round(books.number, n, at=at) for n in _second(keys)}
    return replace(books, rounds=_merged(books.rounds, found))


def _commitments(client: ChainClient, books: Books, keys: set[bytes], at: bytes) -> Books:
    found = {n: client.commitments(books.number, n, at=at) for n in _second(keys)}
    return replace(books, commitments=_merged(books.commitments, found))


def _sponsors(client: ChainClient, books: Books, _: set[bytes], at: bytes) -> Books:
    return replace(books, sponsors=client.sponsors(books.number, at=at))


def _offences(client: ChainClient, books: Books, _: set[bytes], at: bytes) -> Books:
    return replace(books, offences=client.offences(books.number, at=at))


def _committees(client: ChainClient, books: Books, keys: set[bytes], at: bytes) -> Books:
    found = {n: client.committee(books.number, n, at=at) for n in _second(keys)}
    return replace(books, committees=_merged(books.committees, found))


def _motions(client: ChainClient, books: Books, keys: set[bytes], at: bytes) -> Books:
    found = {n: client.motion(books.number, n, at=at) for n in _second(keys)}
    return replace(books, motions=_merged(books.motions, found))


def _bonds(client: ChainClient, books: Books, _: set[bytes], at: bytes) -> Books:
    return replace(books, bonds=client.bonds(books.number, at=at))


_AGAIN: Final[Mapping[str, Callable[[ChainClient, Books, set[bytes], bytes], Books]]] = {
    "Federations": _federation,
    "FederationTerms": _terms,
    "Participants": _members,
    "Rounds": _rounds,
    "Commitments": _commitments,
    "Offences": _offences,
    "Committees": _committees,
    "Motions": _motions,
    "Bonds": _bonds,
    "Sponsors": _sponsors,
}
"""How the records of each storage item are read anew. Those of others are in no invariant."""


def _second(keys: set[bytes]) -> set[int]:
    """Return the numbers that follow the federation's in these keys."""
    return {_number(key, 1) for key in keys}


def _merged(old: Mapping[K, V], found: Mapping[K, V | None]) -> dict[K, V]:
    """Return the old records with those found in their place, and without those that are gone."""
    merged = dict(old)
    for key, value in found.items():
        if value is None:
            merged.pop(key, None)
        else:
            merged[key] = value
    return merged
