"""The nodes of a chain that a run asks: what they prove or agree about, and what is newer."""

from __future__ import annotations

import logging
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from bcfl_plugins.session.provision import check_federation
from pallet_bridge.memory.chains import ActedMemory, FinalMemory
from pallet_bridge.memory.files import chains_folder
from pallet_bridge.trusted.opening import Belief, open_beside, open_checked

if TYPE_CHECKING:
    from collections.abc import Iterator

    from bcfl_plugins.config.run_config import BcflConfig
    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.keys import Signer

_log = logging.getLogger("flwr.bcfl")

_FINAL_S = 120.0


@dataclass(frozen=True, slots=True)
class Nodes:
    """Two clients of one chain; the same one twice where one node is believed.

    Parameters
    ----------
    live : ChainClient
        Sends, and knows the newest blocks, which are not final. Its node is believed.
    checked : ChainClient
        Reads final blocks, by proofs or as all nodes agree.
    """

    live: ChainClient
    checked: ChainClient

    def caught_up(self) -> ChainClient:
        """Return `checked`, once all blocks are final that there are now.

        An earlier process may have sent what is in the last ones.

        Raises
        ------
        ChainTimeout
            If that takes longer than two minutes.
        """
        if self.checked is not self.live:
            self.checked.wait_until_block(self.live.head().number, timeout=_FINAL_S)
        return self.checked


@contextmanager
def open_nodes(config: BcflConfig, coordinator: Signer) -> Iterator[Nodes]:
    """Connect to the nodes of a run, once its federation is proved to be there, and ours.

    Where the nodes prove what is stored, what decides about money, data and models is read by
    proofs during the whole run. Where none proves anything, several nodes are all asked, and have
    to agree; one is believed, and that is said.

    Raises
    ------
    ConfigError
        If the config's key is not the coordinator's.
    FederationNotFound
        If the chain has no such federation.
    OtherChain, ProofRefused, StateTooOld, NodesDiffer
        If a node is not believed.
    ChainsUnusable
        If what was proved before cannot be read.
    """
    chains = acted = None
    if not config.coordinator.startswith("//"):  # a public key's chains begin anew
        chains = FinalMemory(chains_folder())
        acted = ActedMemory(chains_folder(), coordinator.account)
    if config.pinned_genesis is not None:
        belief = Belief((config.pinned_genesis,), "bcfl.genesis", chains)
    else:
        before = () if acted is None else acted.chains()
        belief = Belief(before, f"the first time of {coordinator.account}", chains)
    with open_checked(config.chain, belief, _tell) as checked:
        check_federation(checked, config, coordinator)
        if acted is not None:
            acted.add(checked.genesis_hash)
        with open_beside(checked) as live:
            yield Nodes(live, checked)


def _tell(text: str) -> None:
    _log.warning("bcfl: %s", text)
