"""What is encrypted by age, to whom, and what is said where it cannot be."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import pyrage
import pytest

from pallet_bridge.copies.age import AgeIdentities, Recipients
from pallet_bridge.copies.errors import NoIdentity
from pallet_bridge.errors import ConfigError

if TYPE_CHECKING:
    from pathlib import Path


def identity(folder: Path, name: str) -> tuple[Path, str]:
    made = pyrage.x25519.Identity.generate()
    path = folder / name
    path.write_text(f"# created: today\n# public key: {made.to_public()}\n{made}\n")
    return path, str(made.to_public())


def test_each_recipient_opens_it_and_nobody_else(tmp_path: Path) -> None:
    (one, first), (two, second), (other, _) = (identity(tmp_path, name) for name in "abc")
    sealed = Recipients([first, second]).seal(b"an update")
    assert b"an update" not in sealed
    assert sealed.startswith(b"age-encryption.org/v1\n")
    for path in (one, two):
        assert AgeIdentities(path).open(sealed, "there") == b"an update"
    with pytest.raises(NoIdentity, match=r"there is encrypted.*--identity"):
        AgeIdentities(other).open(sealed, "there")
    with pytest.raises(NoIdentity):
        AgeIdentities().open(sealed, "there")


def test_a_changed_byte_does_not_open(tmp_path: Path) -> None:
    path, key = identity(tmp_path, "a")
    sealed = bytearray(Recipients([key]).seal(b"an update"))
    sealed[-1] ^= 1
    with pytest.raises(NoIdentity):
        AgeIdentities(path).open(bytes(sealed), "there")


@pytest.mark.parametrize("key", ["age1nobody", "5Grwva", ""])
def test_a_recipient_that_is_none_is_named(key: str) -> None:
    with pytest.raises(ConfigError, match=r"is no public key of age .*age1\.\.\."):
        Recipients([key])


@pytest.mark.parametrize("text", ["", "# nothing\n", "AGE-SECRET-KEY-1ABC\n"])
def test_a_file_without_identities_is_named_and_its_text_is_not(tmp_path: Path, text: str) -> None:
    path = tmp_path / "identity"
    path.write_text(text)
    with pytest.raises(ConfigError, match="is no file of age identities") as raised:
        AgeIdentities(path)
    assert "SECRET" not in str(raised.value)
    with pytest.raises(ConfigError, match="cannot be read"):
        AgeIdentities(tmp_path / "none")


def test_without_the_package_it_says_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyrage", None)
    with pytest.raises(ConfigError, match=r"pip install 'bcfl-plugins\[copies\]'"):
        Recipients(["age1x"])
