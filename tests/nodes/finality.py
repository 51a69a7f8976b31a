"""Changes of the GRANDPA authorities, and a record of what nodes prove.

`python -m tests.nodes.finality` starts four validators, changes their set twice and writes what
they answered to a light client: `tests/unit/pallet_bridge/light/finality.json`.
"""

from __future__ import annotations

import json
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

from substrateinterface import Keypair, SubstrateInterface

from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.embedded.state.encode import blob, compact
from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.light.authorities import AUTHORITIES
from pallet_bridge.light.final import PROVE, SUBSCRIBE, FinalChain
from tests.nodes.binary import own_node
from tests.nodes.process import Node, spec_of, wait

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

NAMES = ("Alice", "Bob", "Charlie", "Dave")
RECORD = Path(__file__).parents[1] / "unit" / "pallet_bridge" / "light" / "finality.json"
_PENDING = storage_prefix("Grandpa", "PendingChange")


@contextmanager
def validators(binary: Path, folder: Path) -> Iterator[list[Node]]:
    """Run four validators that keep the state of every block."""
    path = folder / "spec.json"
    path.write_text(json.dumps(spec_of(binary, NAMES)))
    options = ("--chain", path, "--validator", "--state-pruning", "archive")
    nodes = [Node(binary, folder / name, *options, f"--{name.lower()}") for name in NAMES]
    try:
        for node in nodes:
            node.start(*(peer for peer in nodes if peer is not node))
        yield nodes
    finally:
        for node in nodes:
            node.kill()


def authorities_of(node: Node) -> list[bytes]:
    """Return the keys of the authorities at genesis."""
    return authorities_at(node, 0)


def authorities_at(node: Node, number: int) -> list[bytes]:
    """Return the keys of the authorities after a block."""
    stored = node.call("state_getStorage", "0x" + AUTHORITIES.hex(), node.hash_of(number))
    reader = ScaleReader(bytes.fromhex(stored[2:]))
    return [reader.take(40)[:32] for _ in range(reader.compact())]


def change(node: Node, keys: Sequence[bytes], *, after: int) -> int:
    """Let the chain's own pallet announce other authorities; return the block that does so.

    Sessions do it as well, every 200 blocks: this writes what a session would write.
    """
    at = node.best() + after
    listed = compact(len(keys)) + b"".join(key + (1).to_bytes(8, "little") for key in keys)
    pending = at.to_bytes(4, "little") + (0).to_bytes(4, "little") + listed + b"\0"
    items = [("0x" + _PENDING.hex(), "0x" + pending.hex())]
    with SubstrateInterface(url=node.url) as substrate:
        call = {
            "call_module": "System",
            "call_function": "set_storage",
            "call_args": {"items": items},
        }
        sudo = substrate.compose_call("Sudo", "sudo", {"call": call})
        signed = substrate.create_signed_extrinsic(sudo, Keypair.create_from_uri("//Alice"))
        assert substrate.submit_extrinsic(signed, wait_for_inclusion=True).is_success
    assert node.best() < at
    return at


def change_twice(node: Node) -> tuple[int, int]:
    """Take the fourth validator out and in again; return the last blocks of the first two sets."""
    wait(node, lambda: node.final() >= 1, "finality")
    keys = authorities_of(node)
    first = change(node, keys[:3], after=4)
    wait(node, lambda: node.final() >= first, "finality of the first change")
    second = change(node, keys, after=4)
    wait(node, lambda: node.final() > second, "finality under the third set")
    return first, second


def record(node: Node) -> dict[str, Any]:
    """Return what a node answers to a light client, by method and arguments."""
    rpc = RpcClient(node.url, 30.0)
    answers: dict[str, Any] = {}

    def ask(method: str, *params: Any) -> Any:
        answer = answers[json.dumps([method, *params])] = rpc.request(method, list(params))
        return answer

    genesis = ask("chain_getBlockHash", 0)
    ask("chain_getHeader", genesis)
    ask("state_getReadProof", ["0x" + AUTHORITIES.hex()], genesis)
    chain = FinalChain(rpc, bytes.fromhex(genesis[2:]))
    watch = rpc.subscribe(SUBSCRIBE, [], "grandpa_unsubscribeJustifications")
    sets: list[int] = []
    while True:
        method = json.dumps([PROVE, chain.header.number + 1])
        before = chain.authorities.id
        if not chain._next():
            break
        if chain.authorities.id == before:
            break  # the newest set: its proof comes with the justifications
        answers[method] = _without_headers(rpc.request(PROVE, json.loads(method)[1:]))
        ask("chain_getHeader", "0x" + chain.header.hash.hex())
        sets.append(chain.header.number)
    last = watch.next(60.0)
    while not chain._take(bytes.fromhex(last[2:])):
        last = watch.next(60.0)
    final = "0x" + chain.header.hash.hex()
    ask("chain_getHeader", final)
    ask("chain_getHeader", "0x" + chain.header.parent_hash.hex())
    ask("chain_getBlockHash", [chain.header.number - 1])
    prefix = "0x" + storage_prefix("System", "Account").hex()
    keys = ask("state_getKeysPaged", prefix, 500, prefix, final)
    ask("state_getReadProof", [prefix, *keys], final)
    rpc.close()
    return {"genesis": genesis, "sets": sets, "final": final, "last": last, "answers": answers}


def _without_headers(proof: str) -> str:
    """Leave out the headers up to the proved block: the client asks for the one that it needs."""
    reader = ScaleReader(bytes.fromhex(proof[2:]))
    return "0x" + (reader.take(32) + blob(reader.blob()) + compact(0)).hex()


def main() -> None:
    """Record a network."""
    binary = own_node()
    assert binary is not None
    with TemporaryDirectory() as folder, validators(binary, Path(folder)) as nodes:
        change_twice(nodes[0])
        RECORD.write_text(json.dumps(record(nodes[0]), indent=1, sort_keys=True) + "\n")


if __name__ == "__main__":
    main()
