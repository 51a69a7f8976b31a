"""A chain with one federation in its first round, for the tests of one file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.encoding import statement_hash
from pallet_bridge.signing import binding_of
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing.machine.accounts import TERMS, signers
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.calls import Call
    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.keys import Signer


def committed(client: EmbeddedClient, who: Signer, commitment: bytes) -> Call:
    """The call by which somebody commits in round 0."""
    said = statement_hash(binding_of(client, 0, 0), who.account, commitment, 5)
    return calls.commit(0, 0, commitment, 5, said)


@pytest.fixture(scope="module")
def client() -> Iterator[EmbeddedClient]:
    founder, member, *_ = signers()
    with connect("embedded") as client:
        client.execute(calls.create_federation(TERMS[0], bytes(32)), founder)
        client.execute(calls.fund(0, Planck(100 * UNIT)), founder)
        client.execute(calls.join(0, Planck(20 * UNIT), hash_of_terms(TERMS[0])), member)
        client.execute(calls.open_round(0, bytes(32)), founder)
        client.execute(committed(client, member, b"\1" * 32), member)
        yield client
