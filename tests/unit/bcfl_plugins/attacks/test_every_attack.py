"""What holds for every attack on updates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from bcfl_plugins import attacks
from bcfl_plugins.errors import BadUpdates, ConfigError
from pallet_bridge.errors import BcflError

if TYPE_CHECKING:
    from bcfl_plugins.attacks import ModelAttack

NEED_A_DEFENSE = {"adaptive", "optimal_alie", "optimal_ipm"}
RANDOM = {"gaussian", "noisy_min_max", "non_finite", "tuned_free_rider"}


def rng(seed: int = 0) -> np.random.Generator:
    return np.random.Generator(np.random.PCG64(seed))


@pytest.fixture(params=attacks.attack_names())
def attack(request: Any, middle: Any) -> ModelAttack:
    extra = {"defense": middle} if request.param in NEED_A_DEFENSE else {}
    return attacks.create_attack(request.param, **extra)


@pytest.mark.parametrize("dtype", [np.float16, np.float32, np.float64])
def test_shape_and_dtype_are_those_of_the_honest_and_nothing_is_written_to(
    attack: ModelAttack, honest: Any, dtype: Any
) -> None:
    seen = honest.astype(dtype)
    own, previous = seen[:3] * 2, seen[0] / 2
    copies = seen.copy(), own.copy(), previous.copy()
    for array in (seen, own, previous):
        array.flags.writeable = False
    crafted = attack.craft(seen, 3, rng=rng(), own=own, previous=previous)
    assert crafted.shape == (3, 40)
    assert crafted.dtype == dtype
    assert crafted.flags.writeable
    for array, copy in zip((seen, own, previous), copies, strict=True):
        np.testing.assert_array_equal(array, copy)


def test_equal_generators_give_equal_updates(attack: ModelAttack, honest: Any) -> None:
    one = attack.craft(honest, 3, rng=rng(1), own=honest[:3])
    np.testing.assert_array_equal(one, attack.craft(honest, 3, rng=rng(1), own=honest[:3]))
    other = attack.craft(honest, 3, rng=rng(2), own=honest[:3])
    assert np.array_equal(one, other, equal_nan=True) == (
        attack.name not in RANDOM or attack.name == "non_finite"
    )


def test_what_is_left_out_is_made_up_for(attack: ModelAttack, honest: Any) -> None:
    assert attack.craft(honest, 2, rng=rng()).shape == (2, 40)
    assert attack.craft(honest[:1], 1, rng=rng()).shape == (1, 40)


def test_updates_of_zeros_and_of_no_coordinates_do_not_break_it(attack: ModelAttack) -> None:
    with np.errstate(all="raise"):
        crafted = attack.craft(np.zeros((5, 7)), 2, rng=rng())
        assert attack.name == "non_finite" or np.isfinite(crafted).all()
        assert attack.craft(np.zeros((5, 0)), 2, rng=rng()).shape == (2, 0)


def test_only_two_attacks_send_what_float64_cannot_square(attack: ModelAttack, honest: Any) -> None:
    with np.errstate(over="ignore", invalid="ignore"):
        squares = np.square(attack.craft(honest, 2, rng=rng())).sum()
    assert np.isfinite(squares) == (attack.name not in {"non_finite", "overflow"})


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"honest": np.zeros(3)}, "updates"),
        ({"honest": np.zeros((2, 3), int)}, "updates"),
        ({"honest": np.zeros((0, 3))}, "updates"),
        ({"count": 0}, "count"),
        ({"own": np.zeros((3, 3))}, "own"),
        ({"previous": np.zeros(4)}, "previous"),
    ],
)
def test_what_does_not_fit_is_refused(attack: ModelAttack, given: Any, field: str) -> None:
    arguments = {"honest": np.ones((4, 3)), "count": 2, "rng": rng(), **given}
    with pytest.raises(BadUpdates) as caught:
        attack.craft(**arguments)
    assert caught.value.field == field


def test_names_papers_and_settings(attack: ModelAttack) -> None:
    assert attack.paper
    assert (type(attack).__doc__ or "").count(".")
    again = attacks.create_attack(attack.name, **attack.settings())
    assert again == attack


@pytest.mark.parametrize(
    ("name", "settings", "part"),
    [
        ("sign_flop", {}, "'sign_flip'"),
        ("sign_flip", {"facto": 2}, "'factor'"),
        ("adaptive", {}, "defense"),
        ("sybil", {"base": "mimik"}, "'mimic'"),
    ],
)
def test_a_near_miss_is_named(name: str, settings: Any, part: str) -> None:
    with pytest.raises(ConfigError, match=part):
        attacks.create_attack(name, **settings)
    with pytest.raises(ConfigError, match="'label_flip'"):
        attacks.create_data_attack("label_flp")


@pytest.mark.parametrize(
    ("name", "settings"),
    [
        ("free_rider", {"kind": "lazy"}),
        ("non_finite", {"value": "0"}),
        ("non_finite", {"share": 0.0}),
        ("min_max", {"direction": "up"}),
        ("min_sum", {"direction": "up"}),
        ("noisy_min_max", {"noise": -1.0}),
        ("chain", {"metric": "l1"}),
        ("chain", {"slack": 0.0}),
        ("on_off", {"on": 11}),
    ],
)
def test_settings_out_of_range_are_refused(name: str, settings: Any) -> None:
    with pytest.raises(BcflError):
        attacks.create_attack(name, **settings)
