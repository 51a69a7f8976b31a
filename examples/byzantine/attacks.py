"""What a poisoning node does to its own data or to the update that it sends."""

from __future__ import annotations

from enum import Enum
from typing import TYPE_CHECKING

from examples.byzantine.data import CLASSES, Digits

if TYPE_CHECKING:
    from collections.abc import Mapping

    import torch

SCALE = 10


class Attack(Enum):
    """What a node does; every attack needs nothing but the node's own data and update."""

    NONE = "honest"
    SIGN_FLIP = "sign flip"
    SCALED = "scaled x10"
    LABEL_FLIP = "label flip"


def poison_data(attack: Attack, data: Digits) -> Digits:
    """Label flip: the node trains on 9 for 0, 8 for 1, and so on."""
    if attack is not Attack.LABEL_FLIP:
        return data
    return Digits(data.images, CLASSES - 1 - data.labels)


def poison_update(
    attack: Attack, before: Mapping[str, torch.Tensor], after: Mapping[str, torch.Tensor]
) -> dict[str, torch.Tensor]:
    """The weights that leave the node: `before` plus what it learned, times a factor.

    The scaled attack walks ten steps back. Ten steps forward would be no poison here: FedAvg
    divides them by ten nodes and still learns.
    """
    factor = {Attack.SIGN_FLIP: -1, Attack.SCALED: -SCALE}.get(attack, 1)
    return {name: before[name] + factor * (after[name] - before[name]) for name in before}
