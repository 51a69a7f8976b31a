"""The list of a copy's files, and that of its runs: one form each, and bounded."""

from __future__ import annotations

import pytest

from pallet_bridge.copies.cid import cid_of
from pallet_bridge.copies.manifest import CopiedFile, RunFiles, decode_runs, encode_runs
from pallet_bridge.errors import EncodingError

CID = cid_of(b"hello")
VECTOR = (
    b'{"files":{"run.json":{"cid":"bafkreibm6jg3ux5qumhcn2b3flc3tyu6dmlb4xa7u5bf44yegnrjhc4yeq",'
    b'"sealed":false,"size":5}},"format":"bcfl-copy-files/1","recipients":["age1x"]}'
)


def test_the_vector_of_version_1() -> None:
    listed = RunFiles({"run.json": CopiedFile(CID, 5, sealed=False)}, ("age1x",))
    assert listed.encode() == VECTOR
    assert RunFiles.decode(VECTOR) == listed
    assert encode_runs(["a", "b"]) == b'{"format":"bcfl-copy-runs/1","runs":["a","b"]}'
    assert decode_runs(encode_runs(["a", "b"])) == ["a", "b"]


@pytest.mark.parametrize(
    ("old", "new"),
    [
        (b"run.json", b"../run.json"),
        (b"run.json", b"chain/blocks"),
        (b"bafkrei", b"../krei"),
        (b":5", b":-1"),
        (b":5", b":10000000000000000"),
        (b":5", b":5.0"),
        (b"false", b"0"),
        (b"files/1", b"files/2"),
        (b'["age1x"]', b"[1]"),
        (b"}}", b"}"),
    ],
)
def test_a_list_that_is_none_is_refused(old: bytes, new: bytes) -> None:
    with pytest.raises(EncodingError):
        RunFiles.decode(VECTOR.replace(old, new))


@pytest.mark.parametrize("name", ["..", ".hidden", "a/b", "", "x" * 101])
def test_a_run_of_a_name_that_no_folder_may_have_is_refused(name: str) -> None:
    with pytest.raises(EncodingError, match="no run's folder"):
        decode_runs(encode_runs([name]))
