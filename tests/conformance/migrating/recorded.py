"""A state that version 2 of the storage really had, as it was recorded, and larger ones like it."""

from __future__ import annotations

import gzip
import json
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from pallet_bridge.embedded.chain.block import Block, Header
from pallet_bridge.embedded.chain.chain import DEFAULT_START_TIME_MS, Chain
from pallet_bridge.embedded.chain.clock import SlotClock
from pallet_bridge.embedded.chain.genesis import CODE
from pallet_bridge.embedded.chain.history import History
from pallet_bridge.embedded.executor.executor import Runtimes
from pallet_bridge.embedded.state.encode import compact
from pallet_bridge.embedded.state.hashing import blake2_128, blake2_256, storage_prefix, twox
from pallet_bridge.embedded.state.storage import State
from pallet_bridge.embedded.state.trie_node import EMPTY_TRIE_ROOT
from pallet_bridge.metadata import PALLET
from pallet_bridge.runtime import load_blob

if TYPE_CHECKING:
    from collections.abc import Mapping

DATA = Path(__file__).resolve().parents[2] / "data"
MEMBERS = storage_prefix(PALLET, "Participants")


@cache
def said_of_version_2() -> Mapping[str, Any]:
    """What the packages of version 2 said of the state."""
    found: Mapping[str, Any] = json.loads(gzip.decompress((DATA / "state_v2.json.gz").read_bytes()))
    return found


@cache
def state_of_version_2() -> Mapping[bytes, bytes]:
    lines = gzip.decompress((DATA / "state_v2.tsv.gz").read_bytes()).decode().splitlines()
    pairs = (line.split("\t") for line in lines)
    return {bytes.fromhex(key): bytes.fromhex(value) for key, value in pairs}


def grown(members: int) -> Mapping[bytes, bytes]:
    """The state with so many members more in its federation without members.

    They are alike, and nothing else says that they are there: the money is that of nobody.
    """
    entries = dict(state_of_version_2())
    record = next(value for key, value in entries.items() if key.startswith(MEMBERS))
    federation = int(said_of_version_2()["phases"]["empty"]).to_bytes(4, "little")
    prefix = MEMBERS + twox(federation, 1) + federation
    for index in range(members):
        account = blake2_256(b"member" + compact(index))
        entries[prefix + blake2_128(account) + account] = record
    return entries


def first_of(entries: Mapping[bytes, bytes]) -> Chain:
    """A chain whose genesis is this state, with the runtime that ships: block 1 is the upgrade."""
    older = tuple(storage_prefix("System", item) for item in ("Number", "BlockHash", "ParentHash"))
    kept = {key: value for key, value in entries.items() if not key.startswith(older)}
    state = State.build({**kept, CODE: load_blob()})
    block = Block(Header(bytes(32), 0, state.root, EMPTY_TRIE_ROOT), ())
    clock = SlotClock(DEFAULT_START_TIME_MS)
    return Chain(History(block, state), block.hash, None, clock, Runtimes(None))
