"""`dev_*` as users of anvil and chopsticks expect it, and only when it is asked for."""

from __future__ import annotations

import json
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import pytest
from websockets.sync.client import ClientConnection, connect

from pallet_bridge.embedded import EmbeddedNode, Manual
from pallet_bridge.embedded.chain.chain import DEFAULT_START_TIME_MS, Chain
from pallet_bridge.embedded.errors import NotExportable
from pallet_bridge.embedded.executor.host_crypto import MOCK_SIGNATURE
from pallet_bridge.embedded.rpc.dev.methods import METHODS
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.embedded.state.hashing import blake2_128, storage_prefix
from pallet_bridge.keys import Signer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

KEY, OTHER = "0x" + "07" * 32, "0x" + "08" * 32
NOW = "0x" + storage_prefix("Timestamp", "Now").hex()
NOWHERE = "0x" + "11" * 32
SLOT_MS = 3000


class Dev:
    def __init__(self, node: EmbeddedNode, socket: ClientConnection) -> None:
        self.node = node
        self.socket = socket
        self.notes: list[Any] = []

    def ask(self, method: str, *params: Any) -> Any:
        request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
        self.socket.send(json.dumps(request))
        while "id" not in (answer := json.loads(self.socket.recv(timeout=60))):
            self.notes.append(answer["params"]["result"])
        return answer["result"] if "result" in answer else answer["error"]

    @property
    def number(self) -> int:
        return int(self.ask("chain_getHeader")["number"], 16)

    def now(self) -> int:
        return int.from_bytes(bytes.fromhex(self.ask("state_getStorage", NOW)[2:]), "little")


@contextmanager
def served(chain: Chain, **options: Any) -> Iterator[Dev]:
    with (
        EmbeddedNode.start(chain=chain, sealing=Manual(), **options) as node,
        connect(node.url, compression=None) as socket,
    ):
        yield Dev(node, socket)


@pytest.fixture
def dev(chain: Chain) -> Iterator[Dev]:
    with served(chain, dev_rpc=True) as started:
        yield started


def test_nothing_of_it_is_served_unless_it_is_asked_for(chain: Chain) -> None:
    with served(chain) as plain:
        listed = plain.ask("rpc_methods")["methods"]
        for method in METHODS:
            answer = plain.ask(method, 0)
            assert answer["code"] == -32601
            assert "--dev-rpc" in answer["message"]
            assert method not in listed
        assert plain.ask("dev_unheardOf") == {"code": -32601, "message": "Method not found"}
        assert plain.number == 0


def test_all_of_it_is_listed_once_it_is(dev: Dev) -> None:
    assert set(METHODS) < set(dev.ask("rpc_methods")["methods"])


def test_blocks_by_count_and_by_number(dev: Dev) -> None:
    assert dev.ask("dev_newBlock") == dev.ask("chain_getBlockHash", 1)
    dev.ask("dev_newBlock", {"count": 3})
    assert dev.number == 4
    assert dev.ask("dev_newBlock", {"to": 9}) == dev.ask("chain_getBlockHash", 9)
    assert dev.ask("dev_newBlock", {"count": 0}) == dev.ask("chain_getBlockHash", 9)
    for wrong in ({"to": 3}, {"count": -1}, {"count": 1.5}, {"count": 10**6}, [1], "1"):
        assert dev.ask("dev_newBlock", wrong)["code"] == -32602
    assert dev.number == 9


def test_storage_is_read_back_at_once_told_and_built_upon(dev: Dev) -> None:
    dev.ask("dev_newBlock")
    head = dev.ask("chain_getBlockHash")
    dev.ask("state_subscribeStorage", [KEY])
    assert dev.ask("dev_setStorage", [[KEY, "0x0102"], [OTHER, "0x03"]], head) == head
    assert dev.ask("state_getStorage", KEY) == "0x0102"
    dev.ask("dev_setStorage", [[OTHER, None]])
    dev.ask("dev_newBlock")
    assert dev.ask("state_getStorage", KEY) == "0x0102"
    assert dev.ask("state_getStorage", OTHER) is None
    assert [note["changes"] for note in dev.notes] == [[[KEY, None]], [[KEY, "0x0102"]]]
    root = dev.ask("chain_getHeader")["stateRoot"]
    assert root == "0x" + dev.node.chain.state().root.hex()


