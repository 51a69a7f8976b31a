"""Followers of the head: what a node never does, a head that goes back, and what bounds memory."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge.embedded.rpc.dispatch import RpcDispatcher
from pallet_bridge.embedded.rpc.modern import head
from pallet_bridge.embedded.service import Service

if TYPE_CHECKING:
    from pallet_bridge.embedded.chain.chain import Chain


class Caller:
    def __init__(self, rpc: RpcDispatcher) -> None:
        self.rpc = rpc
        self.notes: list[Any] = []

    def post(self, text: str) -> None:
        self.notes.append(json.loads(text)["params"]["result"])

    def ask(self, method: str, *params: Any) -> Any:
        text = json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params})
        steps = self.rpc.steps(self, text)
        try:
            while True:
                next(steps)
        except StopIteration as end:
            answer = json.loads(end.value)
            return answer.get("result", answer.get("error"))

    def names(self) -> list[str]:
        names = [note["event"] for note in self.notes]
        self.notes.clear()
        return names


@pytest.fixture
def service(chain: Chain) -> Service:
    return Service(chain)


@pytest.fixture
def caller(service: Service) -> Caller:
    return Caller(RpcDispatcher(service))


def test_a_head_that_goes_back_stops_who_follows(service: Service, caller: Caller) -> None:
    following = caller.ask("chainHead_v1_follow", False)
    mark = service.chain.snapshot()
    service.seal()
    assert caller.names() == ["initialized", "newBlock", "bestBlockChanged", "finalized"]
    service.revert(mark)
    assert caller.names() == ["stop"]
    service.seal()
    assert caller.names() == []
    assert caller.ask("chainHead_v1_unfollow", following) is False


def test_storage_that_is_set_by_hand_stops_who_follows(service: Service, caller: Caller) -> None:
    """What was read of the block is not true any more."""
    caller.ask("chainHead_v1_follow", True)
    service.set_storage({b"key": b"value"})
    assert caller.names() == ["initialized", "stop"]


def test_who_never_lets_blocks_go_is_stopped(
    service: Service, caller: Caller, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(head, "_PINNED", 3)
    idle, busy = (caller.ask("chainHead_v1_follow", False) for _ in range(2))
    for _ in range(4):
        block = service.seal()
        caller.ask("chainHead_v1_unpin", busy, "0x" + block.hex())
    assert caller.names().count("stop") == 1
    assert caller.ask("chainHead_v1_unfollow", idle) is False
    assert caller.ask("chainHead_v1_unfollow", busy) is True


def test_a_new_runtime_is_told_with_its_block(service: Service, caller: Caller) -> None:
    caller.ask("chainHead_v1_follow", True)
    service.seal()
    started, new, *_ = caller.notes
    assert started["finalizedBlockRuntime"]["type"] == "valid"
    assert started["finalizedBlockRuntime"]["spec"]["specName"] == "bcfl"
    assert new["newRuntime"] is None


def test_a_follower_sees_no_more_than_the_last_final_blocks(
    service: Service, caller: Caller
) -> None:
    blocks = [service.seal() for _ in range(20)]
    following = caller.ask("chainHead_v1_follow", False)
    told = caller.notes[0]["finalizedBlockHashes"]
    assert told == ["0x" + block.hex() for block in blocks[-16:]]
    error = caller.ask("chainHead_v1_header", following, "0x" + blocks[0].hex())
    assert error["code"] == -32801


def test_ids_of_another_connection_are_unknown(caller: Caller, service: Service) -> None:
    following = caller.ask("chainHead_v1_follow", False)
    other = Caller(caller.rpc)
    genesis = "0x" + service.chain.genesis_hash.hex()
    assert other.ask("chainHead_v1_header", following, genesis) is None
    assert other.ask("chainHead_v1_unfollow", following) is False
    assert caller.ask("chainHead_v1_header", following, genesis).startswith("0x")
