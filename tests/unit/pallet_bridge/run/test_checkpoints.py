from __future__ import annotations

import resource
import signal
import stat
from typing import TYPE_CHECKING, Any
from zipfile import ZipFile

import numpy as np
import pytest

from pallet_bridge.encoding import update_digest
from pallet_bridge.errors import EncodingError, JournalError, NotWritten
from pallet_bridge.run.checkpoints import Checkpoint, Checkpoints

if TYPE_CHECKING:
    from pathlib import Path


def checkpoint(server_round: int, scale: float = 1.0, state: Any = None) -> Checkpoint:
    model = {"file": np.full((2, 3), scale, np.float32), "n": np.array(server_round, np.int64)}
    return Checkpoint(server_round, update_digest(model), model, state)


def test_a_checkpoint_comes_back_and_numpy_reads_its_model(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    state = {"momentum": [np.arange(4.0), np.float32(0.5)], "norm": 1.25}
    made = checkpoint(12, 0.25, state)
    kept.put(made)
    found = Checkpoints(tmp_path).get(12)
    assert (found.server_round, found.digest) == (12, made.digest)
    assert list(found.model) == ["file", "n"]
    assert update_digest(found.model) == made.digest
    assert found.state["momentum"][0].tolist() == [0, 1, 2, 3]  # type: ignore[index]
    assert found.state["norm"] == 1.25  # type: ignore[index]
    with np.load(kept.path(12)) as archive:
        assert archive["file"].tolist() == [[0.25] * 3] * 2
    assert not any(array.flags.writeable for array in found.model.values())
    assert found.state["momentum"][0].flags.writeable  # type: ignore[index]


def test_all_before_the_newest_that_is_settled_go_and_all_after_it_stay(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    made = [checkpoint(number, number) for number in range(6)]
    for one in made:
        kept.put(one)
    kept.prune([])
    assert kept.rounds() == [0, 1, 2, 3, 4, 5]
    kept.prune([bytes(32), made[1].digest, made[3].digest])
    assert kept.rounds() == [3, 4, 5]
    kept.prune([made[1].digest])
    assert kept.rounds() == [3, 4, 5]


def test_nothing_is_left_when_the_run_is_over(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    kept.put(checkpoint(1))
    kept.put_metrics({})
    kept.clear()
    assert not kept.folder.exists()
    kept.clear()


def test_a_full_disk_leaves_the_checkpoints_before(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    kept.put(checkpoint(1))
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (300, limits[1]))
    try:
        with pytest.raises(NotWritten, match=r"000002\.npz cannot be written: File too large"):
            kept.put(checkpoint(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, handler)
    assert [path.name for path in kept.folder.iterdir()] == ["000001.npz"]
    assert kept.get(1).digest == checkpoint(1).digest


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty", "text", "gone", "other"])
def test_a_damaged_checkpoint_is_named_with_what_to_do(tmp_path: Path, damage: str) -> None:
    kept = Checkpoints(tmp_path)
    kept.put(checkpoint(4, 3.0, {"a": np.arange(100)}))
    path = kept.path(4)
    data = bytearray(path.read_bytes())
    match damage:
        case "cut":
            del data[-40:]
        case "flipped":
            data[len(data) // 2] ^= 0xFF
        case "empty":
            data.clear()
        case "text":
            data[:] = b"no archive"
        case "other":
            data[:] = bytes(data).replace(b"bcfl-checkpoint/1", b"bcfl-checkpoint/9")
    path.unlink()
    if damage != "gone":
        path.write_bytes(data)
    with pytest.raises(JournalError, match=r"000004\.npz cannot be read: .*take it away"):
        kept.get(4)


@pytest.mark.parametrize(
    ("descr", "shape"), [("0303", 3), ("|O", 3), ("<f4", 10**15), ("<f4", 10**30), ("<f4", 4)]
)
def test_an_array_whose_header_lies_is_named(tmp_path: Path, descr: str, shape: int) -> None:
    """A standby reads checkpoints of a server that it does not trust."""
    kept = Checkpoints(tmp_path)
    kept.put(checkpoint(4, 3.0, {"a": np.arange(100)}))
    path = kept.path(4)
    with ZipFile(path) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    (name,) = [name for name in parts if name == "n.npy"]
    said = f"{{'descr': '{descr}', 'fortran_order': False, 'shape': ({shape},)}}\n".encode()
    parts[name] = b"\x93NUMPY\x01\x00" + len(said).to_bytes(2, "little") + said + bytes(12)
    with ZipFile(path, "w") as archive:
        for one, data in parts.items():
            archive.writestr(one, data)
    with pytest.raises(JournalError, match=r"000004\.npz cannot be read"):
        kept.get(4)


def test_metrics_come_back_with_their_keys(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    assert kept.metrics() is None
    measured = {"train": {1: {"loss": 0.1, "curve": [1, 2.5]}, 2: None}}
    kept.put_metrics(measured)
    assert kept.metrics() == measured
    with pytest.raises(EncodingError, match="no arrays"):
        kept.put_metrics({"x": np.zeros(2)})
    (kept.folder / "metrics.json").write_text("{")
    with pytest.raises(JournalError, match=r"metrics\.json cannot be read"):
        kept.metrics()


def test_checkpoints_are_for_their_owner_only(tmp_path: Path) -> None:
    kept = Checkpoints(tmp_path)
    kept.put(checkpoint(1))
    kept.put_metrics({})
    modes = {stat.S_IMODE(path.stat().st_mode) for path in kept.folder.iterdir()}
    assert modes == {0o600}
