"""The newest model of a run that fails is in the run's folder."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import strategies
from bcfl_plugins import BcflConfig, hookimpl, open_session
from bcfl_plugins.errors import RecordIncomplete
from strategies.server.safekeeping import MODEL, save_model

if TYPE_CHECKING:
    from pathlib import Path


class Breaks:
    """Ends a run: in a round, or at its end."""

    def __init__(self, at: str) -> None:
        self.at = at

    @hookimpl
    def bcfl_round_evaluated(self, result: Any) -> None:
        if self.at == "round 2" and result.ctx.server_round == 2:
            raise RuntimeError("the disk is full")

    @hookimpl
    def bcfl_run_finished(self, run: Any) -> None:
        if self.at == "end":
            raise RuntimeError("the disk is full")


@pytest.mark.parametrize(("at", "rounds"), [("round 2", 2), ("end", 3)])
@pytest.mark.slow
def test_whatever_ends_a_run_leaves_its_newest_model(
    toy: Any, tmp_path: Path, at: str, rounds: int
) -> None:
    keys = {"bcfl.plugins": "staking, round_log", "bcfl.run_dir": str(tmp_path)}
    config = BcflConfig.from_run_config(keys)
    with open_session(config, plugins=[("breaks", Breaks(at))]) as session:
        strategy = toy.build("FedAvg", strategies, bcfl=session)
        with pytest.raises(RuntimeError, match="disk is full") as raised:
            toy.run(strategy, toy.app_of(), nodes=2, rounds=3)
    (folder,) = tmp_path.iterdir()
    assert str(folder / MODEL) in "".join(raised.value.__notes__)
    step = np.average([0.01, 0.02], weights=[10, 11])
    with np.load(folder / MODEL) as saved:
        assert list(saved) == ["w", "b", "scale"]
        for name, array in toy.model().items():
            assert saved[name].dtype == array.dtype
            assert saved[name].shape == array.shape
            assert saved[name] == pytest.approx(array + rounds * step, rel=1e-4)


@pytest.mark.slow
def test_an_incomplete_record_among_several_errors_carries_the_result(
    toy: Any, tmp_path: Path
) -> None:
    keys = {"bcfl.plugins": "round_log", "bcfl.run_dir": str(tmp_path)}  # nobody has stake
    config = BcflConfig.from_run_config(keys)
    with open_session(config, plugins=[("breaks", Breaks("end"))]) as session:
        strategy = toy.build("FedAvg", strategies, bcfl=session)
        with pytest.raises(ExceptionGroup) as raised:
            toy.run(strategy, toy.app_of(), nodes=2)
    (incomplete,) = raised.value.subgroup(RecordIncomplete).exceptions  # type: ignore[union-attr]
    assert isinstance(incomplete, RecordIncomplete)
    assert "NotParticipant" in str(incomplete)
    assert incomplete.result.arrays.keys() == toy.model().keys()  # type: ignore[attr-defined]


def test_a_model_is_saved_under_any_names(toy: Any, tmp_path: Path) -> None:
    arrays = {"file": np.arange(3), "a/b.c": np.float32(1.5).reshape(()), "z": np.zeros((0, 4))}
    save_model(toy.record(arrays), tmp_path / MODEL)
    with np.load(tmp_path / MODEL) as saved:
        assert list(saved) == list(arrays)
        for name, array in arrays.items():
            assert np.array_equal(saved[name], array)
    assert [path.name for path in tmp_path.iterdir()] == [MODEL]
    assert (tmp_path / MODEL).stat().st_mode & 0o777 == 0o600  # as all files of a run
