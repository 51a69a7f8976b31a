"""Which classes a memory of another server's may hold: nothing else is loaded for it."""

from __future__ import annotations

import sys

import pytest

from bcfl_plugins.standby.handover import _is_memory


@pytest.mark.parametrize(
    "name",
    [
        "os:stat_result",
        "bcfl_plugins.cli.__main__:Anything",
        "bcfl_plugins.defenses.nowhere:Anything",
        "bcfl_plugins.defenses.no.where:Anything",
        "bcfl_plugins.defenses..base:Anything",
        "bcfl_plugins.defenses_of_others:Anything",
        "",
    ],
)
def test_a_module_that_has_no_memories_is_not_loaded(name: str) -> None:
    before = set(sys.modules)
    assert not _is_memory(name)
    assert not {one for one in set(sys.modules) - before if one.startswith("bcfl_plugins.cli")}


def test_a_rules_memory_is_looked_for_where_rules_are() -> None:
    assert _is_memory("bcfl_plugins.evidence.ledger:Evidence")
