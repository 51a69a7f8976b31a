from __future__ import annotations

import os
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from pallet_bridge import calls, connect
from pallet_bridge.errors import ChainError, ConfigError
from pallet_bridge.keys import Signer
from pallet_bridge.signing import sign_commitment
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import UNIT, Planck, RoundBinding
from strategies.client.signed_rounds import (
    FileMemory,
    StateMemory,
    check_round,
    keep,
    memory_of,
)
from strategies.errors import NothingSigned
from strategies.testing import FIRST_NODE_ID, InProcessGrid

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from flwr.app import Context

    from pallet_bridge.types import CommittedUpdate
    from strategies.client.signed_rounds import SignedRounds

ALICE = Signer.from_uri("//Alice")


def opened(round_id: int = 5, federation: int = 0, genesis: int = 0, **bound: Any) -> RoundBinding:
    place = (genesis.to_bytes(32, "big"), federation, round_id)
    return replace(RoundBinding(*place, ALICE.account, b"m" * 32, b"t" * 32), **bound)


def signed(place: RoundBinding, digest: int = 1, num_examples: int = 10) -> CommittedUpdate:
    return sign_commitment(place, ALICE, bytes([digest]) * 32, num_examples, os.urandom(32))


@pytest.fixture
def context(toy: Any) -> Context:
    found: Context = InProcessGrid(toy.app_of(), 1).contexts[FIRST_NODE_ID]
    return found


@pytest.fixture(params=["state", "file"])
def memory(
    request: pytest.FixtureRequest, context: Context, tmp_path: Path
) -> Callable[[RoundBinding], SignedRounds]:
    context.node_config["bcfl-memory-ahead"] = 50
    if request.param == "file":
        context.node_config["bcfl-memory"] = str(tmp_path / "memory")
    return lambda place: memory_of(context, place, ALICE.account, public_key=True)


def test_the_key_decides_where_the_node_remembers(context: Context, tmp_path: Path) -> None:
    def kind(*, public_key: bool) -> type:
        return type(memory_of(context, opened(), ALICE.account, public_key=public_key))

    assert kind(public_key=True) is StateMemory
    assert kind(public_key=False) is FileMemory
    context.node_config["bcfl-memory"] = str(tmp_path)
    assert kind(public_key=True) is kind(public_key=False) is FileMemory


def test_what_was_signed_comes_back_and_nothing_else_is_signed(
    memory: Callable[[RoundBinding], SignedRounds],
) -> None:
    place = opened()
    first = keep(memory(place), place, signed(place))
    assert keep(memory(place), place, signed(place)) == first
    for digest, num_examples in ((2, 10), (1, 11)):
        with pytest.raises(NothingSigned, match="equivocation"):
            keep(memory(place), place, signed(place, digest, num_examples))
    assert keep(memory(opened(6)), opened(6), signed(opened(6), 2)).update_digest == bytes([2]) * 32


@pytest.mark.parametrize(
    ("other", "named"),
    [
        ({"base_model": b"n" * 32}, "base model"),
        ({"terms_hash": b"u" * 32}, "version of the terms"),
        ({"coordinator": Signer.from_uri("//Eve").account}, "coordinator's instruction"),
    ],
)
def test_the_same_update_is_not_signed_again_for_another_model_or_terms(
    memory: Callable[[RoundBinding], SignedRounds], other: dict[str, Any], named: str
) -> None:
    first = keep(memory(opened()), opened(), signed(opened()))
    place = opened(**other)
    with pytest.raises(NothingSigned, match=f"another {named} for round 5"):
        keep(memory(place), place, signed(place))
    assert keep(memory(opened()), opened(), signed(opened())) == first


@pytest.mark.parametrize("other", [{"federation": 1}, {"genesis": 1}])
def test_places_are_apart(
    memory: Callable[[RoundBinding], SignedRounds], other: dict[str, int]
) -> None:
    keep(memory(opened()), opened(), signed(opened()))
    place = opened(**other)
    assert memory(place).highest() is None
    assert keep(memory(place), place, signed(place, 2)).update_digest == bytes([2]) * 32


def test_a_round_far_ahead_is_refused_and_leaves_no_mark(
    memory: Callable[[RoundBinding], SignedRounds], context: Context
) -> None:
    keep(memory(opened()), opened(), signed(opened()))
    for number in (56, 1000, 2**32 - 1):
        with pytest.raises(NothingSigned, match="bcfl-memory-chain"):
            check_round(memory(opened(number)), opened(number), context)
    assert memory(opened()).highest() == 5
    for number in (6, 55):
        check_round(memory(opened(number)), opened(number), context)


def test_a_node_that_signed_nothing_takes_any_round_and_is_not_blocked_by_it(
    context: Context, tmp_path: Path
) -> None:
    context.node_config["bcfl-memory"] = str(tmp_path)
    for number in (2**32 - 1, 7, 8):
        place = opened(number)
        memory = memory_of(context, place, ALICE.account, public_key=False)
        check_round(memory, place, context)
        assert keep(memory, place, made := signed(place, number % 9)) == made


@pytest.mark.parametrize("wrong", [0, -1, "many", 1.5, True])
def test_a_wrong_bound_is_named(
    memory: Callable[[RoundBinding], SignedRounds], context: Context, wrong: Any
) -> None:
    context.node_config["bcfl-memory-ahead"] = wrong
    with pytest.raises(ConfigError, match="bcfl-memory-ahead"):
        check_round(memory(opened()), opened(), context)


@pytest.mark.slow
def test_the_chain_tells_of_rounds_that_a_node_missed(context: Context, tmp_path: Path) -> None:
    context.node_config["bcfl-memory"] = str(tmp_path)
    context.node_config["bcfl-memory-ahead"] = 1
    with connect("embedded") as chain:
        chain.execute(calls.create_federation(DEVELOPMENT, bytes(32)), ALICE)
        chain.execute(calls.fund(0, Planck(100 * UNIT)), ALICE)
        for number in range(4):
            chain.execute(calls.open_round(0, bytes(32)), ALICE)
            chain.execute(calls.abort(0, number), ALICE)

        def ask(number: int, genesis: bytes = chain.genesis_hash) -> None:
            place = replace(opened(number), genesis=genesis)
            memory = memory_of(context, place, ALICE.account, public_key=False)
            check_round(memory, place, context)
            keep(memory, place, signed(place))

        ask(0)
        ask(0, bytes(32))
        with pytest.raises(NothingSigned, match="round 3 is more than 1 after round 0"):
            ask(3)
        context.node_config["bcfl-memory-chain"] = chain.url
        with pytest.raises(NothingSigned, match="round 5 is more than 1 after round 3"):
            ask(5)
        with pytest.raises(NothingSigned, match="names another"):
            ask(3, bytes(32))
        ask(4)  # the round that the chain is about to open
        ask(2)  # and one that was missed
        context.node_config["bcfl-memory"] = str(tmp_path / "new")
        with pytest.raises(NothingSigned, match="round 5 is more than 1 after round 3"):
            ask(5)  # the chain is asked about the first round, too
        ask(4)
        chain.execute(calls.open_round(0, bytes(32)), ALICE)
        context.node_config["bcfl-memory"] = str(tmp_path / "third")
        with pytest.raises(NothingSigned, match="the chain has opened the round with"):
            ask(4)  # of another model and other terms than the chain has for it
    with pytest.raises(ChainError):
        ask(1000)
