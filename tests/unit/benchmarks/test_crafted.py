"""What attackers send is what its name says, and honest sites keep theirs."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.crafted import ATTACKS, BACKDOOR, craft

EVIL = np.array([False, False, False, True])


def sent(attack: str, turn: int = 0) -> np.ndarray:
    updates = np.random.default_rng(0).standard_normal((4, 6))
    return craft(updates, EVIL, attack, turn, np.random.default_rng(1))


@pytest.mark.parametrize("attack", [*ATTACKS, BACKDOOR])
def test_only_attackers_change(attack: str) -> None:
    assert np.array_equal(sent(attack)[~EVIL], sent("none")[~EVIL])
    done_to_data = attack in {"none", "label_flip", BACKDOOR, "on_off"}
    assert np.array_equal(sent(attack)[EVIL], sent("none")[EVIL]) == done_to_data


def test_reversed_scaled_and_now_and_then() -> None:
    own = sent("none")[EVIL]
    assert np.array_equal(sent("sign_flip")[EVIL], -own)
    assert np.array_equal(sent("scaled")[EVIL], -10.0 * own)
    assert np.array_equal(sent("on_off", 2)[EVIL], own)
    assert np.array_equal(sent("on_off", 3)[EVIL], -own)