def test_storage_by_names_is_written_whole_or_not_at_all(dev: Dev) -> None:
    alice = Signer.from_uri("//Alice").account
    system = {"Account": [[[str(alice)], {"providers": 1, "data": {"free": "1000"}}]]}
    before = dev.node.chain.state().root
    refused = dev.ask("dev_setStorage", {"System": system, "Sudo": {"Key": "//Bob"}})
    assert refused["code"] == -32602
    assert refused["data"].startswith("Sudo.Key: ")
    assert dev.node.chain.state().root == before
    head = dev.ask("chain_getBlockHash")
    assert dev.ask("dev_setStorage", {"System": system, "Sudo": {"Key": str(alice)}}) == head
    key = blake2_128(alice.raw) + alice.raw
    stored = dev.ask("state_getStorage", "0x" + (storage_prefix("System", "Account") + key).hex())
    assert stored == "0x" + (bytes(8) + b"\x01" + bytes(7) + b"\xe8\x03" + bytes(62)).hex()
    dev.ask("dev_newBlock")
    assert dev.ask("state_getStorage", "0x" + storage_prefix("Sudo", "Key").hex())[2:] == (
        alice.raw.hex()
    )


def test_storage_of_an_older_block_and_what_are_no_pairs_are_refused(dev: Dev) -> None:
    genesis = dev.ask("chain_getBlockHash", 0)
    dev.ask("dev_newBlock")
    assert "dev_setHead" in dev.ask("dev_setStorage", [[KEY, "0x01"]], genesis)["message"]
    for wrong in ({"System": []}, [[KEY]], [[KEY, 1]], [["key", "0x00"]], "0x"):
        assert dev.ask("dev_setStorage", wrong)["code"] == -32602
    assert dev.ask("state_getStorage", KEY) is None


def test_a_chain_whose_storage_was_set_cannot_be_exported_until_it_is_reverted(
    dev: Dev, tmp_path: Path
) -> None:
    dev.ask("dev_newBlock")
    mark = dev.ask("dev_snapshot")
    dev.ask("dev_setStorage", [[KEY, "0x01"]])
    dev.ask("dev_newBlock")
    with pytest.raises(NotExportable):
        dev.node.export(tmp_path / "chain.jsonl")
    assert dev.ask("dev_revert", mark) is True
    assert dev.ask("state_getStorage", KEY) is None
    dev.node.export(tmp_path / "chain.jsonl")


def test_time_travels_forward_only(dev: Dev) -> None:
    dev.ask("dev_newBlock")
    assert dev.now() == DEFAULT_START_TIME_MS
    assert dev.ask("dev_timeTravel", "2027-01-31T12:00:00Z") == 1_801_396_800_000
    dev.ask("dev_newBlock", {"count": 2})
    assert dev.now() == 1_801_396_800_000 + SLOT_MS
    later = 1_801_396_800_000 + 3 * SLOT_MS
    assert dev.ask("dev_timeTravel", later) == later
    assert dev.ask("dev_increaseTime", 60) == later + 60_000
    dev.ask("dev_newBlock")
    assert dev.now() == later + 60_000
    back = dev.ask("dev_timeTravel", "2027-01-31")
    assert back["code"] == -32602
    assert "does not go back" in back["data"]
    for wrong in ("soon", None, True, [1]):
        assert dev.ask("dev_timeTravel", wrong)["code"] == -32602


def test_snapshots_are_used_once_and_take_later_ones_with_them(dev: Dev) -> None:
    first = dev.ask("dev_snapshot")
    dev.ask("dev_newBlock")
    second = dev.ask("dev_snapshot")
    dev.ask("dev_newBlock")
    assert dev.ask("dev_revert", first) is True
    assert dev.number == 0
    assert dev.ask("dev_revert", first) is False
    assert dev.ask("dev_revert", second) is False


def test_an_earlier_block_becomes_the_head_and_the_pool_is_judged_again(
    dev: Dev, sign: Callable[..., bytes]
) -> None:
    remark = b"\x00\x00" + blob(b"bcfl")
    extrinsics = ["0x" + sign(dev.node.chain, "//Alice", nonce, remark).hex() for nonce in (0, 1)]
    dev.ask("dev_newBlock")
    second = dev.ask("dev_newBlock")
    dev.ask("author_submitExtrinsic", extrinsics[0])
    dev.ask("dev_newBlock", {"count": 2})
    kept = dev.ask("dev_snapshot")
    dev.ask("author_submitExtrinsic", extrinsics[1])
    assert dev.ask("dev_setHead", 2) == second
    assert dev.number == 2
    assert dev.ask("dev_revert", kept) is False
    assert dev.ask("author_pendingExtrinsics") == []  # it has to wait for the first again
    dev.ask("author_submitExtrinsic", extrinsics[0])
    assert len(dev.ask("author_pendingExtrinsics")) == 2
    for nowhere in (3, -9, NOWHERE):
        assert "no block on the way to the head" in dev.ask("dev_setHead", nowhere)["message"]
    assert dev.ask("dev_setHead", "0x12")["code"] == -32602
    assert dev.ask("dev_setHead", dev.ask("chain_getBlockHash", 1))
    assert dev.number == 1
    assert dev.ask("dev_setHead", -1) == dev.ask("chain_getBlockHash", 0)


