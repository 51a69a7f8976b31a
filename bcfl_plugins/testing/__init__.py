"""The testing kit: hold any defense to the rules that a defense should keep.

Needs ``pip install "bcfl-plugins[testing]"``; importing this package does not, using it does.

>>> from bcfl_plugins.testing import check_defense
>>> results = check_defense(my_defense)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

from bcfl_plugins.testing.errors import CheckFailed, KitError, MissingExtra, NotADefense

if TYPE_CHECKING:
    from bcfl_plugins.testing.api import check_defense, replay
    from bcfl_plugins.testing.cases import Case, large_case
    from bcfl_plugins.testing.conformance import check_chain_client, check_plugin
    from bcfl_plugins.testing.generate import byzantine_rows, rounds, updates
    from bcfl_plugins.testing.machines import ChainMachine, HookMachine
    from bcfl_plugins.testing.results import CheckResult, Counterexample
    from bcfl_plugins.testing.suite import DefenseTests, parametrize_with_checks
    from bcfl_plugins.testing.tags import Profile, Tags
    from bcfl_plugins.testing.worlds import (
        Federation,
        MalformedReply,
        Presence,
        federations,
        malformed_replies,
        round_reports,
    )

__all__ = [
    "Case",
    "ChainMachine",
    "CheckFailed",
    "CheckResult",
    "Counterexample",
    "DefenseTests",
    "Federation",
    "HookMachine",
    "KitError",
    "MalformedReply",
    "MissingExtra",
    "NotADefense",
    "Presence",
    "Profile",
    "Tags",
    "byzantine_rows",
    "check_chain_client",
    "check_defense",
    "check_plugin",
    "federations",
    "large_case",
    "malformed_replies",
    "parametrize_with_checks",
    "replay",
    "round_reports",
    "rounds",
    "updates",
]

_WHERE = {
    "Case": "cases",
    "ChainMachine": "machines",
    "CheckResult": "results",
    "Counterexample": "results",
    "DefenseTests": "suite",
    "Federation": "worlds",
    "HookMachine": "machines",
    "MalformedReply": "worlds",
    "Presence": "worlds",
    "Profile": "tags",
    "Tags": "tags",
    "byzantine_rows": "generate",
    "check_chain_client": "conformance",
    "check_defense": "api",
    "check_plugin": "conformance",
    "federations": "worlds",
    "large_case": "cases",
    "malformed_replies": "worlds",
    "parametrize_with_checks": "suite",
    "replay": "api",
    "round_reports": "worlds",
    "rounds": "generate",
    "updates": "generate",
}
"""Where each public name lives: loaded when it is first used, and the extra with it."""

_EXTRA = {"hypothesis", "pytest"}


def __getattr__(name: str) -> Any:  # noqa: ANN401 - any public name
    if name not in _WHERE:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    try:
        module = importlib.import_module(f"{__name__}.{_WHERE[name]}")
    except ModuleNotFoundError as error:
        if error.name is not None and error.name.partition(".")[0] in _EXTRA:
            raise MissingExtra(error.name) from error
        raise
    return getattr(module, name)


def __dir__() -> list[str]:
    return __all__
