"""Windows of blocks that a clock makes, and training that takes its time: on a real node."""

from __future__ import annotations

import re
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from flwr.app import Array, ArrayRecord, Message, MetricRecord, RecordDict

from bcfl_plugins.config.terms import TermsConfig, terms_of
from bcfl_plugins.errors import RecordIncomplete
from bcfl_plugins.rounds.windows import blocks_for
from pallet_bridge import calls
from pallet_bridge.audit.run import audit_run
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.run.journal import read_run
from pallet_bridge.types import UNIT, Planck
from strategies import ClientApp, FedAvg
from strategies.testing import InProcessGrid

if TYPE_CHECKING:
    from pathlib import Path

    from tests.conformance.conftest import Target

pytestmark = [pytest.mark.slow, pytest.mark.waits]

KEYS = [f"//practice-{number}" for number in range(3)]
OWNER = Signer.from_uri("//Eve")
TRAINING_BLOCKS = 7


def found(url: str, terms: TermsConfig) -> int:
    signers = [Signer.from_uri(uri) for uri in KEYS]
    with connect(url) as client:
        number = client.next_federation()
        client.execute(calls.create_federation(terms_of(terms), bytes(32)), OWNER)
        gifts = [calls.transfer(signer.account, Planck(200 * UNIT)) for signer in signers]
        client.execute(calls.batch([calls.fund(number, Planck(100 * UNIT)), *gifts]), OWNER)
        agreed = client.terms_hash(number)
        joining = [
            client.submit(calls.join(number, Planck(100 * UNIT), agreed), s) for s in signers
        ]
        for submission in joining:
            submission.wait(60)
    return number


def node_app(url: str, blocks: int) -> ClientApp:
    """Return an app whose first node trains for some blocks, and the others at once."""
    app = ClientApp()

    @app.train()
    def train(message: Any, context: Any) -> Any:
        if blocks and context.node_config["partition-id"] == 0:
            with connect(url) as client:
                client.wait_until_block(client.head().number + blocks, timeout=300)
        model = message.content["arrays"]["w"].numpy()
        moved = ArrayRecord({"w": Array((model + 1).astype(np.float32))})
        metrics = MetricRecord({"num-examples": 10})
        return Message(RecordDict({"arrays": moved, "metrics": metrics}), reply_to=message)

    return app


def train(target: Target, folder: Path, terms: TermsConfig, *, rounds: int, blocks: int) -> Any:
    config: dict[str, Any] = {
        "bcfl.plugins": "staking, round_log",
        "bcfl.chain": target.url,
        "bcfl.federation": found(target.url, terms),
        "bcfl.coordinator": "//Eve",
        "bcfl.run_dir": str(folder),
    }
    keys = [{"bcfl-key-uri": uri} for uri in KEYS]
    with InProcessGrid(node_app(target.url, blocks), node_configs=keys, run_config=config) as grid:
        strategy = FedAvg(fraction_evaluate=0.0, bcfl=config)
        first = ArrayRecord({"w": Array(np.zeros(4, np.float32))})
        return strategy.start(grid, first, num_rounds=rounds)


def test_training_that_outlasts_the_window_ends_with_the_window_that_would_do(
    real: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """By the default terms a node of 3 s slots refused every commitment, and the run ended well.

    A run with what its error proposes is recorded whole.
    """
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    terms = TermsConfig(admission="open", coordinator_bond=Planck(0), settle_blocks=20)
    run = partial(train, real, rounds=1, blocks=TRAINING_BLOCKS)
    with pytest.raises(RecordIncomplete, match="WindowClosed") as raised:
        run(tmp_path / "short", terms)
    error = raised.value
    assert (error.trained, error.settled) == (1, 0)
    assert error.result.arrays["w"].numpy().tolist() == [1.0] * 4  # type: ignore[attr-defined]
    (folder,) = (tmp_path / "short").iterdir()
    assert (folder / "model.npz").exists()
    proposed = dict(re.findall(r"bcfl\.terms\.(\w+) to (\d+)", str(error)))
    commit_blocks = int(proposed["commit_blocks"])
    assert TRAINING_BLOCKS < commit_blocks <= 4 * TRAINING_BLOCKS
    with connect(real.url) as client:
        slot_s = client.slot_seconds()
        assert slot_s is not None
        assert commit_blocks >= blocks_for(TRAINING_BLOCKS * slot_s, slot_s)
    fitting = replace(terms, quorum=len(KEYS), **{k: int(v) for k, v in proposed.items()})  # type: ignore[arg-type]
    run(tmp_path / "fitting", fitting)
    (folder,) = (tmp_path / "fitting").iterdir()
    assert [line.outcome for line in read_run(folder).rounds] == ["settled"]
    assert audit_run(folder, chain=real.url).findings == ()


def test_a_window_that_just_holds_the_training_is_named(
    real: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    terms = TermsConfig(admission="open", coordinator_bond=Planck(0), quorum=3, commit_blocks=22)
    train(real, tmp_path / "runs", terms, rounds=1, blocks=17)
    (said,) = [line for line in caplog.messages if "longer is not recorded" in line]
    assert "bcfl.terms.commit_blocks to" in said


def test_rounds_that_are_faster_than_blocks_are_all_on_chain_at_the_end(
    real: Target, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten fast rounds lost six on chain with a wait of 120 s at the end, and exit code 0."""
    monkeypatch.setenv("XDG_STATE_HOME", str(tmp_path / "state"))
    quick = TermsConfig(admission="open", coordinator_bond=Planck(0), quorum=len(KEYS))
    train(real, tmp_path / "fast", quick, rounds=4, blocks=0)
    (folder,) = (tmp_path / "fast").iterdir()
    assert [line.outcome for line in read_run(folder).rounds] == ["settled"] * 4
    assert audit_run(folder, chain=real.url).findings == ()
