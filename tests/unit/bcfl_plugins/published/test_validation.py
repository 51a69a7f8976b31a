from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pytest

from bcfl_plugins.published.validation import losses_of, name_of
from bcfl_plugins.types import ClientUpdate, NodeId, NodeRef
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Array

REFERENCE = {"w": np.zeros(2), "steps": np.array(3)}
UPDATES = [
    ClientUpdate(NodeRef(NodeId(n)), {"w": np.full(2, 1.0), "steps": np.array(4)}, 10)
    for n in range(6)
]


@pytest.mark.parametrize("share", [0.0, 0.5, 1.0])
def test_losses_are_of_the_reference_with_some_of_each_update(share: float) -> None:
    def measure(model: Mapping[str, Array]) -> Array:
        assert model["steps"] == 3
        return np.asarray(model["w"], np.float64)

    losses = losses_of(measure, REFERENCE, UPDATES)
    coefficients = np.zeros(len(UPDATES))
    coefficients[0] = share
    np.testing.assert_allclose(losses(coefficients), [share, share])


def test_a_node_is_named_by_its_account_which_outlives_a_reconnection() -> None:
    account = AccountId(bytes(32))
    assert name_of(NodeRef(NodeId(1), account)) == name_of(NodeRef(NodeId(2), account))
    assert name_of(NodeRef(NodeId(1))) == "node 1"
