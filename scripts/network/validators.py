"""Four validators at two switches."""

from __future__ import annotations

import json
from contextlib import ExitStack
from typing import TYPE_CHECKING, Final, Self

from scripts.network.lan import SIDES, Lan
from tests.nodes.process import Node, spec_of, wait

if TYPE_CHECKING:
    from pathlib import Path

NAMES: Final = ("Alice", "Bob", "Charlie", "Dave")
_OPEN: Final = ("--unsafe-rpc-external", "--rpc-methods", "unsafe", "--rpc-cors", "all")
KEPT: Final = "the same final blocks at all"


class Validators:
    """A network of the development accounts: the first two are near, the others far."""

    def __init__(self, binary: Path, folder: Path) -> None:
        self._binary, self.folder = binary, folder
        self._stack = ExitStack()
        self.lan = Lan()

    def __enter__(self) -> Self:
        self._stack.enter_context(self.lan)
        self._spec = self.folder / "spec.json"
        spec = spec_of(self._binary, NAMES)
        spec["genesis"]["runtimeGenesis"]["patch"]["sudo"]["key"] = None
        self._spec.write_text(json.dumps(spec))
        self.nodes = [
            self._node(name, SIDES[number // 2], "--validator", f"--{name.lower()}")
            for number, name in enumerate(NAMES)
        ]
        for node in self.nodes:
            self.start(node)
        wait(self.first, lambda: self.first.final() >= 1, "four validators finalizing")
        return self

    def __exit__(self, *_: object) -> None:
        self._stack.close()

    @property
    def first(self) -> Node:
        """The one that the server knows."""
        return self.nodes[0]

    @property
    def last(self) -> Node:
        """One at the far switch, or one that came later."""
        return self.nodes[-1]

    def start(self, node: Node) -> None:
        """Start one that does not run; it knows the addresses of all others."""
        node.start(*(peer for peer in self.nodes if peer is not node))

    def add(self, name: str) -> Node:
        """Start another node, which writes no blocks and has an empty disk."""
        node = self._node(name, SIDES[1])
        self.nodes.append(node)
        self.start(node)
        return node

    def agreed(self) -> str:
        """Wait until all have the final blocks of now, and say whether they are the same."""
        goal = self.first.best()
        wait(self.first, lambda: all(one.final() >= goal for one in self.nodes), "one final block")
        numbers = range(goal + 1)
        histories = {tuple(node.hash_of(number) for number in numbers) for node in self.nodes}
        return KEPT if len(histories) == 1 else f"{len(histories)} histories"

    def _node(self, name: str, side: str, *options: str) -> Node:
        host = self.lan.plug(side)
        words: tuple[str | Path, ...] = (
            "--chain",
            self._spec,
            "--state-pruning",
            "archive",
            *_OPEN,
            *options,
        )
        base = self.folder / name
        node = Node(self._binary, base, *words, host=host.address, there=host.there)
        node.url = node.url.replace(host.address, host.control)
        self._stack.callback(node.kill)
        return node
