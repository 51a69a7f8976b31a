"""What the nodes of a network say of themselves."""

from __future__ import annotations

import http.client
import json
from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

from bcfl_plugins.cli.network.processes import running

if TYPE_CHECKING:
    from bcfl_plugins.cli.network.layout import LocalValidator, Network

_ANSWER_S = 10.0


@dataclass(frozen=True, slots=True)
class NodeState:
    """What is known of one node now.

    Attributes
    ----------
    state : str
        ``up``: it answers. ``silent``: its process runs and does not answer, as while it starts.
        ``down``: there is no process.
    best, final, peers : int or None
        Its newest block, its newest final one, and how many nodes it is connected to.
    """

    node: int
    state: str
    url: str
    account: str
    process: int | None = None
    best: int | None = None
    final: int | None = None
    peers: int | None = None

    def fields(self) -> dict[str, object]:
        """Return what ``--json`` shows of it."""
        return asdict(self)


def look(network: Network) -> list[NodeState]:
    """Ask every node of a network."""
    return [state_of(network, one) for one in network.validators]


def state_of(network: Network, one: LocalValidator) -> NodeState:
    """Ask one node. What answers at its port counts only if it has the node's key."""
    process = running(network.words(one))
    if process is None:
        return NodeState(one.number, "down", one.url, one.account)
    try:
        if _ask(one.rpc_port, "system_localPeerId") != one.peer_id:
            return NodeState(one.number, "silent", one.url, one.account, process)
        head = _ask(one.rpc_port, "chain_getFinalizedHead")
        best = int(_ask(one.rpc_port, "chain_getHeader")["number"], 16)
        final = int(_ask(one.rpc_port, "chain_getHeader", head)["number"], 16)
        peers = int(_ask(one.rpc_port, "system_health")["peers"])
    except (OSError, http.client.HTTPException, ValueError, KeyError, TypeError):
        return NodeState(one.number, "silent", one.url, one.account, process)
    return NodeState(one.number, "up", one.url, one.account, process, best, final, peers)


def _ask(port: int, method: str, *params: object) -> Any:  # noqa: ANN401 - JSON
    """Ask over HTTP, which a node serves at the port of its WebSocket."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    there = http.client.HTTPConnection("127.0.0.1", port, timeout=_ANSWER_S)
    try:
        there.request("POST", "/", json.dumps(request), {"Content-Type": "application/json"})
        answer = json.loads(there.getresponse().read())
    finally:
        there.close()
    return answer["result"]