def unsigned(chain: Chain, account: bytes, nonce: int, call: bytes) -> str:
    extra = b"\x00" + compact(nonce) + compact(0)
    return "0x" + blob(b"\x84\x00" + account + b"\x01" + MOCK_SIGNATURE + extra + call).hex()


def test_an_impersonated_account_needs_no_key(dev: Dev, tmp_path: Path) -> None:
    bob = Signer.from_uri("//Bob").account
    paying = b"\x04\x03\x00" + Signer.from_uri("//New").account.raw + compact(5 * 10**12)
    bytes_ = unsigned(dev.node.chain, bob.raw, 0, paying)
    assert dev.ask("author_submitExtrinsic", bytes_)["data"] == "Transaction has a bad signature"
    mark = dev.ask("dev_snapshot")
    assert dev.ask("dev_impersonate", str(bob)) is None
    dev.ask("dev_revert", mark)  # lifts the ban on the very bytes
    assert dev.ask("author_submitExtrinsic", bytes_).startswith("0x")
    dev.ask("dev_newBlock")
    assert dev.ask("system_accountNextIndex", str(bob)) == 1
    with pytest.raises(NotExportable):
        dev.node.export(tmp_path / "chain.jsonl")
    assert dev.ask("dev_stopImpersonating", "0x" + bob.raw.hex()) is None
    again = unsigned(dev.node.chain, bob.raw, 1, paying)
    assert dev.ask("author_submitExtrinsic", again)["code"] == 1010
    for nobody in ("0x1234", "nobody", 7):
        assert dev.ask("dev_impersonate", nobody)["code"] == -32602


def test_others_still_sign(dev: Dev) -> None:
    dev.ask("dev_impersonate", str(Signer.from_uri("//Bob").account))
    charlie = Signer.from_uri("//Charlie").account.raw
    bytes_ = unsigned(dev.node.chain, charlie, 0, b"\x00\x00" + blob(b"x"))
    assert dev.ask("author_submitExtrinsic", bytes_)["data"] == "Transaction has a bad signature"


def test_a_block_is_made_of_the_transactions_that_are_given(
    dev: Dev, sign: Callable[..., bytes]
) -> None:
    remark = b"\x00\x00" + blob(b"bcfl")
    two = ["0x" + sign(dev.node.chain, "//Alice", nonce, remark).hex() for nonce in (0, 1)]
    block = dev.ask("dev_newBlock", {"transactions": two})
    assert dev.ask("chain_getBlock", block)["block"]["extrinsics"][-2:] == two
    assert dev.number == 1
    for wrong in ({"transactions": "0x00"}, {"transactions": [7]}, {"hrmp": {}}):
        assert dev.ask("dev_newBlock", wrong)["code"] == -32602
    assert "bad signature" in dev.ask("dev_newBlock", {"transactions": [_forged(two[0])]})["data"]
    assert dev.number == 1


def _forged(transaction: str) -> str:
    at = 2 * 40  # within the signature
    return transaction[:at] + ("0" if transaction[at] != "0" else "1") + transaction[at + 1 :]


def test_blocks_wait_for_a_command_until_they_are_made_at_once_again(
    chain: Chain, sign: Callable[..., bytes]
) -> None:
    remark = b"\x00\x00" + blob(b"bcfl")
    bytes_ = "0x" + sign(chain, "//Alice", 0, remark).hex()
    with (
        EmbeddedNode.start(chain=chain, dev_rpc=True) as node,
        connect(node.url, compression=None) as socket,
    ):
        dev = Dev(node, socket)
        assert dev.ask("dev_setBlockBuildMode", "Manual") is None
        dev.ask("author_submitExtrinsic", bytes_)
        assert dev.ask("author_pendingExtrinsics") == [bytes_]
        assert dev.number == 0
        dev.ask("chain_subscribeNewHeads")
        assert dev.ask("dev_setBlockBuildMode", "Instant") is None
        while not dev.notes or dev.notes[-1]["number"] != "0x1":
            dev.notes.append(json.loads(socket.recv(timeout=60))["params"]["result"])
        assert dev.ask("author_pendingExtrinsics") == []
        assert dev.ask("dev_setBlockBuildMode", "Batch")["code"] == -32602
