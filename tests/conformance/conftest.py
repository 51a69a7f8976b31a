from __future__ import annotations

import json
import socket
import subprocess
import threading
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest
from substrateinterface import Keypair, SubstrateInterface
from websockets.sync.client import ClientConnection, connect

from pallet_bridge.embedded import Chain, EmbeddedNode
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import blob
from pallet_bridge.runtime import load_blob
from tests.nodes.binary import NEEDS_NODE, find_node

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path

PRESET = "development"


class RpcError(Exception):
    def __init__(self, error: dict[str, Any]) -> None:
        super().__init__(error)
        self.error = error


class Client:
    """JSON-RPC as it goes over the wire, without a client library in between."""

    def __init__(self, url: str) -> None:
        self.socket: ClientConnection = connect(
            url, compression=None, max_size=None, max_queue=None
        )
        self.notes: list[dict[str, Any]] = []
        self._id = 0

    def raw(self, text: str) -> Any:
        self.socket.send(text)
        while True:
            message = json.loads(self.socket.recv(timeout=60))
            if isinstance(message, list) or "method" not in message:
                return message
            self.notes.append(message)

    def send(self, method: str, *params: Any) -> dict[str, Any]:
        self._id += 1
        request = {"jsonrpc": "2.0", "id": self._id, "method": method, "params": list(params)}
        answer = self.raw(json.dumps(request))
        assert answer["id"] == self._id
        return answer

    def call(self, method: str, *params: Any) -> Any:
        answer = self.send(method, *params)
        if "error" in answer:
            raise RpcError(answer["error"])
        return answer["result"]

    def next_note(self, subscription: str) -> Any:
        """Wait for the next message of a subscription and give its result."""
        while True:
            for index, note in enumerate(self.notes):
                if note["params"]["subscription"] == subscription:
                    return self.notes.pop(index)["params"]["result"]
            self.notes.append(json.loads(self.socket.recv(timeout=60)))


@dataclass(frozen=True, slots=True)
class Included:
    """An extrinsic that is in a block."""

    block: str
    hash: str


@dataclass(frozen=True, slots=True)
class Target:
    """A running chain, and what was sent to it before any test: the order of tests is free."""

    kind: str
    url: str
    history: dict[str, Included]

    @classmethod
    def prepared(cls, kind: str, url: str) -> Target:
        client = Client(url)
        with SubstrateInterface(url=url) as substrate, client.socket:
            return cls(kind, url, dict(send_history(substrate, client)))

    @property
    def embedded(self) -> bool:
        return self.kind == "embedded"


@pytest.fixture(scope="session")
def embedded() -> Iterator[Target]:
    with EmbeddedNode.start(preset=PRESET, nonce=b"") as node:
        yield Target.prepared("embedded", node.url)


@pytest.fixture(scope="session")
def node_binary(tmp_path_factory: pytest.TempPathFactory) -> Path:
    found = find_node(tmp_path_factory.mktemp("node"))
    if found is None:
        pytest.skip(NEEDS_NODE)
    return found


def raw_spec(chain: Chain) -> dict[str, Any]:
    """The spec of this very chain: every key of its genesis, also those of no pallet."""
    genesis = chain.genesis_hash
    keys = chain.keys(b"", count=100_000, at=genesis)
    top = {"0x" + key.hex(): "0x" + (chain.get(key, genesis) or b"").hex() for key in keys}
    raw = {"top": top, "childrenDefault": {}}
    return {**chain_spec(), "genesis": {"raw": raw}}


def chain_spec() -> dict[str, Any]:
    """The spec of a chain with the packaged runtime's development genesis."""
    answer = Chain.new(preset=PRESET).call(
        "GenesisBuilder_get_preset", b"\x01" + blob(PRESET.encode())
    )
    preset = ScaleReader(answer).option_blob()
    assert preset is not None
    return {
        "name": "Development",
        "id": "dev",
        "chainType": "Development",
        "bootNodes": [],
        "telemetryEndpoints": None,
        "protocolId": "bcfl",
        "properties": {"ss58Format": 42, "tokenDecimals": 12, "tokenSymbol": "UNIT"},
        "codeSubstitutes": {},
        "genesis": {
            "runtimeGenesis": {"code": "0x" + load_blob().hex(), "patch": json.loads(preset)}
        },
    }


