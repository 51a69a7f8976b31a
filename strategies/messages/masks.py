"""The records of secure aggregation: what server and nodes say about masks.

===================  =====================  =======================================================
record               in                     fields
===================  =====================  =======================================================
``bcfl.mask-key``    answer to bcfl_keys    v, account, key, signature
``bcfl.roster``      bcfl_shares            v, accounts, keys, signatures, needed, clip, bits,
                                            tables, width, signature (the coordinator's); in
                                            groups also grouping
``bcfl.grouping``    bcfl_shares            v, block, number, size, accounts; in groups only
``bcfl.dealt``       answer to it           v, roster, seed, pairs, shares, sealed, signature
``bcfl.masked``      training message       v, roster
``bcfl.sealed``      bcfl_sketch and        v, block, number, accounts, commitments; to unmask also
                     bcfl_unmask            accepted, dealers, shares; signature (the coordinator's)
``bcfl.claims``      answer to bcfl_sketch  v, claims, signature
``bcfl.answer``      answer to bcfl_unmask  v, given, signature
===================  =====================  =======================================================

Each question also has the round's ``bcfl.round``. Everything read here was written by the other
side, which may lie; signatures of the coordinator are checked by who acts on them.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.secure.groups import LEAST_GROUP, MOST_DRAWN, Grouping
from bcfl_plugins.secure.sizes import LEAST_NODES, MOST_NODES, MaskScale
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import Dealing, Member, Roster, Sealed
from pallet_bridge.types import AccountId
from strategies._flower import ConfigRecord
from strategies.messages.fields import (
    HASH_BYTES,
    SIGNATURE_BYTES,
    VERSION,
    WireError,
    account,
    exactly,
    field,
    record_of,
    unsigned,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from strategies._flower import RecordDict

    NDArray = np.ndarray[Any, np.dtype[Any]]

KEYS, SHARES, SKETCH, UNMASK = (
    f"query.bcfl_{name}" for name in ("keys", "shares", "sketch", "unmask")
)
"""The questions, in the order in which they are asked."""

KEY, ROSTER, DEALT, MASKED = "bcfl.mask-key", "bcfl.roster", "bcfl.dealt", "bcfl.masked"
GROUPING = "bcfl.grouping"
SEALED, CLAIMS, ANSWER = "bcfl.sealed", "bcfl.claims", "bcfl.answer"

_SERVER, _NODE = "server", "node"
_MOST_MEMBERS = MOST_DRAWN
_LONGEST_SEALED = 256


def key_record(who: AccountId, key: bytes, signature: bytes) -> ConfigRecord:
    """Write a node's mask key."""
    return ConfigRecord({"v": VERSION, "account": who.raw, "key": key, "signature": signature})


