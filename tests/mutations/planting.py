"""Plant a bug: replace one step in the source of a module, and make the rule that has it."""

from __future__ import annotations

import importlib
import inspect
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from types import ModuleType
from typing import TYPE_CHECKING

from bcfl_plugins.defenses import registry

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.defenses.base import Defense

PACKAGE = "bcfl_plugins.defenses"


@dataclass(frozen=True, slots=True)
class Bug:
    """One wrong step.

    Parameters
    ----------
    name : str
        What is wrong.
    rule : str
        The rule that is checked, as the registry names it.
    caught_by : str
        The check that has to find it.
    module : str
        Where the step is, below ``bcfl_plugins.defenses``.
    right, wrong : str
        The code and what replaces it. `right` occurs once.
    """

    name: str
    rule: str
    caught_by: str
    module: str
    right: str
    wrong: str


@contextmanager
def planted(bug: Bug) -> Iterator[Defense]:
    """Yield the rule with the bug; afterwards everything is as it was."""
    module = importlib.import_module(f"{PACKAGE}.{bug.module}")
    source = inspect.getsource(module)
    assert source.count(bug.right) == 1, f"{bug.name}: the code has changed; plant it anew"
    bad = ModuleType(module.__name__)
    bad.__file__ = module.__file__
    known = sys.modules[module.__name__]
    sys.modules[module.__name__] = bad  # dataclasses look their module up
    try:
        exec(compile(source.replace(bug.right, bug.wrong), str(module.__file__), "exec"), vars(bad))
        with _in_place(module, bad):
            yield _rule(bug.rule, bad)
    finally:
        sys.modules[module.__name__] = known


def _rule(name: str, bad: ModuleType) -> Defense:
    """Make a rule; a class of the bad module stands in for the one that the registry has."""
    parts = []
    for part in name.split("+"):
        right = type(registry.create_rule(part))
        parts.append(getattr(bad, right.__name__, right)())
    made = parts[-1]
    for pre in reversed(parts[:-1]):
        made = pre + made
    return made


@contextmanager
def _in_place(module: ModuleType, bad: ModuleType) -> Iterator[None]:
    """Put the bad functions and classes wherever the right ones were imported to."""
    changed = []
    places = [m for name, m in sys.modules.items() if name.startswith(PACKAGE)]
    for place in [*places, module]:
        for name, value in list(vars(place).items()):
            stand_in = vars(bad).get(name)
            if place is bad or stand_in is None or vars(module).get(name) is not value:
                continue
            if getattr(value, "__module__", None) == module.__name__:
                changed.append((place, name, value))
                setattr(place, name, stand_in)
    try:
        yield
    finally:
        for place, name, value in changed:
            setattr(place, name, value)
