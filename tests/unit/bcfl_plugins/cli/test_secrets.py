from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.secrets import ChainSecret, read_secret
from pallet_bridge.encoding import blake2_256
from pallet_bridge.errors import SecretError
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from pathlib import Path

MINE = ChainSecret(b"g" * 32, 3, AccountId(b"a" * 32), b"s" * 32, 5)


def read(path: Path, wanted: ChainSecret = MINE) -> ChainSecret:
    return read_secret(path, wanted.genesis, wanted.federation, wanted.account)


def test_it_comes_back_as_it_was_written_and_only_its_owner_may_read_it(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    MINE.write(path)
    assert read(path) == MINE
    assert path.stat().st_mode & 0o777 == 0o400


def test_the_chain_ends_with_the_secret_and_each_link_hashes_to_the_one_before() -> None:
    links = MINE.links()
    assert (len(links), links[-1]) == (6, MINE.secret)
    assert [blake2_256(link) for link in links[1:]] == list(links[:-1])


def test_a_file_is_never_overwritten(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    MINE.write(path)
    with pytest.raises(SecretError, match="one registration only"):
        replace(MINE, secret=b"t" * 32).write(path)
    assert read(path) == MINE


@pytest.mark.parametrize(
    "other", [{"genesis": b"h" * 32}, {"federation": 4}, {"account": AccountId(b"b" * 32)}]
)
def test_a_file_for_something_else_is_refused(tmp_path: Path, other: dict[str, object]) -> None:
    path = tmp_path / "secret"
    MINE.write(path)
    with pytest.raises(SecretError, match="use the file of this"):
        read(path, replace(MINE, **other))  # type: ignore[arg-type]


def test_a_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "secret"
    MINE.write(path)
    path.chmod(0o644)
    with pytest.raises(SecretError, match="chmod 600"):
        read(path)


@pytest.mark.parametrize("text", ["", "{}", '{"format":"bcfl-attester/1"}', '{"format":"x"}'])
def test_a_damaged_file_is_named(tmp_path: Path, text: str) -> None:
    path = tmp_path / "secret"
    path.write_text(text)
    path.chmod(0o600)
    with pytest.raises(SecretError, match="secret"):
        read(path)


def test_a_missing_file_says_what_writes_it(tmp_path: Path) -> None:
    with pytest.raises(SecretError, match="bcfl attester register"):
        read(tmp_path / "absent")
