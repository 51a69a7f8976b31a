"""Attacks that depend on the round."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from bcfl_plugins.attacks.base import ModelAttack, Situation, require
from bcfl_plugins.attacks.simple import SignFlip

if TYPE_CHECKING:
    from bcfl_plugins.attacks.base import Floats


@dataclass(frozen=True, slots=True)
class OnOff(ModelAttack):
    """Behave, attack for a few rounds, behave again: spend a reputation, then win it back.

    In each period of rounds the last `on` ones attack with `base`; the others send the own
    honest update.

    Parameters
    ----------
    base : ModelAttack
        What is sent while on; `create_attack` takes its name too.
    period, on : int
        Rounds of a period, and how many of them attack.
    """

    name: ClassVar[str] = "on_off"
    paper: ClassVar[str] = (
        "Sun, Han, Yu, Liu. A trust evaluation framework in distributed networks: vulnerability "
        "analysis and defense against attacks. INFOCOM 2006"
    )

    base: ModelAttack = field(default_factory=SignFlip)
    period: int = 10
    on: int = 3

    def __post_init__(self) -> None:
        """Check the settings."""
        require(ok=1 <= self.on <= self.period, field="on", problem="must lie between 1 and period")

    def attacks_in(self, server_round: int) -> bool:
        """Say whether this round (from 1) is one that attacks."""
        return (server_round - 1) % self.period >= self.period - self.on

    def _craft(self, at: Situation) -> Floats:
        if self.attacks_in(at.server_round):
            return self.base._craft(at)  # noqa: SLF001 - same class
        return at.own.copy()
