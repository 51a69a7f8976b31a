"""What ``bcfl.spool`` may say: when the replies to a round wait on disk, and where."""

from __future__ import annotations

from dataclasses import dataclass

from bcfl_plugins.config.tables import key


@dataclass(frozen=True, slots=True)
class SpoolConfig:
    """The table ``bcfl.spool``."""

    over_mib: int = key(
        2048,
        "Replies to a training round wait on disk, not in memory, where those of all nodes that "
        "are asked would take more: nodes times the size of the model.",
        low=0,
        high=2**40,
        unit="MiB",
    )
    folder: str = key(
        "",
        "Folder for them, on a disk with room for one round. Its files have no name and are gone "
        "with the process. Empty: run_dir.",
    )
