"""Key files of polkadot.js, with substrate-interface as an outside opinion of the format."""

from __future__ import annotations

import base64
import json
from typing import Any

import pytest
from substrateinterface import Keypair

from pallet_bridge import keystore
from pallet_bridge.errors import ConfigError
from pallet_bridge.keys import Signer

ZOE = Signer.from_uri("//Zoe")
PASSWORD = "Grüße an alle"


def file_of(signer: Signer = ZOE, password: str = PASSWORD) -> dict[str, Any]:
    fields: dict[str, Any] = json.loads(signer.encrypted(password, "zoe"))
    return fields


def test_another_library_opens_our_files() -> None:
    opened = Keypair.create_from_encrypted_json(json.dumps(file_of()), PASSWORD)
    assert opened.ss58_address == str(ZOE.account)
    assert ZOE.account.raw == opened.public_key
    signature = opened.sign(b"hello")
    assert Keypair.create_from_uri("//Zoe").verify(b"hello", signature)


def test_we_open_files_of_another_library() -> None:
    theirs = Keypair.create_from_uri("//Yan").export_to_encrypted_json(PASSWORD, "yan")
    public, secret = keystore.decrypt(json.dumps(theirs), PASSWORD)
    assert Signer((public, secret)).account == Signer.from_uri("//Yan").account
    assert keystore.address(json.dumps(theirs)) == str(Signer.from_uri("//Yan").account)


def test_content_in_hex_is_read_as_well() -> None:
    fields = file_of()
    encoded = "0x" + base64.b64decode(fields["encoded"]).hex()
    public, _ = keystore.decrypt(json.dumps(fields | {"encoded": encoded}), PASSWORD)
    assert public == ZOE.account.raw
    with pytest.raises(ConfigError, match="no key file"):
        keystore.decrypt(json.dumps(fields | {"encoded": "0xzz"}), PASSWORD)


def test_the_password_and_no_other_opens_it() -> None:
    text = json.dumps(file_of())
    assert keystore.decrypt(text, PASSWORD)[0] == ZOE.account.raw
    for other in ("", PASSWORD + " ", PASSWORD.lower(), "x"):
        with pytest.raises(ConfigError, match="password is another"):
            keystore.decrypt(text, other)


def test_two_files_of_one_key_have_nothing_in_common() -> None:
    first, second = (base64.b64decode(file_of()["encoded"]) for _ in range(2))
    assert first[:32] != second[:32], "the salt"
    assert first[44:] != second[44:]


def test_what_is_encrypted_is_told_from_a_secret_uri() -> None:
    assert keystore.is_encrypted(json.dumps(file_of()))
    assert keystore.is_encrypted("\n {}")
    assert not keystore.is_encrypted("//Zoe")
    assert not keystore.is_encrypted("0x" + "1" * 64)


def with_work(n: int, p: int, r: int) -> dict[str, Any]:
    fields = file_of()
    raw = base64.b64decode(fields["encoded"])
    work = b"".join(number.to_bytes(4, "little") for number in (n, p, r))
    return fields | {"encoded": base64.b64encode(raw[:32] + work + raw[44:]).decode()}


@pytest.mark.parametrize(("n", "p", "r"), [(1 << 30, 1, 8), (2, 1, 8), (0, 0, 0), (1 << 15, 1, 99)])
def test_a_file_does_not_choose_how_much_work_it_makes(n: int, p: int, r: int) -> None:
    with pytest.raises(ConfigError, match="never asks for"):
        keystore.decrypt(json.dumps(with_work(n, p, r)), PASSWORD)


@pytest.mark.parametrize("bits", [16, 17])
def test_the_work_that_newer_wallets_ask_for_is_done(bits: int) -> None:
    work = {16: 2, 17: 1}
    with pytest.raises(ConfigError, match="password is another"):  # it was made with less
        keystore.decrypt(json.dumps(with_work(1 << bits, work[bits], 8)), PASSWORD)


@pytest.mark.parametrize(
    "change",
    [
        {"encoding": {"content": ["pkcs8", "ed25519"], "type": ["none"], "version": "3"}},
        {"encoding": {"content": ["pkcs8", "sr25519"], "type": ["none"], "version": "3"}},
        {"encoding": {}},
        {"encoding": 7},
        {"encoded": "???"},
        {"encoded": ""},
        {"encoded": 7},
        {"encoded": "AAAA"},
        {"address": "5Grw"},
        {"address": 7},
    ],
)
def test_what_is_no_such_file_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(ConfigError):
        keystore.decrypt(json.dumps(file_of() | change), PASSWORD)


@pytest.mark.parametrize("text", ["", "{", "[]", "{}", '{"encoding": NaN}', "{" * 5000, "\ud800"])
def test_what_is_no_json_is_refused(text: str) -> None:
    with pytest.raises(ConfigError):
        keystore.decrypt(text, PASSWORD)


def test_an_address_that_is_not_the_keys_is_refused() -> None:
    other = str(Signer.from_uri("//Mallory").account)
    with pytest.raises(ConfigError, match="another key"):
        keystore.decrypt(json.dumps(file_of() | {"address": other}), PASSWORD)


def test_no_byte_of_the_content_can_be_changed() -> None:
    fields = file_of()
    raw = bytearray(base64.b64decode(fields["encoded"]))
    for place in (0, 44, 70, len(raw) - 1):
        changed = bytearray(raw)
        changed[place] ^= 1
        text = json.dumps(fields | {"encoded": base64.b64encode(changed).decode()})
        with pytest.raises(ConfigError) as raised:
            keystore.decrypt(text, PASSWORD)
        assert PASSWORD not in str(raised.value)
