from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.places import account_of, signer_of, url_of, usual_place
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import RunHeader
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from pathlib import Path

HERE, ELSEWHERE = "ws://127.0.0.1:9944", "wss://chain.example:443"


def header(chain: str) -> RunHeader:
    return RunHeader(chain, bytes(32), 0, 1, AccountId(bytes(32)))


def test_the_runs_own_chain_is_taken_unless_another_is_given() -> None:
    assert url_of(header(ELSEWHERE), None) == ELSEWHERE
    assert url_of(header(ELSEWHERE), HERE) == HERE
    assert url_of(header("embedded"), HERE) == HERE


def test_a_chain_in_another_process_needs_its_address() -> None:
    with pytest.raises(ConfigError, match="--chain"):
        url_of(header("embedded"), None)


def test_a_development_key_stays_on_this_machine() -> None:
    assert signer_of("//Bob", HERE).account == Signer.from_uri("//Bob").account
    with pytest.raises(ConfigError, match="anybody can sign with it"):
        signer_of("//Bob", ELSEWHERE)


def test_a_secret_on_the_command_line_is_refused() -> None:
    with pytest.raises(ConfigError, match="does not belong") as raised:
        signer_of("0x" + "11" * 32, HERE)
    assert "1111" not in str(raised.value)


def test_the_environment_names_what_is_not_given(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("BCFL_CHAIN", HERE)
    monkeypatch.setenv("BCFL_FEDERATION", "17")
    assert usual_place(None, None) == (HERE, 17)
    assert usual_place(ELSEWHERE, 0) == (ELSEWHERE, 0)
    for text in ("", "-1", "x", "\u0663"):
        monkeypatch.setenv("BCFL_FEDERATION", text)
        with pytest.raises(ConfigError, match="--federation"):
            usual_place(None, None)
    monkeypatch.delenv("BCFL_CHAIN")
    with pytest.raises(ConfigError, match="BCFL_CHAIN"):
        usual_place(None, 3)


def test_whose_an_encrypted_key_is_takes_no_password(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BCFL_KEY_PASSWORD", raising=False)
    monkeypatch.delenv("BCFL_KEY_PASSWORD_FILE", raising=False)
    owner, file = Signer.from_uri("//Vera"), tmp_path / "vera.json"
    file.write_bytes(owner.encrypted("pw", "vera"))
    with pytest.raises(ConfigError, match="chmod 600"):
        account_of(f"file:{file}", ELSEWHERE)
    file.chmod(0o600)
    assert account_of(f"file:{file}", ELSEWHERE) == owner.account
    file.write_text("{}")
    with pytest.raises(ConfigError, match=r"vera\.json"):
        account_of(f"file:{file}", ELSEWHERE)
    with pytest.raises(ConfigError, match="anybody can sign with it"):
        account_of("//Vera", ELSEWHERE)
