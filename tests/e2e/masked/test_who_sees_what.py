"""What leaves a node, and what stays in the run's folder: the page ``who-sees-what`` says this."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from bcfl_plugins.secure.sizes import bits_for
from pallet_bridge.encoding import blake2_256
from pallet_bridge.run.content import read_value
from pallet_bridge.run.journal import REPORTS
from pallet_bridge.run.reports import ReportStore
from strategies.messages.masks import CLAIMS, DEALT
from strategies.testing import FIRST_NODE_ID, InProcessGrid
from tests.e2e.masked.federation import GROUPED, SIZE, SUMMED, federate

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from flwr.app import Message

SENT: dict[int, list[Any]] = {}
TOLD: dict[int, list[Any]] = {}


class SeeingGrid(InProcessGrid):
    """A grid that keeps what goes each way, by node."""

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        listed = list(messages)
        for message in listed:
            TOLD.setdefault(message.metadata.dst_node_id - FIRST_NODE_ID, []).append(
                message.content
            )
        return super().push_messages(listed)

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        found = super().pull_messages(message_ids)
        for message in found:
            SENT.setdefault(message.metadata.src_node_id - FIRST_NODE_ID, []).append(
                message.content
            )
        return found


def written(contents: Iterable[Any]) -> bytes:
    """Return all bytes of some messages."""
    parts = []
    for content in contents:
        for record in content.values():
            for value in record.values():
                if hasattr(value, "data"):
                    parts.append(bytes(value.data))
                elif isinstance(value, bytes):
                    parts.append(value)
                elif isinstance(value, list):
                    parts += [one for one in value if isinstance(one, bytes)]
    return b"\x00".join(parts)


def pieces(vector: np.ndarray) -> list[bytes]:
    """Return parts of an update of 16 bytes each, none of which comes about by chance."""
    return [vector[at : at + 4].astype("<u4").tobytes() for at in range(0, vector.size - 4, 4)]


def test_no_part_of_an_update_leaves_its_node_or_gets_into_a_file(tmp_path: Path) -> None:
    SENT.clear()
    TOLD.clear()
    run = federate(tmp_path, grid=SeeingGrid)
    everything = b"".join(written(one) for one in (*SENT.values(), *TOLD.values()))
    files = b"".join(path.read_bytes() for path in run.folder.rglob("*") if path.is_file())
    for vector in run.updates[0].values():
        assert not any(piece in everything for piece in pieces(vector))
        assert not any(piece in files for piece in pieces(vector))


def test_what_the_server_sees_in_the_clear_is_metrics_and_sketches(tmp_path: Path) -> None:
    """Metrics and numbers of examples are not masked; sketches are kept with the run."""
    SENT.clear()
    run = federate(tmp_path, grid=SeeingGrid)
    for node, contents in SENT.items():
        (metrics,) = [content["m"] for content in contents if "m" in content]
        assert metrics["num-examples"] == 10 + node
    kept = [
        value
        for path in (run.folder / "store").rglob("*")
        if path.is_file()
        for value in [_value(path)]
        if isinstance(value, dict) and value.get("format") == "bcfl-masks/1"
    ]
    (said,) = kept
    assert len(said["sketches"]) == 6
    assert {one.shape for one in said["sketches"].values()} == {(1, 128)}
    assert SIZE >= 20 * 128


def test_the_mode_sum_tells_no_sketch(tmp_path: Path) -> None:
    SENT.clear()
    federate(tmp_path, grid=SeeingGrid, plugins=SUMMED, **{"secure.mode": "sum"})
    names = {name for contents in SENT.values() for one in contents for name in one}
    assert CLAIMS not in names
    assert DEALT in names


def test_in_groups_the_server_gets_their_sums_and_no_update(tmp_path: Path) -> None:
    """The folder has digests of the sums, and neither sums nor updates."""
    SENT.clear()
    TOLD.clear()
    run = federate(tmp_path, grid=SeeingGrid, nodes=9, **GROUPED)
    everything = b"".join(written(one) for one in (*SENT.values(), *TOLD.values()))
    files = b"".join(path.read_bytes() for path in run.folder.rglob("*") if path.is_file())
    for vector in run.updates[0].values():
        assert not any(piece in everything for piece in pieces(vector)[::20])
        assert not any(piece in files for piece in pieces(vector)[::20])
    (kept,) = [
        value
        for path in (run.folder / "store").rglob("*")
        if path.is_file()
        for value in [_value(path)]
        if isinstance(value, dict) and value.get("format") == "bcfl-mask-groups/1"
    ]
    (line,) = run.record.rounds
    assert line.report is not None
    entries = ReportStore(run.folder / REPORTS).get(line.report).entries
    numbers = {str(one.account): one.node_id - FIRST_NODE_ID for one in entries}
    for members, needed, digest in kept["groups"]:
        assert (len(members), needed) == (3, 3)
        total = sum(run.updates[0][numbers[who]].astype(np.uint64) for who in members)
        total = (total % 2**32).astype("<u4")
        assert blake2_256(total.tobytes()) == digest
        assert not any(piece in files for piece in pieces(total)[::20])
    names = {name for contents in SENT.values() for one in contents for name in one}
    assert CLAIMS not in names


def test_other_nodes_get_shares_that_they_cannot_combine(tmp_path: Path) -> None:
    """A node gets one sealed share of each other one's seed, and nothing of its update."""
    TOLD.clear()
    run = federate(tmp_path, grid=SeeingGrid)
    for node, contents in TOLD.items():
        told = written(contents)
        for other, vector in run.updates[0].items():
            if other != node:
                assert not any(piece in told for piece in pieces(vector))
    assert bits_for(6, 1.0) == 27


def _value(path: Path) -> object:
    try:
        return read_value(path.read_bytes(), lambda name: False)
    except Exception:  # noqa: BLE001 - the store holds arrays too
        return None
