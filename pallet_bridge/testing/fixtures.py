"""pytest fixtures: an embedded chain, and federations on it whose keys are all at hand.

Ask for them in a ``conftest.py``::

    pytest_plugins = ["pallet_bridge.testing.fixtures"]
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import pytest

from pallet_bridge import calls
from pallet_bridge.client.connect import connect
from pallet_bridge.keys import Signer
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import UNIT, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator

    from pallet_bridge.client.embedded import EmbeddedClient
    from pallet_bridge.types import Terms

_TIMEOUT_S = 60.0
_FUNDED_ROUNDS = 100
_POCKET_MONEY = 100 * UNIT  # beside the stake: fees and bonds


@dataclass(frozen=True, slots=True)
class JoinedFederation:
    """A federation that has money, and members with stake.

    Parameters
    ----------
    number : int
        Its id on chain.
    coordinator : Signer
        Who founded it.
    members : tuple of Signer
        Each has the terms' ``min_stake`` at stake and a balance besides.
    """

    number: int
    coordinator: Signer
    members: tuple[Signer, ...]


class MakeFederation(Protocol):
    """Makes one more federation."""

    def __call__(self, members: int = 3, terms: Terms = DEVELOPMENT) -> JoinedFederation:
        """Make a federation with this many members, and money for a hundred rounds."""
        ...


@pytest.fixture(scope="module")
def bcfl_chain() -> Iterator[EmbeddedClient]:
    """Start the real runtime in this process, empty, once a module; blocks come at once."""
    with connect("embedded") as client:
        yield client


@pytest.fixture
def bcfl_federation(bcfl_chain: EmbeddedClient) -> MakeFederation:
    """Make federations on `bcfl_chain`, each with keys of its own."""

    def make(members: int = 3, terms: Terms = DEVELOPMENT) -> JoinedFederation:
        number = bcfl_chain.next_federation()
        coordinator = Signer.from_uri("//Alice")
        signers = tuple(
            Signer.from_uri(f"//bcfl//federation-{number}//member-{one}") for one in range(members)
        )
        bcfl_chain.execute(calls.create_federation(terms, bytes(32)), coordinator)
        budget = Planck(_FUNDED_ROUNDS * terms.round_reward)
        if budget:
            bcfl_chain.execute(calls.fund(number, budget), coordinator)
        if signers:
            amount = Planck(terms.min_stake + _POCKET_MONEY)
            gifts = [calls.transfer(signer.account, amount) for signer in signers]
            bcfl_chain.execute(calls.batch(gifts), coordinator)
        joining = calls.join(number, terms.min_stake, hash_of_terms(terms))
        for submission in [bcfl_chain.submit(joining, signer) for signer in signers]:
            submission.wait(_TIMEOUT_S)
        return JoinedFederation(number, coordinator, signers)

    return make
