"""Put settings into the text of a pyproject.toml, and leave all else as it is."""

from __future__ import annotations

import difflib
import tomllib
from collections.abc import MutableMapping
from itertools import pairwise
from typing import TYPE_CHECKING, Any

import tomlkit
from tomlkit.exceptions import TOMLKitError

from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Scalar

_PLACE = ("tool", "flwr", "app")


def app_config(text: str) -> dict[str, Any]:
    """Return the run config that a pyproject.toml of a Flower app has, empty when it has none.

    Raises
    ------
    ConfigError
        If it is no TOML, or not that of a Flower app.
    """
    try:
        found: Any = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise ConfigError(f"the pyproject.toml is no TOML: {error}") from None
    for name in _PLACE:
        found = found.get(name) if isinstance(found, dict) else None
    if not isinstance(found, dict):
        raise ConfigError(
            "the pyproject.toml has no [tool.flwr.app]: this is no Flower app; `flwr new` makes one"
        )
    config = found.get("config", {})
    if not isinstance(config, dict):
        raise ConfigError("tool.flwr.app.config is no table; mend the pyproject.toml first")
    return config


def with_settings(text: str, settings: Mapping[str, Scalar]) -> str:
    """Return the text with these settings in its table ``bcfl``.

    Parameters
    ----------
    text : str
        A pyproject.toml.
    settings : Mapping
        By their names within ``bcfl``, such as ``plugins`` or ``terms.min_stake``.

    Raises
    ------
    ConfigError
        If the file cannot be edited so that only they change.
    """
    config = app_config(text)
    quoted = sorted(name for name in config if name.startswith("bcfl."))
    if quoted:
        raise ConfigError(
            f'the pyproject.toml has "{quoted[0]}" as one quoted key; write it as a key of the '
            f"table [tool.flwr.app.config.bcfl] first"
        )
    ending = "\r\n" if "\r\n" in text else "\n"
    try:
        document = tomlkit.parse(text)
        table = _table(document, (*_PLACE, "config", "bcfl"))
        for name, value in settings.items():
            *inner, last = _path(name)
            _table(table, tuple(inner))[last] = value
        edited = tomlkit.dumps(document)
    except ConfigError:
        raise
    except (TOMLKitError, ValueError) as error:  # of inline tables, say
        raise _by_hand(settings) from error
    edited = _spaced(text, edited)
    if ending == "\r\n":
        edited = edited.replace("\r\n", "\n").replace("\n", "\r\n")
    if not _is_only(text, edited, _merged(config, settings)):
        raise _by_hand(settings)
    return edited


def _spaced(before: str, after: str) -> str:
    """Put a blank line before each heading that has got another line before it."""
    known = set(pairwise(before.split("\n")))
    lines: list[str] = []
    for line in after.split("\n"):
        above = lines[-1].strip() if lines else ""
        is_new = bool(above) and (lines[-1], line) not in known
        if line.startswith("[") and is_new and not above.startswith("#"):
            lines.append("")
        lines.append(line)
    return "\n".join(lines)


def difference(before: str, after: str, name: str) -> str:
    """Return what changes in a file, as a unified diff; empty when nothing does."""
    lines = difflib.unified_diff(
        before.splitlines(), after.splitlines(), f"{name} (now)", f"{name} (then)", lineterm=""
    )
    return "\n".join(lines)


def _path(name: str) -> list[str]:
    return name.split(".")


def _table(parent: MutableMapping[str, Any], names: tuple[str, ...]) -> MutableMapping[str, Any]:
    for depth, name in enumerate(names):
        if name not in parent:
            # only the innermost has a heading of its own
            parent[name] = tomlkit.table(is_super_table=depth < len(names) - 1)
        found = parent[name]
        if not isinstance(found, MutableMapping):
            raise ConfigError(f"{name} is no table in the pyproject.toml; mend that first")
        parent = found
    return parent


def _merged(config: Mapping[str, Any], settings: Mapping[str, Scalar]) -> dict[str, Any]:
    merged = {**config, "bcfl": _copied(config.get("bcfl", {}))}
    for name, value in settings.items():
        *inner, last = _path(name)
        place = merged["bcfl"]
        for one in inner:
            place = place.setdefault(one, {})
        place[last] = value
    return merged


def _copied(value: Any) -> Any:  # noqa: ANN401 - whatever TOML holds
    if isinstance(value, dict):
        return {name: _copied(inner) for name, inner in value.items()}
    return value


def _is_only(before: str, after: str, config: Mapping[str, Any]) -> bool:
    """Say whether the edited file is the one before, but for this run config."""
    try:
        then: Any = tomllib.loads(after)
        now: Any = tomllib.loads(before)
    except tomllib.TOMLDecodeError:
        return False
    place = now
    for name in _PLACE:
        place = place[name]
    place["config"] = config
    return bool(now == then)


def _by_hand(settings: Mapping[str, Scalar]) -> ConfigError:
    document = tomlkit.document()
    table = _table(document, (*_PLACE, "config", "bcfl"))
    for name, value in settings.items():
        *inner, last = _path(name)
        _table(table, tuple(inner))[last] = value
    return ConfigError(
        f"the pyproject.toml is written in a way that cannot be edited safely; add this to it by "
        f"hand:\n{tomlkit.dumps(document)}"
    )
