from __future__ import annotations

from dataclasses import replace
from hashlib import blake2b
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pallet_bridge import encoding_v1
from pallet_bridge.encoding import leaf_hash
from pallet_bridge.errors import EncodingError
from pallet_bridge.settlement.merkle import (
    EMPTY_ROOT,
    greatest_reward,
    is_proven,
    leaves_of,
    merkle_root,
    prove,
    settlement_root,
    split_rewards,
    totals_of,
)
from pallet_bridge.types import AccountId, Leaf, MemberVerdict, Outcome, Perbill, Planck
from tests.unit.pallet_bridge.conftest import TERMS


def leaf(index: int, **changes: Any) -> Leaf:
    account = AccountId(bytes([index]) * 32)
    made = Leaf(account, bytes(32), bytes(32), Outcome.ACCEPTED, -1, 0, Planck(3), 0)
    return replace(made, **changes)


def test_the_root_of_nothing_is_zero() -> None:
    assert settlement_root([]) == EMPTY_ROOT == bytes(32)


def test_the_root_of_one_is_its_leaf() -> None:
    assert settlement_root([leaf(1)]) == leaf_hash(leaf(1))


def test_an_odd_leaf_moves_up_unchanged() -> None:
    one, two, three = (leaf_hash(leaf(index)) for index in (1, 2, 3))

    def node(left: bytes, right: bytes) -> bytes:
        return blake2b(b"\x01" + left + right, digest_size=32).digest()

    assert settlement_root([leaf(1), leaf(2), leaf(3)]) == node(node(one, two), three)


def test_the_root_does_not_depend_on_the_order_it_is_told_in() -> None:
    leaves = [leaf(index) for index in range(7)]
    assert settlement_root(reversed(leaves)) == settlement_root(leaves)


@pytest.mark.parametrize(
    "change",
    [
        {"commitment": b"\1" * 32},
        {"revealed": b"\1" * 32},
        {"outcome": Outcome.REJECTED},
        {"outcome": Outcome.EXCLUDED},
        {"score": 1},
        {"strikes": 3},
        {"reward": Planck(4)},
        {"reason": 7},
    ],
)
def test_a_leaf_holds_every_field(change: dict[str, Any]) -> None:
    assert leaf_hash(leaf(1, **change)) != leaf_hash(leaf(1))


@pytest.mark.parametrize("change", [{"score": 2**63}, {"reason": 256}, {"reward": Planck(-1)}])
def test_a_leaf_that_does_not_fit_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(EncodingError):
        leaf_hash(leaf(1, **change))


@given(st.integers(0, 2**120), st.lists(st.integers(0, 2**32 - 1), max_size=40))
def test_shares_sum_to_the_budget_and_follow_the_weights(budget: int, weights: list[int]) -> None:
    shares = split_rewards(Planck(budget), weights)
    total = sum(weights)
    assert sum(shares) == (budget if total else 0)
    for share, weight in zip(shares, weights, strict=True):
        assert abs(share * max(total, 1) - budget * weight) <= max(total, 1)
        assert weight or share == 0


@given(st.integers(1, 33), st.data())
def test_a_proof_fits_its_leaf_and_its_place_only(count: int, data: st.DataObject) -> None:
    leaves = [leaf(index + 1) for index in range(count)]
    root, proofs = settlement_root(leaves), prove(leaves)
    chosen = data.draw(st.sampled_from(proofs))
    assert is_proven(root, chosen, count)
    assert not is_proven(root, replace(chosen, leaf=replace(chosen.leaf, score=5)), count)
    assert not is_proven(root, replace(chosen, proof=(*chosen.proof, bytes(32))), count)
    other = data.draw(st.integers(-1, count + 1))
    if other != chosen.index:
        assert not is_proven(root, replace(chosen, index=other), count)


def verdict(index: int, outcome: Outcome, weight: int) -> MemberVerdict:
    return MemberVerdict(AccountId(bytes([index]) * 32), bytes(32), outcome, 7, 0, weight)


def test_leaves_pay_the_accepted_and_strike_the_rejected() -> None:
    verdicts = [
        verdict(3, Outcome.EXCLUDED, 5),
        verdict(2, Outcome.REJECTED, 5),
        verdict(4, Outcome.ACCEPTED, 2),
        verdict(1, Outcome.ACCEPTED, 1),
    ]
    known = {one.account: bytes([9]) * 32 for one in verdicts}
    leaves = leaves_of(verdicts, known, Planck(10))
    assert [made.reward for made in leaves] == [3, 0, 0, 7]
    assert [made.strikes for made in leaves] == [0, 1, 0, 0]
    totals = totals_of(leaves)
    assert (totals.accepted, totals.rejected, totals.excluded) == (2, 1, 1)
    assert (totals.strikes, totals.rewards, totals.count) == (1, 10, 4)


def test_nobody_gets_more_than_the_terms_greatest_share_and_the_rest_is_not_paid() -> None:
    verdicts = [verdict(index, Outcome.ACCEPTED, weight) for index, weight in ((1, 7), (2, 3))]
    known = {one.account: bytes([index]) * 32 for index, one in enumerate(verdicts)}
    terms = replace(TERMS, round_reward=Planck(1000), max_share=Perbill(455_999_999))
    most = greatest_reward(terms)
    assert most == 455
    assert [made.reward for made in leaves_of(verdicts, known, Planck(1000), most)] == [455, 300]
    assert [made.reward for made in leaves_of(verdicts, known, Planck(1000))] == [700, 300]


def test_a_root_of_the_first_protocol_has_other_leaves() -> None:
    leaves = [leaf(index) for index in range(3)]
    old = settlement_root(leaves, encoding_v1.leaf_hash)
    assert old == merkle_root(encoding_v1.leaf_hash(one) for one in leaves)
    assert old != settlement_root(leaves)


def test_a_verdict_without_commitment_is_named() -> None:
    with pytest.raises(EncodingError, match="no commitment; leave it out"):
        leaves_of([verdict(1, Outcome.ACCEPTED, 1)], {}, Planck(1))
