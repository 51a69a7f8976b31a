"""The chain under test: a machine of calls, checks of a client, and pytest fixtures.

* `ChainMachine` sends sensible and hostile calls, and checks every invariant;
* `check_chain_client` holds a client to the promises of `ChainClient`;
* `DEVELOPMENT` is the terms of a federation to try things with;
* the module `fixtures` gives pytest an embedded chain and federations on it.

Needs ``pip install "bcfl-plugins[testing]"``; importing this package does not, using it does.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pallet_bridge.testing.chain_machine import ChainMachine
    from pallet_bridge.testing.client_checks import check_chain_client
    from pallet_bridge.testing.results import ConformanceResult
    from pallet_bridge.testing.terms import DEVELOPMENT

__all__ = ["DEVELOPMENT", "ChainMachine", "ConformanceResult", "check_chain_client"]

_WHERE = {
    "ChainMachine": "pallet_bridge.testing.chain_machine",
    "ConformanceResult": "pallet_bridge.testing.results",
    "DEVELOPMENT": "pallet_bridge.testing.terms",
    "check_chain_client": "pallet_bridge.testing.client_checks",
}
"""The module of each public name: loaded when the name is first used, and the extra with it."""

if not TYPE_CHECKING:

    def __getattr__(name: str) -> object:
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        return getattr(importlib.import_module(_WHERE[name]), name)


def __dir__() -> list[str]:
    return __all__
