from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from pallet_bridge.errors import BadChainValue, ChainTimeout, RpcRefused
from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.authorities import AUTHORITIES
from pallet_bridge.light.final import PROVE, FinalChain, read_header
from pallet_bridge.light.justification import Justification, VotedBlock
from tests.unit.pallet_bridge.light.recorded import FIRST, GENESIS, RECORD, SECOND, Replayed, header
from tests.unit.pallet_bridge.light.signing import FOUR, ROUND, SET, chain, commit, target_of

FINAL = header(RECORD["final"])


def key_of(*asked: Any) -> str:
    return json.dumps(asked)


def changed(text: str) -> str:
    """Hex with another last digit."""
    return text[:-1] + f"{int(text[-1], 16) ^ 1:x}"


def final(replayed: Replayed, number: int = FINAL.number) -> FinalChain:
    found = FinalChain(replayed, GENESIS)
    found.advance(number, 1.0)
    return found


def test_it_follows_two_changes_of_the_authorities_from_genesis() -> None:
    found = final(Replayed())
    assert found.header == FINAL
    assert found.authorities.id == 2
    assert FIRST < SECOND < FINAL.number


def test_it_goes_back_by_parents() -> None:
    found = final(Replayed())
    newest, parent = found.headers(FINAL, FINAL.number - 1)
    assert (newest, parent.hash) == (FINAL, FINAL.parent_hash)


def test_another_genesis_is_refused() -> None:
    replayed = Replayed()
    block = "0x" + b"\x01".hex() * 32
    replayed.answers[key_of("chain_getHeader", block)] = replayed.answers[
        key_of("chain_getHeader", RECORD["genesis"])
    ]
    with pytest.raises(ProofRefused, match="another hash"):
        FinalChain(replayed, bytes.fromhex(block[2:]))


def test_a_later_block_is_no_genesis() -> None:
    with pytest.raises(ProofRefused, match="the genesis has the number"):
        FinalChain(Replayed(), FINAL.hash)


@pytest.mark.parametrize("field", ["parentHash", "stateRoot", "extrinsicsRoot", "number"])
def test_a_swapped_header_is_refused(field: str) -> None:
    replayed = Replayed()
    shown = replayed.answers[key_of("chain_getHeader", RECORD["final"])]
    shown[field] = changed(shown[field])
    with pytest.raises(ProofRefused, match="another hash"):
        final(replayed)


def test_another_digest_names_no_authorities() -> None:
    """The last block of a set says who follows: its hash is what the set signed."""
    replayed = Replayed()
    for asked, shown in replayed.answers.items():
        if "chain_getHeader" in asked and int(shown["number"], 16) == FIRST:
            shown["digest"]["logs"] = [
                changed(item) if item.startswith("0x0446524e4b") else item
                for item in shown["digest"]["logs"]
            ]
    with pytest.raises(ProofRefused, match="another hash"):
        final(replayed)


def test_another_parent_is_refused() -> None:
    replayed = Replayed()
    found = final(replayed)
    replayed.answers[key_of("chain_getBlockHash", [FINAL.number - 1])] = [RECORD["final"]]
    with pytest.raises(ProofRefused, match="not the parent"):
        found.headers(FINAL, FINAL.number - 1)


def test_parents_left_out_are_seen() -> None:
    replayed = Replayed()
    found = final(replayed)
    replayed.answers[key_of("chain_getBlockHash", [FINAL.number - 1])] = []
    with pytest.raises(ProofRefused, match="left out"):
        found.headers(FINAL, FINAL.number - 1)


def test_authorities_of_the_node_s_own_are_refused() -> None:
    replayed = Replayed()
    asked = key_of("state_getReadProof", ["0x" + AUTHORITIES.hex()], RECORD["genesis"])
    nodes = replayed.answers[asked]["proof"]
    for place, node in enumerate(nodes):
        replayed.answers[asked]["proof"] = [*nodes[:place], changed(node), *nodes[place + 1 :]]
        with pytest.raises(ProofRefused):
            FinalChain(replayed, GENESIS)


def test_a_change_that_is_left_out_ends_in_a_refusal() -> None:
    """A node that hides the second set cannot show blocks of the third."""
    replayed = Replayed()
    del replayed.answers[key_of(PROVE, FIRST + 1)]
    with pytest.raises(ProofRefused):
        final(replayed)


def test_a_private_fork_is_refused() -> None:
    """Whoever has the genesis and keys of their own makes blocks, and signs them."""
    block = replace(chain(1)[0], number=FINAL.number)
    votes = [one.vote(target_of(block), set_id=2) for one in FOUR]
    replayed = Replayed(notes=["0x" + commit(block, votes).encode().hex()])
    found = FinalChain(replayed, GENESIS)
    with pytest.raises(ProofRefused, match="no authority of set 2"):
        found.advance(FINAL.number, 1.0)
    assert found.header.number == SECOND


def test_what_is_older_than_what_is_known_changes_nothing() -> None:
    found = final(Replayed())
    assert not found._take(bytes.fromhex(RECORD["last"][2:]))
    assert found.header == FINAL


def test_a_node_that_shows_nothing_new_is_waited_for_only_so_long() -> None:
    with pytest.raises(ChainTimeout, match=f"block {FINAL.number} is final"):
        final(Replayed(notes=[]))


def test_another_refusal_is_no_sign_that_nothing_changed() -> None:
    class Broken(Replayed):
        def request(self, method: str, params: Any = ()) -> Any:
            if method == PROVE:
                raise RpcRefused(method, 1, "the disk is gone")
            return super().request(method, params)

    with pytest.raises(RpcRefused, match="the disk is gone"):
        final(Broken())


@pytest.mark.parametrize("number", ["", "0x", "0x1_0", "-1", "0x123456789", "0xg"])
def test_a_number_that_is_none_is_no_header(number: str) -> None:
    shown = RECORD["answers"][key_of("chain_getHeader", RECORD["final"])] | {"number": number}
    with pytest.raises(BadChainValue):
        read_header(shown)


def test_a_number_that_is_not_the_header_s_is_refused() -> None:
    found = FinalChain(Replayed(), GENESIS)
    found.authorities = SET
    wrong = VotedBlock(FINAL.hash, FINAL.number + 1)
    votes = tuple(one.vote(wrong) for one in FOUR)
    with pytest.raises(ProofRefused, match="its header has another"):
        found._take(Justification(ROUND, wrong, votes, ()).encode())
    assert found.header.number == 0
