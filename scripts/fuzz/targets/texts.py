"""Text that people, browsers and other programs hand in."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import Any

from bcfl_plugins.config.run_config import BcflConfig
from bcfl_plugins.config.terms import terms_of
from pallet_bridge.accounts import ss58
from pallet_bridge.embedded.rpc.access import Access
from pallet_bridge.errors import BcflError, ConfigError, EncodingError
from pallet_bridge.keys import Signer, verify
from pallet_bridge.terms_codec import decode_terms, encode_terms
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import AccountId
from scripts.fuzz.inputs import changed_bytes, changed_json, loads
from scripts.fuzz.target import Target, must

ALICE = Signer.from_uri("//Alice")
SIGNED = ALICE.sign(b"message")
_OURS = re.compile(r"(localhost|127(\.\d{1,3}){3}|\[::1\])(:\d{0,5})?", re.IGNORECASE)


def text_of(data: bytes) -> str:
    """Return bytes as text; what is no UTF-8 becomes halves of surrogate pairs."""
    return data.decode("utf-8", "surrogateescape")


@lru_cache
def addresses() -> tuple[bytes, ...]:
    """Return accounts as text."""
    return (str(ALICE.account).encode(), b"0x" + b"ab" * 32)


def check_address(data: bytes) -> None:
    """Read an account: one that is read is written back as the same account."""
    text = text_of(data)
    try:
        account = AccountId.parse(text)
    except EncodingError as error:
        must(len(str(error)) < _LONGEST_ERROR, "the error repeats all of it")
        return
    must(AccountId.parse(str(account)) == account, "another account is written")
    must(ss58.decode(str(account)) == account.raw, "another account is read")


@lru_cache
def sources() -> tuple[bytes, ...]:
    """Return settings that name a key."""
    return (b"//Alice//1/two", b"file:/nowhere/key", b"env:NO_SUCH_VARIABLE", b"0x" + b"1f" * 32)


def check_source(data: bytes) -> None:
    """Find a key where a setting says it is: no error repeats a seed."""
    try:
        Signer.from_source(text_of(data), "bcfl.key")
    except BcflError as error:
        must("1f" * 30 not in str(error), "the error has the secret")
    except ValueError as error:  # the system's: a path with a zero byte
        must("null byte" in str(error) or "null character" in str(error), str(error))


@lru_cache
def run_configs() -> tuple[Any, ...]:
    """Return run configs."""
    return (
        {
            "bcfl.plugins": "staking, outliers, rewards, round_log, slashing",
            "bcfl.chain": "embedded",
            "bcfl.outliers.method": "cluster_guard",
            "bcfl.terms.quorum": 3,
            "bcfl.terms.round_reward": "10 UNIT",
            "bcfl.terms.slash_cap": "50 %",
            "bcfl.terms.governance": "members",
            "bcfl.training.learning-rate": 0.01,
            "bcfl.training.local-epochs": 2,
            "bcfl.round_log.flush_s": 30.0,
            "bcfl.validation": "no",
            "num-server-rounds": 3,
        },
        {"bcfl.plugins": "", "bcfl.screen": "off", "bcfl.max_examples": 1000},
        {"bcfl.chain": "ws://127.0.0.1:9944", "bcfl.federation": 3, "bcfl.key": "//Alice"},
    )


def check_run_config(data: bytes) -> None:
    """Read a run config, and the terms in it."""
    config = loads(data)
    if not isinstance(config, dict):
        return
    scalars = {k: v for k, v in config.items() if isinstance(v, bool | int | float | str)}
    try:
        made = BcflConfig.from_run_config(scalars)
        terms = terms_of(made.terms)
    except ConfigError:
        return
    encode_terms(terms)


@lru_cache
def terms() -> tuple[bytes, ...]:
    """Return encoded terms."""
    return (encode_terms(DEVELOPMENT), encode_terms(terms_of(BcflConfig.from_run_config({}).terms)))


def check_terms(data: bytes) -> None:
    """Read terms: what is read is written again as the same bytes."""
    try:
        found = decode_terms(data)
    except EncodingError:
        return
    must(encode_terms(found) == data, "other bytes are written")


@lru_cache
def handshakes() -> tuple[Any, ...]:
    """Return headers of handshakes: hosts and origins."""
    return (
        [["127.0.0.1:9944"], ["http://localhost:3000"]],
        [["localhost"], []],
        [["[::1]:80"], ["https://ok.example"]],
        [["evil.example"], ["https://evil.example"]],
        [["127.0.0.1.evil.example:80"], ["http://127.0.0.1@evil.example"]],
    )


def check_handshake(data: bytes) -> None:
    """Let in whoever names this machine, and no page but those of this machine and the allowed."""
    match loads(data):
        case [list(hosts), list(origins)] if all(isinstance(x, str) for x in (*hosts, *origins)):
            refusal = Access(origins=frozenset({"https://ok.example"})).refusal(hosts, origins)
        case _:
            return
    if refusal is not None:
        return
    must(len(hosts) == 1 and _OURS.fullmatch(hosts[0]), f"let in under {hosts}")
    for page in origins:
        place = page.lower().partition("://")[2]
        ours = page.lower() == "https://ok.example" or _OURS.fullmatch(place)
        must(ours, f"let in a page of {origins}")


@lru_cache
def signatures() -> tuple[bytes, ...]:
    """Return an account and its signature, behind each other."""
    return (ALICE.account.raw + SIGNED,)


def check_signature(data: bytes) -> None:
    """Check a signature: none but the one that was made holds."""
    account, signature = data[:32], data[32:]
    try:
        who = AccountId(account)
    except EncodingError:
        return
    holds = verify(who, b"message", signature)
    must(isinstance(holds, bool), "no answer")
    must(not holds or (who == ALICE.account and signature == SIGNED), "another signature holds")
    must(not verify(who, b"another message", signature), "it holds for another message")


_LONGEST_ERROR = 400
_WORDS = (b"//", b"/", b":", b"@", b"2" * 2000, b"9" * 5000, "é".encode(), b"\x00", b"0x")
TARGETS = (
    Target("address", check_address, changed_bytes(addresses, (*_WORDS, b"2" * 60_000))),
    Target("source", check_source, changed_bytes(sources, _WORDS)),
    Target("run_config", check_run_config, changed_json(run_configs), 200),
    Target("terms", check_terms, changed_bytes(terms), 200),
    Target("handshake", check_handshake, changed_json(handshakes), 200),
    Target("signature", check_signature, changed_bytes(signatures)),
)
