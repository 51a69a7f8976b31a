"""What the README's three lines make of an app, without reading what the app does."""

from __future__ import annotations

import ast
import re
import sys
from types import ModuleType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

SWAPS = (
    (r"^from flwr\.(?:serverapp|server)\.strategy import ", "from strategies import "),
    (r"^from flwr\.clientapp import ClientApp$", "from strategies import ClientApp"),
)
ARGUMENT = "bcfl=context.run_config"


def adopted(source: str) -> str:
    """Return an app's source with the three lines changed, wherever it has them."""
    for before, after in SWAPS:
        source = re.sub(before, after, source, flags=re.MULTILINE)
    lines = source.splitlines(keepends=True)
    for call in reversed([*_strategies(ast.parse(source))]):
        line, end = (call.end_lineno or 0) - 1, (call.end_col_offset or 0) - 1
        inside = "".join([*lines[call.lineno - 1 : line], lines[line][:end]]).rstrip()
        comma = "" if inside.endswith((",", "(")) else ", "
        lines[line] = f"{lines[line][:end]}{comma}{ARGUMENT}{lines[line][end:]}"
    return "".join(lines)


def _strategies(tree: ast.Module) -> list[ast.Call]:
    """Return each call whose result is named `strategy`."""
    return [
        node.value
        for node in ast.walk(tree)
        if isinstance(node, ast.Assign)
        and isinstance(node.value, ast.Call)
        and [getattr(target, "id", None) for target in node.targets] == ["strategy"]
    ]


def loaded(path: Path, *, changed: bool) -> ModuleType:
    """Import an app as it was written, or as it is after the three lines."""
    source = path.read_text(encoding="utf-8")
    module = ModuleType(f"app_{path.stem}")
    sys.modules[module.__name__] = module  # pickles and dataclasses look their module up
    code = compile(adopted(source) if changed else source, str(path), "exec")
    exec(code, vars(module))  # an app of this folder
    return module
