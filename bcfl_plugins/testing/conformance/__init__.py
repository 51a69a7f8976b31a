"""Kits for authors of plugins and of doors to a chain."""

from __future__ import annotations

from bcfl_plugins.testing.conformance.chain_client import check_chain_client
from bcfl_plugins.testing.conformance.plugin import check_plugin

__all__ = ["check_chain_client", "check_plugin"]
