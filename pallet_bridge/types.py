"""The records of the chain: frozen mirrors of the pallet's stored structs, events and receipts.

Amounts are `Planck` (the smallest unit of balance), fractions `Perbill` (parts of 10^9), scores
fixed point in parts of 10^6, times block numbers, hashes 32 bytes.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, IntEnum
from typing import TYPE_CHECKING, NewType, TypeVar

from pallet_bridge import ss58
from pallet_bridge.errors import EncodingError

if TYPE_CHECKING:
    from collections.abc import Mapping

T = TypeVar("T")

Planck = NewType("Planck", int)
"""An amount of the smallest unit of balance."""

Perbill = NewType("Perbill", int)
"""A fraction in parts of 10^9."""

UNIT = Planck(10**12)
"""One whole unit of balance in planck."""

PERBILL_ONE = Perbill(10**9)
"""The fraction one."""

SCORE_SCALE = 10**6
"""A score of 1.0 as the chain stores it."""

_ACCOUNT_BYTES = 32


@dataclass(frozen=True, slots=True, order=True)
class AccountId:
    """A 32-byte account, ordered by its bytes; as text its SS58 address (prefix 42)."""

    raw: bytes

    def __post_init__(self) -> None:
        if len(self.raw) != _ACCOUNT_BYTES:
            raise EncodingError(f"an account has {_ACCOUNT_BYTES} bytes, not {len(self.raw)}")

    @classmethod
    def parse(cls, text: str) -> AccountId:
        """Read an SS58 address or ``0x`` and 64 hex digits.

        Raises
        ------
        EncodingError
            When it is neither.
        """
        if text.startswith("0x"):
            try:
                return cls(bytes.fromhex(text[2:]))
            except ValueError as error:
                raise EncodingError(f"{text!r} is no account in hex: {error}") from error
        return cls(ss58.decode(text))

    def __str__(self) -> str:
        return ss58.encode(self.raw)

    def __repr__(self) -> str:
        return f"AccountId({str(self)!r})"


@dataclass(frozen=True, slots=True)
class SlashTerms:
    """How much of a stake an offence may cost.

    `outlier_base` is the fraction of a first outlier offence; the n-th costs n times as much.
    No offence costs more than `cap`.
    """

    equivocation: Perbill
    outlier_base: Perbill
    cap: Perbill


@dataclass(frozen=True, slots=True)
class Terms:
    """The terms of a federation, versioned on chain; a round keeps the version it opened with.

    `quorum` is the number of commitments at which a round seals at once; 0 means only when its
    window ends.
    """

    min_stake: Planck
    max_participants: int
    quorum: int
    commit_blocks: int
    settle_blocks: int
    dispute_blocks: int
    unbonding_blocks: int
    round_reward: Planck
    strikes_to_slash: int
    strike_decay_rounds: int
    slash: SlashTerms


class FederationState(Enum):
    """Where a federation is on its way from Active over Closing to Closed."""

    ACTIVE = "Active"
    CLOSING = "Closing"
    CLOSED = "Closed"


@dataclass(frozen=True, slots=True)
class Federation:
    """One training effort.

    `closing_ends` is a block number while the state is CLOSING, else None. `owed` are credits not
    yet claimed, `reserved` the reward budget of the open round.
    """

    coordinator: AccountId
    state: FederationState
    closing_ends: int | None
    terms_version: int
    metadata: bytes
    deposit: Planck
    next_round: int
    open_round: int | None
    members: int
    failed_rounds: int
    owed: Planck
    reserved: Planck


@dataclass(frozen=True, slots=True)
class UnbondingChunk:
    """Stake on its way out: free at block `until`, slashable till then."""

    amount: Planck
    until: int


@dataclass(frozen=True, slots=True)
class Participant:
    """A member of a federation with stake."""

    active: Planck
    unbonding: tuple[UnbondingChunk, ...]
    strikes: int
    clean_rounds: int
    offences: int
    pending_offences: int
    credits: Planck
    suspended_until: int

    @property
    def stake(self) -> Planck:
        """What a slash can reach: active and unbonding."""
        return Planck(self.active + sum(chunk.amount for chunk in self.unbonding))


class RoundState(Enum):
    """Open takes commitments and is later sealed; the others are final."""

    OPEN = "Open"
    SETTLED = "Settled"
    ABORTED = "Aborted"


@dataclass(frozen=True, slots=True)
class Settlement:
    """What a settled round left on chain; `rewards` is their sum."""

    model: bytes
    report: bytes
    root: bytes
    accepted: int
    rejected: int
    rewards: Planck
    settled_at: int


@dataclass(frozen=True, slots=True)
class Round:
    """One round. Sealed when `sealed_at` is set or the chain is past `commit_until`."""

    state: RoundState
    base_model: bytes
    terms_version: int
    opened_at: int
    commit_until: int
    settle_until: int
    sealed_at: int | None
    commitments: int
    settlement: Settlement | None


@dataclass(frozen=True, slots=True)
class Commitment:
    """A hash that binds one account to one update in one round, made in block `at`."""

    hash: bytes
    num_examples: int
    at: int


class OffenceKind(Enum):
    """What an offence is about."""

    EQUIVOCATION = "Equivocation"
    OUTLIER = "Outlier"


@dataclass(frozen=True, slots=True)
class Offence:
    """A fact that costs stake from block `executable_at` on; `stake` is that at the offence."""

    kind: OffenceKind
    stake: Planck
    amount: Planck
    executable_at: int


class Outcome(Enum):
    """What the defense said of an update."""

    ACCEPTED = "Accepted"
    REJECTED = "Rejected"


class Reason(IntEnum):
    """Why an update was rejected. Codes from 128 on belong to third-party plugins."""

    NONE = 0
    MALFORMED = 1
    NON_FINITE = 2
    BAD_WEIGHT = 3
    DIGEST_MISMATCH = 4
    BAD_SIGNATURE = 5
    OUTLIER_DIRECTION = 6
    OUTLIER_NORM = 7
    OUTLIER_CLUSTER = 8


@dataclass(frozen=True, slots=True)
class Verdict:
    """What `settle` says of one account; `score` in parts of 10^6, `reason` a `Reason` or 128+."""

    account: AccountId
    outcome: Outcome
    score: int
    reason: int


@dataclass(frozen=True, slots=True)
class BatchEntry:
    """One relayed commitment: the account's sr25519 signature is over `signing_payload`."""

    account: AccountId
    commitment: bytes
    num_examples: int
    signature: bytes


