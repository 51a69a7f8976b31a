"""For tests of Flower apps: a grid without ray or sockets, and checks inside a real run.

`strategies.testing.adapter` lets the kit of `bcfl_plugins.testing` drive Flower strategies.
"""

from __future__ import annotations

from strategies.testing.checked import CheckedStrategy
from strategies.testing.grid import DROP, FIRST_NODE_ID, InProcessGrid

__all__ = ["DROP", "FIRST_NODE_ID", "CheckedStrategy", "InProcessGrid"]
