"""The records by which a server gets signed sketches of updates.

======================  =======================  ==================================================
record                  in                       fields
======================  =======================  ==================================================
``bcfl.sketched``       training message         v, tables, width
``bcfl.sketch-asked``   query.bcfl_evidence      v, block, number, accounts, commitments, model
                                                 (empty: by the first seed), signature (the
                                                 coordinator's)
``bcfl.sketch-signed``  answer to it             v, bits, sketch, signature
======================  =======================  ==================================================

The question also has the round's ``bcfl.round``. Everything read here was written by the other
side, which may lie.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from bcfl_plugins.secure.signed_sketches import MOST_BITS, SketchedUpdate
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.secure.statements import Sealed
from pallet_bridge.types import AccountId
from strategies._flower import ConfigRecord
from strategies.messages.fields import (
    HASH_BYTES,
    SIGNATURE_BYTES,
    VERSION,
    WireError,
    exactly,
    field,
    record_of,
    unsigned,
)

if TYPE_CHECKING:
    from strategies._flower import RecordDict

EVIDENCE = "query.bcfl_evidence"
"""The question."""

SKETCHED, SKETCH_ASKED, SKETCH_SIGNED = (
    f"bcfl.{name}" for name in ("sketched", "sketch-asked", "sketch-signed")
)

_SERVER, _NODE = "server", "node"
_MOST_MEMBERS = 10_000


@dataclass(frozen=True, slots=True)
class SketchQuestion:
    """What a node is asked to sketch.

    Parameters
    ----------
    sealed : Sealed
        Who is in the round.
    model : bytes or None
        Digest of the model that came of it, for the second seed; ``None``: the first.
    signature : bytes
        The coordinator's.
    """

    sealed: Sealed
    model: bytes | None
    signature: bytes


def sketched_record(size: SketchSize) -> ConfigRecord:
    """Say in a training message which sketches will be asked for."""
    return ConfigRecord({"v": VERSION, "tables": size.tables, "width": size.width})


def read_sketched(content: RecordDict) -> SketchSize | None:
    """Read which sketches will be asked for; ``None``: none.

    Raises
    ------
    WireError
        If it is malformed.
    """
    if SKETCHED not in content:
        return None
    record = record_of(content, SKETCHED, _SERVER)
    size = SketchSize(unsigned(record, "tables", 32), unsigned(record, "width", 32))
    if not size.is_possible:
        raise WireError(f"there are no sketches of {size.tables} tables of {size.width}")
    return size


def sketch_question_record(question: SketchQuestion) -> ConfigRecord:
    """Write what is asked."""
    sealed = question.sealed
    accounts = sorted(sealed.commitments, key=lambda one: one.raw)
    return ConfigRecord(
        {
            "v": VERSION,
            "block": sealed.block,
            "number": sealed.number,
            "accounts": b"".join(one.raw for one in accounts),
            "commitments": b"".join(sealed.commitments[one] for one in accounts),
            "model": question.model or b"",
            "signature": question.signature,
        }
    )


def read_sketch_question(content: RecordDict) -> SketchQuestion:
    """Read what is asked, on a node.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, SKETCH_ASKED, _SERVER)
    accounts = _many(field(record, "accounts", bytes))
    commitments = _many(field(record, "commitments", bytes))
    if len(accounts) != len(commitments) or len({*accounts}) != len(accounts):
        raise WireError("its lists are not of one length, or name a member twice")
    model = exactly(record, "model") if record.get("model") else None
    return SketchQuestion(
        Sealed(
            exactly(record, "block"),
            unsigned(record, "number", 32),
            dict(zip(map(AccountId, accounts), commitments, strict=True)),
        ),
        model,
        exactly(record, "signature", SIGNATURE_BYTES),
    )


def sketch_answer_record(signed: SketchedUpdate) -> ConfigRecord:
    """Write a signed sketch."""
    written = np.ascontiguousarray(signed.sketch, "<u4").tobytes()
    return ConfigRecord(
        {"v": VERSION, "bits": signed.bits, "sketch": written, "signature": signed.signature}
    )


def read_sketch_answer(content: RecordDict, who: AccountId, size: SketchSize) -> SketchedUpdate:
    """Read a signed sketch of this size; the signature is not checked here.

    Raises
    ------
    WireError
        If it is malformed.
    """
    record = record_of(content, SKETCH_SIGNED, _NODE)
    bits = field(record, "bits", int)
    if abs(bits) > MOST_BITS:
        raise WireError(f"field 'bits' is {bits}, and no update has so many")
    written = exactly(record, "sketch", 4 * size.cells)
    cells = np.frombuffer(written, "<u4").reshape(size.tables, size.width).astype(np.uint32)
    return SketchedUpdate(who, bits, cells, exactly(record, "signature", SIGNATURE_BYTES))


def _many(written: bytes) -> list[bytes]:
    count, left = divmod(len(written), HASH_BYTES)
    if left or count > _MOST_MEMBERS:
        raise WireError(f"a list has {len(written)} bytes, which are no hashes, or too many")
    return [written[at : at + HASH_BYTES] for at in range(0, len(written), HASH_BYTES)]
