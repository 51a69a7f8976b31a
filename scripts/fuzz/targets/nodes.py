"""What a node shows beside plain answers, proofs and a fork; and values for a state."""

from __future__ import annotations

import json
import threading
from contextlib import closing, suppress
from functools import cache, lru_cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from websockets.exceptions import ConnectionClosed
from websockets.sync.server import serve

from pallet_bridge.embedded import Chain
from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.fork.errors import ForkUnreadable
from pallet_bridge.embedded.fork.remote import RemoteState
from pallet_bridge.embedded.portable.storage import read_metadata
from pallet_bridge.embedded.rpc.dev.storage import changes_of
from pallet_bridge.embedded.rpc.errors import RpcError
from pallet_bridge.embedded.service import Service
from pallet_bridge.embedded.state.encode import blob, compact, vector
from pallet_bridge.errors import BcflError, ChainTimeout, EncodingError, RpcRefused
from pallet_bridge.keys import Signer
from pallet_bridge.light.final import PROVE, FinalChain
from pallet_bridge.light.justification import Justification
from scripts.fuzz.inputs import changed_bytes, changed_json, loads
from scripts.fuzz.target import Target, must

if TYPE_CHECKING:
    from collections.abc import Sequence

    from websockets.sync.server import ServerConnection

_RECORD = Path(__file__).parents[3] / "tests/unit/pallet_bridge/light/finality.json"
ALICE = Signer.from_uri("//Alice").account
_MOST_KEYS = 3_000
_LONGEST_KEY = 300


@cache
def finality() -> dict[str, Any]:
    """Return what four validators answered while their set changed twice."""
    found: dict[str, Any] = json.loads(_RECORD.read_text())
    return found


class _Shown:
    """A node that shows what was recorded, but for what an input changed."""

    def __init__(self, told: dict[str, Any]) -> None:
        self.answers: dict[str, Any] = told["answers"]
        self.notes = [told["last"]]

    def request(self, method: str, params: Sequence[Any] = ()) -> Any:  # noqa: ANN401 - JSON
        key = json.dumps([method, *params])
        if key not in self.answers:
            raise RpcRefused(method, 1, "Block not covered by authority set changes")
        return self.answers[key]

    def request_all(self, method: str, each: Sequence[Sequence[Any]]) -> list[Any]:
        return [self.request(method, params) for params in each]

    def subscribe(self, _method: str, _params: Sequence[Any], _unsubscribe: str) -> _Shown:
        return self

    def next(self, timeout: float) -> Any:  # noqa: ANN401 - JSON
        if not self.notes:
            raise ChainTimeout("the next notification", timeout)
        return self.notes.pop(0)

    def close(self) -> None: ...


@cache
def _proved() -> frozenset[bytes]:
    """Return the hashes of the blocks that the record proves to be final, and of the genesis."""
    told, found = finality(), set()
    chain = FinalChain(_Shown(told), bytes.fromhex(told["genesis"][2:]))  # type: ignore[arg-type]
    found.add(chain.header.hash)
    for key, answer in told["answers"].items():
        if json.loads(key)[0] == PROVE and answer is not None:
            found.add(bytes.fromhex(answer[2:66]))
    last = Justification.decode(bytes.fromhex(told["last"][2:]))
    return frozenset({*found, last.target.hash})


@lru_cache
def shown() -> tuple[Any, ...]:
    """Return what they answered, an answer each: an input is what is answered otherwise."""
    told = finality()
    small = {key: one for key, one in told["answers"].items() if len(key) < _LONGEST_KEY}
    return (*({key: one} for key, one in small.items()), {"last": told["last"]})


def check_finality(data: bytes) -> None:
    """Follow a chain from its genesis: whatever is shown, only final blocks are believed."""
    changes = loads(data)
    if not isinstance(changes, dict):
        return
    answers = {**finality()["answers"], **changes}
    told = {"answers": answers, "last": changes.get("last", finality()["last"])}
    genesis = bytes.fromhex(finality()["genesis"][2:])
    with suppress(BcflError):
        chain = FinalChain(_Shown(told), genesis)  # type: ignore[arg-type]
        with suppress(BcflError):
            chain.ask()
        must(chain.header.hash in _proved(), "a block that nobody made final")
        with suppress(BcflError):
            chain.latest()
        must(chain.header.hash in _proved(), "a block that nobody made final")


@lru_cache
def justifications() -> tuple[bytes, ...]:
    """Return a justification."""
    return (bytes.fromhex(finality()["last"][2:]),)


def check_justification(data: bytes) -> None:
    """Read a justification: what is read is written again as the same bytes."""
    with suppress(BcflError):
        must(Justification.decode(data).encode() == data, "it is written as other bytes")


@cache
def _service() -> Service:
    return Service(Chain.new(nonce=b"", preset="development"))


_told: dict[str, Any] = {"answers": {}, "left": 0}


@cache
def _server() -> str:
    """Serve a node that answers what an input says, a few times; give its URL."""

    def handle(link: ServerConnection) -> None:
        with suppress(ConnectionClosed):
            for text in link:
                _told["left"] -= 1
                if _told["left"] < 0:
                    return
                found = _told["answers"].get(json.loads(text)["method"])
                link.send(found[1:] if isinstance(found, str) and found[:1] == "!" else
                          json.dumps({"jsonrpc": "2.0", "id": 1, "result": found}))  # fmt: skip

    server = serve(handle, "127.0.0.1", 0)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"ws://127.0.0.1:{server.socket.getsockname()[1]}"


