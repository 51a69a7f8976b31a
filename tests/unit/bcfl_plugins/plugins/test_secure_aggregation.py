"""What the plugin knows of the chain and of liars, on the embedded chain."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins import BcflConfig, NodeId, NodeRef, RunInfo, open_session
from bcfl_plugins.errors import ConfigError
from bcfl_plugins.plugins.secure_aggregation import SecureAggregation
from bcfl_plugins.secure.service import NotSealed
from bcfl_plugins.secure.sketches import SketchSize
from pallet_bridge.keys import Signer

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from bcfl_plugins import Session

RUN = RunInfo(1, 3)
ALICE = Signer.from_uri("//Alice").account
BOB = Signer.from_uri("//Bob").account


@pytest.fixture
def session(tmp_path: Path) -> Iterator[Session]:
    config = BcflConfig.from_run_config(
        {
            "bcfl.plugins": "secure_aggregation, outliers, round_log",
            "bcfl.outliers.shares": "off",
            "bcfl.run_dir": str(tmp_path),
        }
    )
    with open_session(config, run_id=1) as opened:
        yield opened


def masks_of(session: Session) -> SecureAggregation:
    opened = session.hooks.round_opening(RUN, 1, {"w": np.zeros(3)})
    assert opened is not None
    masks = session.hooks.masking(opened)
    assert isinstance(masks, SecureAggregation)
    with pytest.raises(NotSealed, match="nobody is in round 0"):
        masks.sealed(opened.key)
    return masks


def test_who_lied_is_left_out_also_after_a_restart(session: Session) -> None:
    masks = masks_of(session)
    nodes = NodeRef(NodeId(1), ALICE), NodeRef(NodeId(2), BOB), NodeRef(NodeId(3))
    out = session.hooks.eligible_nodes(RUN, 1, nodes)
    assert set(out) == {3}, "who has no account signs no mask key"
    masks.bar(BOB, "its shares are false")
    assert set(session.hooks.eligible_nodes(RUN, 2, nodes)) == {2, 3}
    kept = session.hooks.state_kept()
    masks.bcfl_state_restored({})
    assert set(session.hooks.eligible_nodes(RUN, 2, nodes)) == {3}
    masks.bcfl_state_restored(kept["secure_aggregation"])
    assert "its shares are false" in session.hooks.eligible_nodes(RUN, 2, nodes)[NodeId(2)]
    with pytest.raises(ConfigError):
        masks.bcfl_state_restored("something else")


def test_the_settings_are_those_of_the_table(session: Session) -> None:
    settings = masks_of(session).settings
    assert settings.sketch == SketchSize(2, 1024)
    assert (settings.needed(10), settings.needed(20)) == (7, 13)
    assert settings.scale(20).bits == 25


def test_its_own_table_has_another_name(tmp_path: Path) -> None:
    config = BcflConfig.from_run_config(
        {
            "bcfl.plugins": "secure_aggregation, round_log",
            "bcfl.secure_aggregation.mode": "sum",
            "bcfl.run_dir": str(tmp_path),
        }
    )
    with (
        pytest.raises(ConfigError, match="stand in the table"),
        open_session(config, run_id=1),
    ):
        pass
