"""The ``bcfl`` command: all that a person does on a chain, the audit of a run, checks."""

from __future__ import annotations

from bcfl_plugins.cli.app import main

__all__ = ["main"]
