"""State machines that users subclass."""

from __future__ import annotations

from bcfl_plugins.testing.machines.chain import ChainMachine
from bcfl_plugins.testing.machines.hooks import HookMachine
from bcfl_plugins.testing.machines.invariants import InvariantBroken

__all__ = ["ChainMachine", "HookMachine", "InvariantBroken"]