def read_key(content: RecordDict) -> Member:
    """Read a node's mask key.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, KEY, _NODE)
    return Member(
        account(record, "account"),
        exactly(record, "key"),
        exactly(record, "signature", SIGNATURE_BYTES),
    )


def roster_record(roster: Roster, signature: bytes) -> ConfigRecord:
    """Write a roster."""
    size = roster.sketch or SketchSize(0, 0)
    return ConfigRecord(
        {
            "v": VERSION,
            "accounts": [one.account.raw for one in roster.members],
            "keys": [one.key for one in roster.members],
            "signatures": [one.signature for one in roster.members],
            "needed": roster.needed,
            "clip": roster.scale.clip,
            "bits": roster.scale.bits,
            "tables": size.tables,
            "width": size.width,
            "signature": signature,
            **({"grouping": roster.grouping} if roster.grouping else {}),
        }
    )


def read_roster(content: RecordDict) -> tuple[Roster, bytes]:
    """Read a roster, and who says that the coordinator signed it.

    Raises
    ------
    WireError
        If it is malformed: too few or too many members, or not in ascending order.
    """
    record = record_of(content, ROSTER, _SERVER)
    accounts = [AccountId(one) for one in _many(record, "accounts", HASH_BYTES, MOST_NODES)]
    count = len(accounts)
    if count < LEAST_NODES:
        raise WireError(f"the roster has {count} members, fewer than {LEAST_NODES}")
    if any(one.raw >= other.raw for one, other in pairwise(accounts)):
        raise WireError("the roster is not in ascending order, or names a member twice")
    keys = _many(record, "keys", HASH_BYTES, count)
    signatures = _many(record, "signatures", SIGNATURE_BYTES, count)
    if {len(keys), len(signatures)} != {count}:
        raise WireError("the roster does not have one key and one signature a member")
    size = SketchSize(unsigned(record, "tables", 32), unsigned(record, "width", 32))
    sketch = None if size == SketchSize(0, 0) else size
    if sketch is not None and not sketch.is_possible:
        raise WireError(f"there are no sketches of {size.tables} tables of {size.width}")
    scale = MaskScale(field(record, "clip", float), unsigned(record, "bits", 32))
    if not scale.fits(count):
        raise WireError(f"a sum of {count} updates of {scale.bits} bits could wrap")
    members = tuple(Member(*one) for one in zip(accounts, keys, signatures, strict=True))
    grouping = exactly(record, "grouping") if "grouping" in record else b""
    roster = Roster(members, unsigned(record, "needed", 32), scale, sketch, grouping)
    return roster, exactly(record, "signature", SIGNATURE_BYTES)


def grouping_record(grouping: Grouping) -> ConfigRecord:
    """Write what the groups of a round follow from."""
    return ConfigRecord(
        {
            "v": VERSION,
            "block": grouping.block,
            "number": grouping.number,
            "size": grouping.size,
            "accounts": [one.raw for one in grouping.accounts],
        }
    )


def read_grouping(content: RecordDict) -> Grouping | None:
    """Read what the groups of a round follow from; None: there are none.

    Raises
    ------
    WireError
        If it is malformed: groups that are too small, or accounts not in ascending order.
    """
    if GROUPING not in content:
        return None
    record = record_of(content, GROUPING, _SERVER)
    accounts = [AccountId(one) for one in _many(record, "accounts", HASH_BYTES, MOST_DRAWN)]
    if any(one.raw >= other.raw for one, other in pairwise(accounts)):
        raise WireError("who is drawn is not in ascending order, or is named twice")
    size = unsigned(record, "size", 32)
    if size < LEAST_GROUP:
        raise WireError(
            f"groups of {size} hide no update, and {LEAST_GROUP} members are the least "
            f"(bcfl.secure.group)"
        )
    return Grouping(exactly(record, "block"), unsigned(record, "number", 32), size, tuple(accounts))


def dealing_record(dealing: Dealing, signature: bytes) -> ConfigRecord:
    """Write what a node deals."""
    return ConfigRecord(
        {
            "v": VERSION,
            "roster": dealing.roster,
            "seed": dealing.seed,
            "pairs": list(dealing.pairs),
            "shares": list(dealing.shares),
            "sealed": list(dealing.sealed),
            "signature": signature,
        }
    )


def read_dealing(content: RecordDict, others: int) -> tuple[Dealing, bytes]:
    """Read what a node deals to so many others, and its signature.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, DEALT, _NODE)
    pairs, shares = (_many(record, name, HASH_BYTES, others) for name in ("pairs", "shares"))
    sealed = _many(record, "sealed", None, others)
    if {len(pairs), len(shares), len(sealed)} != {others}:
        raise WireError(f"it does not deal to {others} others")
    dealing = Dealing(exactly(record, "roster"), exactly(record, "seed"), pairs, shares, sealed)
    return dealing, exactly(record, "signature", SIGNATURE_BYTES)


def masked_record(roster: bytes) -> ConfigRecord:
    """Write into a training message by which roster its update is masked."""
    return ConfigRecord({"v": VERSION, "roster": roster})


def read_masked(content: RecordDict) -> bytes | None:
    """Return the digest of the roster by which an update is to be masked; None: by none.

    Raises
    ------
    WireError
        If it is malformed.
    """
    if MASKED not in content:
        return None
    return exactly(record_of(content, MASKED, _SERVER), "roster")


