from __future__ import annotations

import pytest

from bcfl_plugins.cli.places import signer_of, url_of
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import RunHeader
from pallet_bridge.types import AccountId

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
