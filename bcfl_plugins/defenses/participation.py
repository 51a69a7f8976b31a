"""What a round of few updates can support: f follows participation, and some rounds support none.

A rule is made for a federation, and judges the updates of a round, which may be fewer. To refuse
every round below the f that was asked for would end the training, or leave it without a judge.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcfl_plugins.defenses.base import Defense

_MANY = 1000


def fitted(rule: Defense, n: int) -> tuple[Defense, str]:
    """Return the rule with as much of its f as n updates support, and what was cut, for people.

    Where n updates do not even support f = 1 the rule comes back as it is: see `unsupported`.
    """
    most = rule.max_byzantine(n)
    if rule.f is None or rule.f <= most or most < 1:
        return rule, ""
    cut = f"f = {most} instead of {rule.f}, the most that {rule.name} tolerates among {n} updates"
    return replace(rule, f=most), cut


def unsupported(rule: Defense, n: int) -> str:
    """Say why a rule cannot judge n updates; empty when it can.

    A rule that was made for f = 0, or that never withstands anybody, judges what it can.
    """
    if rule.f == 0 or rule.max_byzantine(n) >= 1 or rule.max_byzantine(_MANY) < 1:
        return ""
    return f"{rule.name} tolerates no byzantine update among {n}"