def free_ports(count: int) -> list[int]:
    sockets = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [item.getsockname()[1] for item in sockets]
    for item in sockets:
        item.close()
    return ports


@contextmanager
def running(
    binary: Path, folder: Path, document: dict[str, Any] | None = None, more: str = ""
) -> Iterator[str]:
    spec = folder / "spec.json"
    spec.write_text(json.dumps(document or chain_spec()))
    rpc_port, p2p_port = free_ports(2)
    options = "--alice --validator --tmp --force-authoring --no-mdns --no-prometheus"
    options += " --state-pruning archive"  # else a slow run finds no state of the first blocks
    process = subprocess.Popen(
        [
            str(binary),
            *("--chain", str(spec), "--rpc-port", str(rpc_port), "--port", str(p2p_port)),
            *options.split(),
            *more.split(),
            "--unsafe-force-node-key-generation",
        ],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        text=True,
    )
    assert process.stderr is not None
    try:
        log: list[str] = []
        for line in process.stderr:
            log.append(line)
            if "Running JSON-RPC server" in line:
                break
        else:
            pytest.fail("the node ended:\n" + "".join(log[-20:]))
        drain = threading.Thread(target=process.stderr.read, daemon=True)
        drain.start()
        yield f"ws://127.0.0.1:{rpc_port}"
    finally:
        process.terminate()
        process.wait(timeout=120)
        drain.join()
        process.stderr.close()


@pytest.fixture(scope="session")
def real(node_binary: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Target]:
    with running(node_binary, tmp_path_factory.mktemp("spec")) as url:
        yield Target.prepared("real", url)


@pytest.fixture(scope="session", params=["embedded", "real"])
def target(request: pytest.FixtureRequest) -> Target:
    return request.getfixturevalue(request.param)


@pytest.fixture
def connect_to() -> Iterator[Callable[[str], Client]]:
    with ExitStack() as stack:

        def connected(url: str) -> Client:
            client = Client(url)
            stack.enter_context(client.socket)
            return client

        yield connected


@pytest.fixture
def client(target: Target, connect_to: Callable[[str], Client]) -> Client:
    return connect_to(target.url)


@pytest.fixture
def next_block(target: Target, client: Client) -> Callable[[], None]:
    """Let one more block come; a node makes them by itself."""

    def make() -> None:
        if target.embedded:
            client.call("engine_createBlock", True, True, None)

    return make


@pytest.fixture(scope="session")
def substrate(target: Target) -> Iterator[SubstrateInterface]:
    with SubstrateInterface(url=target.url) as interface:
        yield interface


@pytest.fixture
def history(target: Target) -> dict[str, Included]:
    """Calls of several accounts, some of which fail, in blocks of the target's chain."""
    return target.history


