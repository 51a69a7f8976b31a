"""Which app a run is of: on a chain that nobody else knows, only the very same app goes on with it.

On a node's chain the federation says whose run it is, and there is no other to begin. An embedded
chain is made for each run. There the next start may as well be another experiment in the same
folder, and no run may be made of two of them.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from itertools import count
from typing import TYPE_CHECKING, Self

from pallet_bridge.__about__ import __version__
from pallet_bridge.encoding import blake2_256
from pallet_bridge.run.checkpoints import Checkpoints

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from bcfl_plugins.config.run_config import BcflConfig
    from strategies._flower import ArrayRecord, Run

_starts = count(1)


@dataclass(frozen=True, slots=True)
class AppMark:
    """What tells an app from others.

    Parameters
    ----------
    parts : Mapping[str, str]
        What it is made of, by words for people. All of them have to be as they were.
    """

    parts: Mapping[str, str]

    @classmethod
    def of_start(cls, strategy: object, arrays: ArrayRecord, config: BcflConfig, run: Run) -> Self:
        """Return the mark of an app whose strategy is being started.

        The number of the start in its process is a part too: the second experiment of a script
        does not go on with the run of the first.
        """
        form = [(name, array.dtype, tuple(array.shape)) for name, array in arrays.items()]
        return cls(
            {
                "the app's code": run.fab_hash,
                "the run config": json.dumps(dict(run.override_config), sort_keys=True),
                "the settings under bcfl": blake2_256(repr(config).encode()).hex(),
                "the strategy": type(strategy).__name__,
                "the model's arrays": blake2_256(repr(form).encode()).hex(),
                "the number of the start in its process": str(next(_starts)),
                "the version of bcfl-plugins": __version__,
            }
        )

    def differs(self, folder: Path) -> str | None:
        """Return in what the app of an unfinished run was another; ``None``: it was this one.

        Raises
        ------
        JournalError
            If what the run says of its app cannot be read.
        """
        kept = Checkpoints(folder).app()
        others = [name for name, value in self.parts.items() if kept.get(name) != value]
        return f"{', '.join(others)} changed" if others else None
