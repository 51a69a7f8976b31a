"""An app that says where it is by files, and stops while there is one that asks it to."""

import threading
from pathlib import Path


def pass_by(folder: str, point: str) -> None:
    """Say that a point was come to, and stay there while a file asks for it."""
    (Path(folder) / point).touch()
    while (Path(folder) / f"hold-{point}").exists():
        threading.Event().wait(0.1)
