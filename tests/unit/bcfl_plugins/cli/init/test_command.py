from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.errors import ConfigError
from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.keys import Signer
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

TEXT = '[project]\nname = "x"  # mine\n\n[tool.flwr.app]\npublisher = "me"\n'


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "pyproject.toml").write_text(TEXT)
    return tmp_path


def init(folder: Path, *options: str) -> Result:
    return CliRunner().invoke(app, ["init", str(folder), *options])


def text(folder: Path) -> str:
    return (folder / "pyproject.toml").read_text()


def test_it_shows_what_changes_and_writes_it_when_told(folder: Path) -> None:
    shown = init(folder, "--dry-run")
    assert '+plugins = "staking, outliers, slashing, round_log"' in shown.stdout
    assert text(folder) == TEXT
    done = init(folder, "--yes", "--set", "terms.min_stake=7 UNIT", "--set", "min_nodes=3")
    assert done.exit_code == 0, done.output
    assert text(folder).startswith(TEXT)
    assert 'min_stake = "7 UNIT"' in text(folder)
    assert "bcfl=context.run_config" in done.stdout


def test_without_a_person_nothing_is_written(folder: Path) -> None:
    done = init(folder)
    assert isinstance(done.exception, ConfigError)
    assert "--yes" in str(done.exception)
    assert text(folder) == TEXT


def test_programs_get_the_same(folder: Path) -> None:
    said = json.loads(init(folder, "--json", "--dry-run", "--plugins", "outliers").stdout)
    assert (said["written"], said["settings"]) == (False, {"plugins": "outliers"})
    assert json.loads(init(folder, "--json", "--yes").stdout)["written"] is True
    again = json.loads(init(folder, "--json", "--yes").stdout)
    assert (again["written"], again["diff"]) == (False, ""), "it is there already"


def test_plugins_that_are_there_stay(folder: Path) -> None:
    init(folder, "--yes", "--plugins", "outliers")
    init(folder, "--yes", "--set", "min_nodes=4")
    assert 'plugins = "outliers"' in text(folder)
    assert "min_nodes = 4" in text(folder)


@pytest.mark.parametrize(
    ("options", "said"),
    [
        (("--plugins", "stakes"), "staking"),
        (("--set", "min_node=3"), "min_nodes"),
        (("--set", "outliers.methode=median"), "method"),
        (("--set", "terms.notice_blocks=3"), "notice_blocks"),
        (("--set", "staking.stake=lots"), "amount"),
        (("--set", "min_nodes"), "KEY=VALUE"),
        (("--chain", "none"), "cannot work without a chain"),
        (("--chain", "ws://far.example:9944", "--coordinator", "//Alice"), "anybody can sign"),
        (("--coordinator", "0x" + "12" * 32), "no phrase or seed"),
    ],
)
def test_what_cannot_work_is_refused_and_nothing_written(
    folder: Path, options: tuple[str, ...], said: str
) -> None:
    done = init(folder, "--yes", *options)
    assert isinstance(done.exception, ConfigError), done.output
    assert said in str(done.exception)
    assert "1212" not in str(done.exception)
    assert text(folder) == TEXT


def test_a_folder_without_an_app_is_refused(tmp_path: Path) -> None:
    done = init(tmp_path, "--yes")
    assert "cannot be read" in str(done.exception)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.slow
def test_a_federation_that_closes_before_nodes_trained_is_refused(folder: Path) -> None:
    written = TermsConfig(admission="open", coordinator_bond=Planck(0), commit_blocks=5)
    with EmbeddedNode.start() as node:
        with connect(node.url) as client:
            made = calls.create_federation(terms_of(written), bytes(32))
            client.execute(made, Signer.from_uri("//Alice"))
        there = ("--yes", "--chain", node.url, "--federation", "0", "--coordinator", "//Alice")
        done = init(folder, *there, "--training-s", "40")
        assert isinstance(done.exception, ConfigError), done.output
        assert "commit within 5 blocks of 3 s from the opening of a round" in str(done.exception)
        assert "one round of training takes 40 s: set bcfl.terms.commit_blocks to 21 or more" in (
            str(done.exception)
        )
        assert text(folder) == TEXT
        assert init(folder, *there, "--training-s", "8").exit_code == 0
    assert "federation = 0" in text(folder)
