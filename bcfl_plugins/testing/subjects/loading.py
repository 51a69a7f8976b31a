"""From the name of a defense to the object: ``mypkg.mymodule:MyDefense``."""

from __future__ import annotations

import importlib
from typing import Any

from bcfl_plugins.testing.errors import KitError
from bcfl_plugins.testing.subjects.sources import SourceCode, source_of


def load_target(target: str) -> Any:  # noqa: ANN401 - the user's object
    """Import a defense.

    Parameters
    ----------
    target : str
        ``module:name``; the name may have dots.

    Raises
    ------
    KitError
        If there is no such module or name.
    """
    module_name, colon, path = target.partition(":")
    if not (module_name and colon and path):
        raise KitError(f"{target!r} names no defense; write it as package.module:MyDefense")
    try:
        found: Any = importlib.import_module(module_name)
    except ModuleNotFoundError as error:
        if error.name is None or not f"{module_name}.".startswith(f"{error.name}."):
            raise
        raise KitError(
            f"there is no module {error.name!r} to import {target!r} from. Run the command in the "
            f"folder that holds it, or install its package."
        ) from error
    for part in path.split("."):
        if not hasattr(found, part):
            raise KitError(f"{module_name!r} has no {path!r}")
        found = getattr(found, part)
    return found


def target_source(target: str, obj: object) -> SourceCode:
    """Return how a test imports a defense that was named."""
    module_name, _, path = target.partition(":")
    top = path.partition(".")[0]
    name = source_of(obj).name
    return SourceCode(name or path, f"from {module_name} import {top}", path)
