"""The commands in docs/reference/cli.md; `scripts.docs.pages` writes them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from typer.main import get_command

from bcfl_plugins.cli.app import app

if TYPE_CHECKING:
    from collections.abc import Iterator

    import click


def commands(command: click.Command, name: str) -> Iterator[tuple[str, click.Command]]:
    """Yield each command that does something, with its whole name."""
    inner = getattr(command, "commands", None)
    if inner is None:
        yield name, command
        return
    for word, one in sorted(inner.items()):
        yield from commands(one, f"{name} {word}")


def render() -> str:
    """Return a section for each command: what it does, then its options."""
    return "\n\n".join(section(*one) for one in commands(get_command(app), "bcfl")) + "\n"


def section(name: str, command: click.Command) -> str:
    """Return one command."""
    words = [one.make_metavar(_context(command)) for one in command.params if _positional(one)]
    told = " ".join((command.help or "").replace("\n\n", "\0").split("\n")).split("\0")
    rows = [
        f"| {', '.join(f'`{opt}`' for opt in (*one.opts, *one.secondary_opts))} "
        f"| {'yes' if one.required else ''} | {getattr(one, 'help', '')} |"
        for one in command.params
        if not _positional(one)
    ]
    lines = [f"### `{' '.join([name, *words])}`", *(part.strip() for part in told)]
    table = ["| option | required | what it does |", "| -- | -- | -- |", *rows]
    return "\n\n".join([*lines, "\n".join(table)])


def _positional(one: click.Parameter) -> bool:
    return one.param_type_name == "argument"


def _context(command: click.Command) -> click.Context:
    return command.context_class(command)
