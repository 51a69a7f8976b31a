"""What clients send to the embedded chain, and what a node answers to ours."""

from __future__ import annotations

import json
import threading
from functools import cache, lru_cache
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from pallet_bridge.client.codec import read_metadata
from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.client.state import StateReader
from pallet_bridge.embedded import Chain
from pallet_bridge.embedded.chain.block import Header
from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.rpc.dispatch import RpcDispatcher
from pallet_bridge.embedded.service import Service
from pallet_bridge.encoding import leaf_hash
from pallet_bridge.errors import BadChainValue, ChainError, MetadataMismatch
from pallet_bridge.interface import differences
from pallet_bridge.keys import Signer
from pallet_bridge.runtime import load_interface
from pallet_bridge.settlement.merkle import is_proven, prove, settlement_root
from pallet_bridge.types import AccountId, Leaf, Outcome, Planck, ProvenLeaf
from scripts.fuzz.inputs import changed_bytes, changed_json, loads
from scripts.fuzz.target import Target, must
from scripts.fuzz.targets.recorded import (
    ITEMS,
    Hostile,
    codec_of_a_chain,
    recorded,
    use,
)

if TYPE_CHECKING:
    from websockets.sync.server import ServerConnection

ALICE = Signer.from_uri("//Alice")
_INTERNAL = -32603


class _Peer:
    lets_unsafe = True

    def post(self, text: str) -> None:
        json.loads(text)


@cache
def _dispatcher() -> RpcDispatcher:
    return RpcDispatcher(Service(Chain.new(nonce=b"")))


def _request(method: str, *params: object) -> bytes:
    return json.dumps({"jsonrpc": "2.0", "id": 1, "method": method, "params": params}).encode()


@lru_cache
def frames() -> tuple[Any, ...]:
    """Return a good request of every method, and batches of them."""
    block, key = "0x" + "11" * 32, "0x26aa394eea5630e07c48ae0c9558cef7"
    params: dict[str, list[object]] = {
        "state_call": ["Core_version", "0x"],
        "state_getStorage": [key],
        "state_getKeysPaged": [key, 3, None],
        "state_queryStorageAt": [[key, "0x3a636f6465"]],
        "chain_getBlockHash": [[0, "0x1", 7]],
        "system_accountNextIndex": [str(ALICE.account)],
        "author_submitExtrinsic": ["0x280400000b10449c41fa0100"],
        "author_submitAndWatchExtrinsic": ["0x280400000b10449c41fa0100"],
        "author_removeExtrinsic": [[{"hash": block}, {"extrinsic": "0x00"}]],
        "author_hasKey": ["0x00", "aura"],
        "system_dryRun": ["0x280400000b10449c41fa0100"],
        "payment_queryInfo": ["0x280400000b10449c41fa0100"],
        "state_subscribeStorage": [[key]],
    }
    answer = _dispatched(_request("rpc_methods"))
    names = [name for name in answer["result"]["methods"] if not name.startswith("engine_")]
    single = [json.loads(_request(name, *params.get(name, []))) for name in names]
    return (*single, single[:4], [*single[-3:], 7, [], {}])


def _dispatched(data: bytes) -> Any:  # noqa: ANN401 - JSON
    rpc, peer = _dispatcher(), _Peer()
    steps = rpc.steps(peer, data)
    try:
        while True:
            next(steps)
    except StopIteration as end:
        return None if end.value is None else json.loads(end.value, parse_constant=_no_json)
    finally:
        rpc.disconnect(peer)


def _no_json(text: str) -> None:
    raise ValueError(text)


def check_frame(data: bytes) -> None:
    """Answer one message: with JSON, and never with an error of our own making."""
    answer = _dispatched(data)
    if answer is None:
        return
    for one in answer if isinstance(answer, list) else [answer]:
        must(("result" in one) != ("error" in one), "no answer")
        said = one.get("error", {})
        ours = said.get("code") == _INTERNAL and said.get("message") != "No reload handle present"
        must(not ours, f"an error of our own: {one}")


def check_text_frame(data: bytes) -> None:
    """Do the same with bytes that may be no JSON."""
    check_frame(data)


@lru_cache
def answers() -> tuple[Any, ...]:
    """Return what an honest node answers to a reader of everything."""
    return (recorded().answers,)


def check_answers(data: bytes) -> None:
    """Read everything from a node that answers so: what does not fit is a `ChainError`."""
    value = loads(data)
    if isinstance(value, dict):
        use(StateReader(Hostile(value), codec_of_a_chain()))  # type: ignore[arg-type]


@lru_cache
def stored() -> tuple[bytes, ...]:
    """Return stored values, each behind the number of its item."""
    names = [item for item, _ in ITEMS]
    return tuple(
        bytes([names.index(item)]) + bytes.fromhex(value[2:]) for item, value in recorded().stored
    )


