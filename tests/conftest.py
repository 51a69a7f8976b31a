from __future__ import annotations

import gc
import logging
from itertools import chain, groupby
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

# A busy machine is slow, and that is no defect of what is tested.
settings.register_profile(
    "any machine", deadline=None, print_blob=True, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Spread the files that wait most, for blocks of a node, over the first half of the others.

    Two that wait at the same time leave a processor idle; one that comes last is waited for.
    """
    files = [list(tests) for _, tests in groupby(items, key=lambda item: item.path)]
    waiting = [tests for tests in files if any(map(_waits, tests))]
    others = [tests for tests in files if not any(map(_waits, tests))]
    for number, tests in enumerate(waiting):
        others.insert(number + number * len(files) // (2 * len(waiting)), tests)
    items[:] = chain.from_iterable(others)


def _waits(item: pytest.Item) -> bool:
    return item.get_closest_marker("waits") is not None


@pytest.fixture(autouse=True, scope="module")
def _small_heap() -> None:
    """Keep what is loaded out of garbage collection: a new chain collects, and so does Flower."""
    gc.collect()
    gc.freeze()


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
