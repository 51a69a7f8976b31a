"""``python -m bcfl_node``."""

from __future__ import annotations

from bcfl_node import main

main()