def check_stored(data: bytes) -> None:
    """Read SCALE bytes as the item that their first byte names."""
    if not data:
        return
    item, read = ITEMS[data[0] % len(ITEMS)]
    try:
        read(codec_of_a_chain().storage_value(*item.split("."), "0x" + data[1:].hex()))
    except BadChainValue:
        return


@lru_cache
def metadata() -> tuple[bytes, ...]:
    """Return the metadata of the runtime."""
    return (bytes.fromhex(recorded().metadata[2:]),)


def check_metadata(data: bytes) -> None:
    """Read metadata: what differs from ours is told, or it cannot be read."""
    told = {**recorded().answers, "state_getMetadata": "0x" + data.hex()}
    try:
        interface = read_metadata(Hostile(told))  # type: ignore[arg-type]
    except (BadChainValue, MetadataMismatch):
        return
    differences(load_interface(), interface.items)


@lru_cache
def block_headers() -> tuple[bytes, ...]:
    """Return the header of a block."""
    chain = Chain.new(nonce=b"")
    header = chain.header(chain.author([]).hash)
    return () if header is None else (header.encode(),)


def check_block_header(data: bytes) -> None:
    """Read the header of a block: what is read is written again as the same bytes."""
    try:
        header = Header.decode(data)
    except DecodeError:
        return
    must(header.encode() == data, "other bytes are written")


LEAVES = tuple(
    Leaf(
        AccountId(bytes([n]) * 32),
        bytes([n]) * 32,
        bytes([n]) * 32,
        Outcome.ACCEPTED,
        n,
        0,
        Planck(n),
        0,
    )
    for n in range(1, 6)
)


@lru_cache
def proofs() -> tuple[Any, ...]:
    """Return the proofs of five leaves."""
    return tuple(
        {"leaf": n, "index": one.index, "proof": [part.hex() for part in one.proof]}
        for n, one in enumerate(prove(LEAVES))
    )


def check_proof(data: bytes) -> None:
    """Check a proof: none but the one that was made proves a leaf."""
    match loads(data):
        case {"leaf": int(n), "index": int(index), "proof": list(parts)} if 0 <= n < len(LEAVES):
            pass
        case _:
            return
    try:
        proof = tuple(bytes.fromhex(part) for part in parts)
    except (TypeError, ValueError):
        return
    made = prove(LEAVES)[n]
    proven = is_proven(settlement_root(LEAVES), ProvenLeaf(LEAVES[n], index, proof), len(LEAVES))
    must(proven == ((index, proof) == (made.index, made.proof)), "a proof that was not made holds")
    must(leaf_hash(LEAVES[n]), "no hash")


_reply = {"frames": b""}


@cache
def _server() -> str:
    """Serve a hostile node, and give its URL."""

    def handle(socket: ServerConnection) -> None:
        try:
            for _ in socket:
                for text in _reply["frames"].split(b"\n"):
                    socket.send(text.decode("utf-8", "replace"))
        except ConnectionClosed:
            return

    server = serve(handle, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    host, port = server.socket.getsockname()[:2]
    return f"ws://{host}:{port}"


@lru_cache
def messages() -> tuple[bytes, ...]:
    """Return what a node says: answers, refusals and notifications."""
    note = b'{"jsonrpc":"2.0","method":"m","params":{"subscription":"7","result":%s}}'
    return (
        b'{"jsonrpc":"2.0","id":1,"result":"0x11"}',
        b'{"jsonrpc":"2.0","id":1,"result":"0x11"}\n{"jsonrpc":"2.0","id":2,"result":"7"}\n'
        + note % b'{"a":1}',
        b'{"jsonrpc":"2.0","id":1,"error":{"code":-32601,"message":"no","data":[1]}}',
    )


def check_message(data: bytes) -> None:
    """Ask a node that answers so: an answer, or an error of the chain."""
    _reply["frames"] = data
    rpc = RpcClient(_server(), timeout=0.05)
    try:
        for _ in range(2):
            try:
                rpc.request("system_chain")
                rpc.subscribe("chain_subscribeNewHeads", [], "x").next(0.01)
            except ChainError:
                continue
    finally:
        rpc.close()


_WORDS = (b'"id":1', b'"jsonrpc":"2.0"', b"NaN", b"[" * 2000, b"null", b'"params"', b"0x", b"\xff")
TARGETS = (
    Target("frame", check_frame, changed_json(frames), 200),
    Target(
        "text_frame",
        check_text_frame,
        changed_bytes(lambda: [json.dumps(one).encode() for one in frames()], _WORDS),
        200,
    ),
    Target("answers", check_answers, changed_json(answers), 25),
    Target("stored", check_stored, changed_bytes(stored), 200),
    Target("metadata", check_metadata, changed_bytes(metadata), 3),
    Target("block_header", check_block_header, changed_bytes(block_headers), 200),
    Target("proof", check_proof, changed_json(proofs), 200),
    Target("message", check_message, changed_bytes(messages, _WORDS), 20),
)
