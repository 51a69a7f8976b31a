"""What a Flower app would write under ``[tool.flwr.app.config.bcfl]``."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins import BcflConfig

if TYPE_CHECKING:
    from pathlib import Path

RUN_CONFIG: dict[str, str | int | float] = {
    "bcfl.plugins": "staking, outliers, slashing, round_log",
    "bcfl.chain": "embedded",
    # Each round is on chain before the next one starts, so that its facts can be shown.
    "bcfl.on_chain_error": "fail",
    # Not the default, with which two of ten seeds lose over a point: docs/measurements/demo.md.
    "bcfl.outliers.method": "cluster",
    "bcfl.outliers.shares": "off",
    # A rejection strikes, so that a few rounds show a slash. It would strike the only holder of a
    # class as well: docs/explanation/evidence.md.
    "bcfl.outliers.evidence": "streak",
    "bcfl.outliers.agreement": 0.1,
    "bcfl.outliers.spread": 1.0,
    "bcfl.outliers.smoothing": 0.6,
    "bcfl.outliers.norm_factor": 4.0,
    "bcfl.staking.stake": "100 UNIT",
    "bcfl.terms.min_stake": "50 UNIT",
    "bcfl.terms.round_reward": "14 UNIT",
    "bcfl.terms.commit_blocks": 1,
    "bcfl.terms.dispute_blocks": 4,
    "bcfl.terms.strikes_to_slash": 3,
    "bcfl.terms.strike_decay_rounds": 2,
    "bcfl.terms.outlier_base": "30 %",
}


def bcfl_config(run_dir: Path, *, own_defense: bool = True) -> BcflConfig:
    """The checked config; runs get their folders under `run_dir`.

    Without `own_defense` the plugin `outliers` has its defaults.
    """
    kept = {k: v for k, v in RUN_CONFIG.items() if own_defense or "outliers." not in k}
    return BcflConfig.from_run_config({**kept, "bcfl.run_dir": str(run_dir)})
