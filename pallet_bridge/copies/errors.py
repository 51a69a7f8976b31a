"""Errors about copies of runs at a URL."""

from __future__ import annotations

from pallet_bridge.errors import BcflError


class CopyError(BcflError):
    """A copy of a run cannot be written or read.

    Attributes
    ----------
    url
        Where it is.
    cause
        What went wrong.
    """

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(url, cause)
        self.url = url
        self.cause = cause


class CopyUnreachable(CopyError, OSError):
    """What is at the URL cannot be read or written now."""

    def __str__(self) -> str:
        return (
            f"{self.url} cannot be used: {self.cause}. Check the URL, and what fsspec needs for "
            "it: the package of its protocol, and credentials in the environment"
        )


class CopyDamaged(CopyError, ValueError):
    """What is at the URL is no whole copy."""

    def __str__(self) -> str:
        return (
            f"the copy at {self.url} is damaged: {self.cause}. Try again in a moment, or ask who "
            "runs the server to copy the run again: bcfl copy push RUN URL"
        )


class CopyLeft(CopyError):
    """A run ended well, and its last files are in its folder only.

    Attributes
    ----------
    result
        What the strategy's ``start`` would have returned; ``None`` outside of ``start``.
    """

    def __init__(self, url: str, cause: str) -> None:
        super().__init__(url, cause)
        self.result: object = None

    def __str__(self) -> str:
        return (
            f"the run is whole in its folder, and its copy at {self.url} is not: {self.cause}. "
            "Copy it once the URL can be used: bcfl copy push RUN URL"
        )


class NoIdentity(CopyError):
    """A file of a copy is encrypted to others."""

    def __str__(self) -> str:
        return (
            f"{self.url} is encrypted, and none of your identities opens it: {self.cause}. Name a "
            "file of age identities with --identity, or ask to be one of bcfl.copy.recipients"
        )
