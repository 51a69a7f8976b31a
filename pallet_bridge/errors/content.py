"""Errors about content that a run published by its address."""

from __future__ import annotations

from typing import TYPE_CHECKING

from pallet_bridge.errors import BcflError

if TYPE_CHECKING:
    from pathlib import Path


class ContentError(BcflError):
    """Published content cannot be used."""


class ContentMissing(ContentError, FileNotFoundError):
    """There is no content with that address in the store.

    Attributes
    ----------
    path
        Where it should be.
    address
        Its address.
    """

    def __init__(self, path: Path, address: bytes) -> None:
        super().__init__(path, address)
        self.path = path
        self.address = address

    def __str__(self) -> str:
        return (
            f"{self.address.hex()} is not in the store, at {self.path}: copy it there from the "
            f"coordinator"
        )


class ContentTampered(ContentError):
    """Content does not have the address that it is stored at.

    Attributes
    ----------
    path
        Where it is.
    address, found
        Its address, and that of what is there.
    """

    def __init__(self, path: Path, address: bytes, found: bytes) -> None:
        super().__init__(path, address, found)
        self.path = path
        self.address = address
        self.found = found

    def __str__(self) -> str:
        return (
            f"{self.path} was changed: its content has the address {self.found.hex()}, not "
            f"{self.address.hex()}. Ask the coordinator for the file again"
        )
