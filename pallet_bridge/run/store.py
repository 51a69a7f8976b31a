"""Content by its address: what a run publishes besides its reports.

::

    RUN/store/ab/abcdef...   some bytes, named by their BLAKE3

What lies there depends on ``bcfl.evidence.publish``: statistics and memories of the rules that
judge, the updates as they were sent or sketches that their nodes signed, the models. Reports name
each by its address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from pallet_bridge.errors.content import ContentMissing, ContentTampered
from pallet_bridge.jsonio import OURS, write_atomically
from pallet_bridge.run.content import address_of

if TYPE_CHECKING:
    from pathlib import Path

STORE = "store"
"""The folder of a run."""


class ContentStore(Protocol):
    """Where content is kept. What comes out is what went in: an address says which bytes."""

    def put(self, data: bytes) -> bytes:
        """Keep some bytes and return their address. Keeping them again changes nothing.

        Raises
        ------
        NotWritten
            When they cannot be kept.
        """
        ...

    def get(self, address: bytes) -> bytes:
        """Return the bytes of an address.

        Raises
        ------
        ContentMissing
            When they are not there.
        ContentTampered
            When other bytes are there.
        """
        ...


class FolderStore:
    """Content in a local folder.

    Parameters
    ----------
    folder
        Made when the first content is put in.
    mode
        Of the files: who may read them.
    """

    def __init__(self, folder: Path, mode: int = OURS) -> None:
        self.folder = folder
        self._mode = mode

    def path(self, address: bytes) -> Path:
        """Return where the content of an address is, or would be."""
        name = address.hex()
        return self.folder / name[:2] / name

    def put(self, data: bytes) -> bytes:
        """See `ContentStore.put`."""
        address = address_of(data)
        path = self.path(address)
        if not path.exists():
            write_atomically(path, data, mode=self._mode)
        return address

    def get(self, address: bytes) -> bytes:
        """See `ContentStore.get`."""
        path = self.path(address)
        try:
            data = path.read_bytes()
        except FileNotFoundError:
            raise ContentMissing(path, address) from None
        found = address_of(data)
        if found != address:
            raise ContentTampered(path, address, found)
        return data
