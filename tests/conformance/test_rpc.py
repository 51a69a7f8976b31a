"""Answers and errors of single methods: written down from a node, true of both."""

from __future__ import annotations

import re
import socket
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect

if TYPE_CHECKING:
    from collections.abc import Iterable

    from substrateinterface import Keypair, SubstrateInterface

HEX = re.compile(r"0x([0-9a-f]{2})*")
HASH = re.compile(r"0x[0-9a-f]{64}")
NUMBER = re.compile(r"0x[0-9a-f]+")
DECIMAL = re.compile(r"\d+")
TEXT = re.compile(r".+", re.DOTALL)

HEADER = {
    "parentHash": HASH,
    "number": NUMBER,
    "stateRoot": HASH,
    "extrinsicsRoot": HASH,
    "digest": {"logs": [HEX]},
}
VERSION = {
    "specName": "bcfl",
    "implName": "bcfl",
    "authoringVersion": int,
    "specVersion": int,
    "implVersion": int,
    "apis": [(re.compile(r"0x[0-9a-f]{16}"), int)],
    "transactionVersion": int,
    "systemVersion": int,
    "stateVersion": int,
}
PROPERTIES = {"ss58Format": 42, "tokenDecimals": 12, "tokenSymbol": "UNIT"}
CODE = "0x3a636f6465"
SYSTEM = "0x26aa394eea5630e07c48ae0c9558cef7"
ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
NOWHERE = "0x" + "11" * 32


@dataclass(frozen=True, slots=True)
class Or:
    """One of several shapes."""

    options: tuple[Any, ...]


ANSWERS: list[tuple[str, list[Any], Any]] = [
    ("system_name", [], TEXT),
    ("system_version", [], TEXT),
    ("system_chain", [], TEXT),
    ("system_chainType", [], "Development"),
    ("system_properties", [], PROPERTIES),
    ("system_health", [], {"peers": 0, "isSyncing": False, "shouldHavePeers": False}),
    ("system_peers", [], []),
    ("system_nodeRoles", [], ["Authority"]),
    ("system_localListenAddresses", [], [TEXT]),
    ("system_syncState", [], {"startingBlock": int, "currentBlock": int, "highestBlock": int}),
    ("chainSpec_v1_chainName", [], TEXT),
    ("chainSpec_v1_genesisHash", [], HASH),
    ("chainSpec_v1_properties", [], PROPERTIES),
    ("rpc_methods", [], {"methods": [TEXT]}),
    ("chain_getHeader", [], HEADER),
    ("chain_getHeader", [None, "surplus"], HEADER),
    ("chain_getHeader", [NOWHERE], None),
    (
        "chain_getBlock",
        [],
        {"block": {"header": HEADER, "extrinsics": [HEX]}, "justifications": None},
    ),
    ("chain_getBlock", [NOWHERE], None),
    ("chain_getBlockHash", [], HASH),
    ("chain_getBlockHash", [0], HASH),
    ("chain_getBlockHash", ["0x0"], HASH),
    ("chain_getBlockHash", [[0, "0x0", 4_000_000]], [Or((HASH, None))]),
    ("chain_getBlockHash", [4_000_000], None),
    ("chain_getHead", [], HASH),
    ("chain_getFinalizedHead", [], HASH),
    ("chain_getFinalisedHead", [], HASH),
    ("state_getRuntimeVersion", [], VERSION),
    ("chain_getRuntimeVersion", [], VERSION),
    ("state_getMetadata", [], re.compile(r"0x6d6574610e[0-9a-f]+")),
    ("state_getStorage", [CODE], re.compile(r"0x52bc537646db8e05[0-9a-f]+")),
    ("state_getStorageAt", ["0x00", None], None),
    ("state_getStorage", ["0x"], None),
    ("state_getStorage", ["0x1"], None),
    ("state_getStorageHash", [CODE], HASH),
    ("state_getStorageHash", ["0x00"], None),
    ("state_getStorageSize", [CODE], int),
    ("state_getStorageSize", [SYSTEM], int),
    ("state_getStorageSize", ["0x99"], None),
    ("state_getKeysPaged", ["0x", 3], [HEX]),
    ("state_getKeysPaged", [None, 2, SYSTEM], [HEX]),
    ("state_getKeysPaged", ["0x99", 2], []),
    (
        "state_queryStorageAt",
        [["0x00", CODE]],
        [{"block": HASH, "changes": [(HEX, Or((HEX, None)))]}],
    ),
    ("state_queryStorageAt", [[]], []),
    ("state_call", ["Core_version", "0x"], HEX),
    ("author_pendingExtrinsics", [], []),
    ("author_hasKey", [NOWHERE, "aura"], False),
    ("author_removeExtrinsic", [[]], []),
    ("author_removeExtrinsic", [[{"hash": NOWHERE}]], []),
    ("author_unwatchExtrinsic", ["nothing"], False),
    ("chain_unsubscribeNewHeads", ["nothing"], False),
    ("state_unsubscribeStorage", [], False),
    ("system_accountNextIndex", [ALICE], int),
    ("account_nextIndex", [ALICE], int),
]

