"""What ``bcfl.copy`` may say: where a run is copied to while it goes on, and who can read it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.config.tables import key, read_table
from bcfl_plugins.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from bcfl_plugins.types import Scalar


@dataclass(frozen=True, slots=True)
class CopyConfig:
    """The table ``bcfl.copy``."""

    to: str = key(
        "",
        "URL that every run is copied to while it goes on (docs/how-to/publish-a-run.md): a "
        "folder, s3://BUCKET/FOLDER, or another that fsspec takes. Empty: runs stay in run_dir.",
    )
    recipients: str = key(
        "",
        "Public keys of age (age1...), with commas: who can read the models, updates, statistics "
        "and openings that are copied. Empty: of these only what evidence.readers and "
        "round_log.openings publish is copied, for everybody.",
    )
    every_s: float = key(
        10.0, "Time between two looks for what is new.", low=0.1, high=86400, unit="seconds"
    )
    hold_s: float = key(
        60.0,
        "Longest time that a round's settlement waits until the round is copied, and never longer "
        "than half of what is left of its settle window. 0: it does not wait.",
        low=0,
        high=86400,
        unit="seconds",
    )

    @property
    def recipient_keys(self) -> tuple[str, ...]:
        """The public keys."""
        return tuple(one for one in (part.strip() for part in self.recipients.split(",")) if one)


def read_copy(table: Mapping[str, Scalar]) -> CopyConfig:
    """Read the table.

    Raises
    ------
    ConfigError
        If a key or a value is wrong.
    """
    found = read_table(CopyConfig, "bcfl.copy", table)
    if found.recipients and not found.to:
        raise ConfigError(
            "bcfl.copy.recipients says who reads copies, and nothing is copied: name a URL as "
            "bcfl.copy.to"
        )
    return found
