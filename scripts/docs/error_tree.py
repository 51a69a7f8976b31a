"""The tree of errors in docs/reference/errors.md; `scripts.docs.pages` writes it."""

from __future__ import annotations

import pkgutil
from importlib import import_module
from typing import TYPE_CHECKING

import bcfl_plugins
import pallet_bridge
import strategies
from pallet_bridge.errors import BcflError, CallFailed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import ModuleType

PACKAGES = (strategies, bcfl_plugins, pallet_bridge)


def load_all(package: ModuleType) -> None:
    """Import every module of a package, so that each error is known."""
    for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}."):
        if not found.name.endswith("__main__"):
            import_module(found.name)


def rows(error: type[BcflError], depth: int = 0) -> Iterator[str]:
    """Yield a line for an error, then those of the errors below it."""
    package = error.__module__.partition(".")[0]
    told = (error.__doc__ or "").strip().partition("\n")[0]
    also = [base.__name__ for base in error.__bases__ if not issubclass(base, BcflError)]
    mark = "· " * depth
    also_is = ", ".join(f"`{name}`" for name in also if name != "Exception")
    yield f"| {mark}`{error.__name__}` | `{package}` | {also_is} | {told} |"
    if error is CallFailed:
        return  # one for each error of the pallet, which has a page of its own
    below = {one.__name__: one for one in error.__subclasses__()}
    for name in sorted(below):
        if below[name].__module__.partition(".")[0] in {one.__name__ for one in PACKAGES}:
            yield from rows(below[name], depth + 1)


def render() -> str:
    """Return the table."""
    for package in PACKAGES:
        load_all(package)
    head = ["| error | raised by | also is | what happened |", "| -- | -- | -- | -- |"]
    return "\n".join([*head, *rows(BcflError)]) + "\n"