NO_HEADER = f"Header was not found in the database: {NOWHERE}"
NO_STATE = f"Client error: UnknownBlock: {NO_HEADER}"
NO_RUNTIME = f"Client error: Api called for an unknown Block: {NO_HEADER}"
NO_NUMBER = f"Client error: UnknownBlock: Expect block number from id: Hash({NOWHERE})"
BAD_PARAMS = {"code": -32602, "message": "Invalid params", "data": TEXT}
NO_RANGE = (
    f"""Cannot resolve a block range ['"{NOWHERE}"' ... '"Some({NOWHERE})"]. """
    f"UnknownBlock: {NO_HEADER}"
)
UNDECODED = "Could not decode `OpaqueExtrinsic.0`:\n\tNot enough data to fill buffer\n"
TOO_SHORT = "Could not decode `OpaqueExtrinsic.0`:\n\tNot enough data to decode vector\n"
TRAPPED = re.compile(r"Execution failed: .+", re.DOTALL)
TOO_MANY = "count exceeds maximum value. value: 1001, max: 1000"
TOO_BIG = "`Number(8589934592)` > u32::MAX, the max block number is u32."
NO_FUNCTION = "Client error: Execution failed: Other: Exported method Nope is not found"
BAD_KEY_TYPE = "Invalid key type ID format (should be of length four)"


def failure(code: int, message: object, data: object = None) -> dict[str, object]:
    error: dict[str, object] = {"code": code, "message": message}
    return error if data is None else error | {"data": data}


ERRORS: list[tuple[str, list[Any], dict[str, object]]] = [
    ("no_suchMethod", [], failure(-32601, "Method not found")),
    ("chain_getHeader", ["0x12"], BAD_PARAMS),
    ("chain_getHeader", [5], BAD_PARAMS),
    ("chain_getHeader", ["zz"], BAD_PARAMS),
    ("chain_getBlockHash", ["0xzz"], BAD_PARAMS),
    ("chain_getBlockHash", [-1], BAD_PARAMS),
    ("chain_getBlockHash", [True], BAD_PARAMS),
    ("chain_getBlockHash", [2**65], BAD_PARAMS),
    ("chain_getBlockHash", [2**33], failure(3001, TOO_BIG)),
    ("state_getStorage", [], failure(-32602, "Invalid params", "No more params")),
    ("state_getStorage", ["zz"], BAD_PARAMS),
    ("state_getStorage", [7], BAD_PARAMS),
    ("state_getStorage", ["0x00", NOWHERE], failure(4003, NO_STATE)),
    ("state_getStorageSize", ["0x00", NOWHERE], failure(4003, NO_STATE)),
    ("state_getKeysPaged", ["0x", 3, None, NOWHERE], failure(4003, NO_STATE)),
    ("state_getKeysPaged", ["0x", 1001], failure(4002, TOO_MANY)),
    ("state_queryStorageAt", [["0x00"], NOWHERE], failure(4001, NO_RANGE)),
    ("state_call", ["Core_version", "0x", NOWHERE], failure(4003, NO_NUMBER)),
    ("state_call", ["Nope", "0x"], failure(4003, NO_FUNCTION)),
    (
        "state_call",
        ["AccountNonceApi_account_nonce", "0x00"],
        failure(4003, re.compile(r"Client error: Execution failed: .+", re.DOTALL)),
    ),
    ("state_getMetadata", [NOWHERE], failure(4003, NO_RUNTIME)),
    ("state_getRuntimeVersion", [NOWHERE], failure(4003, NO_RUNTIME)),
    ("system_accountNextIndex", ["xx"], BAD_PARAMS),
    ("system_accountNextIndex", [NOWHERE], BAD_PARAMS),
    ("author_hasKey", [NOWHERE, "aurax"], failure(1040, BAD_KEY_TYPE)),
    ("author_removeExtrinsic", [[NOWHERE]], BAD_PARAMS),
    ("author_submitExtrinsic", ["0x"], failure(1040, f"Client error: {UNDECODED}")),
    ("author_submitExtrinsic", ["0x280411"], failure(1040, f"Client error: {TOO_SHORT}")),
    ("author_submitExtrinsic", ["zz"], BAD_PARAMS),
    (
        "author_submitExtrinsic",
        ["0x0499"],
        failure(
            1002,
            re.compile(r"Verification Error: Runtime error: Execution failed: .+", re.DOTALL),
            re.compile(r'RuntimeApi\("Execution failed: .+"\)', re.DOTALL),
        ),
    ),
    (
        "author_submitAndWatchExtrinsic",
        ["0x"],
        failure(1001, f"Extrinsic has invalid format: {UNDECODED}"),
    ),
    ("payment_queryInfo", ["0x00"], failure(1, "Unable to query dispatch info.", TRAPPED)),
    ("payment_queryFeeDetails", ["0x00"], failure(1, "Unable to query fee details.", TRAPPED)),
    ("system_dryRun", ["0x00"], failure(1, "Unable to dry run extrinsic.", TRAPPED)),
    ("system_dryRun", ["0x"], failure(2, "Unable to dry run extrinsic", UNDECODED)),
]


