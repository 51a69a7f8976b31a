"""A folder at a URL, by fsspec."""

from __future__ import annotations

import re
from typing import Any
from urllib.parse import urlsplit

from pallet_bridge.copies.errors import CopyDamaged, CopyUnreachable
from pallet_bridge.errors import ConfigError

_FLAT = frozenset({"abfs", "az", "gcs", "gs", "s3", "s3a"})
"""Protocols without folders: there, making one would make a bucket of a name that was mistyped."""


class CopyPlace:
    """A folder at a URL, or below another one.

    Parameters
    ----------
    url
        As fsspec takes it: ``s3://bucket/folder``, ``sftp://host/folder``, ``file:///folder``, or
        the path of a folder.

    Raises
    ------
    ConfigError
        If the URL has a password in it, or the package of its protocol is not there.
    """

    def __init__(self, url: str) -> None:
        if urlsplit(url).password is not None:
            raise ConfigError(
                f"the URL {_without_user(url)} has a password in it, and settings are stored and "
                "shown: leave it out, and name it in the environment or in fsspec's configuration"
            )
        self.url = url.rstrip("/")
        try:
            from fsspec.core import url_to_fs  # type: ignore[import-untyped] # noqa: PLC0415 - an extra
        except ImportError as error:
            needs = "pip install 'bcfl-plugins[copies]'"
            raise ConfigError(f"copies of runs need fsspec: {needs}") from error
        try:
            # of its own, and without a memory of what was there: others write there too
            found = url_to_fs(self.url, skip_instance_cache=True, use_listings_cache=False)
        except (ImportError, ValueError) as error:
            raise ConfigError(f"{self.url} cannot be used by fsspec: {error}") from error
        except Exception as error:
            raise CopyUnreachable(self.url, str(error)) from error
        self._fs: Any = found[0]
        self._root = str(found[1]).rstrip("/")
        protocols = self._fs.protocol
        self._is_flat = not _FLAT.isdisjoint(
            {protocols} if isinstance(protocols, str) else protocols
        )

    def below(self, name: str) -> CopyPlace:
        """Return the folder of that name in this one."""
        made = object.__new__(CopyPlace)
        made.url, made._root = f"{self.url}/{name}", f"{self._root}/{name}"
        made._fs, made._is_flat = self._fs, self._is_flat
        return made

    def put(self, name: str, data: bytes) -> None:
        """Write a file in place of the one that is there.

        Raises
        ------
        CopyUnreachable
            When it cannot be written.
        """
        path = f"{self._root}/{name}"
        try:
            if not self._is_flat:
                self._fs.makedirs(path.rpartition("/")[0], exist_ok=True)
            with self._fs.transaction, self._fs.open(path, "wb") as file:
                file.write(data)
        except Exception as error:
            raise CopyUnreachable(f"{self.url}/{name}", _said(error)) from error

    def get(self, name: str, most: int) -> bytes | None:
        """Return a file's bytes; ``None``: it is not there.

        Raises
        ------
        CopyUnreachable
            When it cannot be read.
        CopyDamaged
            When it has more bytes than `most`.
        """
        path = f"{self._root}/{name}"
        try:
            with self._fs.open(path, "rb") as file:
                data: bytes = file.read(most + 1)
        except FileNotFoundError:
            return None
        except Exception as error:
            raise CopyUnreachable(f"{self.url}/{name}", _said(error)) from error
        if len(data) > most:
            raise CopyDamaged(f"{self.url}/{name}", f"it has more than {most} bytes")
        return data

    def remove(self, name: str) -> None:
        """Take a file away, if it is there.

        Raises
        ------
        CopyUnreachable
            When it cannot be removed.
        """
        try:
            self._fs.rm_file(f"{self._root}/{name}")
        except FileNotFoundError:
            return
        except Exception as error:
            raise CopyUnreachable(f"{self.url}/{name}", _said(error)) from error


def is_url(text: str) -> bool:
    """Say whether this names a place by a URL, and no local folder."""
    return re.match(r"[a-z][a-z0-9+.-]*://", text) is not None


def _said(error: Exception) -> str:
    return str(error) or type(error).__name__


def _without_user(url: str) -> str:
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.hostname or ''}{parts.path}"
