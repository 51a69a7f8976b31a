"""Run Flower apps in this process: a `Grid` without ray, sockets or waiting, for tests.

Ten nodes and three rounds take tens of milliseconds, and a run is the same every time.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

from pallet_bridge.testing.boundary import Boundary
from strategies._flower import (
    SUPERLINK_NODE_ID,
    ClientApp,
    Context,
    Error,
    ErrorCode,
    Grid,
    Message,
    NodeInfo,
    RecordDict,
    Run,
    TaskIdentity,
    delivered,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from types import TracebackType

    from strategies._flower import ServerApp

    Scalar = bool | int | float | str

__all__ = ["DROP", "FIRST_NODE_ID", "InProcessGrid"]

FIRST_NODE_ID = 100
"""The id of the first node; the others follow."""

DROP = "drop"
"""What `fail` answers for a message that is never replied to."""


class InProcessGrid(Grid):
    """A Flower `Grid` that calls the client apps directly, one after the other.

    Use it as a context manager: within it, Flower's `Message` can be built as in a running
    ServerApp. Records are copied on their way in both directions, so no side sees what the other
    does to its own. What a client app raises comes back as an error reply, as in Flower's runtime.
    Each node keeps its `Context.state` for the lifetime of the grid.

    Parameters
    ----------
    client_app : ClientApp or sequence of ClientApp
        One app for all nodes, or one a node.
    num_nodes : int, optional
        Number of nodes; by default one for each app or node config.
    node_configs : sequence of Mapping, optional
        What operators set with ``--node-config``. ``partition-id`` and ``num-partitions`` are
        added, as in a simulation.
    run_config : Mapping, optional
        The run config that the client apps see.
    run_id : int
        The run's id.
    fail : callable, optional
        Called with each message to a node. `None`: deliver it. `DROP`: it is lost. Any other
        string: it comes back as an error reply with this reason.
    arrivals : callable, optional
        Called with the replies to each batch; returns those that arrive, in the order of arrival.

    Raises
    ------
    ValueError
        If the number of apps, configs and nodes disagree.

    Examples
    --------
    ::

        with InProcessGrid(client_app, num_nodes=10) as grid:
            result = FedAvg().start(grid, initial_arrays=model, num_rounds=3)
    """

    def __init__(
        self,
        client_app: ClientApp | Sequence[ClientApp],
        num_nodes: int | None = None,
        *,
        node_configs: Sequence[Mapping[str, Scalar]] | None = None,
        run_config: Mapping[str, Scalar] | None = None,
        run_id: int = 1,
        fail: Callable[[Message], str | None] | None = None,
        arrivals: Callable[[list[Message]], list[Message]] | None = None,
    ) -> None:
        size = _size(
            num_nodes,
            None if node_configs is None else len(node_configs),
            None if isinstance(client_app, ClientApp) else len(client_app),
        )
        apps = [client_app] * size if isinstance(client_app, ClientApp) else client_app
        configs = node_configs or [{}] * size
        ids = range(FIRST_NODE_ID, FIRST_NODE_ID + size)
        self._apps: dict[int, ClientApp] = dict(zip(ids, apps, strict=True))
        self.contexts: dict[int, Context] = {
            node_id: _context(
                run_id,
                node_id,
                {"partition-id": index, "num-partitions": size, **configs[index]},
                run_config,
            )
            for index, node_id in enumerate(ids)
        }
        self._run = Run.create_empty(run_id)
        self._fail = fail
        self._arrivals = arrivals
        self._replies: dict[str, Message] = {}
        self._sent = 0
        self._identity: tuple[int | None, int | None, int | None] | None = None

    def __enter__(self) -> Self:
        known = TaskIdentity.__dict__
        self._identity = (known["_run_id"], known["_node_id"], known["_task_id"])
        self._set_identity(self._run.run_id, SUPERLINK_NODE_ID, 1)
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if self._identity is not None:
            self._set_identity(*self._identity)

    def serve(
        self, server_app: ServerApp, run_config: Mapping[str, Scalar] | None = None
    ) -> Context:
        """Run a server app on this grid, within its context, and return the app's context."""
        context = _context(self._run.run_id, SUPERLINK_NODE_ID, {}, run_config)
        server_app(self, context)
        return context

    def set_run(self, run: Run) -> None:
        """Set the run that `run` returns."""
        self._run = run

    @property
    def run(self) -> Run:
        """Return the run; only its id means something."""
        return self._run

    def create_message(
        self,
        content: RecordDict,
        message_type: str,
        dst_node_id: int,
        group_id: str,
        ttl: float | None = None,
    ) -> Message:
        """Build a message (deprecated in Flower: use `Message`)."""
        return Message(content, dst_node_id, message_type, ttl=ttl, group_id=group_id)

    def get_node_ids(self) -> list[int]:
        """Return all ids, ascending."""
        return list(self._apps)

    def get_nodes(self) -> list[NodeInfo]:
        """Return what a SuperLink would say of the nodes; their keys are made of their ids."""
        return [
            NodeInfo(node_id=node_id, status="online", public_key=node_id.to_bytes(32, "big"))
            for node_id in self._apps
        ]

    def push_messages(self, messages: Iterable[Message]) -> list[str]:
        """Deliver the messages now; their replies wait to be pulled."""
        ids = []
        for message in messages:
            self._sent += 1
            message_id = f"message-{self._sent}"
            reply = self._deliver(delivered(message, message_id))
            if reply is not None:
                self._replies[message_id] = delivered(reply, f"reply-{self._sent}")
            ids.append(message_id)
        return ids

    def pull_messages(self, message_ids: Iterable[str]) -> list[Message]:
        """Return the replies that arrived, each once."""
        found = [self._replies.pop(name) for name in message_ids if name in self._replies]
        return found if self._arrivals is None else self._arrivals(found)

    def send_and_receive(
        self, messages: Iterable[Message], *, timeout: float | None = None
    ) -> list[Message]:
        """Deliver the messages and return the replies."""
        del timeout  # nothing here takes time
        return self.pull_messages(self.push_messages(messages))

    def _deliver(self, message: Message) -> Message | None:
        problem = None if self._fail is None else self._fail(message)
        if problem == DROP:
            return None
        if problem is not None:
            return Message(Error(ErrorCode.UNKNOWN, problem), reply_to=message)
        node_id = message.metadata.dst_node_id
        with Boundary() as boundary:
            return self._apps[node_id](message, self.contexts[node_id])
        raised = boundary.raised
        error = Error(ErrorCode.CLIENT_APP_RAISED_EXCEPTION, f"{type(raised).__name__}: {raised}")
        return Message(error, reply_to=message)

    @staticmethod
    def _set_identity(run_id: int | None, node_id: int | None, task_id: int | None) -> None:
        # The class attributes, because Flower's properties cannot say "not set" again.
        type.__setattr__(TaskIdentity, "_run_id", run_id)
        type.__setattr__(TaskIdentity, "_node_id", node_id)
        type.__setattr__(TaskIdentity, "_task_id", task_id)


def _size(*counts: int | None) -> int:
    """Return how many nodes there are, by all that say so."""
    said = {count for count in counts if count is not None}
    if len(said) != 1:
        raise ValueError(
            f"say once how many nodes there are (num_nodes, node_configs or a list of apps); "
            f"got {sorted(said) or 'nothing'}"
        )
    return said.pop()


def _context(
    run_id: int,
    node_id: int,
    node_config: Mapping[str, Scalar],
    run_config: Mapping[str, Scalar] | None,
) -> Context:
    return Context(
        run_id=run_id,
        node_id=node_id,
        node_config=dict(node_config),
        state=RecordDict(),
        run_config=dict(run_config or {}),
    )
