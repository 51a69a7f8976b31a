"""A whole development node in this process: chain, pool, sealing and JSON-RPC."""

from __future__ import annotations

from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any

from pallet_bridge.embedded.chain.chain import DEFAULT_PRESET, Chain
from pallet_bridge.embedded.chain.kept import kept_chain
from pallet_bridge.embedded.errors import NothingToSeal
from pallet_bridge.embedded.fork.fork import fork_of
from pallet_bridge.embedded.fork.remote import RemoteState
from pallet_bridge.embedded.rpc.dispatch import RpcDispatcher
from pallet_bridge.embedded.rpc.server import Server
from pallet_bridge.embedded.sealing import Instant, Sealing
from pallet_bridge.embedded.service import Service

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path
    from types import TracebackType
    from typing import Self

    from pallet_bridge.embedded.rpc.access import RpcMethods
    from pallet_bridge.embedded.store.errors import NotKept


class EmbeddedNode:
    """A development node on a free port of this machine.

    Any Substrate client can connect to `url`. Blocks are final at once. Use it as a context
    manager, or call `close`.

    Examples
    --------
    >>> with EmbeddedNode.start() as node:  # doctest: +SKIP
    ...     substrate = SubstrateInterface(url=node.url)
    """

    def __init__(
        self, service: Service, server: Server, url: str, open_: ExitStack | None = None
    ) -> None:
        self._service = service
        self._server = server
        self._url = url
        self._open = open_ or ExitStack()

    @classmethod
    def start(
        cls,
        *,
        port: int = 0,
        host: str = "127.0.0.1",
        sealing: Sealing = Instant(),  # noqa: B008 - frozen
        chain: Chain | None = None,
        state: Path | None = None,
        fork_url: str | None = None,
        preset: str | None = None,
        patch: Mapping[str, Any] | None = None,
        nonce: bytes | None = None,
        allow_origins: Sequence[str] = (),
        rpc_methods: RpcMethods = "auto",
        dev_rpc: bool = False,
    ) -> Self:
        """Start a node; it accepts connections when this returns.

        Parameters
        ----------
        port
            0 takes a free one.
        host
            The address to listen on. Who can reach it may do anything: keep it on the loopback.
        sealing
            When blocks are made.
        chain
            A chain to go on with; by default a new one from `preset`, `patch` and `nonce`.
        state
            A folder that keeps the chain: it goes on with the one there, or begins one. See
            `pallet_bridge.embedded.chain.kept`.
        fork_url
            A live node: the chain goes on from its last final block. See
            `pallet_bridge.embedded.fork.fork`.
        preset
            Name of the runtime's genesis preset; by default "development".
        nonce
            See `Chain.new`; by default each node has a genesis of its own.
        allow_origins
            Origins of web pages, such as ``https://polkadot.js.org``, that may connect. Pages of
            this machine, and programs that are no browser, always may.
        rpc_methods
            Who may call unsafe methods (`pallet_bridge.embedded.rpc.access.UNSAFE`), such as those
            that seal: ``auto``, programs on this machine that are no browser, as long as `host` is
            the loopback; ``safe``, nobody; ``unsafe``, whoever may connect.
        dev_rpc
            Serve ``dev_*``, by which a client rewrites the chain, its time and its signatures.

        Raises
        ------
        ConfigError
            An origin is none, or `rpc_methods` is no such word.
        CannotListen
            The address is not free.
        StateInUse, StateDamaged, StateDiffers
            The folder `state` cannot be gone on with.
        ForkUnreadable
            The node at `fork_url` does not answer.
        """
        with ExitStack() as opening:
            if chain is not None:
                its_own = chain
            elif fork_url is not None:
                its_own = fork_of(opening.enter_context(closing(RemoteState(fork_url))))
            elif state is None:
                its_own = Chain.new(preset=preset or DEFAULT_PRESET, patch=patch, nonce=nonce)
            else:
                its_own = kept_chain(state, preset=preset, patch=patch, nonce=nonce)
                opening.callback(its_own.close)
            service = Service(its_own)
            dispatcher = RpcDispatcher(service, dev_rpc=dev_rpc)
            server = Server(service, dispatcher, sealing, allow_origins, rpc_methods)
            bound = server.start(host, port)
            address = f"[{host}]" if ":" in host else host
            return cls(service, server, f"ws://{address}:{bound}", opening.pop_all())

    @property
    def url(self) -> str:
        """Where clients connect."""
        return self._url

    @property
    def chain(self) -> Chain:
        """The chain; while clients are connected use it inside `locked` only."""
        return self._service.chain

    @property
    def trouble(self) -> NotKept | None:
        """Why the last block could not be written down; None when it was."""
        return self._service.trouble

    @contextmanager
    def locked(self) -> Iterator[Chain]:
        """Keep every other user of the chain out for the time of the block."""
        with self._service.lock:
            yield self._service.chain

    def seal(self, blocks: int = 1, *, empty_ok: bool = True) -> bytes:
        """Make blocks from what is ready; give the hash of the head.

        Raises
        ------
        NothingToSeal
            With ``empty_ok=False``, when nothing is ready for one of the blocks.
        """
        with self._service.lock:
            for _ in range(blocks):
                if not empty_ok and not self._service.pool.ready_count:
                    raise NothingToSeal
                self._service.seal()
            return self._service.chain.head

    def snapshot(self) -> int:
        """Remember the chain as it is; see `revert`."""
        with self._service.lock:
            return self._service.chain.snapshot()

    def revert(self, snapshot: int) -> None:
        """Go back to a snapshot. Extrinsics that wait are validated again."""
        self._service.revert(snapshot)

    def export(self, path: Path) -> None:
        """Write all blocks to a file from which the chain can be executed again."""
        with self._service.lock:
            self._service.chain.export(path)

    def close(self) -> None:
        """Disconnect all clients, free the port, and the folder `state`.

        The chain can still be read.
        """
        with self._open:
            self._server.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()
