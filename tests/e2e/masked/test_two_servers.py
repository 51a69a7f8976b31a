"""Rounds whose updates are in two halves: exact sums, and faults that are named."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from bcfl_plugins.replay.run import Replayer
from pallet_bridge.audit.run import audit_run
from pallet_bridge.types import Outcome
from tests.e2e.masked.test_rounds import outcomes, reports
from tests.e2e.masked.two_servers import NODES, chain, run, serving

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.embedded import EmbeddedNode

pytestmark = pytest.mark.slow


@pytest.fixture
def node() -> Iterator[EmbeddedNode]:
    with chain() as running:
        yield running


def test_the_model_is_the_exact_mean_of_what_nodes_trained(
    tmp_path: Path, node: EmbeddedNode
) -> None:
    with serving(node, tmp_path / "second") as url:
        made = run(tmp_path, node, url, rounds=2)
    assert made.sum_is_of(1, range(NODES), roster=NODES)
    assert made.sum_is_of(2, range(NODES), roster=NODES)
    assert {*outcomes(reports(made)[0]).values()} == {Outcome.ACCEPTED}
    report = audit_run(made.folder, chain=node.url, replay=Replayer())
    assert report.ok, report.findings
