"""The chain side: the pallet's types, a client, reports and the audit. Knows nothing of Flower.

`connect` gives a `ChainClient`, `calls` makes what a `Signer` sends through it, and `audit_run`
checks what a run left behind.
"""

import importlib
from typing import TYPE_CHECKING

from pallet_bridge import errors, types
from pallet_bridge.__about__ import __version__
from pallet_bridge.client.connect import connect
from pallet_bridge.client.protocol import ChainClient
from pallet_bridge.metadata import PALLET
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from pallet_bridge import calls
    from pallet_bridge.audit.run import audit_run
    from pallet_bridge.keys import Signer

__all__ = [
    "PALLET",
    "UNIT",
    "ChainClient",
    "Planck",
    "Signer",
    "__version__",
    "audit_run",
    "calls",
    "connect",
    "errors",
    "types",
]

_WHERE = {
    "Signer": "pallet_bridge.keys",
    "audit_run": "pallet_bridge.audit.run",
    "calls": "pallet_bridge.calls",
}
"""The module of each name that is loaded when it is first used; `calls` is one itself."""

if not TYPE_CHECKING:  # a checker would take any name for one of these

    def __getattr__(name: str) -> object:
        if name not in _WHERE:
            raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
        module = importlib.import_module(_WHERE[name])
        return getattr(module, name, module)

    def __dir__() -> list[str]:
        return __all__
