from __future__ import annotations

from dataclasses import replace

import pytest

from bcfl_plugins.cli.network.health import Health, judge

WELL = Health(best=103, final=100, age_s=2.0, peers=3, syncing=False)


def faults(found: Health) -> set[str]:
    checks = [*judge(found, 10, 60.0, 1)]
    assert all(check.advice for check in checks)
    return {check.name for check in checks if not check.ok}


def test_a_node_that_follows_its_chain_is_well() -> None:
    assert faults(WELL) == set()
    assert faults(replace(WELL, best=110, age_s=60.0, peers=1)) == set()


@pytest.mark.parametrize(
    ("sick", "named"),
    [
        (replace(WELL, age_s=60.1), "blocks"),
        (replace(WELL, best=111), "finality"),
        (replace(WELL, peers=0), "peers"),
        (replace(WELL, syncing=True), "sync"),
    ],
)
def test_each_fault_is_named(sick: Health, named: str) -> None:
    assert faults(sick) == {named}
