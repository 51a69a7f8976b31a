from __future__ import annotations

import logging
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.fixture(scope="session", autouse=True)
def _no_state_outside(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """Keep what nodes remember out of the user's own state directory, in subprocesses too."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("XDG_STATE_HOME", str(tmp_path_factory.mktemp("state")))
        yield


@pytest.fixture(autouse=True)
def _flowers_log_speaks() -> None:
    """Give Flower's logger its own level: commands called in this process leave it silenced."""
    logging.getLogger("flwr").setLevel(logging.DEBUG)
