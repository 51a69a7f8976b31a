from __future__ import annotations

import numpy as np
import pytest

from bcfl_plugins.defenses.parts.node_memory import NodeMemory, recalled, stacked
from bcfl_plugins.errors import BadUpdates


def test_absent_nodes_are_forgotten_in_time() -> None:
    memory: NodeMemory[str] = NodeMemory("foolsgold")
    memory = memory.after({1: "a", 2: "b"}, 2)
    memory = memory.after({1: "c"}, 2)
    assert set(memory.nodes) == {1, 2}
    memory = memory.after({1: "d"}, 2)
    assert set(memory.nodes) == {1}
    assert memory.round == 3
    assert memory.of((3, 1)) == [None, "d"]


def test_a_foreign_state_is_refused() -> None:
    assert recalled(None, "foolsgold").round == 0
    memory: NodeMemory[str] = NodeMemory("foolsgold", 3)
    assert recalled(memory, "foolsgold") is memory
    for foreign in ({"round": 1}, NodeMemory("contra")):
        with pytest.raises(BadUpdates, match="foolsgold"):
            recalled(foreign, "foolsgold")


def test_vectors_are_copied_into_rows_of_one_size() -> None:
    kept = np.ones(2)
    found = stacked([None, kept], 2)
    assert found.tolist() == [[0, 0], [1, 1]]
    found += 1.0
    assert kept.tolist() == [1, 1]
    with pytest.raises(BadUpdates, match="another size"):
        stacked([kept], 3)
