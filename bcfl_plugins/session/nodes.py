"""The nodes of a chain that a run asks: what they prove or agree about, and what is newer."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pallet_bridge.client.protocol import ChainClient

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
