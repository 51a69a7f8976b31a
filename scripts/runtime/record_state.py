"""Record the state of a chain with a federation in every phase, to test the next migration on.

``python -m scripts.runtime.record_state FOLDER`` plays the phases of `PHASES` on the embedded
chain and writes two files, named after the storage version of the pallet:

``state_vN.tsv.gz``
    every storage entry of the last block but ``:code``, as lines of two hex strings, sorted.
``state_vN.json.gz``
    the header of that block, the genesis hash, which federation is in which phase, and every
    record of the pallet as this version's client reads it.

To record an older version, run it in a checkout of that version, with this one behind it::

    cd CHECKOUT_OF_THAT_VERSION
    PYTHONPATH=CHECKOUT_WITH_THIS_FILE python -m scripts.runtime.record_state FOLDER

Keys, nonce and time are fixed, so the same version gives the same records. Hashes of blocks differ
from one recording to the next: signatures are random.
"""

from __future__ import annotations

import argparse
import gzip
import json
import sys
from collections.abc import Mapping
from dataclasses import fields, is_dataclass
from enum import Enum
from pathlib import Path
from typing import TYPE_CHECKING, Final

from pallet_bridge.client.connect import connect
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.metadata import PALLET
from pallet_bridge.testing.machine.ledger import Ledger, read_ledger
from pallet_bridge.testing.machine.step import CheckedChain
from pallet_bridge.types import AccountId
from scripts.runtime.phases import PHASES

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.client.embedded import EmbeddedClient

CODE: Final = b":code"
_ALL: Final = 10**9


def plain(value: object) -> object:
    """Return a record as JSON has it: fields by name, accounts and hashes in hex."""
    if is_dataclass(value) and not isinstance(value, type | AccountId):
        return {one.name: plain(getattr(value, one.name)) for one in fields(value)}
    if isinstance(value, Mapping):
        return {_key(key): plain(item) for key, item in value.items()}
    if isinstance(value, tuple | list):
        return [plain(item) for item in value]
    if isinstance(value, AccountId):
        return value.raw.hex()
    if isinstance(value, bytes):
        return value.hex()
    return value.value if isinstance(value, Enum) else value


def _key(key: object) -> str:
    if isinstance(key, tuple):
        return "/".join(_key(part) for part in key)
    return key.raw.hex() if isinstance(key, AccountId) else str(key)


def ledger_of(client: EmbeddedClient) -> Ledger:
    """Return every record of the pallet, and what every account has."""
    return read_ledger(client, accounts_of(entries_of(client)), 0)


def accounts_of(entries: Mapping[bytes, bytes]) -> list[AccountId]:
    """Return all accounts of a state."""
    prefix = storage_prefix("System", "Account")
    return [AccountId(key[-32:]) for key in entries if key.startswith(prefix)]


def entries_of(client: EmbeddedClient) -> dict[bytes, bytes]:
    """Return the newest state but for the runtime's code, in the order of its keys."""
    with client.node.locked() as chain:
        keys = chain.keys(b"", count=_ALL)
        found = {key: chain.get(key) for key in keys if key != CODE}
    return {key: value for key, value in found.items() if value is not None}


def records_of(client: EmbeddedClient) -> object:
    """Return every record of the pallet and every balance, as JSON has them."""
    ledger = ledger_of(client)
    attesters = {str(one.number): client.attesters(one.number) for one in ledger.books}
    made = {name.name: getattr(ledger, name.name) for name in fields(ledger)}
    del made["storage"]
    return plain({**made, "attesters": attesters})


def record(folder: Path) -> None:
    """Play all phases and write the two files."""
    with connect("embedded", nonce=b"record_state") as client:
        chain = CheckedChain(client)
        phases = {phase.__name__: phase(chain).number for phase in PHASES}
        entries = entries_of(client)
        version = int.from_bytes(entries[storage_prefix(PALLET, ":__STORAGE_VERSION__:")], "little")
        with client.node.locked() as made:
            header = made.header(made.head)
        if header is None:
            raise SystemExit("the chain has no head")
        said = {
            "header": header.encode().hex(),
            "genesis": client.genesis_hash.hex(),
            "phases": phases,
            "records": records_of(client),
        }
    lines = "".join(f"{key.hex()}\t{value.hex()}\n" for key, value in sorted(entries.items()))
    _write(folder / f"state_v{version}.tsv.gz", lines)
    _write(folder / f"state_v{version}.json.gz", json.dumps(said, indent=1, sort_keys=True) + "\n")


def _write(path: Path, text: str) -> None:
    path.write_bytes(gzip.compress(text.encode(), 9, mtime=0))
    print(f"wrote {path.name}: {path.stat().st_size} bytes")


def main(arguments: Sequence[str] | None = None) -> int:
    """Record into the folder that is named."""
    parser = argparse.ArgumentParser(description="Record a state with a federation in every phase.")
    parser.add_argument("folder", type=Path)
    record(parser.parse_args(arguments).folder)
    return 0


if __name__ == "__main__":
    sys.exit(main())
