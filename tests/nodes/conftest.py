from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.nodes.binary import NEEDS_OWN_NODE, own_node

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(scope="session")
def own_binary() -> Path:
    found = own_node()
    if found is None:
        pytest.skip(NEEDS_OWN_NODE)
    return found
