"""Make an embedded chain ready for a run, and hold any other chain against the config."""

from __future__ import annotations

from typing import TYPE_CHECKING

from bcfl_plugins.config.terms import terms_of
from bcfl_plugins.errors import ConfigError
from pallet_bridge import calls
from pallet_bridge.encoding import blake2_256
from pallet_bridge.keys import Signer
from pallet_bridge.types import Planck

if TYPE_CHECKING:
    from bcfl_plugins.config.run_config import BcflConfig
    from pallet_bridge.client.protocol import ChainClient

_WAIT_S = 60.0


def coordinator_of(config: BcflConfig) -> Signer:
    """Load the coordinator's key.

    Raises
    ------
    ConfigError
        If the key is not where the config says.
    """
    return Signer.from_source(config.coordinator, "bcfl.coordinator")


def provision(client: ChainClient, config: BcflConfig, coordinator: Signer) -> None:
    """Create and fund the federation of an embedded chain, which starts empty.

    Creating it holds the bond that the terms ask of its coordinator.

    Raises
    ------
    ConfigError
        If the config asks for another federation than the first.
    CallFailed
        If the terms are out of the runtime's ranges.
    """
    first = client.next_federation()
    if config.federation != first:
        raise ConfigError(
            f"bcfl.federation is {config.federation}, but an embedded chain starts empty and its "
            f"first federation is {first}; set that, or name a node in bcfl.chain"
        )
    terms = terms_of(config.terms, config.training)
    made = calls.create_federation(terms, blake2_256(config.plugins.encode()))
    client.execute(made, coordinator, timeout=_WAIT_S)
    budget = Planck(config.terms.fund_rounds * config.terms.round_reward)
    if budget:
        client.execute(calls.fund(config.federation, budget), coordinator, timeout=_WAIT_S)


def check_federation(client: ChainClient, config: BcflConfig, coordinator: Signer) -> None:
    """Refuse a federation that is not there, or is somebody else's.

    Raises
    ------
    ConfigError
        If the config's key is not the coordinator's.
    FederationNotFound
        If the chain has no such federation.
    """
    federation = client.federation(config.federation)
    if federation.coordinator != coordinator.account:
        raise ConfigError(
            f"bcfl.coordinator is {coordinator.account}, but federation {config.federation} on "
            f"{client.url} is coordinated by {federation.coordinator}; use that key"
        )