def mismatch(shape: Any, value: Any, where: str = "answer") -> str | None:
    """Say where a value does not have a shape, None when it has."""
    for kind, check in CHECKS:
        if isinstance(shape, kind):
            return check(shape, value, where)
    return None if value == shape else f"{where}: {value!r:.200} is not {shape!r}"


def first(parts: Iterable[str | None]) -> str | None:
    return next((part for part in parts if part), None)


def check_text(shape: re.Pattern[str], value: Any, where: str) -> str | None:
    fits = isinstance(value, str) and shape.fullmatch(value) is not None
    return None if fits else f"{where}: {value!r:.200} does not match {shape.pattern}"


def check_or(shape: Or, value: Any, where: str) -> str | None:
    found = [mismatch(option, value, where) for option in shape.options]
    return None if None in found else found[0]


def check_type(shape: type, value: Any, where: str) -> str | None:
    return None if type(value) is shape else f"{where}: {value!r} is no {shape.__name__}"


def check_map(shape: dict[str, Any], value: Any, where: str) -> str | None:
    if not isinstance(value, dict) or shape.keys() != value.keys():
        return f"{where}: {value!r:.200} has other keys than {sorted(shape)}"
    return first(mismatch(shape[name], value[name], f"{where}.{name}") for name in shape)


def check_tuple(shape: tuple[Any, ...], value: Any, where: str) -> str | None:
    if not isinstance(value, list) or len(shape) != len(value):
        return f"{where}: {value!r:.200} is not of length {len(shape)}"
    return first(mismatch(one, item, where) for one, item in zip(shape, value, strict=True))


def check_list(shape: list[Any], value: Any, where: str) -> str | None:
    if not isinstance(value, list) or (value and not shape):
        return f"{where}: {value!r:.200} is no list like {shape}"
    return first(mismatch(shape[0], item, f"{where}[{i}]") for i, item in enumerate(value))


CHECKS: tuple[tuple[type, Any], ...] = (
    (re.Pattern, check_text),
    (Or, check_or),
    (type, check_type),
    (dict, check_map),
    (tuple, check_tuple),
    (list, check_list),
)


def label(case: tuple[Any, ...]) -> str:
    return f"{case[0]}-{','.join(str(item)[:12] for item in case[1])}"


@pytest.mark.parametrize("case", ANSWERS, ids=label)
def test_answers_have_a_nodes_shape(case: tuple[str, list[Any], Any], client: Any) -> None:
    method, params, shape = case
    assert mismatch(shape, client.call(method, *params)) is None


