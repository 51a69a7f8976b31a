"""Methods of the new interface, and older ones that few clients ask for: true of both chains."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import pytest

from tests.conformance.test_rpc import (
    BAD_KEY_TYPE,
    BAD_PARAMS,
    HASH,
    HEX,
    NO_HEADER,
    NO_STATE,
    NOWHERE,
    Or,
    failure,
    label,
    mismatch,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.conformance.conftest import Client

NUMBER = "0x26aa394eea5630e07c48ae0c9558cef702a5c1b19ab7a04f536c519aca4983ac"
CHILD = "0x3a6368696c645f73746f726167653a64656661756c743a01"
NO_CHILD = failure(4003, "Client error: Invalid child storage key")
KEY = "0x8eaf04151687736326c9fea17e25fc5287613693c912909cb226aa4794f26a48"

ANSWERS: list[tuple[str, list[Any], Any]] = [
    ("archive_v1_finalizedHeight", [], int),
    ("archive_v1_hashByHeight", [0], [HASH]),
    ("archive_v1_hashByHeight", [4_000_000], ()),
    ("archive_v1_header", [NOWHERE], None),
    ("archive_v1_body", [NOWHERE], None),
    (
        "archive_v1_call",
        [NOWHERE, "Core_version", "0x"],
        {
            "success": False,
            "error": f"UnknownBlock: Expect block number from id: Hash({NOWHERE})",
        },
    ),
    ("archive_v1_stopStorage", ["nothing"], False),
    ("archive_v1_storageDiff_stopStorageDiff", ["nothing"], False),
    ("chainHead_v1_header", ["nothing", NOWHERE], None),
    ("chainHead_v1_body", ["nothing", NOWHERE], {"result": "limitReached"}),
    ("chainHead_v1_call", ["nothing", NOWHERE, "Core_version", "0x"], {"result": "limitReached"}),
    ("chainHead_v1_storage", ["nothing", NOWHERE, []], {"result": "limitReached"}),
    ("chainHead_v1_unpin", ["nothing", NOWHERE], None),
    ("chainHead_v1_unpin", ["nothing", [NOWHERE]], None),
    ("chainHead_v1_continue", ["nothing", "1"], None),
    ("chainHead_v1_stopOperation", ["nothing", "1"], None),
    ("chainHead_v1_unfollow", ["nothing"], False),
    ("transactionWatch_v1_unwatch", ["nothing"], False),
    ("childstate_getKeys", [CHILD, "0x", None], ()),
    ("childstate_getKeysPaged", [CHILD, None, 3, None, None], ()),
    ("childstate_getKeysPagedAt", [CHILD, None, 3, None, None], ()),
    ("childstate_getStorage", [CHILD, "0x01", None], None),
    ("childstate_getStorageEntries", [CHILD, ["0x01", "0x02"]], (None, None)),
    ("childstate_getStorageHash", [CHILD, "0x01"], None),
    ("childstate_getStorageSize", [CHILD, "0x01"], None),
    ("state_getReadProof", [[NUMBER]], {"at": HASH, "proof": [HEX]}),
    ("system_localPeerId", [], re.compile(r"12D3Koo[1-9A-HJ-NP-Za-km-z]{45}")),
    ("system_reservedPeers", [], ()),
    ("author_hasSessionKeys", ["0x" + "00" * 64], False),
    ("author_insertKey", ["bcfl", "//Bob", KEY], None),
    ("author_rotateKeys", [], re.compile(r"0x[0-9a-f]{128}")),
    (
        "author_rotateKeysWithOwner",
        [NOWHERE],
        {"keys": re.compile(r"0x[0-9a-f]{128}"), "proof": re.compile(r"0x[0-9a-f]{256}")},
    ),
    ("offchain_localStorageGet", ["PERSISTENT", "0xabab"], None),
    ("offchain_localStorageClear", ["PERSISTENT", "0xabab"], None),
]
NO_VARIANT = failure(
    -32602,
    "Invalid params",
    re.compile(r"unknown variant `nope`, expected one of `value`, `hash`, .+`.*"),
)
ERRORS: list[tuple[str, list[Any], dict[str, object]]] = [
    ("archive_v1_hashByHeight", ["1"], BAD_PARAMS),
    ("archive_v1_hashByHeight", [-1], BAD_PARAMS),
    ("archive_v1_hashByHeight", [], BAD_PARAMS),
    (
        "archive_v1_hashByHeight",
        [2**33],
        failure(3001, "Invalid parameter: Invalid block height: 8589934592"),
    ),
    ("archive_v1_header", ["0x12"], BAD_PARAMS),
    ("archive_v1_call", [NOWHERE, "Core_version", "zz"], failure(3001, "Invalid parameter: zz")),
    ("archive_v1_storage", [NOWHERE, [{"key": "0x", "type": "nope"}]], NO_VARIANT),
    ("archive_v1_storage", [NOWHERE, [{"key": "0x"}]], BAD_PARAMS),
    ("archive_v1_storageDiff", [NOWHERE, None], BAD_PARAMS),
    ("archive_v1_storageDiff", [NOWHERE, [{"key": "0x"}]], BAD_PARAMS),
    (
        "chainHead_v1_call",
        ["nothing", NOWHERE, "Core_version", "zz"],
        failure(-32602, "Invalid parameter: zz"),
    ),
    ("chainHead_v1_follow", [], BAD_PARAMS),
    ("chainHead_v1_follow", [1], BAD_PARAMS),
    ("transaction_v1_stop", ["nothing"], failure(-32602, "Invalid operation id")),
    ("transaction_v1_broadcast", ["zz"], BAD_PARAMS),
    ("transactionWatch_v1_submitAndWatch", ["zz"], BAD_PARAMS),
    ("state_getReadProof", ["0x"], BAD_PARAMS),
    ("state_getReadProof", [["0x"], NOWHERE], failure(4003, NO_STATE)),
    ("state_getKeys", [], BAD_PARAMS),
    ("state_getKeys", ["0x", NOWHERE], failure(4003, NO_STATE)),
    ("state_getPairs", ["0x", NOWHERE], failure(4003, NO_STATE)),
    ("childstate_getKeys", ["0x1234", "0x"], NO_CHILD),
    ("childstate_getStorage", ["0x1234", "0x01"], NO_CHILD),
    ("childstate_getStorage", [CHILD, "0x01", NOWHERE], failure(4003, NO_STATE)),
    ("state_getChildReadProof", ["0x12", ["0x01"]], NO_CHILD),
    ("author_insertKey", ["aur", "//Bob", KEY], failure(1040, BAD_KEY_TYPE)),
    (
        "author_hasSessionKeys",
        ["0x1234"],
        failure(1040, "Session keys are not encoded correctly"),
    ),
    ("system_addReservedPeer", ["x"], failure(2002, "invalid multiaddress")),
    ("system_removeReservedPeer", ["x"], failure(2002, "invalid multihash")),
    ("system_addLogFilter", ["x"], failure(-32603, "No reload handle present")),
    ("system_resetLogFilter", [], failure(-32603, "No reload handle present")),
    (
        "offchain_localStorageGet",
        ["LOCAL", "0x01"],
        failure(5001, "This storage kind is not available yet"),
    ),
    ("offchain_localStorageGet", ["x", "0x01"], BAD_PARAMS),
]


@pytest.mark.parametrize("case", ANSWERS, ids=label)
def test_answers_have_a_nodes_shape(case: tuple[str, list[Any], Any], client: Client) -> None:
    method, params, shape = case
    assert mismatch(shape, client.call(method, *params)) is None


@pytest.mark.parametrize("case", ERRORS, ids=label)
def test_errors_are_a_nodes(case: tuple[str, list[Any], Any], client: Client) -> None:
    method, params, error = case
    assert mismatch(error, client.send(method, *params).get("error")) is None


def test_keys_that_were_put_in_are_there(client: Client) -> None:
    session = client.call("author_rotateKeys")
    assert client.call("author_hasSessionKeys", session) is True
    assert client.call("author_hasKey", session[:66], "aura") is True
    assert client.call("author_hasKey", "0x" + session[66:], "gran") is True
    assert client.call("author_hasKey", session[:66], "gran") is False
    client.call("author_insertKey", "test", "//Ferdie", KEY)
    assert client.call("author_hasKey", KEY, "test") is True


def test_session_keys_prove_that_their_maker_has_them(client: Client) -> None:
    ed25519_zebra, sr25519 = (pytest.importorskip(name) for name in ("ed25519_zebra", "sr25519"))
    made = client.call("author_rotateKeysWithOwner", NOWHERE)
    keys, proof = (bytes.fromhex(made[name][2:]) for name in ("keys", "proof"))
    message = b"POP_" + b"\x11" * 32
    assert sr25519.verify(proof[:64], message, keys[:32])
    assert ed25519_zebra.ed_verify(proof[64:], message, keys[32:])


def test_values_beside_the_chain_are_kept(client: Client) -> None:
    assert client.call("offchain_localStorageSet", "PERSISTENT", "0xcd01", "0x02") is None
    assert client.call("offchain_localStorageGet", "PERSISTENT", "0xcd01") == "0x02"
    client.call("offchain_localStorageClear", "PERSISTENT", "0xcd01")
    assert client.call("offchain_localStorageGet", "PERSISTENT", "0xcd01") is None


def events(client: Client, subscription: str, until: str) -> Iterator[Any]:
    while True:
        event = client.next_note(subscription)
        yield event
        if event["event"] == until:
            return


@pytest.fixture
def follow(client: Client) -> Iterator[tuple[str, dict[str, Any]]]:
    subscription = client.call("chainHead_v1_follow", True)
    yield subscription, client.next_note(subscription)
    client.call("chainHead_v1_unfollow", subscription)


def test_following_begins_with_what_is_final(follow: tuple[str, dict[str, Any]]) -> None:
    spec = {
        "specName": "bcfl",
        "implName": "bcfl",
        "specVersion": int,
        "implVersion": int,
        "apis": dict,
        "transactionVersion": int,
    }
    shape = {
        "event": "initialized",
        "finalizedBlockHashes": [HASH],
        "finalizedBlockRuntime": {"type": "valid", "spec": spec},
    }
    assert mismatch(shape, follow[1]) is None
    assert 1 <= len(follow[1]["finalizedBlockHashes"]) <= 16


def test_a_new_block_is_told_as_new_best_and_final(
    client: Client, follow: tuple[str, dict[str, Any]], next_block: Callable[[], None]
) -> None:
    subscription, _ = follow
    next_block()
    seen = list(events(client, subscription, "finalized"))
    new = next(event for event in seen if event["event"] == "newBlock")
    shape = {"event": "newBlock", "blockHash": HASH, "parentBlockHash": HASH, "newRuntime": None}
    assert mismatch(shape, new) is None
    kinds = {event["event"] for event in seen}
    assert {"newBlock", "bestBlockChanged", "finalized"} <= kinds
    shape = {"event": "finalized", "finalizedBlockHashes": [HASH], "prunedBlockHashes": []}
    assert mismatch(shape, seen[-1]) is None


def test_a_pinned_block_is_read_until_it_is_let_go(
    client: Client, follow: tuple[str, dict[str, Any]]
) -> None:
    subscription, started = follow
    block = started["finalizedBlockHashes"][-1]
    assert HEX.fullmatch(client.call("chainHead_v1_header", subscription, block))
    answer = client.call("chainHead_v1_body", subscription, block)
    assert answer == {"result": "started", "operationId": "1"}
    done = list(events(client, subscription, "operationBodyDone"))[-1]
    shape: Any = {"event": "operationBodyDone", "operationId": "1", "value": [HEX]}
    assert mismatch(shape, done) is None
    client.call("chainHead_v1_call", subscription, block, "Core_version", "0x")
    done = list(events(client, subscription, "operationCallDone"))[-1]
    shape = {"event": "operationCallDone", "operationId": "2", "output": HEX}
    assert mismatch(shape, done) is None
    client.call("chainHead_v1_call", subscription, block, "Nope", "0x")
    failed = list(events(client, subscription, "operationError"))[-1]
    assert failed == {
        "event": "operationError",
        "operationId": "3",
        "error": "Execution failed: Other: Exported method Nope is not found",
    }
    assert client.call("chainHead_v1_unpin", subscription, block) is None
    for method, params in (
        ("chainHead_v1_header", [block]),
        ("chainHead_v1_body", [block]),
        ("chainHead_v1_call", [block, "Core_version", "0x"]),
        ("chainHead_v1_storage", [block, [{"key": NUMBER, "type": "value"}]]),
        ("chainHead_v1_unpin", [block]),
        ("chainHead_v1_unpin", [[NOWHERE]]),
    ):
        error = client.send(method, subscription, *params)["error"]
        assert error == failure(-32801, "Invalid block hash"), method


def test_storage_of_a_pinned_block_comes_item_by_item(
    client: Client, follow: tuple[str, dict[str, Any]]
) -> None:
    subscription, started = follow
    block = started["finalizedBlockHashes"][-1]
    items = [{"key": NUMBER, "type": kind} for kind in ("value", "hash", "descendantsHashes")]
    asked = [*items, {"key": "0x99", "type": "value"}]
    answer = client.call("chainHead_v1_storage", subscription, block, asked)
    assert answer == {"result": "started", "operationId": "0", "discardedItems": 0}
    seen = list(events(client, subscription, "operationStorageDone"))
    told = [event["items"][0] for event in seen if event["event"] == "operationStorageItems"]
    value = client.call("state_getStorage", NUMBER, block)
    if value is None:  # block 0 has no number
        assert told == []
        return
    hash_ = client.call("state_getStorageHash", NUMBER, block)
    assert told == [
        {"key": NUMBER, "value": value},
        {"key": NUMBER, "hash": hash_},
        {"key": NUMBER, "hash": hash_},
    ]


def test_without_runtimes_there_are_no_calls(client: Client) -> None:
    subscription = client.call("chainHead_v1_follow", False)
    started = client.next_note(subscription)
    assert set(started) == {"event", "finalizedBlockHashes"}
    block = started["finalizedBlockHashes"][-1]
    error = client.send("chainHead_v1_call", subscription, block, "Core_version", "0x")["error"]
    assert error["code"] == -32802
    twice = client.send("chainHead_v1_unpin", subscription, [block, block])["error"]
    assert twice["code"] == -32804
    assert client.call("chainHead_v1_unpin", subscription, []) is None
    assert client.call("chainHead_v1_unfollow", subscription) is True
    assert client.call("chainHead_v1_unfollow", subscription) is False
    assert client.call("chainHead_v1_header", subscription, block) is None


def test_a_connection_follows_four_times(client: Client) -> None:
    opened = [client.call("chainHead_v1_follow", False) for _ in range(4)]
    error = client.send("chainHead_v1_follow", False)["error"]
    message = "Maximum number of chainHead_follow has been reached"
    assert error == failure(-32800, message)
    client.call("chainHead_v1_unfollow", opened[0])
    client.call("chainHead_v1_follow", False)


def test_an_unknown_block_ends_a_walk_with_an_error(client: Client) -> None:
    short = "Block header is not present: 0x1111…1111"
    genesis = client.call("chain_getBlockHash", 0)
    for method, params, name, said in (
        ("archive_v1_storage", [[{"key": NUMBER, "type": "value"}]], "storageError", NO_HEADER),
        ("archive_v1_storageDiff", [[]], "storageDiffError", short),
        ("archive_v1_storageDiff", [[], genesis], "storageDiffError", NO_HEADER),
    ):
        told = client.next_note(client.call(method, NOWHERE, *params))
        assert told["event"] == name
        assert said in told["error"]


def test_what_differs_between_two_blocks_is_told_in_order(
    client: Client, history: dict[str, Any]
) -> None:
    block = history["missing"].block
    subscription = client.call(
        "archive_v1_storageDiff",
        block,
        [{"key": NUMBER, "returnType": "value"}, {"key": "0x26", "returnType": "hash"}],
    )
    seen = list(events(client, subscription, "storageDiffDone"))[:-1]
    value = client.call("state_getStorage", NUMBER, block)
    number = [event for event in seen if event["key"] == NUMBER]
    assert number[0] == {
        "event": "storageDiff",
        "key": NUMBER,
        "value": value,
        "type": Or(("added", "modified")).options[number[0]["type"] == "modified"],
    }
    assert number[1]["hash"] == client.call("state_getStorageHash", NUMBER, block)
    keys = [event["key"] for event in seen if event["type"] != "deleted"]
    assert keys == sorted(keys)
