"""Every attack that has a name can be what nodes of a Flower app do."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import Message, RecordDict

from bcfl_plugins import attacks
from bcfl_plugins.defenses.registry import create_rule
from strategies.client import Ring, attack_mod
from strategies.messages.records import to_arrays
from strategies.testing import FIRST_NODE_ID, InProcessGrid

NEED_A_DEFENSE = {"adaptive", "optimal_alie", "optimal_ipm"}
OF_THE_ISSUE = """
    sign_flip scaling gaussian ipm optimal_ipm alie optimal_alie min_max min_sum mimic free_rider
    sybil noisy_min_max non_finite overflow replay adaptive
"""


def test_the_attacks_that_were_asked_for_are_there() -> None:
    assert set(OF_THE_ISSUE.split()) <= set(attacks.attack_names())
    assert set(attacks.data_attack_names()) >= {
        "label_flip",
        "dynamic_label_flip",
        "pixel_backdoor",
        "distributed_backdoor",
    }


@pytest.mark.parametrize("name", attacks.attack_names())
def test_nodes_of_an_app_send_it(name: str, toy: Any, tmp_path: Any) -> None:
    settings = {"defense": create_rule("median")} if name in NEED_A_DEFENSE else {}
    mod = attack_mod(
        attacks.create_attack(name, **settings), partitions={0, 1, 2}, ring=Ring(tmp_path)
    )
    app, model = toy.app_of(mods=[mod]), toy.model()
    grid, attacked = InProcessGrid(app, 4), False
    for server_round in (1, 8):  # on_off attacks in rounds 8 to 10
        content = {"arrays": toy.record(model)}
        content["config"] = toy.config_record({"server-round": server_round})
        for node in range(4):
            with grid:
                message = Message(RecordDict(content), FIRST_NODE_ID + node, "train")
                reply = app(message, grid.contexts[FIRST_NODE_ID + node])
            sent = to_arrays(reply.content["arrays"])
            assert {key: (one.shape, one.dtype) for key, one in sent.items()} == {
                key: (one.shape, one.dtype) for key, one in model.items()
            }
            honest = np.allclose(sent["w"] - model["w"], 0.01 * (node + 1), atol=1e-6)
            assert honest or node != 3
            attacked |= not honest
    # Here a node's update is the same in every round, so that an earlier one is no other.
    assert attacked == (name not in {"none", "replay"})
