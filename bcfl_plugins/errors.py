"""The errors of this package; the rest of the tree is `pallet_bridge.errors`.

::

    BcflError
    ├── ConfigError          a key, value or plugin name in the run config
    ├── DefenseError         a defense cannot give an answer
    │   ├── BadUpdates       the updates, or what came with them, cannot be used
    │   └── TooFewUpdates    the rule does not tolerate f byzantine updates among n
    └── PluginError          a plugin broke the contract of a hook
"""

from __future__ import annotations

import difflib
from typing import TYPE_CHECKING

from pallet_bridge.errors import BcflError, ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable

__all__ = [
    "BadUpdates",
    "BcflError",
    "ConfigError",
    "DefenseError",
    "PluginError",
    "TooFewUpdates",
    "near_miss",
]


class DefenseError(BcflError, ValueError):
    """A defense cannot give an answer."""


class BadUpdates(DefenseError):
    """What a defense was given cannot be used.

    Attributes
    ----------
    field : str
        ``"updates"``, ``"reference"``, ``"ids"``, ``"weights"``, ``"trusted"``, ``"state"``, or a
        hyper-parameter.
    """

    def __init__(self, field: str, problem: str) -> None:
        super().__init__(field, problem)
        self.field = field
        self.problem = problem

    def __str__(self) -> str:
        return f"{self.field}: {self.problem}"


class TooFewUpdates(DefenseError):
    """A rule does not tolerate f byzantine updates among n.

    Attributes
    ----------
    rule : str
        The rule's name.
    n, f : int
        The number of updates, and of byzantine ones that were asked for or found.
    most : int
        The greatest f that the rule tolerates among n; -1: it needs more updates even without any.
    """

    def __init__(self, rule: str, n: int, f: int, most: int) -> None:
        super().__init__(rule, n, f, most)
        self.rule = rule
        self.n = n
        self.f = f
        self.most = most

    def __str__(self) -> str:
        fix = (
            f"Use f = {self.most} or less, wait for more updates, or take another rule."
            if self.most >= 0
            else "Wait for more updates, or take another rule."
        )
        return f"{self.rule} does not tolerate f = {self.f} among n = {self.n} updates. {fix}"


class PluginError(BcflError):
    """A plugin broke the contract of a hook.

    Attributes
    ----------
    plugin : str
        The plugin's name.
    hook : str
        The hook that it answered wrongly.
    """

    def __init__(self, plugin: str, hook: str, problem: str) -> None:
        self.plugin = plugin
        self.hook = hook
        super().__init__(
            f"plugin {plugin!r} broke the contract of {hook}: {problem}. "
            f"Fix the plugin, or take it out of bcfl.plugins."
        )


def near_miss(word: str, known: Iterable[str]) -> str:
    """Return ``; did you mean 'x'?`` for the closest known word, or nothing."""
    close = difflib.get_close_matches(word, sorted(known), n=1, cutoff=0.6)
    return f"; did you mean {close[0]!r}?" if close else ""
