"""Terms as the chain hashes them: from and to SCALE, without a chain or its metadata.

A node signs the hash of a round's terms. So it has to make the bytes of the terms that it agrees
to by itself, and to read those that it is shown. Reading is strict: of each value there is one form
only, so what is read gives the same bytes, and the same hash, again.
"""

from __future__ import annotations

from enum import Enum
from types import MappingProxyType
from typing import TYPE_CHECKING, TypeVar

from pallet_bridge.encoding import terms_hash
from pallet_bridge.errors import EncodingError
from pallet_bridge.scale import compact, hash32, int64, scale_bytes, uint, utf8
from pallet_bridge.types.base import HASH_BYTES, PERBILL_ONE, AccountId, Perbill, Planck
from pallet_bridge.types.terms import (
    Admission,
    Arbiter,
    Coupling,
    Governance,
    MembersVote,
    Quorum,
    SlashTerms,
    Tally,
    Terms,
    TrainingValue,
    Vouched,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

E = TypeVar("E", bound=Enum)

_U32, _U64, _U128 = 4, 8, 16
_NAME_BYTES = 32
_MOST_PARAMETERS = 16


def encode_terms(terms: Terms) -> bytes:
    """Return the SCALE bytes of terms.

    Raises
    ------
    EncodingError
        When a value does not fit its type on chain.
    """
    return b"".join(
        (
            uint(terms.min_stake, _U128),
            uint(terms.max_participants, _U32),
            _quorum(terms.quorum),
            uint(terms.commit_blocks, _U32),
            uint(terms.settle_blocks, _U32),
            uint(terms.dispute_blocks, _U32),
            uint(terms.unbonding_blocks, _U32),
            uint(terms.claim_blocks, _U32),
            uint(terms.retention_blocks, _U32),
            uint(terms.cooldown_blocks, _U32),
            uint(terms.round_reward, _U128),
            uint(terms.strikes_to_slash, _U32),
            uint(terms.strike_decay_rounds, _U32),
            _perbill(terms.slash.equivocation),
            _perbill(terms.slash.mismatch),
            _perbill(terms.slash.outlier_base),
            _perbill(terms.slash.cap),
            _perbill(terms.reporter_share),
            uint(terms.dispute_bond, _U128),
            _arbiter(terms.arbiter),
            _variant(terms.coupling),
            _perbill(terms.attest_quorum),
            _variant(terms.attest_by),
            uint(terms.committee_size, _U32),
            _governance(terms.governance),
            uint(terms.max_failed_rounds, _U32),
            uint(terms.notice_blocks, _U32),
            _admission(terms.admission),
            uint(terms.max_per_organisation, _U32),
            uint(terms.max_examples, _U64),
            _perbill(terms.max_share),
            uint(terms.coordinator_bond, _U128),
            _perbill(terms.misconduct),
            _perbill(terms.silence),
            uint(terms.aging_blocks, _U32),
            _perbill(terms.max_vote_share),
            uint(terms.lock_blocks, _U32),
            uint(terms.tenure_rounds, _U32),
            uint(terms.vesting_rounds, _U32),
            _perbill(terms.strike_cut),
            _training(terms.training),
        )
    )


def decode_terms(data: bytes) -> Terms:
    """Read terms from their SCALE bytes, all of them.

    Raises
    ------
    EncodingError
        When the bytes are not exactly those of terms, each value in its one form.
    """
    reader = _Reader(data)
    terms = Terms(
        min_stake=reader.planck(),
        max_participants=reader.u32(),
        quorum=reader.quorum(),
        commit_blocks=reader.u32(),
        settle_blocks=reader.u32(),
        dispute_blocks=reader.u32(),
        unbonding_blocks=reader.u32(),
        claim_blocks=reader.u32(),
        retention_blocks=reader.u32(),
        cooldown_blocks=reader.u32(),
        round_reward=reader.planck(),
        strikes_to_slash=reader.u32(),
        strike_decay_rounds=reader.u32(),
        slash=SlashTerms(
            equivocation=reader.perbill(),
            mismatch=reader.perbill(),
            outlier_base=reader.perbill(),
            cap=reader.perbill(),
        ),
        reporter_share=reader.perbill(),
        dispute_bond=reader.planck(),
        arbiter=reader.arbiter(),
        coupling=reader.variant(Coupling),
        attest_quorum=reader.perbill(),
        attest_by=reader.variant(Tally),
        committee_size=reader.u32(),
        governance=reader.governance(),
        max_failed_rounds=reader.u32(),
        notice_blocks=reader.u32(),
        admission=reader.admission(),
        max_per_organisation=reader.u32(),
        max_examples=reader.uint(_U64),
        max_share=reader.perbill(),
        coordinator_bond=reader.planck(),
        misconduct=reader.perbill(),
        silence=reader.perbill(),
        aging_blocks=reader.u32(),
        max_vote_share=reader.perbill(),
        lock_blocks=reader.u32(),
        tenure_rounds=reader.u32(),
        vesting_rounds=reader.u32(),
        strike_cut=reader.perbill(),
        training=reader.training(),
    )
    reader.finish()
    return terms


def hash_of_terms(terms: Terms) -> bytes:
    """Return the hash of terms that statements and instructions are bound to."""
    return terms_hash(encode_terms(terms))


def _perbill(value: int) -> bytes:
    if value > PERBILL_ONE:
        raise EncodingError(f"{value} parts of 10^9 are more than the whole")
    return uint(value, _U32)


def _tag(index: int, content: bytes = b"") -> bytes:
    return bytes([index]) + content


def _variant(value: Enum) -> bytes:
    return _tag(list(type(value)).index(value))


def _quorum(value: Quorum) -> bytes:
    if value.count:
        return _tag(1, uint(value.count, _U32))
    return _tag(2, uint(value.stake, _U128)) if value.stake else _tag(0)


def _arbiter(value: AccountId | Arbiter) -> bytes:
    if isinstance(value, AccountId):
        return _tag(0, value.raw)
    return _tag(1 if value is Arbiter.COUNCIL else 2)


def _governance(value: Governance | MembersVote) -> bytes:
    if isinstance(value, Governance):
        return _variant(value)
    parts = (
        _perbill(value.quorum),
        _perbill(value.threshold),
        uint(value.voting_blocks, _U32),
        uint(value.delay_blocks, _U32),
    )
    return _tag(2, b"".join(parts))


def _admission(value: Admission | Vouched) -> bytes:
    if isinstance(value, Admission):
        return _variant(value)
    return _tag(2, uint(value.vouchers, _U32))


def _training(value: Mapping[str, TrainingValue]) -> bytes:
    if len(value) > _MOST_PARAMETERS:
        raise EncodingError(
            f"{len(value)} training parameters are more than {_MOST_PARAMETERS}; leave some out"
        )
    pairs = sorted((_name(name), content) for name, content in value.items())
    return compact(len(pairs)) + b"".join(
        scale_bytes(name) + _parameter(content) for name, content in pairs
    )


def _name(text: str) -> bytes:
    raw = utf8(text)
    if len(raw) > _NAME_BYTES:
        raise EncodingError(
            f"the training parameter {text!r} has {len(raw)} bytes; a name has up to {_NAME_BYTES}"
        )
    return raw


def _parameter(value: TrainingValue) -> bytes:
    if isinstance(value, bytes):
        return _tag(1, hash32("a training parameter", value))
    return _tag(0, int64(value))


class _Reader:
    """A cursor over the bytes of terms."""

    def __init__(self, data: bytes) -> None:
        self._data = data
        self._at = 0

    def take(self, count: int) -> bytes:
        end = self._at + count
        if end > len(self._data):
            raise EncodingError(
                f"the terms end after {len(self._data)} bytes, in the middle of a value"
            )
        piece = self._data[self._at : end]
        self._at = end
        return piece

    def finish(self) -> None:
        left = len(self._data) - self._at
        if left:
            raise EncodingError(f"the terms have {left} bytes too many")

    def uint(self, size: int) -> int:
        return int.from_bytes(self.take(size), "little")

    def u32(self) -> int:
        return self.uint(_U32)

    def planck(self) -> Planck:
        return Planck(self.uint(_U128))

    def perbill(self) -> Perbill:
        value = self.u32()
        if value > PERBILL_ONE:
            raise EncodingError(f"{value} parts of 10^9 are more than the whole")
        return Perbill(value)

    def tag(self, what: str, count: int) -> int:
        tag = self.uint(1)
        if tag >= count:
            raise EncodingError(f"{what} of the terms has {count} forms, and none is number {tag}")
        return tag

    def variant(self, kind: type[E]) -> E:
        known = list(kind)
        return known[self.tag(kind.__name__, len(known))]

    def quorum(self) -> Quorum:
        tag = self.tag("Quorum", 3)
        if tag == 0:
            return Quorum()
        needed = self.uint(_U32 if tag == 1 else _U128)
        if not needed:
            raise EncodingError("a quorum of nothing has another form: that of no quorum")
        return Quorum(count=needed) if tag == 1 else Quorum(stake=Planck(needed))

    def arbiter(self) -> AccountId | Arbiter:
        tag = self.tag("Arbiter", 3)
        if tag == 0:
            return AccountId(self.take(HASH_BYTES))
        return Arbiter.COUNCIL if tag == 1 else Arbiter.ATTESTERS

    def governance(self) -> Governance | MembersVote:
        known = list(Governance)
        tag = self.tag("Governance", len(known) + 1)
        if tag < len(known):
            return known[tag]
        return MembersVote(self.perbill(), self.perbill(), self.u32(), self.u32())

    def admission(self) -> Admission | Vouched:
        known = list(Admission)
        tag = self.tag("Admission", len(known) + 1)
        return known[tag] if tag < len(known) else Vouched(self.u32())

    def length(self, what: str, most: int) -> int:
        """Read a compact length; all that terms may have fits one byte."""
        first = self.uint(1)
        if first & 3 or first >> 2 > most:
            raise EncodingError(f"{what} has a length of more than {most}, or in a longer form")
        return first >> 2

    def training(self) -> Mapping[str, TrainingValue]:
        found: dict[str, TrainingValue] = {}
        last: bytes | None = None
        for _ in range(self.length("the training of the terms", _MOST_PARAMETERS)):
            raw = self.take(self.length("the name of a training parameter", _NAME_BYTES))
            if last is not None and raw <= last:
                raise EncodingError(f"the training parameter {raw!r} is not in order, or is twice")
            last = raw
            found[_text(raw)] = self.parameter()
        return MappingProxyType(found)

    def parameter(self) -> TrainingValue:
        if self.tag("TrainingValue", 2):
            return self.take(HASH_BYTES)
        return int.from_bytes(self.take(_U64), "little", signed=True)


def _text(raw: bytes) -> str:
    try:
        return raw.decode()
    except UnicodeDecodeError as error:
        raise EncodingError(f"the training parameter {raw!r} has no name in UTF-8") from error
