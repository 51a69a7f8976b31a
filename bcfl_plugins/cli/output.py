"""What every command prints with: JSON for programs, rich text for people."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console

if TYPE_CHECKING:
    from collections.abc import Mapping

AsJson = Annotated[bool, typer.Option("--json", help="Print one JSON object for programs.")]


def console() -> Console:
    """Return a console on standard output that never wraps a hash when it is piped."""
    out = Console(highlight=False)
    return out if out.is_terminal else Console(highlight=False, soft_wrap=True)


def printable(text: str) -> str:
    """Return a text of others so that it does nothing to a terminal but appear on it."""
    return "".join(one if one.isprintable() else ascii(one)[1:-1] for one in text)


def print_json(fields: Mapping[str, object]) -> None:
    """Print `fields` as one line of JSON, flushed, so that a parent process can read it."""
    typer.echo(json.dumps(fields, sort_keys=True))


@dataclass(frozen=True, slots=True)
class MachineCheck:
    """One thing looked at: its state, and what to do when it is not well."""

    name: str
    ok: bool
    found: str
    advice: str = ""
    required: bool = True