def send_history(substrate: SubstrateInterface, client: Client) -> Iterator[tuple[str, Included]]:
    alice, bob, charlie = (key(name) for name in ("Alice", "Bob", "Charlie"))
    unit = 10**12
    terms = {
        "min_stake": 10 * unit,
        "max_participants": 8,
        "quorum": "Window",
        "commit_blocks": 1000,
        "settle_blocks": 10,
        "dispute_blocks": 10,
        "unbonding_blocks": 2000,
        "claim_blocks": 100,
        "retention_blocks": 200,
        "cooldown_blocks": 0,
        "round_reward": 5 * unit,
        "strikes_to_slash": 3,
        "strike_decay_rounds": 10,
        "slash": {
            "equivocation": 500_000_000,
            "mismatch": 500_000_000,
            "outlier_base": 100_000_000,
            "cap": 500_000_000,
        },
        "reporter_share": 100_000_000,
        "dispute_bond": unit,
        "arbiter": "Council",
        "coupling": "Loose",
        "attest_quorum": 0,
        "attest_by": "Count",
        "committee_size": 0,
        "governance": "Coordinator",
        "max_failed_rounds": 3,
        "notice_blocks": 2000,
        "admission": "Open",
        "max_per_organisation": 0,
        "max_examples": 0,
        "max_share": 1_000_000_000,
        "coordinator_bond": 0,
        "misconduct": 0,
        "silence": 0,
        "aging_blocks": 0,
        "max_vote_share": 1_000_000_000,
        "lock_blocks": 0,
        "tenure_rounds": 0,
        "vesting_rounds": 0,
        "strike_cut": 0,
        "training": [[("learning_rate", {"Fixed": 10_000_000})]],  # a bounded list in its struct
    }
    zero = {"federation": 0}
    first = [
        ("create", alice, "create_federation", {"terms": terms, "metadata": "0x" + "42" * 32}),
        ("fund", alice, "fund", zero | {"amount": 50 * unit}),
        ("open", alice, "open_round", zero | {"base_model": "0x" + "17" * 32}),
        ("missing", charlie, "close", {"federation": 4_000_000}),
    ]
    yield from included(substrate, client, first)
    agreed = substrate.query("Bcfl", "Rounds", [0, 0]).value["terms_hash"]
    commitment = {"round": 0, "commitment": "0x" + "ab" * 32, "num_examples": 600}
    of_bob, of_charlie = (
        zero | commitment | {"statement": statement(substrate, agreed, who)}
        for who in (bob, charlie)
    )
    verdicts = {"round": 0, "model": "0x" + "01" * 32, "report": "0x" + "02" * 32, "verdicts": [[]]}
    second = [
        ("join", bob, "join", zero | {"stake": 20 * unit, "terms_hash": agreed}),
        ("commit", bob, "commit", of_bob),
        ("again", bob, "commit", of_bob),
        ("stranger", charlie, "commit", of_charlie),
        ("early", alice, "settle", zero | verdicts),
    ]
    yield from included(substrate, client, second)


def statement(substrate: SubstrateInterface, agreed: str, who: Keypair) -> str:
    """What an account says of 600 examples in round 0, by hand."""
    said = b"\x44bcfl/statement/v2" + bytes.fromhex(substrate.get_block_hash(0)[2:])
    said += bytes(8) + who.public_key + key("Alice").public_key + b"\x17" * 32
    said += bytes.fromhex(agreed[2:]) + b"\xab" * 32 + (600).to_bytes(8, "little")
    return "0x" + blake2b(said, digest_size=32).hexdigest()


def included(
    substrate: SubstrateInterface,
    client: Client,
    step: Iterable[tuple[str, Keypair, str, dict[str, Any]]],
) -> Iterator[tuple[str, Included]]:
    nonces = {who.ss58_address: substrate.get_account_nonce(who.ss58_address) for who in KEYS}
    waiting = []
    for name, who, function, arguments in step:
        extrinsic = substrate.create_signed_extrinsic(
            substrate.compose_call("Bcfl", function, arguments),
            who,
            nonce=nonces[who.ss58_address],
        )
        nonces[who.ss58_address] += 1
        subscription = client.call("author_submitAndWatchExtrinsic", str(extrinsic.data))
        waiting.append((name, subscription, f"0x{extrinsic.extrinsic_hash.hex()}"))
    for name, subscription, hash_ in waiting:
        yield name, Included(block_of(client, subscription), hash_)


def block_of(client: Client, subscription: str) -> str:
    while True:
        status = client.next_note(subscription)
        assert status not in ("invalid", "dropped")
        if isinstance(status, dict) and "inBlock" in status:
            return str(status["inBlock"])


def key(name: str) -> Keypair:
    return Keypair.create_from_uri(f"//{name}")


KEYS = tuple(key(name) for name in ("Alice", "Bob", "Charlie", "Dave", "Eve", "Ferdie"))


@pytest.fixture(scope="session")
def alice() -> Keypair:
    return key("Alice")
