from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
import tomlkit
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from pallet_bridge.embedded import Chain
from pallet_bridge.errors import ConfigError
from tests.unit.bcfl_plugins.cli.network.test_consortium import table

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result


def spec(*words: str | Path) -> Result:
    return CliRunner().invoke(app, ["chain", "spec", *map(str, words)])


def refusal(*words: str | Path) -> str:
    error = spec(*words).exception
    assert isinstance(error, ConfigError)
    return str(error)


@pytest.fixture
def config(tmp_path: Path) -> Path:
    path = tmp_path / "consortium.toml"
    path.write_text(tomlkit.dumps(table()))
    return path


def test_a_consortium_is_the_same_from_both_languages_and_in_both_forms(
    tmp_path: Path, config: Path
) -> None:
    other = tmp_path / "consortium.json"
    other.write_text(json.dumps(table()))
    said = []
    for number, words in enumerate(([config], [other], [config, "--raw"], [other, "--raw"])):
        path = tmp_path / f"{number}.json"
        done = spec(path, "--preset", "consortium", "--json", "--config", *words)
        assert done.exit_code == 0, done.output
        said.append({**json.loads(done.stdout), "file": ""})
    assert said[0] == said[1]
    assert said[2] == said[3]
    assert said[0]["genesis"] == said[2]["genesis"]
    assert said[0]["sha256"] != said[2]["sha256"]
    assert (said[0]["validators"], said[0]["tolerates"]) == (4, 1)
    plain = json.loads((tmp_path / "0.json").read_text())
    assert (plain["id"], plain["chainType"]) == ("clinics", "Live")
    assert "sudo" not in plain["genesis"]["runtimeGenesis"]["patch"]


def test_the_default_is_the_development_chain(tmp_path: Path) -> None:
    done = spec(tmp_path / "spec.json", "--raw")
    assert f"genesis 0x{Chain.new(nonce=b'').genesis_hash.hex()}" in done.stdout
    assert "1 validators, of which 0 may be away" in done.stdout


def test_a_file_that_is_there_stays(config: Path) -> None:
    before = config.read_text()
    assert "name a new file" in refusal(config)
    assert config.read_text() == before


def test_a_consortium_and_its_file_go_together(tmp_path: Path, config: Path) -> None:
    new = tmp_path / "spec.json"
    assert "needs --config" in refusal(new, "--preset", "consortium")
    assert "no other preset" in refusal(new, "--preset", "local", "--config", config)
    assert not new.exists()


@pytest.mark.parametrize("text", ["name = ", "\xff", "name = 1", ""])
def test_a_file_that_makes_no_chain_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "consortium.toml"
    path.write_bytes(text.encode("latin-1"))
    said = refusal(tmp_path / "new.json", "--preset", "consortium", "--config", path)
    assert str(path) in said
    absent = refusal(tmp_path / "new.json", "--preset", "consortium", "--config", path / "absent")
    assert "cannot be read" in absent
