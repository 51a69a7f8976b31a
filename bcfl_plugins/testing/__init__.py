"""The testing kit: hold any defense to the rules that a defense should keep.

Needs ``pip install "bcfl-plugins[testing]"``; importing this package does not, using it does.

>>> from bcfl_plugins.testing import check_defense
>>> results = check_defense(my_defense)  # doctest: +SKIP
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from bcfl_plugins.testing.api import check_defense, replay
    from bcfl_plugins.testing.errors import CheckFailed, KitError, MissingExtra, NotADefense
    from bcfl_plugins.testing.generators.cases import Case, large_case
    from bcfl_plugins.testing.generators.generate import byzantine_rows, rounds, updates
    from bcfl_plugins.testing.generators.worlds import (
        FederationPlan,
        MalformedReply,
        Presence,
        federations,
        malformed_replies,
        round_reports,
    )
    from bcfl_plugins.testing.plugins.checks import check_plugin
    from bcfl_plugins.testing.plugins.machine import HookMachine
    from bcfl_plugins.testing.results import CheckResult, Counterexample
    from bcfl_plugins.testing.subjects.tags import Profile, Tags
    from bcfl_plugins.testing.suite import DefenseTests, parametrize_with_checks
    from pallet_bridge.testing.chain_machine import ChainMachine
    from pallet_bridge.testing.client_checks import check_chain_client

__all__ = [
    "Case",
    "ChainMachine",
    "CheckFailed",
    "CheckResult",
    "Counterexample",
    "DefenseTests",
    "FederationPlan",
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

_KIT = "bcfl_plugins.testing"
_HOME = {
    f"{_KIT}.api": ("check_defense", "replay"),
    f"{_KIT}.errors": ("CheckFailed", "KitError", "MissingExtra", "NotADefense"),
    f"{_KIT}.plugins.checks": ("check_plugin",),
    f"{_KIT}.plugins.machine": ("HookMachine",),
    f"{_KIT}.results": ("CheckResult", "Counterexample"),
    f"{_KIT}.generators.cases": ("Case", "large_case"),
    f"{_KIT}.generators.generate": ("byzantine_rows", "rounds", "updates"),
    f"{_KIT}.generators.worlds": (
        "FederationPlan", "MalformedReply", "Presence", "federations", "malformed_replies",
        "round_reports",
    ),
    f"{_KIT}.subjects.tags": ("Profile", "Tags"),
    f"{_KIT}.suite": ("DefenseTests", "parametrize_with_checks"),
    "pallet_bridge.testing.chain_machine": ("ChainMachine",),
    "pallet_bridge.testing.client_checks": ("check_chain_client",),
}  # fmt: skip
"""Where each public name lives: loaded when it is first used, and the extra with it."""

_WHERE = {name: home for home, names in _HOME.items() for name in names}
_EXTRA = {"hypothesis", "pytest"}

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        try:
            module = importlib.import_module(_WHERE[name])
        except ModuleNotFoundError as error:
            if error.name is not None and error.name.partition(".")[0] in _EXTRA:
                from bcfl_plugins.testing.errors import MissingExtra  # noqa: PLC0415

                raise MissingExtra(error.name) from error
            raise
        return getattr(module, name)


def __dir__() -> list[str]:
    return __all__
