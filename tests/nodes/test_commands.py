"""What the project's own node does on its command line and over its RPC."""

from __future__ import annotations

import json
from importlib.resources import as_file, files
from typing import TYPE_CHECKING
from urllib.request import urlopen

import pytest

from pallet_bridge import runtime
from pallet_bridge.embedded import Chain
from tests.conformance.conftest import PRESET, Client, RpcError, chain_spec, free_ports
from tests.nodes.process import Node, address, refused, said, spec_of, wait

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.waits]

ALICE = "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY"
LAST = 4


def genesis() -> str:
    return "0x" + Chain.new(preset=PRESET, nonce=b"").genesis_hash.hex()


@pytest.fixture(scope="module")
def blob() -> Iterator[Path]:
    with as_file(files(runtime).joinpath(runtime.BLOB_NAME)) as path:
        yield path


@pytest.fixture(scope="module")
def spec(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("spec") / "spec.json"
    path.write_text(json.dumps(chain_spec()))
    return path


@pytest.fixture(scope="module")
def metrics() -> int:
    return free_ports(1)[0]


@pytest.fixture(scope="module")
def dev(
    own_binary: Path, blob: Path, tmp_path_factory: pytest.TempPathFactory, metrics: int
) -> Iterator[Node]:
    """A chain from the preset of a runtime: no specification is written."""
    options = ("--dev", "--runtime", blob, "--state-pruning", "archive")
    base = tmp_path_factory.mktemp("dev")
    node = Node(own_binary, base, *options, "--prometheus-port", str(metrics))
    node.start()
    wait(node, lambda: node.final() >= LAST, "finality")
    yield node
    node.stop()


def test_dev_is_the_chain_of_the_development_preset(dev: Node) -> None:
    assert dev.hash_of(0) == genesis()
    assert dev.call("system_chain") == "Development"
    assert dev.call("system_properties")["tokenSymbol"] == "UNIT"


def test_it_has_the_new_and_the_old_methods(dev: Node) -> None:
    methods = {*dev.call("rpc_methods")["methods"]}
    for group in ("chainHead_v1_", "transaction_v1_", "archive_v1_", "chainSpec_v1_", "grandpa_"):
        assert [name for name in methods if name.startswith(group)], group
    assert {"author_rotateKeys", "state_getReadProof", "system_accountNextIndex"} <= methods


def test_it_proves_what_is_final_and_what_is_stored(dev: Node) -> None:
    assert dev.call("grandpa_roundState")["best"]["totalWeight"] == 1
    client = Client(dev.url)
    with client.socket:
        justifications = client.call("grandpa_subscribeJustifications")
        assert client.next_note(justifications).startswith("0x")
    with pytest.raises(RpcError, match="not yet finalized"):
        dev.call("grandpa_proveFinality", 1_000_000)
    head = dev.call("chain_getFinalizedHead")
    proof = dev.call("state_getReadProof", ["0x3a636f6465"], head)
    assert proof["at"] == head
    assert proof["proof"]


def test_an_archive_has_the_state_of_every_block(dev: Node) -> None:
    now = "0xf0c365c3cf59d671eb72da0e7a4113c49f1f0515f462cdcf84e0f1d6045dfcbb"  # Timestamp.Now
    times = [dev.call("state_getStorage", now, dev.hash_of(number)) for number in range(LAST)]
    assert len({*times}) == LAST


def test_it_tells_prometheus(dev: Node, metrics: int) -> None:
    with urlopen(f"http://127.0.0.1:{metrics}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    (best,) = (line for line in lines if line.startswith('substrate_block_height{status="best"'))
    assert int(best.split()[-1]) >= LAST


def test_plain_and_raw_specifications_are_of_one_chain(
    own_binary: Path, blob: Path, tmp_path: Path
) -> None:
    for raw in ((), ("--raw",)):
        path = tmp_path / f"spec{len(raw)}.json"
        words = ("export-chain-spec", "--chain", "dev", "--runtime", blob, *raw)
        said(own_binary, *words, "--output", path)
        found = json.loads(path.read_text())
        assert found["protocolId"] == "bcfl"
        assert [*found["genesis"]] == ["raw" if raw else "runtimeGenesis"]
        if not raw:
            patch = found["genesis"]["runtimeGenesis"]["patch"]
            assert {"session", "balances", "council", "sudo"} <= {*patch}
        node = Node(own_binary, tmp_path / f"base{len(raw)}", "--chain", path)
        node.start()
        try:
            assert node.hash_of(0) == genesis()
        finally:
            node.stop()


def test_a_chain_that_is_not_named_says_what_to_name(own_binary: Path, blob: Path) -> None:
    export = ("export-chain-spec", "--chain")
    assert "Name the file of its specification with --chain" in refused(own_binary, "--tmp")
    assert "--runtime" in refused(own_binary, *export, "dev")
    unknown = refused(own_binary, *export, "unknown", "--runtime", blob)
    assert "development, local_testnet" in unknown


def test_a_validator_signs_with_the_keys_of_its_keystore(
    own_binary: Path, spec: Path, tmp_path: Path
) -> None:
    node = Node(own_binary, tmp_path / "base", "--chain", spec, "--validator", "--force-authoring")
    secret = tmp_path / "phrase"
    secret.write_text("//Alice")
    for scheme, kind in (("sr25519", "aura"), ("ed25519", "gran")):
        said(
            *(own_binary, "key", "insert", "--base-path", node.base, "--chain", spec),
            *("--scheme", scheme, "--suri", secret, "--key-type", kind),
        )
    node.start()
    try:
        wait(node, lambda: node.final() >= 1, "finality")
    finally:
        node.stop()


def test_blocks_go_from_one_database_to_another(
    own_binary: Path, spec: Path, tmp_path: Path
) -> None:
    chain = ("--chain", spec)
    first = Node(own_binary, tmp_path / "first", *chain, "--alice", "--force-authoring")
    first.start()
    try:
        wait(first, lambda: first.final() >= LAST, "finality")
        hashes = [first.hash_of(number) for number in range(LAST + 1)]
    finally:
        first.stop()
    blocks = tmp_path / "blocks"
    last = str(LAST)
    export = ("export-blocks", *chain, "--base-path", first.base, "--binary", "--to", last)
    said(own_binary, *export, blocks)
    second = Node(own_binary, tmp_path / "second", *chain)
    at = (*chain, "--base-path", second.base)
    said(own_binary, "import-blocks", *at, "--binary", blocks)
    said(own_binary, "check-block", *at, last)
    assert last in said(own_binary, "chain-info", *at)
    second.start()
    try:
        assert [second.hash_of(number) for number in range(LAST + 1)] == hashes
    finally:
        second.stop()
    database = next(second.base.rglob("paritydb"))
    said(own_binary, "purge-chain", *at, "-y")
    assert not database.exists()


def test_the_accounts_of_names_are_those_of_every_substrate_tool(own_binary: Path) -> None:
    assert address(own_binary, "//Alice", "sr25519") == ALICE
    assert spec_of(own_binary, ["Alice"])["genesis"] == chain_spec()["genesis"]
