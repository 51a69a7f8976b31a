"""What a command says about copies, and folders that may be at a URL."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.copies.fetching import Fetcher

IdentityFile = Annotated[
    Path | None,
    typer.Option(
        "--identity",
        help="A file of age identities, as age-keygen writes it: opens what is encrypted to you.",
    ),
]

NEWEST = 2
"""Runs that are fetched for who may go on with them: the last, and one before it."""


class Folders:
    """Folders with runs, some of them at URLs, which are fetched when they are asked for.

    Parameters
    ----------
    sources
        Paths, and URLs of copies.
    kept
        Where what is fetched is kept.
    identity
        A file of age identities.

    Raises
    ------
    ConfigError
        If a URL or the file of identities cannot be used.
    """

    def __init__(self, sources: Sequence[str], kept: Path, identity: Path | None) -> None:
        from pallet_bridge.copies.place import is_url  # noqa: PLC0415 (few commands need it)

        self._local = tuple(Path(one) for one in sources if not is_url(one))
        self._fetched: list[tuple[Path, Fetcher]] = []
        for url in (one for one in sources if is_url(one)):
            folder = kept / str(len(self._fetched))
            self._fetched.append((folder, fetcher(url, folder, identity)))

    def now(self) -> tuple[Path, ...]:
        """Return local folders with what is there now.

        Where a URL cannot be used any more, that is what was fetched from it before: the server
        may be gone together with what it wrote to.

        Raises
        ------
        CopyError
            When a URL cannot be used, or is no copy, and nothing was fetched from it before.
        """
        from pallet_bridge.copies.errors import CopyError  # noqa: PLC0415 (few commands need it)
        from pallet_bridge.run.journal import HEADER  # noqa: PLC0415 (loads the chain's types)

        for folder, one in self._fetched:
            try:
                for run in one.runs()[-NEWEST:]:
                    one.fetch(run)
            except CopyError:
                if not any(folder.glob(f"*/{HEADER}")):
                    raise
        return (*self._local, *(folder for folder, _ in self._fetched))


def fetcher(url: str, folder: Path, identity: Path | None) -> Fetcher:
    """Return what brings copies of runs from a URL into a folder."""
    from pallet_bridge.copies.age import AgeIdentities  # noqa: PLC0415 (needs an extra)
    from pallet_bridge.copies.fetching import Fetcher  # noqa: PLC0415
    from pallet_bridge.copies.place import CopyPlace  # noqa: PLC0415

    return Fetcher(CopyPlace(url), folder, AgeIdentities(identity))
