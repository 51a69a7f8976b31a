"""``python -m bcfl_plugins.cli`` is ``bcfl``."""

from __future__ import annotations

from bcfl_plugins.cli.app import main

main()
