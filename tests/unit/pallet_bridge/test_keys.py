from __future__ import annotations

import pickle
from typing import TYPE_CHECKING

import pytest

from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import DEV_PHRASE, Signer, new_phrase, verify
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from pathlib import Path

# as `subkey inspect` prints them
KNOWN = {
    "//Alice": "5GrwvaEF5zXb26Fz9rcQpDWS57CtERHpNehXCPcNoHGKutQY",
    "//Ferdie": "5CiPPseXPECbkjWCa6MnjNokrgYjMqmKndv2rSnekmSK2DjL",
    "//Alice//stash": "5GNJqTPyNqANBkUVMN1LPPrxXnFouWXoe2wNSmmEoLctxiZY",
    DEV_PHRASE: "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV",
    f"  {DEV_PHRASE}  ": "5DfhGyQdFobKM8NsWvEeAKk5EQQgYe9AydgJ7rMB6E1EqRzV",
}


@pytest.mark.parametrize(("uri", "address"), KNOWN.items())
def test_known_uris_give_known_addresses(uri: str, address: str) -> None:
    assert str(Signer.from_uri(uri).account) == address


@pytest.mark.parametrize(
    "uri",
    ["//Alice/soft", "//1", "//18446744073709551615", "//" + "long" * 20, "/a//b/7", "//Zoë"],
)
def test_derivations_are_those_of_substrate_interface(uri: str) -> None:
    from substrateinterface import Keypair  # noqa: PLC0415 - an outside opinion, in this test only

    assert str(Signer.from_uri(uri).account) == Keypair.create_from_uri(uri).ss58_address


@pytest.mark.parametrize("name", ["00", "007", "0" * 60 + "12", f"0{2**64 - 1}"])
def test_a_derivation_by_a_number_is_that_of_the_number(name: str) -> None:
    """As in sp-core, which reads a junction as a number of 64 bits where it is one."""
    assert Signer.from_uri(f"//{name}").account == Signer.from_uri(f"//{int(name)}").account
    assert Signer.from_uri(f"//0{2**64}").account != Signer.from_uri(f"//{2**64}").account


def test_a_derivation_of_thousands_of_digits_is_one_by_text() -> None:
    """Python reads no number of over 4,300 digits, and raised its own error."""
    found = {Signer.from_uri(f"//{digit * 5_000}").account for digit in "19"}
    assert len(found) == 2


def test_a_seed_in_hex_is_a_key() -> None:
    seed = "0xe5be9a5092b81bca64be81d212e7f2f9eba183bb7a90954f7b76361f6edb5c0a"
    assert Signer.from_uri(seed).account == Signer.from_uri("//Alice").account


