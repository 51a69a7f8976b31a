"""What is final on a node's chain, from the genesis hash on over changes of authorities."""

from __future__ import annotations

from string import hexdigits
from typing import TYPE_CHECKING

from pallet_bridge.client.fields import Fields, read_raw
from pallet_bridge.client.rpc import deadline, remaining
from pallet_bridge.embedded.chain.block import Header
from pallet_bridge.embedded.errors import DecodeError
from pallet_bridge.embedded.state.decode import ScaleReader
from pallet_bridge.errors import (
    BadChainValue,
    ChainTimeout,
    ChainUnavailable,
    EncodingError,
    RpcRefused,
)
from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.authorities import AUTHORITIES, next_set, read_authorities
from pallet_bridge.light.justification import Justification, verify
from pallet_bridge.light.known import KnownFinal
from pallet_bridge.light.trie import ReadProof

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pallet_bridge.client.rpc import RawJson, RpcClient, Subscription

PROVE = "grandpa_proveFinality"
SUBSCRIBE = "grandpa_subscribeJustifications"
UNSUBSCRIBE = "grandpa_unsubscribeJustifications"
METHODS = frozenset({PROVE, SUBSCRIBE, "state_getReadProof"})
"""What a node must have to prove what it says."""

_NUMBER_DIGITS = 8  # of 32 bits
_NOTHING_YET = ("not covered by authority set changes", "not yet finalized")


class FinalChain:
    """Final headers and stored values of a node's chain; nothing of them on the node's word.

    Parameters
    ----------
    rpc
        The connection.
    genesis
        The hash of block 0, which is trusted: all else follows from it.
    known
        What was proved of the same chain before; the state of block 0 is not needed then.

    Raises
    ------
    ProofRefused
        When block 0 does not have that hash, or its authorities are not proved; when the node does
        not have the block that is known to be final.
    StateDiscarded
        When the node has pruned the state of block 0: an archive node is needed.

    Attributes
    ----------
    authorities
        Who makes the blocks after `header` final.
    header
        The newest header that is proved to be final.
    """

    def __init__(self, rpc: RpcClient, genesis: bytes, known: KnownFinal | None = None) -> None:
        self._rpc = rpc
        self._watch: Subscription | None = None
        if known is not None:
            self.header, self.authorities = known.header, known.authorities
            self._refuse_without(known.header)
            return
        self.header = self.header_of(genesis)
        if self.header.number:
            raise ProofRefused("block 0", f"the genesis has the number {self.header.number}")
        stored = self.proof(self.header, [AUTHORITIES]).get(AUTHORITIES)
        if stored is None:
            raise ProofRefused("the authorities", "the genesis has none")
        self.authorities = read_authorities(0, stored)

    def advance(self, number: int, timeout: float) -> Header:
        """Return the newest final header, once it has at least this number.

        Raises
        ------
        ChainTimeout
            When no proof of such a block came in time.
        ProofRefused
            When a justification does not prove finality.
        """
        end = deadline(timeout)
        watch = self._rpc.subscribe(SUBSCRIBE, [], UNSUBSCRIBE)
        try:
            self._follow()
            while self.header.number < number:
                try:
                    shown = _raw(watch.next(remaining(end)))
                except ChainTimeout:
                    raise ChainTimeout(
                        f"a proof that block {number} is final (proved is {self.header.number})",
                        timeout,
                    ) from None
                self._follow()  # the authorities may have changed meanwhile
                self._take(shown)
        finally:
            watch.close()
        return self.header

    def latest(self) -> Header:
        """Return the newest final header, by what the node has shown so far; nothing is waited for.

        Raises
        ------
        ProofRefused
            When a justification does not prove finality.
        """
        shown: RawJson = None
        try:
            if self._watch is None:
                self._watch = self._rpc.subscribe(SUBSCRIBE, [], UNSUBSCRIBE)
            while True:  # the last one proves the others, too
                shown = self._watch.next(0.0)
        except ChainTimeout:
            pass
        except ChainUnavailable:
            self._watch = None  # of a connection that ended: the next look begins anew
            raise
        if shown is not None:
            self._follow()
            self._take(_raw(shown))
        return self.header

    def ask(self) -> Header:
        """Return the newest final header, by what the node proves when it is asked for it.

        Raises
        ------
        ProofRefused
            When a justification does not prove finality.
        """
        self._follow()
        return self.header

    def header_of(self, block: bytes) -> Header:
        """Return the header that has a hash."""
        answer = self._rpc.request("chain_getHeader", [_hex(block)])
        header = read_header(answer)
        if header.hash != block:
            raise ProofRefused(f"block {block.hex()}", "the header has another hash")
        return header

    def headers(self, last: Header, first: int) -> list[Header]:
        """Return the headers from a believed one back to number `first`, newest first."""
        numbers = list(range(last.number - 1, first - 1, -1))
        hashes = self._rpc.request("chain_getBlockHash", [numbers]) if numbers else []
        if not isinstance(hashes, list):
            raise BadChainValue(f"the hashes of blocks {first} and later are no list")
        answers = self._rpc.request_all("chain_getHeader", [[hash_] for hash_ in hashes])
        found = [last]
        for answer in answers:
            header = read_header(answer)
            if header.hash != found[-1].parent_hash:
                raise ProofRefused(
                    f"block {found[-1].number - 1}", "it is not the parent of the one after it"
                )
            found.append(header)
        if found[-1].number != first:
            raise ProofRefused(f"block {first}", "its header was left out")
        return found

    def proof(self, header: Header, keys: Sequence[bytes]) -> ReadProof:
        """Return what a node shows of the state after a block."""
        params = [[_hex(key) for key in keys], _hex(header.hash)]
        answer = self._rpc.request("state_getReadProof", params)
        return read_proof(header, answer)

    @property
    def known(self) -> KnownFinal:
        """What is proved now, for a later look."""
        return KnownFinal(self.header, self.authorities)

    def _refuse_without(self, header: Header) -> None:
        """Refuse a node that does not have a block which is final."""
        if self._rpc.request("chain_getHeader", [_hex(header.hash)]) is None:
            raise ProofRefused(
                f"block {header.number}",
                "it was proved to be final before, and the node does not have it: the node is on "
                "another branch, shows an older state, or has not caught up",
            )
        self.header_of(header.hash)

    def _follow(self) -> None:
        """Take the node's proofs of what comes next, as long as there are any."""
        while self._next():
            pass

    def _next(self) -> bool:
        try:
            answer = self._rpc.request(PROVE, [self.header.number + 1])
        except RpcRefused as error:
            if any(reason in f"{error.message} {error.data}" for reason in _NOTHING_YET):
                return False
            raise
        if answer is None:
            return False
        reader = ScaleReader(_raw(answer))
        try:
            reader.take(32)  # the block that the justification says itself
            justification = reader.blob()
        except DecodeError as error:
            raise ProofRefused("finality", str(error)) from None
        return self._take(justification)

    def _take(self, justification: bytes) -> bool:
        """Believe the block of a justification; False when it is no newer than what is known."""
        read = Justification.decode(justification)
        if read.target.number <= self.header.number:
            return False
        target = verify(read, self.authorities)
        header = self.header_of(target.hash)
        if header.number != target.number:
            raise ProofRefused(f"finality of block {target.number}", "its header has another")
        after = next_set(self.authorities, header)
        self.header = header
        if after is not None:
            self.authorities = after
        return True


