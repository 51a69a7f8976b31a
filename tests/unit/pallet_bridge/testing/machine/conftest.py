"""A chain with one federation in its first round, for the tests of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.testing.machine.accounts import TERMS, signers
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.embedded import EmbeddedClient


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    founder, member, *_ = signers()
    with connect("embedded") as client:
        client.execute(calls.create_federation(TERMS[0], bytes(32)), founder)
        client.execute(calls.fund(0, Planck(100 * UNIT)), founder)
        client.execute(calls.join(0, Planck(20 * UNIT)), member)
        client.execute(calls.open_round(0, bytes(32)), founder)
        client.execute(calls.commit(0, 0, b"\1" * 32, 5), member)
        yield client