@pytest.mark.parametrize("case", ERRORS, ids=label)
def test_errors_are_a_nodes(case: tuple[str, list[Any], Any], client: Any) -> None:
    method, params, error = case
    answer = client.send(method, *params)
    if answer.get("error", {}).get("code") == 1012:
        pytest.skip("this node has seen these bytes in an earlier run")
    assert mismatch(error, answer.get("error")) is None


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        ("{nonsense", (None, -32700)),
        ("5", (None, -32700)),
        ("[]", (None, -32600)),
        ('{"jsonrpc":"2.0","id":3}', (3, -32600)),
        ('{"id":3,"method":"system_name"}', (3, -32600)),
        ('{"jsonrpc":"2.0","id":NaN,"method":"system_name"}', (None, -32700)),
        ('{"jsonrpc":"2.0","id":4,"method":"system_name","params":[-Infinity]}', (None, -32700)),
        ("[" * 3000, (None, -32700)),
        ('{"a":' * 3000 + "1" + "}" * 3000, (None, -32700)),
        (" " * (15 * 1024 * 1024 + 1), (None, -32007)),
    ],
)
def test_what_is_no_request_is_answered_so(
    text: str, answer: tuple[int | None, int], client: Any
) -> None:
    reply = client.raw(text)
    assert (reply["id"], reply["error"]["code"]) == answer


def test_a_batch_is_answered_in_one_message(client: Any) -> None:
    replies = client.raw(
        '[{"jsonrpc":"2.0","id":1,"method":"system_chainType"},'
        '{"jsonrpc":"2.0","method":"system_name"},'
        '{"jsonrpc":"2.0","id":"two","method":"no_suchMethod"},5]'
    )
    by_id = {reply["id"]: reply for reply in replies}
    assert len(replies) == 3
    assert by_id[1]["result"] == "Development"
    assert by_id["two"]["error"]["code"] == -32601
    assert by_id[None]["error"]["code"] == -32600


def test_a_batch_of_nothing_but_brackets_holds_no_request(client: Any) -> None:
    (reply,) = client.raw("[" * 3000 + "]" * 3000)
    assert (reply["id"], reply["error"]["code"]) == (None, -32600)


def test_a_parameter_is_nested_so_deep_and_no_deeper(client: Any) -> None:
    text = '{"jsonrpc":"2.0","id":1,"method":"chain_getBlockHash","params":%s}'
    for deep, is_named in ((128, False), (129, True)):
        error = client.raw(text % ("[" * deep + "]" * deep))["error"]
        assert error["code"] == -32602
        assert ("recursion limit" in error["data"]) is is_named


def test_a_batch_ends_where_its_answers_are_too_big(client: Any) -> None:
    one = '{"jsonrpc":"2.0","id":1,"method":"state_getMetadata"}'
    limit = "Exceeded max limit of 15728640"
    reply = client.raw(f"[{','.join([one] * 2500)}]")
    assert reply["error"] == failure(-32011, "The batch response was too large", limit)
    assert client.call("system_chainType") == "Development"


def test_a_connection_has_so_many_subscriptions_and_no_more(client: Any) -> None:
    opened = [client.call("chain_subscribeNewHeads") for _ in range(1024)]
    answer = client.send("state_subscribeRuntimeVersion")
    message = "Too many subscriptions on the connection"
    assert answer["error"] == failure(-32006, message, "Exceeded max limit of 1024")
    assert client.call("chain_unsubscribeNewHeads", opened[5]) is True


def test_a_name_that_was_bound_to_this_machine_is_refused(target: Any) -> None:
    port = int(target.url.rsplit(":", 1)[1])
    with (
        socket.create_connection(("127.0.0.1", port)) as raw,
        pytest.raises(InvalidStatus) as raised,
        connect(f"ws://rebound.example:{port}", sock=raw),
    ):
        pass
    assert raised.value.response.status_code == 403
    assert raised.value.response.body == b"Provided Host header is not whitelisted.\n"


def test_every_listed_method_exists(client: Any) -> None:
    methods = client.call("rpc_methods")["methods"]
    reading = [name for name in methods if name.startswith(("chain_get", "state_get", "system_"))]
    assert len(reading) > 20
    missing = [name for name in reading if client.send(name).get("error", {}).get("code") == -32601]
    assert missing == []


def test_fees_are_told(client: Any, substrate: SubstrateInterface, alice: Keypair) -> None:
    extrinsic = str(
        substrate.create_signed_extrinsic(
            substrate.compose_call("System", "remark", {"remark": "0x1234"}), alice, nonce=10_000
        ).data
    )
    info = client.call("payment_queryInfo", extrinsic)
    weight = {"ref_time": int, "proof_size": int}
    assert mismatch({"weight": weight, "class": "normal", "partialFee": DECIMAL}, info) is None
    parts = client.call("payment_queryFeeDetails", extrinsic)["inclusionFee"]
    fee = sum(int(parts[name], 16) for name in ("baseFee", "lenFee", "adjustedWeightFee"))
    assert fee == int(info["partialFee"])
    future = "0x010002"
    assert client.call("system_dryRun", extrinsic) == future
