"""Connect to a chain for what decides about money or consent: proved, agreed, or said aloud.

A node that proves what is final and stored is asked for proofs. Where none does, several nodes
have to agree. One node without proofs is believed, and that is said.
"""

from __future__ import annotations

import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.client.substrate.stored import as_hex
from pallet_bridge.errors import BadChainValue, ChainUnavailable, EncodingError, StateDiscarded
from pallet_bridge.errors.proofs import NodesDiffer, OtherChain
from pallet_bridge.trusted.urls import urls_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from pallet_bridge.client.protocol import ChainClient
    from pallet_bridge.light.client import FinalClient
    from pallet_bridge.light.known import KnownFinal
    from pallet_bridge.memory.chains import FinalMemory

FRESH_S = 600.0
"""Seconds that the newest block which a node proves may be old."""

_PRUNED = "it has pruned the state of block 0, from which proofs begin. Name an archive node"
_NO_METHODS = "it has no methods that prove what is final"
_WORD = "what {} says of the chain is its word, and is believed: {}"
_AGREED = (
    "none of {} proves what is final: they are all asked, and have to agree. If they lie together "
    "they are believed"
)
_DOWN = "{} does not answer, and is not asked: {}"


@dataclass(frozen=True, slots=True)
class Belief:
    """What a chain is held to.

    Parameters
    ----------
    genesis : tuple of bytes
        Hashes of block 0 of which the chain has to have one: all proofs begin there. Empty: the
        one that the first node says.
    where : str
        What pinned it, in words, for the error when a node is of another chain.
    memory : FinalMemory or None
        Where it is remembered what was proved before; ``None``: nowhere.
    """

    genesis: tuple[bytes, ...] = ()
    where: str = "what is pinned"
    memory: FinalMemory | None = None


class _Offer(NamedTuple):
    url: str
    genesis: bytes
    proves: bool


def open_checked(
    target: str,
    belief: Belief,
    say: Callable[[str], None],
    *,
    timeout: float = 30.0,
    patience: float = 60.0,
) -> ChainClient:
    """Connect to the nodes that a setting names, and believe no more of them than has to be.

    The client's `head` is final, where it proves or several nodes agree, and so is what it reads.

    Parameters
    ----------
    target
        URLs with commas.
    belief
        What the chain is held to.
    say
        Called with what an operator has to know: whose word is believed, which node is down.
    timeout
        Seconds that connecting, and each answer of a node, may take.
    patience
        Seconds until a proof of what is final has to come.

    Raises
    ------
    ConfigError
        When the target names no node.
    OtherChain
        When a node is of another chain than the one that is pinned.
    NodesDiffer
        When nodes are of different chains, or differ about what is final.
    ProofRefused
        When a node shows proofs, and they do not prove what they should.
    StateTooOld
        When the newest block that is proved is an old one.
    ChainUnavailable
        When no node answers; where none proves anything, when one of them does not.
    ChainsUnusable
        When what was proved before cannot be read, or what is proved now not be written down.
    """
    offers, away = _offers(urls_of(target), timeout)
    for offer in offers:
        if belief.genesis and offer.genesis not in belief.genesis:
            raise OtherChain(offer.url, offer.genesis, belief.genesis, belief.where)
    first = offers[0]
    if any(offer.genesis != first.genesis for offer in offers):
        raise NodesDiffer(
            "which chain it is", {offer.url: as_hex(offer.genesis) for offer in offers}
        )
    proved, why = _open_proved(
        [offer.url for offer in offers if offer.proves], first.genesis, belief, timeout, patience
    )
    if proved is not None:
        for error in away:
            say(_DOWN.format(error.url, error.cause))
        return proved
    if away:
        raise away[0]
    if len(offers) > 1:
        from pallet_bridge.trusted.agreeing import AgreeingClient  # noqa: PLC0415 - scalecodec

        say(_AGREED.format(", ".join(offer.url for offer in offers)))
        return AgreeingClient([offer.url for offer in offers], timeout=timeout, patience=patience)
    from pallet_bridge.client.node import NodeClient  # noqa: PLC0415 - loads scalecodec

    say(_WORD.format(first.url, why or _NO_METHODS))
    return NodeClient(first.url, timeout=timeout)


@contextmanager
def open_beside(checked: ChainClient) -> Iterator[ChainClient]:
    """Connect to the same node once more, for what cannot wait until it is final.

    The second client says what the newest block is, and sends. It is believed, so what it says has
    to be looked at again by the first one. Where that one is a node's word too, it is both.

    Parameters
    ----------
    checked
        From `open_checked`.

    Raises
    ------
    ChainError
        When the node cannot be used.
    """
    from pallet_bridge.client.node import NodeClient  # noqa: PLC0415 - loads scalecodec
    from pallet_bridge.light.client import FinalClient  # noqa: PLC0415 - loads scalecodec
    from pallet_bridge.trusted.agreeing import AgreeingClient  # noqa: PLC0415 - loads scalecodec

    if not isinstance(checked, (FinalClient, AgreeingClient)):
        yield checked
        return
    with NodeClient(checked.url) as live:
        if live.genesis_hash != checked.genesis_hash:
            raise OtherChain(
                *(checked.url, live.genesis_hash),
                *((checked.genesis_hash,), "the first answer of the same node"),
            )
        yield live


def _offers(urls: Sequence[str], timeout: float) -> tuple[list[_Offer], list[ChainUnavailable]]:
    from pallet_bridge.light.client import proves  # noqa: PLC0415 - loads scalecodec

    found: list[_Offer] = []
    away: list[ChainUnavailable] = []
    for url in urls:
        rpc = RpcClient(url, timeout)
        try:
            offered = proves(rpc.request("rpc_methods"))
            found.append(_Offer(url, _raw(rpc.genesis), offered))
        except ChainUnavailable as error:
            away.append(error)
        finally:
            rpc.close()
    if not found:
        raise away[0]
    return found, away


def _open_proved(
    urls: Sequence[str], genesis: bytes, belief: Belief, timeout: float, patience: float
) -> tuple[FinalClient | None, str]:
    """Return the client that proves the newest block, or why none does."""
    from pallet_bridge.light.client import FinalClient  # noqa: PLC0415 - loads scalecodec

    known = _known(belief.memory, genesis)
    why = ""
    with ExitStack() as undone:
        opened: list[FinalClient] = []
        for url in urls:
            try:
                client = FinalClient(
                    *(url, genesis),
                    timeout=timeout,
                    patience=patience,
                    known=known,
                    is_live=True,
                )
            except StateDiscarded:
                why = _PRUNED
                continue
            undone.callback(client.close)
            opened.append(client)
        if not opened:
            return None, why
        newest = max(opened, key=lambda one: one.head().number)
        newest.check_fresh(time.time(), FRESH_S)
        if belief.memory is not None:
            belief.memory.keep(genesis, newest.head().number, newest.known.encode())
        undone.pop_all()
    for client in opened:
        if client is not newest:
            client.close()
    return newest, why


def _known(memory: FinalMemory | None, genesis: bytes) -> KnownFinal | None:
    from pallet_bridge.light.known import KnownFinal  # noqa: PLC0415 - loads wasmtime

    raw = None if memory is None else memory.known(genesis)
    if raw is None or memory is None:
        return None
    try:
        return KnownFinal.decode(raw)
    except EncodingError as error:
        raise memory.damaged(str(error)) from error


def _raw(genesis: str) -> bytes:
    try:
        return bytes.fromhex(genesis.removeprefix("0x"))
    except ValueError:
        raise BadChainValue(f"the hash of block 0 is {genesis[:80]!r}") from None
