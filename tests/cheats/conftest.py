from __future__ import annotations

from pallet_bridge.testing.fixtures import bcfl_chain, bcfl_federation

__all__ = ["bcfl_chain", "bcfl_federation"]
