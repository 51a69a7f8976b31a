"""Which files of a run are copied, and who may see them."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class FileKind:
    """How a file is treated.

    Parameters
    ----------
    private : bool
        Whether it tells about updates or the model: only recipients see it.
    fixed : bool
        Whether its name says what it holds, so that it never changes.
    """

    private: bool
    fixed: bool


LINES: Final = "journal.jsonl"
"""The journal: the file that grows."""
_KINDS: Final = (
    (
        r"(run\.json|journal\.jsonl|chain\.jsonl|runtime\.wasm)",
        FileKind(private=False, fixed=False),
    ),
    (r"reports/[0-9a-f]{64}\.json", FileKind(private=False, fixed=True)),
    (r"store/[0-9a-f]{2}/[0-9a-f]{64}", FileKind(private=True, fixed=True)),
    (r"openings/[0-9]{1,10}\.json", FileKind(private=True, fixed=False)),
    (r"checkpoints/([0-9]{1,10}\.npz|[a-z]{1,20}\.json)", FileKind(private=True, fixed=False)),
)
RUN_NAME: Final = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.-]{0,99}")
"""How the folder of a run may be called."""


def kind_of(name: str) -> FileKind | None:
    """Return how the file of a run with this name is treated; ``None``: it stays where it is."""
    return next((kind for form, kind in _KINDS if re.fullmatch(form, name)), None)


def files_of(run: Path) -> dict[str, Path]:
    """Return the files of a run that may be copied, by their names below its folder."""
    found = {}
    for path in sorted(run.rglob("*")):
        name = path.relative_to(run).as_posix()
        if kind_of(name) is not None and path.is_file():
            found[name] = path
    return found


def read_whole(name: str, path: Path) -> bytes:
    """Return the bytes of a file; of the journal, up to the last line that was written whole."""
    data = path.read_bytes()
    return data[: data.rfind(b"\n") + 1] if name == LINES else data
