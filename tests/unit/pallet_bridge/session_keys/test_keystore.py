from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.cli.network.public_keys import NAMES, public_keys
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import DEV_PHRASE, Signer
from pallet_bridge.session_keys.keys import AURA, GRANDPA, public_key
from pallet_bridge.session_keys.keystore import secrets_in

if TYPE_CHECKING:
    from pathlib import Path

SEED = "0x" + "3a" * 32


def keep(folder: Path, kind: str, secret: str, public: bytes | None = None) -> Path:
    """Write a key as a node does."""
    name = kind.encode().hex() + (public or public_key(kind, secret)).hex()
    path = folder / name
    path.write_text(json.dumps(secret))
    path.chmod(0o600)
    return path


@pytest.mark.parametrize("uri", [f"//{name}{more}" for name in NAMES for more in ("", "//stash")])
def test_keys_of_finality_are_those_that_every_substrate_tool_makes(uri: str) -> None:
    known = {account.raw for account, named in public_keys().items() if named == uri}
    assert known == {Signer.from_uri(uri).account.raw, public_key(GRANDPA, uri)}


def test_the_keys_of_a_folder_are_found_and_other_files_passed_over(tmp_path: Path) -> None:
    for kind in (AURA, GRANDPA):
        keep(tmp_path, kind, SEED)
        keep(tmp_path, kind, DEV_PHRASE)
    (tmp_path / "readme").touch()
    (tmp_path / (b"babe".hex() + "11" * 32)).touch()
    found = secrets_in(tmp_path)
    assert found == {kind: {public_key(kind, one) for one in (SEED, DEV_PHRASE)} for kind in found}


@pytest.mark.parametrize("text", ['"0x3a"', "7", "{", "[" * 5000, '"//Eve"', json.dumps(SEED[:-1])])
def test_a_secret_that_makes_another_key_is_damage(tmp_path: Path, text: str) -> None:
    path = keep(tmp_path, GRANDPA, SEED)
    path.write_text(text)
    with pytest.raises(ConfigError, match="damaged") as error:
        secrets_in(tmp_path)
    assert SEED[:-1] not in str(error.value)


def test_what_others_may_read_or_nobody_has_is_refused(tmp_path: Path) -> None:
    keep(tmp_path, AURA, SEED).chmod(0o644)
    with pytest.raises(ConfigError, match="chmod 600"):
        secrets_in(tmp_path)
    with pytest.raises(ConfigError, match="BASE/chains/ID/keystore"):
        secrets_in(tmp_path / "absent")


def test_ed25519_has_no_soft_steps() -> None:
    with pytest.raises(ConfigError, match="soft"):
        public_key(GRANDPA, "//Alice/soft")