def read_header(answer: RawJson) -> Header:
    """Read a header as a node shows it."""
    shown = Fields("header", answer)
    digest = shown.struct("digest").value("logs")
    number = _number(shown.text("number"))
    if not isinstance(digest, list):
        raise BadChainValue("the digest of a header is no list")
    return Header(
        parent_hash=shown.hash("parentHash"),
        number=number,
        state_root=shown.hash("stateRoot"),
        extrinsics_root=shown.hash("extrinsicsRoot"),
        digest=tuple(_raw(item) for item in digest),
    )


def read_proof(header: Header, answer: RawJson) -> ReadProof:
    """Read a proof as a node shows it, of the state after a block."""
    nodes = Fields("read proof", answer).value("proof")
    if not isinstance(nodes, list):
        raise BadChainValue("the nodes of a read proof are no list")
    return ReadProof(header.state_root, [_raw(node) for node in nodes])


def _number(shown: str) -> int:
    digits = shown.removeprefix("0x")
    if not digits or len(digits) > _NUMBER_DIGITS or not {*digits.lower()} <= {*hexdigits}:
        raise BadChainValue(f"the number of a header is {shown[:80]!r}")
    return int(digits, 16)


def _raw(answer: RawJson) -> bytes:
    try:
        return read_raw(answer)
    except EncodingError as error:
        raise BadChainValue(f"a node answered with {str(answer)[:80]!r}") from error


def _hex(raw: bytes) -> str:
    return "0x" + raw.hex()
