"""What the aggregator keeps: its key, the halves of the last rounds, and what it answered.

What a receipt was given for is on disk before, and so is what is asked before it is answered: a
process that is killed goes on where it was.
"""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from bcfl_plugins.secure.keys import KEY_BYTES, MaskKey
from bcfl_plugins.secure.uploads import HEADER_BYTES, Upload
from pallet_bridge.errors import ConfigError
from pallet_bridge.jsonio import write_atomically
from pallet_bridge.memory.answers import AnswerMemory
from pallet_bridge.types import AccountId

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from pallet_bridge.types import RoundKey

    NDArray = np.ndarray[Any, np.dtype[Any]]

ROUNDS_KEPT: Final = 2
_SUFFIX: Final = ".half"


class HalfStore:
    """The folder of one aggregator.

    Parameters
    ----------
    folder : Path
        Made, for its owner only, when something is first kept.
    account : AccountId
        The aggregator's.
    """

    def __init__(self, folder: Path, account: AccountId) -> None:
        self.folder = folder
        self.answers = AnswerMemory(folder, account)

    def key(self) -> MaskKey:
        """Return the key for which halves are sealed, made when it is first asked for.

        Raises
        ------
        ConfigError
            If the file holds something else.
        NotWritten
            If it cannot be kept.
        """
        path = self.folder / "key"
        if not path.exists():
            write_atomically(path, MaskKey().secret)
        secret = path.read_bytes()
        if len(secret) != KEY_BYTES:
            raise ConfigError(f"{path} holds no key of {KEY_BYTES} bytes: take a new folder")
        return MaskKey(secret)

    def put(self, upload: Upload, vector: NDArray) -> None:
        """Keep a half.

        Raises
        ------
        NotWritten
            If it cannot be made sure.
        """
        words = np.ascontiguousarray(vector, "<u4").tobytes()
        write_atomically(self._path(upload.place, upload.account), upload.encode() + words)

    def header(self, place: RoundKey, account: AccountId) -> Upload | None:
        """Return the header of a half that is kept; None: it is not."""
        try:
            with self._path(place, account).open("rb") as file:
                return Upload.decode(file.read(HEADER_BYTES))
        except FileNotFoundError:
            return None

    def headers(self, place: RoundKey) -> Iterator[Upload]:
        """Give the headers of all halves of a round, ascending by account."""
        folder = self._folder(place)
        for path in sorted(folder.glob(f"*{_SUFFIX}")) if folder.is_dir() else ():
            found = self.header(place, AccountId(bytes.fromhex(path.stem)))
            if found is not None:
                yield found

    def vector(self, place: RoundKey, account: AccountId) -> NDArray:
        """Return (d,) uint32 a half that is kept."""
        data = self._path(place, account).read_bytes()
        return np.frombuffer(data, "<u4", offset=HEADER_BYTES)

    def forget_before(self, place: RoundKey) -> None:
        """Remove the halves of older rounds of a federation, but for the last few."""
        parent = self._folder(place).parent
        for folder in parent.iterdir() if parent.is_dir() else ():
            if folder.name.isdecimal() and int(folder.name) <= place.round - ROUNDS_KEPT:
                shutil.rmtree(folder, ignore_errors=True)

    def _folder(self, place: RoundKey) -> Path:
        return self.folder / place.genesis.hex() / str(place.federation) / str(place.round)

    def _path(self, place: RoundKey, account: AccountId) -> Path:
        return self._folder(place) / f"{account.raw.hex()}{_SUFFIX}"
