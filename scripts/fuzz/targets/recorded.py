"""What an honest node answers to a reader of everything, and a node that answers anything."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any

from pallet_bridge import calls
from pallet_bridge.client import connect, decode, mirror
from pallet_bridge.client.codec import Codec
from pallet_bridge.client.rpc import RpcClient
from pallet_bridge.client.state import StateReader
from pallet_bridge.embedded import EmbeddedNode
from pallet_bridge.errors import BadChainValue, ChainError
from pallet_bridge.keys import Signer
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import UNIT, NodeKey, NodeProof, Planck, Succession

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


ALICE, BOB = Signer.from_uri("//Alice"), Signer.from_uri("//Bob")


@dataclass(frozen=True, slots=True)
class Recorded:
    """What an honest node answered to a reader of everything, and what it has stored."""

    answers: dict[str, Any]
    stored: tuple[tuple[str, str], ...]
    metadata: str


ITEMS: tuple[tuple[str, Callable[[object], object]], ...] = (
    ("Bcfl.Federations", mirror.federation),
    ("Bcfl.Participants", mirror.participant),
    ("Bcfl.Rounds", mirror.round_),
    ("Bcfl.FederationTerms", mirror.terms),
    ("System.Account", decode.balance),
    ("System.Events", lambda value: [decode.event(one) for one in _listed(value)]),
    ("Bcfl.Offices", mirror.office),
    ("Bcfl.Records", mirror.record),
    ("Bcfl.NodeKeys", mirror.node_key),
    ("Bcfl.Invitations", mirror.invitation),
    ("Bcfl.Bonds", mirror.bond),
    ("Bcfl.Attesters", mirror.attester),
    ("Bcfl.Commitments", mirror.commitment),
    ("Bcfl.Committees", mirror.committee),
    ("Bcfl.Offences", mirror.offence),
    ("Bcfl.Motions", mirror.motion),
)


def _listed(value: object) -> Sequence[object]:
    if not isinstance(value, list):
        raise BadChainValue(f"{value!r} is no list")
    return value


def use(reader: StateReader) -> None:
    """Read everything that is there."""
    for read in (
        reader.head,
        reader.finalized,
        reader.limits,
        reader.slot_seconds,
        reader.next_federation,
        reader.issuance,
        lambda: reader.block_at(0),
        lambda: reader.federation(0),
        lambda: reader.terms(0),
        lambda: reader.participants(0),
        lambda: reader.participant(0, ALICE.account),
        lambda: reader.round(0, 0),
        lambda: reader.commitments(0, 0),
        lambda: reader.attesters(0),
        lambda: reader.balance(ALICE.account),
        lambda: reader.nonce(ALICE.account),
        lambda: reader.events(b"\x01" * 32),
    ):
        try:
            read()
        except ChainError:
            continue


class _Listening:
    """The connection of an honest reader, written down."""

    def __init__(self, rpc: RpcClient) -> None:
        self._rpc = rpc
        self.url, self.timeout, self.genesis = rpc.url, rpc.timeout, rpc.genesis
        self.answers: dict[str, Any] = {}

    def request(self, method: str, params: Sequence[object] = ()) -> Any:  # noqa: ANN401 - JSON
        self.answers[method] = self._rpc.request(method, params)
        return self.answers[method]

    def know_final(self, _number: int, _block: str) -> None: ...


class Hostile:
    """A node that answers what it was told to, whatever is asked."""

    url, genesis, connections = "ws://hostile.example", "0x" + "00" * 32, 1
    timeout = 0.0  # nothing is waited for: it would say the same again

    def __init__(self, answers: dict[str, Any]) -> None:
        self._answers = answers

    def request(self, method: str, _params: Sequence[object] = ()) -> Any:  # noqa: ANN401 - JSON
        """Return what it was told to answer."""
        return self._answers.get(method)

    def know_final(self, _number: int, _block: str) -> None:
        """Take note of a final block."""


@cache
def recorded() -> Recorded:
    """Return what the embedded chain answers when a federation has an open round."""
    with connect("embedded") as client:
        client.execute(calls.create_federation(DEVELOPMENT, bytes(32)), ALICE)
        joined = calls.join(0, Planck(500 * UNIT), hash_of_terms(DEVELOPMENT))
        client.execute(joined, BOB)
        client.execute(calls.fund(0, Planck(5_000 * UNIT)), ALICE)
        client.execute(calls.name_successors(0, Succession((ALICE.account,), 50, 10)), ALICE)
        client.execute(calls.bind_node_key(0, NodeKey(bytes([7]) * 32, NodeProof(b"s"))), BOB)
        client.execute(calls.register_attester(0, bytes(32)), BOB)
        client.execute(calls.pause(0, client.head().number + 30), ALICE)
        client.execute(calls.post_bond(0, Planck(UNIT)), ALICE)
        client.execute(calls.open_round(0, bytes(32)), ALICE)
        rpc = RpcClient(client.url, timeout=60.0)
        listening, codec = _Listening(rpc), Codec(rpc)
        use(StateReader(listening, codec))  # type: ignore[arg-type]
        head = "0x" + client.head().hash.hex()
        stored = []
        for item, _ in ITEMS:
            prefix = codec.storage_key(*item.split("."))
            keys = rpc.request("state_getKeysPaged", [prefix, 5, prefix, head]) or [prefix]
            stored += [(item, rpc.request("state_getStorage", [key, head])) for key in keys]
        version = rpc.request("state_getRuntimeVersion")
        metadata = rpc.request("state_getMetadata")
        rpc.close()
    return Recorded(
        listening.answers
        | dict.fromkeys(("state_getRuntimeVersion", "chain_getRuntimeVersion"), version),
        tuple((item, value) for item, value in stored if value is not None),
        metadata,
    )


@cache
def codec_of_a_chain() -> Codec:
    """Return the codec of a chain that stays open."""
    node = EmbeddedNode.start()
    return Codec(RpcClient(node.url, timeout=60.0))