@dataclass(frozen=True, slots=True)
class SignedCommitment:
    """A commitment with its preimage, as a node hands it to the coordinator."""

    account: AccountId
    update_digest: bytes
    num_examples: int
    salt: bytes
    commitment: bytes
    signature: bytes

    def entry(self) -> BatchEntry:
        """Return the part that goes on chain."""
        return BatchEntry(self.account, self.commitment, self.num_examples, self.signature)


@dataclass(frozen=True, slots=True)
class BlockRef:
    """A block by number and hash."""

    number: int
    hash: bytes


@dataclass(frozen=True, slots=True)
class Event:
    """One event of a block.

    `extrinsic` is the index in the block of the extrinsic that raised it, None outside of one.
    The fields of pallet-bcfl's events are typed (accounts `AccountId`, hashes `bytes`); those of
    other pallets are as the codec gives them.
    """

    pallet: str
    name: str
    fields: Mapping[str, object]
    extrinsic: int | None

    def integer(self, field: str) -> int:
        """Return a field that is an integer; `EncodingError` when it is not."""
        return self._typed(field, int)

    def hash(self, field: str) -> bytes:
        """Return a field that is a hash; `EncodingError` when it is not."""
        return self._typed(field, bytes)

    def account(self, field: str = "account") -> AccountId:
        """Return a field that is an account; `EncodingError` when it is not."""
        return self._typed(field, AccountId)

    def text(self, field: str) -> str:
        """Return a field that is a name; `EncodingError` when it is not."""
        return self._typed(field, str)

    def _typed(self, field: str, kind: type[T]) -> T:
        value = self.fields.get(field)
        if not isinstance(value, kind):
            raise EncodingError(f"event {self.pallet}.{self.name} has no {kind.__name__} {field!r}")
        return value


@dataclass(frozen=True, slots=True)
class Receipt:
    """Proof that a call was included and succeeded."""

    block: BlockRef
    extrinsic_hash: bytes
    extrinsic_index: int
    fee: Planck
    events: tuple[Event, ...]


@dataclass(frozen=True, slots=True)
class Balance:
    """An account's balance: `held` is on hold for deposits and stake and cannot be spent."""

    free: Planck
    held: Planck
