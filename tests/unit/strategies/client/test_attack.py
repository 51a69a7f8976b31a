"""Byzantine nodes in a real Flower app."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from flwr.app import Message, RecordDict

from bcfl_plugins import attacks
from bcfl_plugins.errors import BadUpdates
from strategies.client import Ring, attack_mod
from strategies.messages.records import to_arrays
from strategies.testing import FIRST_NODE_ID, InProcessGrid


class Nodes:
    """Nodes that are asked round after round, each with its own context."""

    def __init__(self, toy: Any, mod: Any, count: int = 2, **app: Any) -> None:
        self.toy = toy
        self.app = toy.app_of(mods=[mod], **app)
        self.grid = InProcessGrid(self.app, count)

    def ask(self, node: int, server_round: int, model: Any, kind: str = "train") -> Any:
        config = self.toy.config_record({"server-round": server_round})
        content = RecordDict({"arrays": self.toy.record(model), "config": config})
        with self.grid:
            message = Message(content, FIRST_NODE_ID + node, kind)
            return self.app(message, self.grid.contexts[FIRST_NODE_ID + node]).content

    def update(self, node: int, server_round: int, model: Any) -> Any:
        sent = to_arrays(self.ask(node, server_round, model)["arrays"])
        assert {name: array.dtype for name, array in sent.items()} == {
            name: array.dtype for name, array in model.items()
        }
        return {name: sent[name] - model[name] for name in model}


def own(node: int) -> float:
    """What the toy app adds to every entry."""
    return 0.01 * (node + 1)


def flat(update: Any) -> Any:
    return np.concatenate([np.ravel(array) for array in update.values()])


def test_only_the_chosen_partitions_attack(toy: Any) -> None:
    nodes = Nodes(toy, attack_mod(attacks.create_attack("sign_flip"), partitions={1}))
    model = toy.model()
    np.testing.assert_allclose(flat(nodes.update(0, 1, model)), own(0), atol=1e-6)
    np.testing.assert_allclose(flat(nodes.update(1, 1, model)), -own(1), atol=1e-6)


def test_evaluation_passes(toy: Any) -> None:
    nodes = Nodes(toy, attack_mod(attacks.create_attack("sign_flip")))
    assert set(nodes.ask(0, 1, toy.model(), "evaluate")) == {"metrics"}


def test_a_replay_repeats_the_node_s_last_update(toy: Any) -> None:
    nodes = Nodes(toy, attack_mod(attacks.create_attack("replay")))
    model = toy.model()
    other = {name: array * 0 for name, array in model.items()}
    first = flat(nodes.update(0, 1, model))
    nodes.update(1, 1, model)
    np.testing.assert_allclose(flat(nodes.update(0, 2, other)), first, atol=1e-6)


def test_a_free_rider_repeats_what_the_model_moved_by(toy: Any) -> None:
    nodes = Nodes(toy, attack_mod(attacks.create_attack("free_rider")))
    model = toy.model()
    assert not flat(nodes.update(0, 1, model)).any()
    later = {name: array + np.float32(0.25) for name, array in model.items()}
    np.testing.assert_allclose(flat(nodes.update(0, 2, later)), 0.25, atol=1e-6)


def test_the_round_and_the_seed_reach_the_attack(toy: Any) -> None:
    on_off = attacks.create_attack("on_off", period=2, on=1)
    nodes = Nodes(toy, attack_mod(on_off))
    model = toy.model()
    signs = [np.sign(flat(nodes.update(0, server_round, model))[0]) for server_round in (1, 2, 3)]
    assert signs == [1, -1, 1]
    noise = [
        flat(
            Nodes(toy, attack_mod(attacks.create_attack("gaussian"), seed=seed)).update(0, 1, model)
        )
        for seed in (0, 0, 1)
    ]
    np.testing.assert_array_equal(noise[0], noise[1])
    assert not np.array_equal(noise[0], noise[2])


def test_a_ring_makes_the_attackers_know_each_other(toy: Any, tmp_path: Any) -> None:
    nodes = Nodes(toy, attack_mod(attacks.create_attack("ipm", epsilon=1.0), ring=Ring(tmp_path)))
    model = toy.model()
    assert flat(nodes.update(0, 1, model))[0] == pytest.approx(-own(0), abs=1e-6)
    both = -(own(0) + own(1)) / 2
    assert flat(nodes.update(1, 1, model))[0] == pytest.approx(both, abs=1e-6)
    assert flat(nodes.update(0, 2, model))[0] == pytest.approx(both, abs=1e-6)


def test_a_ring_gives_the_latest_update_of_each_node_by_its_id(tmp_path: Any) -> None:
    ring = Ring(tmp_path / "not there yet")
    ring.share(20, np.float32([2, 2]))
    ring.share(3, np.float32([1, 1]))
    np.testing.assert_array_equal(ring.share(20, np.float32([5, 5])), [[1, 1], [5, 5]])


def test_integers_go_as_trained_and_overflow_arrives(toy: Any) -> None:
    nodes = Nodes(toy, attack_mod(attacks.create_attack("overflow")))
    model = {**toy.model(), "steps": np.int64(7).reshape(())}
    sent = nodes.update(0, 1, model)
    assert sent["steps"] == 0
    assert (np.abs(sent["w"]) > 1e38).all()


def test_an_app_that_sends_another_model_is_refused(toy: Any) -> None:
    for wrong in (toy.malformed["missing array"], toy.malformed["two ArrayRecords"]):
        nodes = Nodes(toy, attack_mod(attacks.create_attack("sign_flip")), attacks={0: wrong})
        with pytest.raises(BadUpdates):
            nodes.ask(0, 1, toy.model())


def test_a_federation_with_attackers_runs(toy: Any) -> None:
    mod = attack_mod(attacks.create_attack("scaling", factor=100.0), partitions={9})
    strategy = toy.build("FedMedian")
    result = toy.run(strategy, toy.app_of(mods=[mod]), rounds=2)
    moved = to_arrays(result.arrays)["w"] - toy.model()["w"]
    np.testing.assert_allclose(moved, 2 * 0.055, atol=1e-3)
