"""CIDs are those that the libraries of others give."""

from __future__ import annotations

import pytest

from pallet_bridge.copies.cid import cid_of, is_cid


@pytest.mark.parametrize(
    ("data", "cid"),
    [
        (b"", "bafkreihdwdcefgh4dqkjv67uzcmw7ojee6xedzdetojuzjevtenxquvyku"),
        (b"hello", "bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq"),
        (b"bcfl", "bafkreibxxjzfygs5mn4xe7by4e7ic5fkfa6mbk4v5npataqx7jldhiwfti"),
    ],
)
def test_vectors_of_two_other_libraries(data: bytes, cid: str) -> None:
    assert cid_of(data) == cid
    assert is_cid(cid)


@pytest.mark.parametrize("text", ["", "bafkrei", "bafkrei/../../../../etc/passwd", None, 5])
def test_nothing_else_is_one(text: object) -> None:
    assert not is_cid(text)
    assert not is_cid(f"{cid_of(b'x')}\n")