@pytest.mark.parametrize(
    "uri",
    [
        "",
        "   ",
        "not a phrase",
        "bottom drive obey",
        "0xabcd",
        DEV_PHRASE + "///password",
        "//\ud800x",
    ],
)
def test_what_is_no_key_is_refused_without_repeating_it(uri: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Signer.from_uri(uri)
    assert not uri.strip() or uri not in str(raised.value)


def test_a_signature_fits_its_account_and_message_only() -> None:
    alice, bob = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")
    signature = alice.sign(b"message")
    assert verify(alice.account, b"message", signature)
    assert not verify(alice.account, b"other", signature)
    assert not verify(bob.account, b"message", signature)
    assert not verify(alice.account, b"<Bytes>message</Bytes>", signature)


@pytest.mark.parametrize("signature", [b"", bytes(64), b"\xff" * 64, bytes(63), bytes(65)])
def test_what_is_no_signature_does_not_verify(signature: bytes) -> None:
    assert not verify(Signer.from_uri("//Alice").account, b"message", signature)


def test_what_is_no_public_key_does_not_verify() -> None:
    signature = Signer.from_uri("//Alice").sign(b"message")
    assert not verify(AccountId(b"\xff" * 32), b"message", signature)


def test_a_key_shows_its_address_only() -> None:
    signer = Signer.from_uri("//Alice")
    assert repr(signer) == f"Signer('{signer.account}')"
    assert not hasattr(signer, "__dict__")
    with pytest.raises(TypeError, match="secret"):
        pickle.dumps(signer)


def test_a_key_file_is_read(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("//Alice\n")
    path.chmod(0o600)
    assert Signer.from_file(path).account == Signer.from_uri("//Alice").account


def test_a_key_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "key"
    path.write_text("//Alice\n")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        Signer.from_file(path)


@pytest.mark.parametrize("content", [b"secret words that are none", b"\xff\xfe"])
def test_a_key_file_without_key_is_refused_by_its_name_only(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "key"
    path.write_bytes(content)
    path.chmod(0o600)
    with pytest.raises(ConfigError) as raised:
        Signer.from_file(path)
    assert str(path) in str(raised.value)
    assert "secret words" not in str(raised.value)


def test_a_key_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(ConfigError, match="No such file"):
        Signer.from_file(tmp_path / "key")


def test_a_source_names_where_the_key_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "key"
    path.write_text("//Alice\n")
    path.chmod(0o600)
    monkeypatch.setenv("A_KEY", "//Alice")
    found = [Signer.from_source(s, "x") for s in ("//Alice", "env:A_KEY", f"file:{path}")]
    assert {str(signer.account) for signer in found} == {KNOWN["//Alice"]}


def test_an_unset_variable_is_named_with_its_setting() -> None:
    with pytest.raises(ConfigError, match=r"bcfl\.coordinator is env:NO_SUCH_VARIABLE"):
        Signer.from_source("env:NO_SUCH_VARIABLE", "bcfl.coordinator")


@pytest.mark.parametrize("secret", [DEV_PHRASE, "0x" + "11" * 32, ""])
def test_a_secret_in_a_setting_is_refused_and_not_repeated(secret: str) -> None:
    with pytest.raises(ConfigError, match="bcfl-key-uri must be") as raised:
        Signer.from_source(secret, "bcfl-key-uri")
    assert not secret or secret not in str(raised.value)


def encrypted(path: Path, uri: str = "//Uma", password: str = "pass") -> Path:
    path.write_bytes(Signer.from_uri(uri).encrypted(password, "uma"))
    path.chmod(0o600)
    return path


def test_an_encrypted_file_is_a_key_source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    source = f"file:{encrypted(tmp_path / 'uma.json')}"
    monkeypatch.setenv("BCFL_KEY_PASSWORD", "pass")
    assert Signer.from_source(source, "a setting").account == Signer.from_uri("//Uma").account
    monkeypatch.setenv("BCFL_KEY_PASSWORD", "other")
    with pytest.raises(ConfigError, match="password is another") as raised:
        Signer.from_source(source, "a setting")
    assert "other" not in str(raised.value).replace("another", "")


def test_a_password_may_be_in_a_file_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path, secret = encrypted(tmp_path / "uma.json", password="p w "), tmp_path / "password"
    secret.write_text("p w \n")
    monkeypatch.setenv("BCFL_KEY_PASSWORD_FILE", str(secret))
    with pytest.raises(ConfigError, match="chmod 600"):
        Signer.from_file(path)
    secret.chmod(0o600)
    assert Signer.from_file(path).account == Signer.from_uri("//Uma").account
    secret.write_text("\n")
    with pytest.raises(ConfigError, match="is empty"):
        Signer.from_file(path)


def test_without_a_password_the_message_says_where_to_put_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delenv("BCFL_KEY_PASSWORD", raising=False)
    monkeypatch.delenv("BCFL_KEY_PASSWORD_FILE", raising=False)
    path = encrypted(tmp_path / "uma.json")
    with pytest.raises(ConfigError, match="BCFL_KEY_PASSWORD_FILE"):
        Signer.from_file(path)
    assert Signer.from_file(path, ask=lambda: "pass").account == Signer.from_uri("//Uma").account


def test_an_encrypted_file_that_others_may_read_is_refused(tmp_path: Path) -> None:
    path = encrypted(tmp_path / "uma.json")
    path.chmod(0o640)
    with pytest.raises(ConfigError, match="chmod 600"):
        Signer.from_file(path, ask=lambda: "pass")


def test_a_secret_key_is_a_uri_and_derives_as_its_phrase_does() -> None:
    zed = Signer.from_uri("//Zed")
    again = Signer.from_uri(zed.uri())
    assert again.account == zed.account
    assert verify(zed.account, b"x", again.sign(b"x"))
    assert Signer.from_uri(zed.uri() + "//a/b").account == Signer.from_uri("//Zed//a/b").account


@pytest.mark.parametrize("digits", ["ff" * 64, "00" * 64])
def test_128_digits_that_are_no_secret_key_are_refused(digits: str) -> None:
    with pytest.raises(ConfigError) as raised:
        Signer.from_uri("0x" + digits)
    assert digits not in str(raised.value)


@pytest.mark.parametrize("words", [12, 15, 18, 21, 24])
def test_a_new_phrase_is_fresh_and_a_key(words: int) -> None:
    first, second = new_phrase(words), new_phrase(words)
    assert len(first.split()) == words
    assert Signer.from_uri(first).account != Signer.from_uri(second).account


def test_a_phrase_of_another_length_is_refused() -> None:
    with pytest.raises(ConfigError, match="12, 15"):
        new_phrase(13)