@dataclass(frozen=True, slots=True)
class Asked:
    """What the server asks about a sealed round.

    Parameters
    ----------
    sealed : Sealed
        What it says that the chain has.
    signature : bytes
        The coordinator's, as it says.
    accepted : frozenset of AccountId
        Whose updates are to be summed; empty where sketches are asked for.
    shares : Mapping[AccountId, bytes]
        What each of these sealed for the node.
    """

    sealed: Sealed
    signature: bytes
    accepted: frozenset[AccountId]
    shares: Mapping[AccountId, bytes]


def asked_record(asked: Asked) -> ConfigRecord:
    """Write what is asked about a sealed round."""
    commitments = asked.sealed.commitments
    accounts = sorted(commitments, key=lambda one: one.raw)
    dealers = sorted(asked.shares, key=lambda one: one.raw)
    return ConfigRecord(
        {
            "v": VERSION,
            "block": asked.sealed.block,
            "number": asked.sealed.number,
            "accounts": [one.raw for one in accounts],
            "commitments": [commitments[one] for one in accounts],
            "accepted": sorted(one.raw for one in asked.accepted),
            "dealers": [one.raw for one in dealers],
            "shares": [asked.shares[one] for one in dealers],
            "signature": asked.signature,
        }
    )


def read_asked(content: RecordDict) -> Asked:
    """Read what is asked about a sealed round.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, SEALED, _SERVER)
    accounts = _many(record, "accounts", HASH_BYTES, _MOST_MEMBERS)
    commitments = _many(record, "commitments", HASH_BYTES, _MOST_MEMBERS)
    dealers = _many(record, "dealers", HASH_BYTES, MOST_NODES)
    shares = _many(record, "shares", None, MOST_NODES)
    accepted = _many(record, "accepted", HASH_BYTES, MOST_NODES)
    if len(accounts) != len(commitments) or len(dealers) != len(shares):
        raise WireError("its lists are not of one length")
    if len({*accounts}) != len(accounts) or len({*accepted}) != len(accepted):
        raise WireError("it names a member twice")
    sealed = Sealed(
        exactly(record, "block"),
        unsigned(record, "number", 32),
        dict(zip(map(AccountId, accounts), commitments, strict=True)),
    )
    return Asked(
        sealed,
        exactly(record, "signature", SIGNATURE_BYTES),
        frozenset(map(AccountId, accepted)),
        dict(zip(map(AccountId, dealers), shares, strict=True)),
    )


def claims_record(claims: NDArray, signature: bytes) -> ConfigRecord:
    """Write the sketches that a node claims of its masks."""
    written = np.ascontiguousarray(claims, "<u4").tobytes()
    return ConfigRecord({"v": VERSION, "claims": written, "signature": signature})


def read_claims(content: RecordDict, roster: Roster) -> tuple[NDArray, bytes]:
    """Read the sketches that a node claims of its masks, and its signature.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, CLAIMS, _NODE)
    size = roster.sketch or SketchSize(0, 0)
    count = len(roster.members)
    written = exactly(record, "claims", 4 * count * size.cells)
    shaped = np.frombuffer(written, "<u4").reshape(count, size.tables, size.width)
    return shaped.astype(np.uint32), exactly(record, "signature", SIGNATURE_BYTES)


def answer_record(given: bytes, signature: bytes) -> ConfigRecord:
    """Write what a node gives back."""
    return ConfigRecord({"v": VERSION, "given": given, "signature": signature})


def read_given(content: RecordDict, others: int) -> tuple[bytes, bytes]:
    """Read what a node gives back about so many others, and its signature.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, ANSWER, _NODE)
    given = exactly(record, "given", HASH_BYTES * others)
    return given, exactly(record, "signature", SIGNATURE_BYTES)


def _many(record: ConfigRecord, name: str, size: int | None, most: int) -> tuple[bytes, ...]:
    """Return a list of bytes; of this size each, or of any up to what a sealed share takes."""
    found = record.get(name)
    if not isinstance(found, list) or len(found) > most:
        raise WireError(f"field {name!r} is missing, or no list of up to {most}")
    for one in found:
        fits = isinstance(one, bytes) and (
            len(one) == size if size is not None else len(one) <= _LONGEST_SEALED
        )
        if not fits:
            raise WireError(f"field {name!r} holds something else than bytes of the right length")
    return tuple(found)  # type: ignore[arg-type]
