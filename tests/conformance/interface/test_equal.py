"""The genesis is the same on both chains: what is read there is the same to the byte."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from tests.conformance.conftest import Client, Target

SYSTEM = "0x26aa394eea5630e07c48ae0c9558cef7"
NUMBER = SYSTEM + "02a5c1b19ab7a04f536c519aca4983ac"
ACCOUNTS = SYSTEM + "b99d880ec681799c0cf30e8886371da9"
CODE = "0x3a636f6465"
CHILD = "0x3a6368696c645f73746f726167653a64656661756c743a01"
GENESIS = "the hash of block 0"
Both = Callable[..., tuple[Any, Any]]

READS: list[tuple[str, list[Any]]] = [
    ("state_getReadProof", [[CODE], GENESIS]),
    ("state_getReadProof", [[ACCOUNTS, NUMBER, "0x99", "0x"], GENESIS]),
    ("state_getReadProof", [[], GENESIS]),
    ("state_getChildReadProof", [CHILD, ["0x01"], GENESIS]),
    ("state_getKeys", [SYSTEM, GENESIS]),
    ("state_getKeys", ["0x99", GENESIS]),
    ("state_getPairs", [ACCOUNTS, GENESIS]),
    ("state_getPairs", ["0x99", GENESIS]),
    ("archive_v1_genesisHash", []),
    ("archive_v1_hashByHeight", [0]),
    ("archive_v1_header", [GENESIS]),
    ("archive_v1_body", [GENESIS]),
    ("archive_v1_call", [GENESIS, "Core_version", "0x"]),
    ("archive_v1_call", [GENESIS, "Nope", "0x"]),
]
QUESTIONS: list[list[dict[str, str]]] = [
    [],
    [{"key": CODE, "type": "hash"}, {"key": "0x99", "type": "value"}],
    [{"key": ACCOUNTS, "type": "descendantsValues"}],
    [{"key": SYSTEM, "type": "descendantsHashes"}],
    [{"key": SYSTEM, "type": "descendantsHashes", "paginationStartKey": ACCOUNTS}],
    [
        {"key": key, "type": "closestDescendantMerkleValue"}
        for key in ("0x", "0x26", SYSTEM, ACCOUNTS, ACCOUNTS + "00", CODE, "0x99", "0x9999")
    ],
]


@pytest.fixture
def both(
    embedded: Target, real: Target, connect_to: Callable[[str], Client]
) -> Iterator[tuple[Client, Client]]:
    return connect_to(embedded.url), connect_to(real.url)


def at_genesis(client: Client, params: list[Any]) -> list[Any]:
    genesis = client.call("chain_getBlockHash", 0)
    return [genesis if item == GENESIS else item for item in params]


@pytest.mark.parametrize(("method", "params"), READS)
def test_reads_of_the_genesis_are_equal(
    both: tuple[Client, Client], method: str, params: list[Any]
) -> None:
    ours, nodes = (client.call(method, *at_genesis(client, params)) for client in both)
    assert ours == nodes


def told(client: Client, items: list[Any]) -> list[Any]:
    (genesis,) = at_genesis(client, [GENESIS])
    subscription = client.call("archive_v1_storage", genesis, items)
    events: list[Any] = []
    while not events or events[-1]["event"] == "storage":
        events.append(client.next_note(subscription))
    return events


@pytest.mark.parametrize("items", QUESTIONS)
def test_what_the_archive_tells_of_the_genesis_is_equal(
    both: tuple[Client, Client], items: list[Any]
) -> None:
    ours, nodes = (told(client, items) for client in both)
    assert ours == nodes
    assert ours[-1] == {"event": "storageDone"}
