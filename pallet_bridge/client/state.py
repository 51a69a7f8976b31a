"""Reading the chain's storage, at the newest block or an older one."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.client import decode, mirror
from pallet_bridge.client.fields import Fields, read_hash
from pallet_bridge.client.substrate.migrations import Migrations
from pallet_bridge.client.substrate.stored import as_hex, pairs_by, value_by
from pallet_bridge.errors import BadChainValue, EncodingError, RpcRefused
from pallet_bridge.errors.pallet import FederationNotFound
from pallet_bridge.metadata import PALLET
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.types.base import AccountId, Perbill, Planck
from pallet_bridge.types.events import Balance, BlockRef
from pallet_bridge.types.federation import Limits, Prices, TermRanges
from pallet_bridge.types.members import Sponsorship

if TYPE_CHECKING:
    from pallet_bridge.client.codec import Codec
    from pallet_bridge.client.rpc import RawJson, RpcClient
    from pallet_bridge.types.events import Event
    from pallet_bridge.types.federation import AttesterRecord, Federation, Motion, Seat
    from pallet_bridge.types.members import Bond, Invitation, Participant, PastRecord, RecordOwner
    from pallet_bridge.types.offices import NodeKey, Office
    from pallet_bridge.types.round import Commitment, Offence, Round
    from pallet_bridge.types.terms import Terms

_ACCOUNT_BYTES = 32
# a key ends with the account's hash and the account; before them, of an offence, is the round
_ACCOUNT_TAIL = 16 + _ACCOUNT_BYTES


class StateReader:
    """The reading half of `pallet_bridge.client.ChainClient`.

    Parameters
    ----------
    rpc
        The connection.
    codec
        The chain's metadata at work.
    """

    def __init__(self, rpc: RpcClient, codec: Codec) -> None:
        self._rpc = rpc
        self._codec = codec
        self._migrations = Migrations(rpc.url, self._value, rpc.timeout)
        self._latest: BlockRef | None = None

    def head(self) -> BlockRef:
        """Return the newest block."""
        return self._numbered(block_hash(self._rpc.request("chain_getBlockHash")))

    def finalized(self) -> BlockRef:
        """Return the newest block that is final."""
        final = self._numbered(block_hash(self._rpc.request("chain_getFinalizedHead")))
        self._rpc.know_final(final.number, as_hex(final.hash))
        return final

    def _numbered(self, block: bytes) -> BlockRef:
        latest = self._latest
        if latest is None or latest.hash != block:  # a block keeps its number: ask once
            header = self._rpc.request("chain_getHeader", [as_hex(block)])
            latest = BlockRef(decode.block_number(Fields("header", header)), block)
            self._latest = latest
        return latest

    def block_at(self, number: int) -> BlockRef | None:
        """Return a block of the best chain by number."""
        answer = self._rpc.request("chain_getBlockHash", [number])
        return None if answer is None else BlockRef(number, block_hash(answer))

    def limits(self) -> Limits:
        """Return the runtime's own limits."""
        verdicts, claims = self._limit("MaxVerdicts"), self._limit("MaxClaims")
        sponsored, blocks = self._limit("MaxSponsoredCalls"), self._limit("SponsoredPeriod")
        return Limits(verdicts, claims, sponsored, max(blocks, 1))

    def prices(self) -> Prices:
        """Return the runtime's deposits."""
        return Prices(
            existence=Planck(self._limit("ExistentialDeposit", "Balances")),
            federation=Planck(self._limit("FederationDeposit")),
            proposal=Planck(self._limit("ProposalDeposit")),
        )

    def term_ranges(self) -> TermRanges:
        """Return what terms the runtime takes."""
        return TermRanges(
            min_stake=Planck(self._limit("MinStake")),
            max_participants=self._limit("MaxParticipants"),
            max_round_reward=Planck(self._limit("MaxRoundReward")),
            max_window=self._limit("MaxWindow"),
            max_unbonding_blocks=self._limit("MaxUnbondingBlocks"),
            max_retention_blocks=self._limit("MaxRetentionBlocks"),
            max_strikes=self._limit("MaxStrikes"),
            max_slash=Perbill(self._limit("MaxSlash")),
            max_reporter_share=Perbill(self._limit("MaxReporterShare")),
            max_dispute_bond=Planck(self._limit("MaxDisputeBond")),
            max_coordinator_bond=Planck(self._limit("MaxCoordinatorBond")),
            max_committee=self._limit("MaxCommittee"),
        )

    def slot_seconds(self) -> float | None:
        """Return the length of an Aura slot; None on a chain without Aura."""
        try:
            answer = self._rpc.request("state_call", ["AuraApi_slot_duration", "0x"])
        except RpcRefused:
            return None
        try:
            millis = int.from_bytes(bytes.fromhex(str(answer).removeprefix("0x")), "little")
        except ValueError:
            raise BadChainValue(f"the chain's slot duration is {answer!r}") from None
        return millis / 1000 or None

    def federation(self, federation: int, *, at: bytes | None = None) -> Federation:
        """Return a federation; `FederationNotFound` when there is none."""
        value = self._read("Federations", [federation], at)
        if value is None:
            raise FederationNotFound(PALLET, "FederationNotFound", _no_federation(federation))
        return mirror.federation(value)

    def next_federation(self, *, at: bytes | None = None) -> int:
        """Return the number that the next federation will get."""
        value = self._read("NextFederationId", [], at)
        if value is None:
            return 0
        if not isinstance(value, int):
            raise BadChainValue(f"the chain's NextFederationId is {value!r}")
        return value

    def terms(
        self, federation: int, version: int | None = None, *, at: bytes | None = None
    ) -> Terms:
        """Return a federation's terms."""
        if version is None:
            block = self.head() if at is None else self._numbered(at)
            at = block.hash
            version = self.federation(federation, at=at).terms_at(block.number + 1)
        value = self._read("FederationTerms", [federation, version], at)
        if value is None:
            raise FederationNotFound(
                PALLET, "FederationNotFound", f"{_no_federation(federation)} with terms {version}"
            )
        return mirror.terms(value)

    def terms_hash(self, federation: int, *, at: bytes | None = None) -> bytes:
        """Return the hash of the terms in force."""
        return hash_of_terms(self.terms(federation, at=at))

    def participant(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Participant | None:
        """Return a member, None when the account has not joined."""
        value = self._read("Participants", [federation, as_hex(account.raw)], at)
        return None if value is None else mirror.participant(value)

    def participants(
        self, federation: int, *, at: bytes | None = None
    ) -> dict[AccountId, Participant]:
        """Return all members."""
        found = self._read_map("Participants", [federation], at)
        pairs = [(_account(key), mirror.participant(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def invitation(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Invitation | None:
        """Return leave for an account to join."""
        value = self._read("Invitations", [federation, as_hex(account.raw)], at)
        return None if value is None else mirror.invitation(value)

    def organisation_members(
        self, federation: int, organisation: bytes, *, at: bytes | None = None
    ) -> int:
        """Return how many members an organisation has."""
        value = self._read("Organisations", [federation, as_hex(organisation)], at)
        return 0 if value is None else Fields("organisation", {"members": value}).integer("members")

    def record(
        self, federation: int, subject: RecordOwner, *, at: bytes | None = None
    ) -> PastRecord | None:
        """Return what is remembered of an account or an organisation."""
        value = self._read("Records", [federation, _subject(subject)], at)
        return None if value is None else mirror.record(value)

    def bond(self, federation: int, account: AccountId, *, at: bytes | None = None) -> Bond | None:
        """Return what an account has on hold as a coordinator."""
        value = self._read("Bonds", [federation, as_hex(account.raw)], at)
        return None if value is None else mirror.bond(value)

    def bonds(self, federation: int, *, at: bytes | None = None) -> dict[AccountId, Bond]:
        """Return all bonds."""
        found = self._read_map("Bonds", [federation], at)
        pairs = [(_account(key), mirror.bond(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def office(self, federation: int, *, at: bytes | None = None) -> Office | None:
        """Return who may take over from the coordinator."""
        value = self._read("Offices", [federation], at)
        return None if value is None else mirror.office(value)

    def node_key(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> NodeKey | None:
        """Return the key of a member's node."""
        value = self._read("NodeKeys", [federation, as_hex(account.raw)], at)
        return None if value is None else mirror.node_key(value)

    def node_keys(self, federation: int, *, at: bytes | None = None) -> dict[AccountId, NodeKey]:
        """Return the keys of all members' nodes."""
        found = self._read_map("NodeKeys", [federation], at)
        pairs = [(_account(key), mirror.node_key(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def sponsor(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Planck | None:
        """Return what an account has paid in, None when nothing is to be refunded to it."""
        value = self._read("Sponsors", [federation, as_hex(account.raw)], at)
        return None if value is None else Fields("sponsor", {"paid": value}).planck("paid")

    def sponsors(self, federation: int, *, at: bytes | None = None) -> dict[AccountId, Planck]:
        """Return what each sponsor has paid in that is not refunded."""
        found = self._read_map("Sponsors", [federation], at)
        paid = {_account(key): Fields("sponsor", {"paid": value}) for key, value in found}
        return {account: paid[account].planck("paid") for account in sorted(paid)}

    def sponsorship(
        self, federation: int, account: AccountId, *, at: bytes | None = None
    ) -> Sponsorship:
        """Return how many fees a federation paid for an account on the day of the last one."""
        value = self._read("Sponsorships", [federation, as_hex(account.raw)], at)
        return Sponsorship(0, 0) if value is None else mirror.sponsorship(value)

    def round(self, federation: int, round_id: int, *, at: bytes | None = None) -> Round | None:
        """Return a round, None when it was never opened."""
        value = self._read("Rounds", [federation, round_id], at)
        return None if value is None else mirror.round_(value)

    def commitments(
        self, federation: int, round_id: int, *, at: bytes | None = None
    ) -> dict[AccountId, Commitment]:
        """Return a round's commitments."""
        found = self._read_map("Commitments", [federation, round_id], at)
        pairs = [(_account(key), mirror.commitment(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def offences(
        self, federation: int, *, at: bytes | None = None
    ) -> dict[tuple[int, AccountId], Offence]:
        """Return the offences of rounds that are not pruned."""
        found = self._read_map("Offences", [federation], at)
        pairs = [((_round(key), _account(key)), mirror.offence(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def attesters(
        self, federation: int, *, at: bytes | None = None
    ) -> dict[AccountId, AttesterRecord]:
        """Return those who may be drawn into committees."""
        found = self._read_map("Attesters", [federation], at)
        pairs = [(_account(key), mirror.attester(value)) for key, value in found]
        return dict(sorted(pairs, key=lambda pair: pair[0]))

    def committee(
        self, federation: int, round_id: int, *, at: bytes | None = None
    ) -> tuple[Seat, ...]:
        """Return the seats of a round's committee."""
        value = self._read("Committees", [federation, round_id], at)
        return () if value is None else mirror.committee(value)

    def motion(self, federation: int, proposal: int, *, at: bytes | None = None) -> Motion | None:
        """Return a proposal under vote, None when it never was or is cleared away."""
        value = self._read("Motions", [federation, proposal], at)
        return None if value is None else mirror.motion(value)

    def balance(self, account: AccountId, *, at: bytes | None = None) -> Balance:
        """Return what an account has."""
        value = self._read("Account", [as_hex(account.raw)], at, pallet="System")
        return Balance(Planck(0), Planck(0)) if value is None else decode.balance(value)

    def issuance(self, *, at: bytes | None = None) -> Planck:
        """Return the sum of all balances."""
        value = self._read("TotalIssuance", [], at, pallet="Balances")
        if not isinstance(value, int):
            raise BadChainValue(f"the chain's total issuance is {value!r}")
        return Planck(value)

    def events(self, block: bytes) -> tuple[Event, ...]:
        """Return a block's events."""
        return self._read_events(self._value(self._key("System", "Events", []), block))

    def _read_events(self, data: bytes | None) -> tuple[Event, ...]:
        if data is None:
            return ()
        value = self._codec.storage_value("System", "Events", as_hex(data))
        if not isinstance(value, list):
            raise BadChainValue("the chain's events are no list")
        return tuple(decode.event(item) for item in value)

    def nonce(self, account: AccountId, *, at: bytes | None = None) -> int:
        """Return how many transactions of an account are in blocks."""
        value = self._read("Account", [as_hex(account.raw)], at, pallet="System")
        return 0 if value is None else Fields("account", value).integer("nonce")

    def stored(self, pallet: str, item: str, *keys: object, at: bytes | None = None) -> object:
        """Return what a pallet has stored, as plain values."""
        has = self._codec.has_pallet(pallet)
        return self._read(item, list(keys), at, pallet=pallet) if has else None

    def constant(self, pallet: str, name: str) -> int:
        """Return a number that a pallet was built with."""
        return self._limit(name, pallet)

    def _limit(self, name: str, pallet: str = PALLET) -> int:
        value = self._codec.constant(pallet, name)
        if not isinstance(value, int):
            raise BadChainValue(f"the chain's constant {name} is {value!r}")
        return value

    def _read(
        self, item: str, params: list[object], at: bytes | None, *, pallet: str = PALLET
    ) -> object:
        key = self._key(pallet, item, params)

        def read() -> object:
            data = self._value(key, at)
            return None if data is None else self._codec.storage_value(pallet, item, as_hex(data))

        return self._migrations.outlast(read, at, f"reading {pallet}.{item}")

    def _read_map(
        self, item: str, params: list[object], at: bytes | None
    ) -> list[tuple[bytes, object]]:
        prefix = self._key(PALLET, item, params)

        def read() -> list[tuple[bytes, object]]:
            block = at or self.head().hash  # one state for all pages
            return [
                (key, self._codec.storage_value(PALLET, item, as_hex(data)))
                for key, data in self._below(prefix, block)
            ]

        return self._migrations.outlast(read, at, f"reading {PALLET}.{item}")

    def _key(self, pallet: str, item: str, params: list[object]) -> bytes:
        return bytes.fromhex(self._codec.storage_key(pallet, item, params).removeprefix("0x"))

    def _value(self, key: bytes, at: bytes | None) -> bytes | None:
        """Return what is stored under a key."""
        return value_by(self._rpc, key, at)

    def _below(self, prefix: bytes, block: bytes) -> list[tuple[bytes, bytes]]:
        """Return all that is stored under keys that begin with `prefix`."""
        return pairs_by(self._rpc, prefix, block)


def block_hash(answer: RawJson) -> bytes:
    """Read the hash of a block."""
    try:
        return read_hash(answer)
    except EncodingError as error:
        raise BadChainValue(f"the hash of a block is {answer!r}") from error


def _account(key: bytes) -> AccountId:
    return AccountId(key[-_ACCOUNT_BYTES:])


def _round(key: bytes) -> int:
    return int.from_bytes(key[-_ACCOUNT_TAIL - 4 : -_ACCOUNT_TAIL], "little")


def _subject(subject: RecordOwner) -> dict[str, str]:
    if isinstance(subject, AccountId):
        return {"Account": as_hex(subject.raw)}
    return {"Organisation": as_hex(subject)}


def _no_federation(federation: int) -> str:
    return f"the chain has no federation {federation}"
