"""The ``bcfl`` command: a chain to develop against, the audit of a run, a check of this machine."""

from __future__ import annotations

from bcfl_plugins.cli.app import main

__all__ = ["main"]
