from __future__ import annotations

from hashlib import blake2b
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pallet_bridge.embedded.state.hashing import storage_prefix
from pallet_bridge.embedded.state.proofs import read_proof as prove
from pallet_bridge.embedded.state.trie import update
from pallet_bridge.embedded.state.trie_node import BranchNode, encode_node, root_hash
from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.trie import ReadProof
from tests.unit.pallet_bridge.light.recorded import RECORD, header

if TYPE_CHECKING:
    from pallet_bridge.embedded.state.trie_node import Node

ACCOUNTS = storage_prefix("System", "Account")
KEYS = st.binary(min_size=1, max_size=4)
STATES = st.dictionaries(KEYS, st.binary(min_size=1, max_size=40), min_size=1, max_size=30)


def accounts() -> tuple[bytes, list[bytes], list[bytes]]:
    """The state root of a real block, the keys of its accounts, and the proof of them."""
    answers: dict[str, Any] = RECORD["answers"]
    of = {asked: answer for asked, answer in answers.items() if ACCOUNTS.hex() in asked}
    (keys,) = (answer for asked, answer in of.items() if "state_getKeysPaged" in asked)
    (proof,) = (answer["proof"] for asked, answer in of.items() if "state_getReadProof" in asked)
    raw = [[bytes.fromhex(one[2:]) for one in part] for part in (keys, proof)]
    return header(RECORD["final"]).state_root, raw[0], raw[1]


ROOT, ACCOUNT_KEYS, PROOF = accounts()
REAL = dict(ReadProof(ROOT, PROOF).below(ACCOUNTS))


def whole(root: bytes, nodes: list[bytes]) -> list[object]:
    proof = ReadProof(root, nodes)
    return [*proof.below(ACCOUNTS), *map(proof.get, ACCOUNT_KEYS)]


def test_a_real_node_proves_all_accounts() -> None:
    assert [*REAL] == sorted(ACCOUNT_KEYS)
    assert len(REAL) > 5
    proof = ReadProof(ROOT, PROOF)
    assert {key: proof.get(key) for key in ACCOUNT_KEYS} == REAL


def test_a_real_node_proves_that_there_is_nothing() -> None:
    absent = [key[:-1] + bytes([key[-1] ^ 1]) for key in ACCOUNT_KEYS]
    assert {ReadProof(ROOT, PROOF).get(key) for key in absent} == {None}


@given(st.data(), st.integers(1, 255))
def test_any_other_byte_of_a_real_proof_is_refused(data: st.DataObject, flipped: int) -> None:
    nodes = [bytearray(node) for node in PROOF]
    node = data.draw(st.sampled_from(nodes))
    node[data.draw(st.integers(0, len(node) - 1))] ^= flipped
    with pytest.raises(ProofRefused):
        whole(ROOT, [bytes(one) for one in nodes])


@pytest.mark.parametrize("missing", range(len(PROOF)))
def test_each_node_is_needed(missing: int) -> None:
    with pytest.raises(ProofRefused, match="nothing in it has the hash"):
        whole(ROOT, PROOF[:missing] + PROOF[missing + 1 :])


@given(st.integers(0, 31), st.integers(1, 255))
def test_another_root_is_refused(place: int, flipped: int) -> None:
    root = bytearray(ROOT)
    root[place] ^= flipped
    with pytest.raises(ProofRefused):
        whole(bytes(root), PROOF)


def test_what_is_added_is_not_looked_at() -> None:
    assert whole(ROOT, [*PROOF, b"", b"\xff" * 50]) == whole(ROOT, PROOF)


def nodes_of_version_0(root: Node) -> list[bytes]:
    encoded = [encode_node(root, hash_values=False)]
    if isinstance(root, BranchNode):
        for child in root.children:
            encoded += [] if child is None else nodes_of_version_0(child)
    return encoded


@given(STATES, st.lists(KEYS, max_size=5), st.booleans())
def test_it_says_what_was_stored_in_both_versions(
    state: dict[bytes, bytes], others: list[bytes], hashed: bool
) -> None:
    trie = update(None, state)
    assert trie is not None
    asked = [*state, *others]
    nodes = prove(trie, asked) if hashed else nodes_of_version_0(trie)
    proof = ReadProof(root_hash(trie, hash_values=hashed), nodes)
    assert [proof.get(key) for key in asked] == [state.get(key) for key in asked]


@given(STATES, st.binary(max_size=2))
def test_it_finds_all_below_a_prefix(state: dict[bytes, bytes], prefix: bytes) -> None:
    trie = update(None, state)
    below = sorted(pair for pair in state.items() if pair[0].startswith(prefix))
    nodes = prove(trie, [prefix, *dict(below)])
    assert list(ReadProof(root_hash(trie), nodes).below(prefix)) == below


@given(STATES, st.data())
def test_a_key_left_out_is_seen(state: dict[bytes, bytes], data: st.DataObject) -> None:
    """The node shows all but what it hides: either that is seen in a node that it showed anyway."""
    trie = update(None, state)
    hidden = data.draw(st.sampled_from(sorted(state)))
    shown = prove(trie, [b"", *(key for key in state if key != hidden)])
    proof = ReadProof(root_hash(trie), shown)
    try:
        found = dict(proof.below(b""))
    except ProofRefused:
        return
    assert found == state


def test_an_empty_state_has_nothing() -> None:
    empty = ReadProof(root_hash(None), [])
    assert empty.get(b"key") is None
    assert list(empty.below(b"")) == []


@pytest.mark.parametrize(
    "node",
    [
        b"",  # nothing
        b"\x10",  # a branch that ends
        b"\x02",  # no kind
        b"\x41\x13\x04\x01",  # an odd number of nibbles, padded with 1
        b"\x42\x13\x04\x01\x00",  # a byte too many
        b"\x80\x01\x00\x84" + bytes(33),  # a child longer than a hash
        b"\x7f\xff",  # a length that ends
    ],
)
def test_bytes_that_are_no_node_are_refused(node: bytes) -> None:
    root = blake2b(node, digest_size=32).digest()
    with pytest.raises(ProofRefused, match="cannot be read"):
        ReadProof(root, [node]).get(b"key")
