from __future__ import annotations

import json

import pytest

from pallet_bridge.embedded.state.hashing import blake2_256
from pallet_bridge.errors import EncodingError
from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.final import FinalChain
from pallet_bridge.light.known import KnownFinal
from tests.unit.pallet_bridge.light.recorded import GENESIS, RECORD, SECOND, Replayed, header

FINAL = header(RECORD["final"])


def proved() -> KnownFinal:
    chain = FinalChain(Replayed(), GENESIS)
    chain.advance(FINAL.number, 1.0)
    return chain.known


def test_it_is_written_as_it_always_was() -> None:
    encoded = proved().encode()
    assert encoded[0] == 1
    assert blake2_256(encoded).hex() == (
        "bf8d8010551bc1f4da0da2fac15c2626f239b735cd2b63decb5d61234fefb135"
    )
    assert KnownFinal.decode(encoded) == proved()


@pytest.mark.parametrize("change", ["version", "cut", "more", "header"])
def test_other_bytes_are_refused(change: str) -> None:
    raw = proved().encode()
    other = {
        "version": b"\x02" + raw[1:],
        "cut": raw[:-1],
        "more": raw + b"\0",
        "header": raw[:1] + b"\x04\0" + raw[3:],
    }[change]
    with pytest.raises(EncodingError, match="remembered of a chain"):
        KnownFinal.decode(other)


def test_a_later_look_goes_on_from_there_without_the_state_of_block_0() -> None:
    replayed = Replayed()
    for asked in list(replayed.answers):
        method, *_ = json.loads(asked)
        if method == "state_getReadProof":
            del replayed.answers[asked]
    chain = FinalChain(replayed, GENESIS, proved())
    assert chain.advance(FINAL.number, 1.0) == FINAL
    assert chain.authorities.id == 2
    assert FINAL.number > SECOND


def test_a_node_without_the_block_that_is_known_is_refused() -> None:
    replayed = Replayed()
    replayed.answers[json.dumps(["chain_getHeader", RECORD["final"]])] = None
    with pytest.raises(ProofRefused, match="proved to be final before"):
        FinalChain(replayed, GENESIS, proved())


def test_what_was_shown_meanwhile_is_taken_without_waiting() -> None:
    chain = FinalChain(Replayed(), GENESIS)
    chain.advance(SECOND, 1.0)
    assert chain.latest() == FINAL
    assert chain.latest() == FINAL
