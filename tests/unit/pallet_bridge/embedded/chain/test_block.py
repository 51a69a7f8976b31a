from __future__ import annotations

import pytest

from pallet_bridge.embedded.chain.block import Block, Header, aura_pre_digest, execution_payload
from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.hashing import blake2_256

SEAL = b"\x05aura" + b"\x01\x01" + bytes(64)
HEADER = Header(b"\x01" * 32, 300, b"\x02" * 32, b"\x03" * 32, (aura_pre_digest(7),))


def test_a_header_has_its_number_as_compact_and_its_digest_items_whole() -> None:
    expected = "01" * 32 + "b104" + "02" * 32 + "03" * 32 + "04" + "0661757261200700000000000000"
    assert HEADER.encode().hex() == expected
    assert HEADER.hash == blake2_256(bytes.fromhex(expected))


@pytest.mark.parametrize(
    "digest",
    [
        (),
        (aura_pre_digest(2**64 - 1), SEAL),
        (b"\x04FRNK\x0cabc", b"\x00\x08hi", b"\x08", SEAL),
    ],
)
def test_headers_read_back_with_every_kind_of_digest_item(digest: tuple[bytes, ...]) -> None:
    header = Header(b"\x09" * 32, 2**32 - 1, bytes(32), bytes(32), digest)
    assert Header.decode(header.encode()) == header


@pytest.mark.parametrize("data", [b"", HEADER.encode()[:-1], HEADER.encode() + b"\x00"])
def test_bytes_that_are_not_exactly_a_header_are_refused(data: bytes) -> None:
    with pytest.raises(DecodeError):
        Header.decode(data)


def test_an_unknown_digest_item_is_refused() -> None:
    bad = Header(bytes(32), 1, bytes(32), bytes(32), (b"\x07",))
    with pytest.raises(DecodeError, match="number 7"):
        Header.decode(bad.encode())


def test_the_seal_is_in_the_hash_but_not_in_what_is_executed() -> None:
    sealed = Header(HEADER.parent_hash, 300, HEADER.state_root, HEADER.extrinsics_root,
                    (*HEADER.digest, SEAL))  # fmt: skip
    assert sealed.hash != HEADER.hash
    assert sealed.unsealed() == HEADER
    assert HEADER.unsealed() is HEADER
    payload = execution_payload(Block(sealed, (b"\x08ab", b"\x04c")))
    assert payload == HEADER.encode() + b"\x08" + b"\x08ab" + b"\x04c"
