"""Which SuperNode speaks for which account: what Flower tells, against what members said on chain.

A member may say on chain which SuperNode is its own (`bcfl node bind`). It is held to that: another
SuperNode with the member's chain key takes no part. Where the SuperLink does not authenticate
SuperNodes, their keys are new with each start, and nobody binds one.
"""

from __future__ import annotations

import logging
from dataclasses import dataclass, field
from hashlib import sha256
from typing import TYPE_CHECKING, Literal

from pallet_bridge.errors import BcflError
from pallet_bridge.node_keys import is_proved, key_hash, read_public_key
from pallet_bridge.run.fate import AWAY
from strategies.server.reading.screen import printable

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from bcfl_plugins.types import NodeRef
    from pallet_bridge.types import AccountId, NodeKey
    from strategies._flower import Grid, NodeInfo

_NAME = 40
_EACH = 16
"""So many nodes of which nothing is on chain are told of one by one; of more, how many they are."""

_log = logging.getLogger("flwr.bcfl")


@dataclass(slots=True)
class SuperNodes:
    """The SuperNodes of one run.

    Parameters
    ----------
    genesis : bytes
        Hash of the chain's block 0.
    federation : int
        The federation's id.
    read : callable
        Reads the keys that members bound, from the chain.
    when_away : str
        Whether a chain that is away ends the run (``fail``), or what was read last is gone by.
    """

    genesis: bytes
    federation: int
    read: Callable[[], Mapping[AccountId, NodeKey]]
    when_away: Literal["queue", "fail"] = "fail"
    _bound: Mapping[AccountId, NodeKey] = field(init=False)
    _fine: dict[int, AccountId] = field(default_factory=dict)
    _told: dict[int, str] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self._bound = self.read()

    def strangers(self, grid: Grid, nodes: Iterable[NodeRef]) -> dict[int, str]:
        """Return the nodes whose account is bound to another SuperNode, with the reasons.

        What is found of a new node is logged; of many whose member named none, how many they are. A
        node that was found fine is not looked at again.
        """
        proved: dict[int, AccountId] = {
            node.node_id: node.account for node in nodes if node.account is not None
        }
        self._fine = {n: a for n, a in self._fine.items() if proved.get(n) == a}
        unsure = {n: a for n, a in proved.items() if n not in self._fine}
        if not unsure:
            return {}
        self._look()
        seen = {info.node_id: info for info in grid.get_nodes()}
        strange: dict[int, str] = {}
        unnamed = [n for n, account in unsure.items() if account not in self._bound]
        few = len(unnamed) <= _EACH
        if not few:
            _log.info("bcfl: of %d nodes the member named no SuperNode on chain", len(unnamed))
        for number, account in sorted(unsure.items()):
            said, why = self._compare(account, seen.get(number))
            if self._told.get(number) != said and (few or account in self._bound):
                self._told[number] = said
                _log.info("bcfl: node %d is account %s; SuperNode %s", number, account, said)
            if why is None:
                self._fine[number] = account
            else:
                strange[number] = why
        return strange

    def _look(self) -> None:
        try:
            self._bound = self.read()
        except AWAY as error:
            if self.when_away == "fail":
                raise
            _log.warning("bcfl: going by the SuperNodes that members named before: %s", error)

    def _compare(self, account: AccountId, info: NodeInfo | None) -> tuple[str, str | None]:
        """Return what to tell of a SuperNode, and why its node may not take part."""
        bound = self._bound.get(account)
        told = "not told by Flower" if info is None else _named(info)
        if bound is None:
            return f"{told}; its member named none on chain", None
        try:
            key = read_public_key(b"" if info is None else info.public_key)
        except BcflError:
            key = None
        if key is not None and is_proved(bound, key, self.genesis, self.federation, account):
            return f"{told}; proved on chain to be its member's", None
        if key is not None and bound.key == key_hash(key):
            return f"{told}; the one that its member named on chain", None
        return f"{told}; not the one that its member named on chain", (
            f"account {account} named another SuperNode on chain, with the key "
            f"0x{bound.key.hex()}. Start this one with that key (--auth-supernode-private-key), or "
            f"let the member name this one (bcfl node bind)"
        )


def _named(info: NodeInfo) -> str:
    """Return a SuperNode's name, where it was registered with one, and its key's fingerprint.

    The key is what Flower authenticates the SuperNode by, where its SuperLink was told to; else it
    is new with each start, and proves nothing.
    """
    name = f"{printable(info.name, _NAME)!r}, " if info.name else ""
    return f"{name}key sha256:{sha256(info.public_key).hexdigest()[:16]}"
