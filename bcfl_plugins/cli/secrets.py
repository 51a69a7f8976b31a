"""The file with an attester's chain of hashes: whoever reads it knows its next reveals."""

from __future__ import annotations

import os
import stat
from dataclasses import dataclass
from typing import TYPE_CHECKING

from pallet_bridge.encoding import hash_chain
from pallet_bridge.errors import EncodingError, SecretError
from pallet_bridge.jsonio import canonical, parse
from pallet_bridge.types.base import HASH_BYTES

if TYPE_CHECKING:
    from pathlib import Path

    from pallet_bridge.types import AccountId

_FORMAT = "bcfl-attester/1"


@dataclass(frozen=True, slots=True)
class ChainSecret:
    """Where a chain of hashes belongs, and how to make it.

    Parameters
    ----------
    genesis : bytes
        Hash of the chain's block 0, 32 bytes.
    federation : int
        The federation.
    account : AccountId
        The attester.
    secret : bytes
        The last link, 32 bytes.
    length : int
        How many attestations it lasts for.
    """

    genesis: bytes
    federation: int
    account: AccountId
    secret: bytes
    length: int

    def links(self) -> tuple[bytes, ...]:
        """Return the chain, the tip first."""
        return hash_chain(self.secret, self.length)

    def write(self, path: Path) -> None:
        """Write the file, which must not exist, for its owner only.

        Raises
        ------
        SecretError
            If there is such a file, or it cannot be written.
        """
        fields = {
            "format": _FORMAT,
            "genesis": self.genesis.hex(),
            "federation": self.federation,
            "account": str(self.account),
            "secret": self.secret.hex(),
            "length": self.length,
        }
        try:
            handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, stat.S_IRUSR)
        except FileExistsError:
            raise SecretError(f"{path} exists: a chain is for one registration only") from None
        except OSError as error:
            raise SecretError(f"{path} cannot be written: {error.strerror}") from None
        with os.fdopen(handle, "wb") as file:
            file.write(canonical(fields) + b"\n")


def read_secret(path: Path, genesis: bytes, federation: int, account: AccountId) -> ChainSecret:
    """Read such a file.

    Parameters
    ----------
    path : Path
        The file.
    genesis, federation, account
        Whom and what it must be for.

    Raises
    ------
    SecretError
        If it cannot be read, others may read it, or it is for something else.
    """
    try:
        mode = path.stat().st_mode
        data = path.read_bytes()
    except OSError as error:
        raise SecretError(
            f"{path} cannot be read: {error.strerror}. bcfl attester register writes it"
        ) from None
    if mode & (stat.S_IRWXG | stat.S_IRWXO):
        raise SecretError(f"other users may read {path}: run `chmod 600 {path}`")
    try:
        record = parse(data)
        if record.text("format") != _FORMAT:
            raise SecretError(f"{path} is no chain of hashes of this version")
        found = ChainSecret(
            genesis=record.hex("genesis", HASH_BYTES),
            federation=record.integer("federation"),
            account=type(account).parse(record.text("account")),
            secret=record.hex("secret", HASH_BYTES),
            length=record.integer("length"),
        )
    except EncodingError as error:
        raise SecretError(f"{path}: {error}") from None
    if (found.genesis, found.federation, found.account) != (genesis, federation, account):
        raise SecretError(
            f"{path} is for {found.account} in federation {found.federation} on the chain "
            f"{found.genesis.hex()}; use the file of this account, federation and chain"
        )
    return found
