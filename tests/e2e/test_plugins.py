"""What each plugin does, seen by taking it out: its effect goes, and no other."""

from __future__ import annotations

from typing import Any

import pytest

from bcfl_plugins import ConfigError
from pallet_bridge.audit.run import audit_run
from pallet_bridge.embedded.chain.chain import Chain
from pallet_bridge.run.journal import CHAIN, RUNTIME
from pallet_bridge.runtime import load_blob

ALL_PLUGINS = "staking, outliers, slashing, round_log"
STEP = 0.1  # how far honest nodes move each weight in a round
ROUNDS = 6
CLEAN = STEP * ROUNDS


def test_all_plugins_reject_log_and_slash(federate: Any) -> None:
    run = federate(ROUNDS, plugins=ALL_PLUGINS)
    assert run.means[-1] == pytest.approx(CLEAN, rel=0.05)
    assert [line.outcome for line in run.record.rounds] == ["settled"] * ROUNDS
    assert len({line.account for line in run.record.slashes}) == 3
    report = audit_run(run.folder, chain=None)
    assert report.ok, report.findings
    assert report.grounds.recomputed["slashes"] >= 3


def test_a_run_is_as_long_as_it_was_asked_to_be(federate: Any) -> None:
    """A federation of its own pays the rewards of 100 rounds, or as many as are named; not less."""
    run = federate(5, plugins="staking, round_log", **{"terms.fund_rounds": 2})
    assert [line.outcome for line in run.record.rounds] == ["settled"] * 5
    assert audit_run(run.folder, chain=None).ok


def test_without_outliers_nobody_is_rejected(federate: Any) -> None:
    run = federate(ROUNDS, plugins="staking, slashing, round_log")
    assert run.means[-1] < 0
    assert [line.outcome for line in run.record.rounds] == ["settled"] * ROUNDS
    assert [line.strikes for line in run.record.rounds] == [{}] * ROUNDS
    assert run.record.slashes == ()


def test_without_slashing_offences_wait_on_chain(federate: Any) -> None:
    run = federate(ROUNDS, plugins="staking, outliers, round_log")
    assert run.means[-1] == pytest.approx(CLEAN, rel=0.05)
    assert run.record.slashes == ()
    assert any(3 in line.strikes.values() for line in run.record.rounds)
    assert audit_run(run.folder, chain=None).ok


def test_without_round_log_the_chain_has_no_rounds(federate: Any) -> None:
    run = federate(ROUNDS, plugins="staking, outliers, slashing")
    assert run.means[-1] == pytest.approx(CLEAN, rel=0.05)
    assert run.record.rounds == ()
    assert run.record.end is not None
    assert run.record.end.next_round == 0


def test_without_staking_nobody_has_joined_and_rounds_are_aborted(federate: Any) -> None:
    plugins = {"plugins": "outliers, slashing, round_log", "round_log.on_missing": "warn"}
    run = federate(2, **plugins)
    assert run.means[-1] == pytest.approx(2 * STEP, rel=0.05)
    assert [line.outcome for line in run.record.rounds] == ["aborted"] * 2


def test_without_a_chain_the_defense_works(federate: Any) -> None:
    run = federate(ROUNDS, plugins="outliers", chain="none")
    assert run.means[-1] == pytest.approx(CLEAN, rel=0.05)
    assert run.folder is None


def test_without_any_plugin_it_is_plain_fedavg(federate: Any) -> None:
    assert federate(2).means[-1] < 0


@pytest.mark.parametrize("mode", ["queue", "fail"])
def test_both_modes_leave_the_same_facts(federate: Any, mode: str) -> None:
    run = federate(ROUNDS, plugins=ALL_PLUGINS, on_chain_error=mode)
    assert run.means[-1] == pytest.approx(CLEAN, rel=0.05)
    assert [line.outcome for line in run.record.rounds] == ["settled"] * ROUNDS
    assert len({line.account for line in run.record.slashes}) == 3


def test_the_exported_chain_executes_again(federate: Any) -> None:
    run = federate(1, plugins=ALL_PLUGINS)
    kept = (run.folder / RUNTIME).read_bytes()
    assert Chain.load(run.folder / CHAIN, blob=kept).genesis_hash == run.record.header.genesis
    assert kept == load_blob()


@pytest.mark.parametrize(
    ("wrong", "says"),
    [
        ({"plugins": "stakin"}, "did you mean 'staking'"),
        ({"plugins": "outliers", "outliers.methd": "x"}, "bcfl.outliers.methd"),
        ({"plugins": "staking", "stakng.stake": 1}, "did you mean 'staking'"),
        ({"plugins": "staking", "chain": "none"}, "cannot work without a chain"),
        ({"plugins": "staking", "chain": "embeded"}, "did you mean 'embedded'"),
        ({"plugins": "staking", "federation": 3}, "first federation is 0"),
        ({"plugin": "staking"}, "did you mean 'plugins'"),
        ({"plugins": "staking", "terms.min_stake": "1 EUR"}, "bcfl.terms.min_stake"),
    ],
)
def test_a_mistake_in_the_config_is_named(federate: Any, wrong: Any, says: str) -> None:
    with pytest.raises(ConfigError) as caught:
        federate(1, **wrong)
    assert says in str(caught.value)


def test_offences_whose_window_is_long_are_left_and_said(
    federate: Any, caplog: pytest.LogCaptureFixture
) -> None:
    waits = {
        "terms.dispute_blocks": 80,
        "terms.unbonding_blocks": 300,
        "terms.notice_blocks": 300,
        "slashing.wait_blocks": 5,
    }
    run = federate(3, plugins=ALL_PLUGINS, **waits)
    assert run.record.slashes == ()
    assert "offence(s) wait for block" in caplog.text
    assert audit_run(run.folder, chain=None).ok


def test_the_order_of_round_log_and_slashing_does_not_matter(federate: Any) -> None:
    run = federate(3, plugins="round_log, slashing, outliers, staking")
    assert len({line.account for line in run.record.slashes}) == 3
