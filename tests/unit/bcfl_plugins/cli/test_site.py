"""``bcfl node check``: each thing that would keep a site out of a run is named before it."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import pytest
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from flwr.common.config import parse_config_args
from flwr.supercore.primitives.asymmetric import generate_key_pairs
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.config.node_config import parse_node_config
from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import Signer
from pallet_bridge.node_keys import bind, read_private_key
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

SECRET = "0x" + "5a" * 32
MEMBER = Signer.from_uri(SECRET)
ALICE = Signer.from_uri("//Alice")
TERMS = TermsConfig(admission="open", coordinator_bond=Planck(0), commit_blocks=20)


@dataclass(frozen=True)
class Site:
    """A site, as its operator describes it."""

    url: str
    genesis: str
    memory: str
    key: str = "env:SITE_KEY"
    federation: int = 0
    coordinator: str = str(ALICE.account)
    more: str = ""

    def check(self, *options: str) -> tuple[int, dict[str, Any]]:
        config = (
            f"partition-id=0 bcfl-key-uri='{self.key}' bcfl-genesis=\"{self.genesis}\" "
            f"bcfl-federation={self.federation} bcfl-coordinator='{self.coordinator}' "
            f"bcfl-memory='{self.memory}' {self.more}"
        )
        arguments = ["node", "check", "--node-config", config, "--chain", self.url, "--json"]
        done = CliRunner().invoke(app, [*arguments, *options])
        assert done.stdout, done.exception
        return done.exit_code, {one["name"]: one for one in json.loads(done.stdout)["checks"]}


@pytest.fixture(scope="module")
def chain() -> Iterator[EmbeddedNode]:
    with EmbeddedNode.start() as node, connect(node.url) as client:
        client.execute(calls.create_federation(terms_of(TERMS), bytes(32)), ALICE)
        client.execute(calls.transfer(MEMBER.account, Planck(200 * UNIT)), ALICE)
        client.execute(calls.join(0, Planck(100 * UNIT), client.terms_hash(0)), MEMBER)
        yield node


@pytest.fixture
def site(chain: EmbeddedNode, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Site:
    monkeypatch.setenv("SITE_KEY", SECRET)
    with connect(chain.url) as client:
        genesis = "0x" + client.genesis_hash.hex()
    return Site(chain.url, genesis, str(tmp_path / "memory"))


def test_a_site_that_can_take_part_is_told_so(site: Site) -> None:
    code, checks = site.check("--training-s", "10")
    assert code == 0
    assert all(one["ok"] for one in checks.values())
    assert checks["key"]["found"] == f"account {MEMBER.account}"
    assert set(checks) == {
        *("key", "memory", "chain", "federation 0", "terms", "stake", "supernode"),
        "commit window",
    }  # fmt: skip


def faults(site: Site, *options: str) -> dict[str, str]:
    """Return what keeps the site out: the advice to each fault."""
    code, checks = site.check(*options)
    found = {
        name: one["found"] + one["advice"]
        for name, one in checks.items()
        if one["required"] and not one["ok"]
    }
    assert (code != 0) == bool(found)
    return found


def test_a_key_without_a_stake_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SITE_KEY", "0x" + "66" * 32)
    found = faults(site)
    assert set(found) == {"stake"}
    assert "has not joined" in found["stake"]


def test_a_key_that_is_not_there_is_named(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("SITE_KEY")
    found = faults(site)
    assert set(found) == {"key and memory"}
    assert "SITE_KEY" in found["key and memory"]


def key_file(folder: Path, name: str) -> Path:
    path = folder / name
    private, _ = generate_key_pairs()
    path.write_bytes(private.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()))
    return path


def test_a_supernode_that_the_member_did_not_name_is_named(site: Site, tmp_path: Path) -> None:
    own, other = key_file(tmp_path, "own"), key_file(tmp_path, "other")
    assert faults(site, "--supernode-key", str(other)) == {}, "the member named none"
    with connect(site.url) as client:
        bound = bind(read_private_key(own.read_bytes()), client.genesis_hash, 0, MEMBER.account)
        client.execute(calls.bind_node_key(0, bound), MEMBER)
        try:
            assert faults(site, "--supernode-key", str(own)) == {}
            found = faults(site, "--supernode-key", str(other))
            assert set(found) == {"supernode"}
            assert f"0x{bound.key.hex()}" in found["supernode"]
            assert f"bcfl node bind --node-key {other}" in found["supernode"]
            _, checks = site.check()
            assert "--supernode-key" in checks["supernode"]["advice"], "a remark without the file"
        finally:
            client.execute(calls.bind_node_key(0, None), MEMBER)


def test_another_chain_and_another_coordinator_are_named(site: Site) -> None:
    eve = str(Signer.from_uri("//Eve").account)
    found = faults(replace(site, genesis="0x" + "11" * 32, coordinator=eve))
    assert set(found) == {"chain", "federation 0"}
    assert "another chain" in found["chain"]
    assert eve in found["federation 0"]


def test_terms_beyond_the_nodes_limits_are_named(site: Site) -> None:
    found = faults(replace(site, more="bcfl-max-slash='10 %' bcfl-arbiters='attesters'"))
    assert set(found) == {"terms"}
    assert "bcfl-max-slash" in found["terms"]
    assert "bcfl-arbiters" in found["terms"]


def test_a_memory_that_cannot_be_written_is_named(site: Site, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("no folder")
    found = faults(replace(site, memory=str(tmp_path / "file")))
    assert set(found) == {"key and memory"}


def test_training_that_outlasts_the_window_is_named_with_one_that_would_do(site: Site) -> None:
    found = faults(site, "--training-s", "100")
    assert "bcfl.terms.commit_blocks to 51" in found["commit window"]


def test_a_superlink_that_does_not_answer_is_named(site: Site, chain: EmbeddedNode) -> None:
    assert set(faults(site, "--superlink", "127.0.0.1:9")) == {"superlink"}
    assert set(faults(site, "--superlink", "nowhere")) == {"superlink"}
    listening = chain.url.removeprefix("ws://")
    assert faults(site, "--superlink", listening) == {}


def test_a_federation_that_is_not_there_is_named(site: Site) -> None:
    found = faults(replace(site, federation=7))
    assert any("7" in said for said in found.values())


def test_a_public_key_is_a_remark(site: Site) -> None:
    code, checks = replace(site, key="//Alice").check()
    assert code == 1  # Alice is no member
    assert not checks["key"]["ok"]
    assert not checks["key"]["required"]


@pytest.mark.parametrize(
    "text",
    [
        "partition-id=0 num-partitions=3 bcfl-key-uri='file:/etc/bcfl/a key'",
        "a=1.5 b=true c=\"0x12=34\" bcfl-memory='~/x'",
        "",
    ],
)
def test_a_node_config_is_read_as_flower_reads_it(text: str) -> None:
    assert parse_node_config(text) == parse_config_args([text])


def test_a_node_config_that_flower_would_not_read_is_refused() -> None:
    with pytest.raises(ConfigError, match="quote the text"):
        parse_node_config("bcfl-key-uri=file:/etc/key")
