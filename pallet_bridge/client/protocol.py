"""What a chain client does: the Protocol that every backend implements.

Calls block, and every call that waits has a limit. A client may be used from several threads.
`at` is a block hash; without it the newest block's state is read.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence
    from types import TracebackType
    from typing import Self

    from pallet_bridge.calls import Call
    from pallet_bridge.keys import Signer
    from pallet_bridge.types.base import AccountId, Planck
    from pallet_bridge.types.events import Balance, BlockRef, Event, Receipt
    from pallet_bridge.types.federation import (
        AttesterRecord,
        Federation,
        Limits,
        Motion,
        Prices,
        Seat,
        TermRanges,
    )
    from pallet_bridge.types.members import (
        Bond,
        Invitation,
        Participant,
        PastRecord,
        RecordOwner,
        Sponsorship,
    )
    from pallet_bridge.types.offices import NodeKey, Office
    from pallet_bridge.types.round import Commitment, Offence, Round
    from pallet_bridge.types.terms import Terms


ERA_BLOCKS = 64
"""For how many blocks a signed call can be included, where the chain remembers so many."""


@dataclass(frozen=True, slots=True)
class Era:
    """The blocks in which a signed call can be included: after `birth`, up to `last`.

    The signature covers the hash of `birth`, so the bytes are worth nothing on a branch without
    that block.
    """

    period: int
    birth: BlockRef

    @property
    def last(self) -> int:
        """The number of the last block that can include the call."""
        return self.birth.number + self.period - 1


@dataclass(frozen=True, slots=True)
class SignedCall:
    """A call as it goes to the pool: signed bytes that can be included once, at most, in its era.

    Within the era the nonce lets a chain include only one transaction of an account with that
    number, as long as the account lives; after it no chain includes the bytes. `era` is None for
    bytes that an older version signed without an end.
    """

    account: AccountId
    nonce: int
    extrinsic: bytes
    hash: bytes
    call: Call
    era: Era | None = None


class Submission(Protocol):
    """A transaction that the pool has taken."""

    @property
    def signed(self) -> SignedCall:
        """What was sent."""
        ...

    def wait(self, timeout: float, *, finalized: bool = False) -> Receipt:
        """Wait until the call is in a block, or in a finalized one.

        Parameters
        ----------
        timeout
            Seconds.
        finalized
            On a real network a block can still be replaced until it is finalized.

        Raises
        ------
        CallFailed
            When the call was included and failed: the class is that of the pallet's error.
        TransactionLost
            When the pool let the transaction go.
        ChainTimeout
            When the time is up; waiting again is allowed. `MigrationUnderWay` or `MigrationStuck`
            when the chain takes no calls after an upgrade.
        ChainUnavailable
            When the connection broke; `ChainClient.find` tells later what became of it.
        """
        ...


class ChainClient(Protocol):
    """One chain with pallet-bcfl, over one connection.

    Every method raises `ChainUnavailable` when there is no connection (the next call tries to
    connect again), `ChainTimeout` when the node does not answer in time, `RpcRefused` when it
    answers with an error, and `BadChainValue` when its answer cannot be read. While a chain
    rewrites its records after an upgrade a read of the newest state waits, as long as for an
    answer; then, and for a read of one block, it raises `MigrationUnderWay` or `MigrationStuck`.
    """

    @property
    def url(self) -> str:
        """The WebSocket URL."""
        ...

    @property
    def genesis_hash(self) -> bytes:
        """The hash of block 0: which chain this is."""
        ...

    def head(self) -> BlockRef:
        """Return the newest block."""
        ...

    def finalized(self) -> BlockRef:
        """Return the newest block that cannot be replaced any more."""
        ...

    def block_at(self, number: int) -> BlockRef | None:
        """Return the block with this number on the best chain, None when there is none yet."""
        ...

    def limits(self) -> Limits:
        """Return the limits that the runtime was built with; they change with the runtime only."""
        ...

    def prices(self) -> Prices:
        """Return the deposits that the runtime asks for; they change with the runtime only."""
        ...

    def term_ranges(self) -> TermRanges:
        """Return what terms the runtime takes; they change with the runtime only."""
        ...

    def slot_seconds(self) -> float | None:
        """Return the time between two blocks by the runtime; None where it does not say."""
        ...

    def federation(self, federation: int, *, at: bytes | None = None) -> Federation:
        """Return a federation; `FederationNotFound` when there is none."""
        ...

    def next_federation(self, *, at: bytes | None = None) -> int:
        """Return the number that the next federation will get."""
        ...

    def terms(
        self, federation: int, version: int | None = None, *, at: bytes | None = None
    ) -> Terms:
        """Return a federation's terms; `FederationNotFound` when there are none.

        By default those in force for a call in the next block.
        """
        ...

    def terms_hash(self, federation: int, *, at: bytes | None = None) -> bytes:
        """Return the hash of the terms in force, as who joins in the next block agrees to it."""
        ...

    def participant(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Participant | None:
        """Return a member, None when the account has not joined."""
        ...

    def participants(
        self, federation: int, *, at: bytes | None = None
    ) -> dict[AccountId, Participant]:
        """Return all members in ascending order of account."""
        ...

    def invitation(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Invitation | None:
        """Return leave for an account to join, None when there is none."""
        ...

    def organisation_members(
        self, federation: int, organisation: bytes, *, at: bytes | None = None
    ) -> int:
        """Return how many members an organisation has."""
        ...

    def record(
        self, federation: int, subject: RecordOwner, *, at: bytes | None = None
    ) -> PastRecord | None:
        """Return what is remembered of an account or an organisation, None when nothing is."""
        ...

    def bond(self, federation: int, account: AccountId, *, at: bytes | None = None) -> Bond | None:
        """Return what an account has on hold as a coordinator, None when it has nothing."""
        ...

    def bonds(self, federation: int, *, at: bytes | None = None) -> dict[AccountId, Bond]:
        """Return all bonds, in ascending order of account."""
        ...

    def office(self, federation: int, *, at: bytes | None = None) -> Office | None:
        """Return who may take over from the coordinator, None when nobody was ever named."""
        ...

    def node_key(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> NodeKey | None:
        """Return the key of a member's node, None when none is bound to it."""
        ...

    def node_keys(self, federation: int, *, at: bytes | None = None) -> dict[AccountId, NodeKey]:
        """Return the keys of all members' nodes, sorted by account."""
        ...

    def sponsor(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Planck | None:
        """Return what an account has paid in, None when nothing is to be refunded to it."""
        ...

    def sponsors(self, federation: int, *, at: bytes | None = None) -> dict[AccountId, Planck]:
        """Return what each sponsor that is not refunded has paid in, in order of account."""
        ...

    def sponsorship(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Sponsorship:
        """Return how many fees a federation paid for an account on the day of the last one."""
        ...

    def round(self, federation: int, round_id: int, *, at: bytes | None = None) -> Round | None:
        """Return a round, None when it was never opened."""
        ...

    def commitments(
        self, federation: int, round_id: int, *, at: bytes | None = None
    ) -> dict[AccountId, Commitment]:
        """Return a round's commitments in ascending order of account."""
        ...

    def offences(
        self, federation: int, *, at: bytes | None = None
    ) -> dict[tuple[int, AccountId], Offence]:
        """Return the offences of rounds that are not pruned, by round and account."""
        ...

    def attesters(
        self, federation: int, *, at: bytes | None = None
    ) -> dict[AccountId, AttesterRecord]:
        """Return those who may be drawn into committees, in ascending order of account."""
        ...

    def committee(
        self, federation: int, round_id: int, *, at: bytes | None = None
    ) -> tuple[Seat, ...]:
        """Return the seats of a round's committee; empty when it has none."""
        ...

    def motion(self, federation: int, proposal: int, *, at: bytes | None = None) -> Motion | None:
        """Return a proposal under vote, None when it never was or is cleared away."""
        ...

    def stored(self, pallet: str, item: str, *keys: object, at: bytes | None = None) -> object:
        """Return what any pallet has stored, as plain values; None when there is nothing.

        Use the readers of records where there is one: they check what a node says.
        """
        ...

    def constant(self, pallet: str, name: str) -> int:
        """Return a number that any pallet of the runtime was built with."""
        ...

    def balance(self, account: AccountId, *, at: bytes | None = None) -> Balance:
        """Return what an account has; zero when the chain does not know it."""
        ...

    def issuance(self, *, at: bytes | None = None) -> Planck:
        """Return the sum of all balances."""
        ...

    def events(self, block: bytes) -> tuple[Event, ...]:
        """Return a block's events in order; `StateDiscarded` when the node has pruned them."""
        ...

    def nonce(self, account: AccountId, *, at: bytes | None = None) -> int:
        """Return how many transactions of an account are included in blocks."""
        ...

    def sign(self, call: Call, signer: Signer, *, nonce: int | None = None) -> SignedCall:
        """Sign a call without sending it. It can be included for `ERA_BLOCKS` blocks.

        Parameters
        ----------
        call
            What to do.
        signer
            Who pays for it.
        nonce
            By default the next free one, counting what this client has in flight.

        Raises
        ------
        EncodingError
            When the call does not fit the chain's metadata.
        """
        ...

    def fee(self, call: Call, account: AccountId) -> Planck:
        """Return what a call would cost an account that sends it.

        No key is used: what the node is asked with cannot be included in any block.

        Raises
        ------
        EncodingError
            When the call does not fit the chain's metadata.
        """
        ...

    def send(self, signed: SignedCall) -> Submission:
        """Hand a signed call to the pool; `TransactionRefused` when it is not taken."""
        ...

    def submit(self, call: Call, signer: Signer) -> Submission:
        """Sign and send; several may be in flight. Returns when the pool has taken the call."""
        ...

    def execute(self, call: Call, signer: Signer, *, timeout: float = 60.0) -> Receipt:
        """Sign, send and wait for inclusion; raises what `submit` and `Submission.wait` raise."""
        ...

    def execute_all(
        self, wanted: Sequence[tuple[Call, Signer]], *, timeout: float = 60.0
    ) -> list[Receipt]:
        """Sign and send many calls, and wait for all; they share blocks.

        Calls of one account are included in their order. No call may end its account. When some
        fail, the others stand, and the error of the first of them is raised.
        """
        ...

    def find(self, signed: SignedCall, *, since: int, until: int | None = None) -> Receipt | None:
        """Look for a signed call in the blocks from number `since` to `until`, or to the head.

        Returns None when it is in none of them; raises `CallFailed` when it failed there.
        """
        ...

    def wait_until_block(self, number: int, *, timeout: float) -> BlockRef:
        """Wait until the head has this number and return the head.

        A development chain that offers manual sealing (``engine_createBlock``), such as the
        embedded one, is made to seal empty blocks; any other is waited for, `timeout` seconds.
        """
        ...

    def close(self) -> None:
        """Give the connection back. Closing twice is allowed."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None: ...
