"""What a run hands on beside its reports: copies, signed sketches, groups, and proved finality."""

from __future__ import annotations

from contextlib import suppress
from functools import lru_cache

import numpy as np

from bcfl_plugins.published.grouped import GroupRecord, SummedGroup
from bcfl_plugins.published.sketches import RoundSketches
from bcfl_plugins.reasons import Reason
from bcfl_plugins.secure.groups import Grouping
from bcfl_plugins.secure.signed_sketches import SketchedUpdate
from bcfl_plugins.secure.sketches import SketchSize
from bcfl_plugins.types import NodeId, NodeRef, Rejection
from pallet_bridge.copies.cid import cid_of
from pallet_bridge.copies.manifest import CopiedFile, RunFiles, decode_runs, encode_runs
from pallet_bridge.embedded.chain.block import Header
from pallet_bridge.errors import EncodingError
from pallet_bridge.keys import Signer
from pallet_bridge.light.authorities import AuthoritySet
from pallet_bridge.light.known import KnownFinal
from pallet_bridge.run.content import read_value, value_bytes
from pallet_bridge.types import RoundKey
from scripts.fuzz.inputs import changed_bytes
from scripts.fuzz.target import Target, must
from scripts.fuzz.targets.chain import block_headers

SIZE = SketchSize(2, 32)
HASH = b"\x07" * 32
ACCOUNTS = tuple(
    sorted((Signer.from_uri(f"//{n}").account for n in range(9)), key=lambda one: one.raw)
)
_WORDS = (b"..", b"/", b"objects", b"age1", b"-1", b"null", b"9" * 30, b"\x00" * 8, b"\xff" * 8)


@lru_cache
def lists() -> tuple[bytes, ...]:
    """Return the lists of a copy."""
    names = ("run.json", "journal.jsonl", f"store/ab/{'ab' * 32}", "checkpoints/000001.npz")
    files = {name: CopiedFile(cid_of(name.encode()), 5, sealed=True) for name in names}
    return RunFiles(files, ("age1x",)).encode(), encode_runs(["20261130-120000", "b"])


def check_lists(data: bytes) -> None:
    """Read the lists: what is read is written as what is read again."""
    with suppress(EncodingError):
        found = RunFiles.decode(data)
        must(RunFiles.decode(found.encode()) == found, "it is written as something else")
        must(all(".." not in name for name in found.files), "a file is beside the run's folder")
    with suppress(EncodingError):
        names = decode_runs(data)
        must(decode_runs(encode_runs(names)) == names, "they are written as something else")


@lru_cache
def records() -> tuple[bytes, ...]:
    """Return the signed sketches of a round, and the record of one that was masked in groups."""
    sketch = np.arange(SIZE.tables * SIZE.width, dtype=np.uint32).reshape(SIZE.tables, SIZE.width)
    signed = tuple(SketchedUpdate(one, 9, sketch, b"\x01" * 64) for one in ACCOUNTS[:3])
    grouping = Grouping(HASH, 9, 3, ACCOUNTS)
    groups = grouping.groups(RoundKey(HASH, 0, 1))
    record = GroupRecord(
        grouping,
        tuple(SummedGroup(group, 3, HASH) for group in groups),
        clip=1.0,
        bits=26,
        sealed=(11, HASH),
        sent=tuple((NodeRef(NodeId(n), who), 10) for n, who in enumerate(ACCOUNTS)),
        rejections=(Rejection(NodeId(3), Reason.MALFORMED, "why", strike=False),),
        note="3 of 3",
    )
    sketches = RoundSketches(HASH, 9, SIZE, signed, signed[:2])
    return value_bytes(sketches.plain()), value_bytes(record.plain())


def check_records(data: bytes) -> None:
    """Read them: what is read is stored as what is read again."""
    try:
        plain = read_value(data, lambda _: False)
    except EncodingError:
        return
    for kind in (RoundSketches, GroupRecord):
        with suppress(EncodingError):
            stored = value_bytes(kind.read(plain).plain())
            again = kind.read(read_value(stored, lambda _: False))
            must(value_bytes(again.plain()) == stored, "it is stored as something else")


@lru_cache
def finals() -> tuple[bytes, ...]:
    """Return what is remembered of a chain."""
    headers = [Header.decode(one) for one in block_headers()]
    authorities = AuthoritySet(3, {HASH: 1, b"\x08" * 32: 2})
    return tuple(KnownFinal(header, authorities).encode() for header in headers)


def check_final(data: bytes) -> None:
    """Read what is remembered of a chain: what is read is written again as the same bytes."""
    with suppress(EncodingError):
        must(KnownFinal.decode(data).encode() == data, "it is written as other bytes")


TARGETS = (
    Target("copy_lists", check_lists, changed_bytes(lists, _WORDS)),
    Target("round_records", check_records, changed_bytes(records, _WORDS)),
    Target("known_final", check_final, changed_bytes(finals, _WORDS)),
)