@lru_cache
def forked() -> tuple[Any, ...]:
    """Return what a node answers to a chain that is forked from it."""
    zeros = "0x" + "00" * 32
    header = {
        "parentHash": zeros,
        "number": "0x7",
        "stateRoot": zeros,
        "extrinsicsRoot": zeros,
        "digest": {"logs": ["0x00"]},
    }
    told = {
        "chain_getFinalizedHead": zeros,
        "chain_getBlockHash": zeros,
        "chain_getHeader": header,
        "chain_getBlock": {"block": {"header": header, "extrinsics": ["0x00"]}},
        "state_getStorage": "0x01",
        "state_getKeysPaged": ["0x0701", "0x0702"],
    }
    raw = {"chain_getBlockHash": "!" + "[" * 3_000, "chain_getHeader": '!{"result": NaN}'}
    return told, {**told, **raw}


def check_forked(data: bytes) -> None:
    """Read a node's state, blocks and keys: what does not fit is named, and nothing is endless."""
    answers = loads(data)
    if not isinstance(answers, dict):
        return
    _told.update(answers=answers, left=40)
    with suppress(ForkUnreadable), closing(RemoteState(_server())) as remote:
        for read in (
            lambda: remote.get(b"\x07"),
            lambda: remote.hash_at(0),
            lambda: remote.block(bytes(32)),
            lambda: remote.state(bytes(32)),
        ):
            with suppress(ForkUnreadable):
                read()
        must(len(remote.header.encode()) < len(data) + 200, "a header of more than was said")
        keys = list(remote.keys(b"\x07", None))
        must(keys == sorted(set(keys)) and len(keys) < _MOST_KEYS, "keys without order")


@lru_cache
def described() -> tuple[bytes, ...]:
    """Return metadata of a pallet with a value and a map, and a type of each shape."""
    name, none = blob(b"one"), b"\x00"
    field = none + compact(0) + none + none
    shapes = (
        b"\x05\x05",  # a number of 32 bits
        b"\x00" + vector([field]),
        b"\x01" + vector([name + vector([field]) + b"\x07" + none]),
        b"\x02" + compact(0),
        b"\x03" + (4).to_bytes(4, "little") + compact(0),
        b"\x04" + vector([compact(0), compact(1)]),
        b"\x06" + compact(0),
        b"\x07" + compact(0) + compact(0),
    )
    types = [
        compact(number) + vector([name]) + none + shape + none
        for number, shape in enumerate(shapes)
    ]
    plain = name + b"\x01" + b"\x00" + compact(0) + blob(bytes(4)) + none
    map_ = blob(b"two") + b"\x01" + b"\x01" + vector([b"\x02", b"\x05"]) + compact(5) + compact(0)
    storage = b"\x01" + name + vector([plain, map_ + blob(bytes(4)) + none])
    constants = vector([name + compact(0) + blob(bytes(4)) + none])
    pallet = name + storage + none + none + constants + none + b"\x03"
    return (b"meta\x0e" + vector(types) + vector([pallet]),)


def check_described(data: bytes) -> None:
    """Read the metadata that a forked runtime has: the items of its storage, or it is none."""
    with suppress(DecodeError):
        for pallet in read_metadata(data):
            for item in pallet.items.values():
                with suppress(EncodingError):
                    item.encoded(7, item.place)
                with suppress(EncodingError):
                    item.full_key([7, 7])
            must(all(len(item.prefix) == 32 for item in pallet.items.values()), "no prefix")  # noqa: PLR2004 - bytes


@lru_cache
def wanted() -> tuple[Any, ...]:
    """Return what `dev_setStorage` takes."""
    entry = [[str(ALICE)], {"providers": 1, "data": {"free": "1000"}}]
    digest = {"Seal": ["aura", "0x01"]}
    training = [["a", {"Fixed": 1}]]
    terms = {"min_stake": 1, "quorum": {"Stake": 3}, "arbiter": "Council", "training": training}
    return (
        {"System": {"Account": [entry]}, "Sudo": {"Key": str(ALICE)}},
        {
            "System": {
                "$removePrefix": ["Account"],
                "Digest": {"logs": [digest]},
            }
        },
        {"Bcfl": {"FederationTerms": [[[0, 1], terms]], "Federations": [[[0], {}]]}},
        {"balances": {"totalIssuance": "0x01", "locks": [[[str(ALICE)], []]]}},
        [["0x07", "0x08"], ["0x07", None]],
    )


def check_wanted(data: bytes) -> None:
    """Read it: bytes to write under bytes, or a refusal by -32602."""
    try:
        changes = changes_of(_service(), loads(data))
    except RpcError as error:
        must(error.code == -32602, "another code")  # noqa: PLR2004 - of JSON-RPC
        return
    for key, value in changes.items():
        must(isinstance(key, bytes) and isinstance(value, bytes | None), "no bytes")


_WORDS = (b"\xff" * 4, b"\x00" * 8, b"\x03\xff\xff\xff\xff", b"meta\x0e", b"FRNK", b"GRNK")
TARGETS = (
    Target("finality", check_finality, changed_json(shown), 60),
    Target("justification", check_justification, changed_bytes(justifications, _WORDS)),
    Target("forked_node", check_forked, changed_json(forked), 40),
    Target("storage_metadata", check_described, changed_bytes(described, _WORDS), 20),
    Target("dev_storage", check_wanted, changed_json(wanted), 200),
)
