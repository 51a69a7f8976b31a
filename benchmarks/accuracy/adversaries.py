"""The attacks of the accuracy table, by name."""

from __future__ import annotations

from dataclasses import dataclass
from types import MappingProxyType
from typing import TYPE_CHECKING

from bcfl_plugins.attacks import create_attack, create_data_attack
from bcfl_plugins.attacks.data import DataAttack, PixelBackdoor
from benchmarks.accuracy.data import WHITE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from bcfl_plugins.attacks.base import ModelAttack

SIDE = 28


@dataclass(frozen=True, slots=True)
class Adversary:
    """What colluding clients do to their data, and to their updates.

    Parameters
    ----------
    model : ModelAttack or None
        ``None``: they send what training gave them.
    data : DataAttack or None
        ``None``: they train on clean data.
    """

    model: ModelAttack | None = None
    data: DataAttack | None = None


def backdoor() -> PixelBackdoor:
    """Return the pixel backdoor of the table; it also stamps the test images."""
    made = create_data_attack("pixel_backdoor", shape=(SIDE, SIDE), value=WHITE)
    if not isinstance(made, PixelBackdoor):
        raise TypeError(type(made))
    return made


ADVERSARIES: Mapping[str, Callable[[], Adversary | None]] = MappingProxyType(
    {
        "none": lambda: None,
        "sign_flip": lambda: Adversary(create_attack("sign_flip")),
        "ipm_0.1": lambda: Adversary(create_attack("ipm", epsilon=0.1)),
        "ipm_10": lambda: Adversary(create_attack("ipm", epsilon=10.0)),
        "alie": lambda: Adversary(create_attack("alie")),
        "min_max": lambda: Adversary(create_attack("min_max")),
        "noisy_min_max": lambda: Adversary(create_attack("noisy_min_max")),
        "mimic": lambda: Adversary(create_attack("mimic")),
        "chain": lambda: Adversary(create_attack("chain")),
        "free_rider": lambda: Adversary(create_attack("free_rider", kind="disguised")),
        "label_flip": lambda: Adversary(data=create_data_attack("label_flip")),
        "backdoor": lambda: Adversary(data=backdoor()),
    }
)
"""``none`` is the run in which everyone is honest."""
