from __future__ import annotations

import json
import stat
from typing import TYPE_CHECKING

import pytest
from typer.testing import CliRunner

from bcfl_plugins.cli.app import app
from bcfl_plugins.errors import ConfigError
from pallet_bridge.keys import Signer

if TYPE_CHECKING:
    from pathlib import Path

    from click.testing import Result

PASSWORD = "open sesame 17"
PHRASE = "legal winner thank year wave sausage worth useful legal winner thank yellow"


@pytest.fixture(autouse=True)
def _place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("BCFL_KEY_PASSWORD", PASSWORD)
    monkeypatch.delenv("BCFL_KEY", raising=False)


def keys(*arguments: str, typed: str = "") -> Result:
    return CliRunner().invoke(app, ["keys", *arguments], input=typed)


def account(file: str) -> str:
    said: str = json.loads(keys("show", "--key", f"file:{file}", "--json").stdout)["account"]
    return said


def test_a_new_key_is_encrypted_for_its_owner_only(tmp_path: Path) -> None:
    done = keys("new", "a.json", "--phrase")
    file = tmp_path / "a.json"
    assert stat.S_IMODE(file.stat().st_mode) == 0o600
    phrase = done.stdout.splitlines()[-1]
    assert str(Signer.from_uri(phrase).account) == account("a.json")
    assert not any(word in file.read_text() for word in phrase.split())
    assert Signer.from_file(file).account == Signer.from_uri(phrase).account


def test_the_phrase_is_shown_only_when_asked_for() -> None:
    said = keys("new", "a.json").output + keys("new", "b.json", "--json").output
    assert len(said.split()) < 30
    shown = json.loads(keys("new", "c.json", "--json", "--phrase", "--words", "24").stdout)
    assert len(shown["phrase"].split()) == 24


def test_an_address_is_shown_without_the_password(monkeypatch: pytest.MonkeyPatch) -> None:
    made = json.loads(keys("new", "a.json", "--json").stdout)["account"]
    monkeypatch.delenv("BCFL_KEY_PASSWORD")
    assert keys("show", "--key", "file:a.json").stdout == f"{made}\n"
    monkeypatch.setenv("BCFL_KEY", "file:a.json")
    assert keys("show").stdout == f"{made}\n"


def test_a_key_that_is_there_is_never_overwritten(tmp_path: Path) -> None:
    keys("new", "a.json")
    before = (tmp_path / "a.json").read_bytes()
    (tmp_path / "link.json").symlink_to("nowhere")
    for taken in ("a.json", "link.json"):
        for command in (("new",), ("import", "--from", "file:a.json"), ("export", "--key", "//X")):
            done = keys(command[0], taken, *command[1:], "--plain")
            assert isinstance(done.exception, ConfigError), command
            assert "is lost" in str(done.exception)
    assert (tmp_path / "a.json").read_bytes() == before


def test_a_phrase_is_typed_or_piped_and_not_repeated(tmp_path: Path) -> None:
    done = keys("import", "a.json", typed=PHRASE + "\n")
    assert account("a.json") == str(Signer.from_uri(PHRASE).account)
    assert "sausage" not in done.output
    wrong = keys("import", "b.json", typed=PHRASE + " sausage\n")
    assert isinstance(wrong.exception, ConfigError)
    assert "sausage" not in str(wrong.exception)
    assert not (tmp_path / "b.json").exists()


def test_a_key_goes_out_and_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keys("new", "a.json")
    out = keys("export", "plain.key", "--key", "file:a.json", "--plain")
    assert stat.S_IMODE((tmp_path / "plain.key").stat().st_mode) == 0o600
    secret = (tmp_path / "plain.key").read_text().strip()
    assert secret not in out.output
    monkeypatch.setenv("BCFL_KEY_PASSWORD", "another")
    keys("import", "b.json", "--from", "file:plain.key", "--name", "back")
    assert json.loads((tmp_path / "b.json").read_text())["meta"] == {"name": "back"}
    assert account("b.json") == account("plain.key") == account("a.json")
    assert Signer.from_file(tmp_path / "b.json").account.raw


def test_an_exported_key_is_encrypted_unless_asked_otherwise(tmp_path: Path) -> None:
    (tmp_path / "p.key").write_text(PHRASE)
    (tmp_path / "p.key").chmod(0o600)
    keys("export", "e.json", "--key", "file:p.key")
    assert "sausage" not in (tmp_path / "e.json").read_text()
    assert Signer.from_file(tmp_path / "e.json").account == Signer.from_uri(PHRASE).account


def test_without_a_password_nothing_is_written(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BCFL_KEY_PASSWORD")
    done = keys("new", "a.json")
    assert "BCFL_KEY_PASSWORD_FILE" in str(done.exception)
    monkeypatch.setenv("BCFL_KEY_PASSWORD", "")
    assert "is empty" in str(keys("new", "a.json").exception)
    assert list(tmp_path.iterdir()) == []


def test_a_place_that_cannot_be_written_is_named() -> None:
    done = keys("new", "absent/a.json")
    assert isinstance(done.exception, ConfigError)
    assert "absent/a.json cannot be written" in str(done.exception)


def test_a_key_has_to_be_named() -> None:
    for command in (("show",), ("export", "x.json")):
        assert "say which key" in str(keys(*command).exception)
