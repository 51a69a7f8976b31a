"""A chain on which four people have money, and a federation of its own for each test."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.keys import Signer
from pallet_bridge.types import (
    UNIT,
    Planck,
)
from tests.e2e.commands.stage import ANN, BEN, BOSS, CAT, Stage

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.embedded import EmbeddedClient


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    with connect("embedded") as opened:
        alice = Signer.from_uri("//Alice")
        gifts = [calls.transfer(who.account, Planck(5_000 * UNIT)) for who in (BOSS, ANN, BEN, CAT)]
        opened.execute(calls.batch(gifts), alice)
        yield opened


@pytest.fixture
def stage(client: EmbeddedClient) -> Stage:
    made = Stage(client)
    made.found()
    return made
