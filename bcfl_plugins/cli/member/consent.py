"""What a member agrees to when it joins: the hash of the terms, and what they can cost it."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING

import typer

from bcfl_plugins.cli.acting.options import digest
from bcfl_plugins.config.tables import write_amount, write_fraction
from bcfl_plugins.errors import ConfigError
from pallet_bridge.terms_codec import hash_of_terms

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.cli.acting.view import View
    from pallet_bridge.types import Terms


def agreed(view: View, given: str | None, *, ask: bool) -> bytes:
    """Return the hash that the member signs.

    Parameters
    ----------
    view : View
        The federation.
    given : str or None
        The hash of the command line.
    ask : bool
        Whether a person has to agree where none is given.

    Raises
    ------
    ConfigError
        If nobody can be asked.
    """
    found = hash_of_terms(view.terms)
    if given is not None:
        return digest(given, "--terms")
    if not ask:
        return found
    if not sys.stdin.isatty():
        raise ConfigError(
            f"to join is to agree to terms; read them with `bcfl federation terms`, then give "
            f"--terms 0x{found.hex()}"
        )
    for line in summary(view.terms):
        typer.echo(line, err=True)
    typer.confirm("Agree to these terms?", abort=True, err=True)
    return found


def summary(terms: Terms) -> Iterator[str]:
    """Say what terms can cost a member, line by line."""
    yield f"one offence takes up to {write_fraction(terms.slash.cap)} of the stake"
    yield (
        f"{terms.strikes_to_slash} rejections with evidence are an offence, which takes "
        f"{write_fraction(terms.slash.outlier_base)} at first"
    )
    yield (
        f"{write_fraction(terms.reporter_share)} of a slash goes to who reports it; a dispute "
        f"takes a bond of {write_amount(terms.dispute_bond)}"
    )
    yield (
        f"stake is free {terms.unbonding_blocks} blocks after it is unbonded, and stays at least "
        f"{terms.lock_blocks} blocks after joining"
    )
    yield f"new terms are announced {terms.notice_blocks} blocks before they are in force"
