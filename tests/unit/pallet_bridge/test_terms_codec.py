from __future__ import annotations

from dataclasses import fields, replace
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from pallet_bridge.errors import EncodingError
from pallet_bridge.terms_codec import decode_terms, encode_terms, hash_of_terms
from pallet_bridge.types import (
    AccountId,
    Admission,
    Arbiter,
    Coupling,
    Governance,
    MembersVote,
    Perbill,
    Planck,
    Quorum,
    SlashTerms,
    Tally,
    Terms,
    Vouched,
)
from tests.unit.pallet_bridge.plain_hash import hashed, u32, u64, u128

TERMS = Terms(
    min_stake=Planck(2**100),
    max_participants=64,
    quorum=Quorum(stake=Planck(7)),
    commit_blocks=5,
    settle_blocks=50,
    dispute_blocks=10,
    unbonding_blocks=100,
    claim_blocks=1000,
    retention_blocks=2**32 - 1,
    cooldown_blocks=0,
    round_reward=Planck(10**13),
    strikes_to_slash=3,
    strike_decay_rounds=2,
    slash=SlashTerms(Perbill(11), Perbill(12), Perbill(13), Perbill(10**9)),
    reporter_share=Perbill(14),
    dispute_bond=Planck(15),
    arbiter=AccountId(b"\x0a" * 32),
    coupling=Coupling.FULL,
    attest_quorum=Perbill(16),
    attest_by=Tally.STAKE,
    committee_size=17,
    governance=MembersVote(Perbill(18), Perbill(19), 20, 21),
    max_failed_rounds=22,
    notice_blocks=23,
    admission=Vouched(24),
    max_per_organisation=25,
    max_examples=2**64 - 1,
    max_share=Perbill(26),
    coordinator_bond=Planck(27),
    misconduct=Perbill(28),
    silence=Perbill(29),
    aging_blocks=30,
    max_vote_share=Perbill(31),
    lock_blocks=32,
    tenure_rounds=33,
    vesting_rounds=34,
    strike_cut=Perbill(35),
    training={"é": b"\x0b" * 32, "lr": -2},
)
HEAD = u128(2**100) + u32(64)
QUORUM = b"\2" + u128(7)
WINDOWS = (
    b"".join(u32(n) for n in (5, 50, 10, 100, 1000, 2**32 - 1, 0))
    + u128(10**13)
    + b"".join(u32(n) for n in (3, 2, 11, 12, 13, 10**9, 14))
    + u128(15)
)
ARBITER = b"\0" + b"\x0a" * 32
ATTEST = b"\2" + u32(16) + b"\1" + u32(17)
GOVERNANCE = b"\2" + u32(18) + u32(19) + u32(20) + u32(21)
LATER = u32(22) + u32(23)
ADMISSION = b"\2" + u32(24)
REST = (
    u32(25)
    + u64(2**64 - 1)
    + u32(26)
    + u128(27)
    + b"".join(u32(n) for n in (28, 29, 30, 31, 32, 33, 34, 35))
)
TRAINING = b"\x08" + b"\x08lr\0" + b"\xfe" + b"\xff" * 7 + b"\x08\xc3\xa9\1" + b"\x0b" * 32
PARTS = {
    "head": HEAD,
    "quorum": QUORUM,
    "windows": WINDOWS,
    "arbiter": ARBITER,
    "attest": ATTEST,
    "governance": GOVERNANCE,
    "later": LATER,
    "admission": ADMISSION,
    "rest": REST,
    "training": TRAINING,
}


def with_part(**other: bytes) -> bytes:
    return b"".join((PARTS | other).values())


def test_terms_are_these_bytes() -> None:
    assert encode_terms(TERMS) == with_part()
    assert decode_terms(with_part()) == TERMS


@pytest.mark.parametrize(
    ("change", "part", "data"),
    [
        ({"quorum": Quorum()}, "quorum", b"\0"),
        ({"quorum": Quorum(count=9)}, "quorum", b"\1" + u32(9)),
        ({"arbiter": Arbiter.COUNCIL}, "arbiter", b"\1"),
        ({"arbiter": Arbiter.ATTESTERS}, "arbiter", b"\2"),
        ({"governance": Governance.COORDINATOR}, "governance", b"\0"),
        ({"governance": Governance.COUNCIL}, "governance", b"\1"),
        ({"admission": Admission.OPEN}, "admission", b"\0"),
        ({"admission": Admission.INVITED}, "admission", b"\1"),
        ({"coupling": Coupling.LOOSE}, "attest", b"\0" + ATTEST[1:]),
        ({"coupling": Coupling.FLEXIBLE}, "attest", b"\1" + ATTEST[1:]),
        ({"attest_by": Tally.COUNT}, "attest", ATTEST[:5] + b"\0" + ATTEST[6:]),
        ({"training": {}}, "training", b"\0"),
        ({"training": {"": 1}}, "training", b"\x04\0\0" + u64(1)),
    ],
)
def test_each_form_has_its_bytes(change: dict[str, Any], part: str, data: bytes) -> None:
    terms = replace(TERMS, **change)
    assert encode_terms(terms) == with_part(**{part: data})
    assert decode_terms(with_part(**{part: data})) == terms


def test_the_hash_is_over_the_bytes_without_their_length() -> None:
    assert hash_of_terms(TERMS) == hashed(b"\x34bcfl/terms/v1", with_part())


def test_every_field_changes_the_hash() -> None:
    changes: dict[str, Any] = {
        "quorum": Quorum(),
        "arbiter": Arbiter.COUNCIL,
        "coupling": Coupling.LOOSE,
        "attest_by": Tally.COUNT,
        "governance": Governance.COUNCIL,
        "admission": Admission.OPEN,
        "training": {},
        "slash": replace(TERMS.slash, mismatch=Perbill(1)),
    }
    for field in fields(Terms):
        other = changes.get(field.name, 1)
        assert hash_of_terms(replace(TERMS, **{field.name: other})) != hash_of_terms(TERMS)


def test_parameters_are_in_the_order_of_their_bytes_however_they_came() -> None:
    one = replace(TERMS, training={"b": 1, "a": 2, "Ω": 3, "aa": 4})
    other = replace(TERMS, training={"Ω": 3, "aa": 4, "a": 2, "b": 1})
    assert encode_terms(one) == encode_terms(other)
    assert list(decode_terms(encode_terms(one)).training) == ["a", "aa", "b", "Ω"]


def test_terms_that_end_early_are_refused() -> None:
    data = with_part()
    for end in range(len(data)):
        with pytest.raises(EncodingError):
            decode_terms(data[:end])


@pytest.mark.parametrize("more", [b"\0", b"\xff" * 9])
def test_more_bytes_than_terms_are_refused(more: bytes) -> None:
    with pytest.raises(EncodingError, match=f"{len(more)} bytes too many"):
        decode_terms(with_part() + more)


NUMBER = b"\0" + u64(1)


@pytest.mark.parametrize(
    ("part", "data", "says"),
    [
        ("quorum", b"\3", "Quorum"),
        ("quorum", b"\1" + u32(0), "quorum of nothing"),
        ("quorum", b"\2" + u128(0), "quorum of nothing"),
        ("arbiter", b"\3", "Arbiter"),
        ("attest", b"\3" + ATTEST[1:], "Coupling"),
        ("attest", ATTEST[:5] + b"\2" + ATTEST[6:], "Tally"),
        ("attest", b"\2" + u32(10**9 + 1) + ATTEST[5:], "more than the whole"),
        ("governance", b"\3", "Governance"),
        ("admission", b"\3", "Admission"),
        ("admission", b"\xff", "Admission"),
        ("training", b"\x04\x08lr\2", "TrainingValue"),
        ("training", b"\x04\x04\xff" + NUMBER, "no name in UTF-8"),
        ("training", b"\x04\x0c\xed\xa0\x80" + NUMBER, "no name in UTF-8"),
        ("training", b"\x08\x04b" + NUMBER + b"\x04a" + NUMBER, "not in order"),
        ("training", b"\x08\x04a" + NUMBER + b"\x04a" + NUMBER, "is twice"),
        ("training", b"\x44" + b"\x04a" + NUMBER, "more than 16"),
        ("training", b"\x01\0", "longer form"),
        ("training", b"\x04\x84" + b"a" * 33 + NUMBER, "more than 32"),
        ("training", b"\x04\x05\0a" + NUMBER, "longer form"),
    ],
)
def test_a_second_form_of_a_value_is_refused(part: str, data: bytes, says: str) -> None:
    with pytest.raises(EncodingError, match=says):
        decode_terms(with_part(**{part: data}))


@pytest.mark.parametrize(
    "change",
    [
        {"min_stake": 2**128},
        {"max_participants": 2**32},
        {"commit_blocks": -1},
        {"max_examples": 2**64},
        {"max_share": 10**9 + 1},
        {"quorum": Quorum(count=2**32)},
        {"admission": Vouched(2**32)},
        {"training": {"a" * 33: 1}},
        {"training": {"\ud800": 1}},
        {"training": {"a": 2**63}},
        {"training": {"a": bytes(31)}},
        {"training": {f"{n:02}": n for n in range(17)}},
    ],
)
def test_what_does_not_fit_the_chain_is_refused(change: dict[str, Any]) -> None:
    with pytest.raises(EncodingError):
        encode_terms(replace(TERMS, **change))


u32s, u64s, u128s = (st.integers(0, 2**bits - 1) for bits in (32, 64, 128))
perbills = st.integers(0, 10**9)
some_accounts = st.binary(min_size=32, max_size=32).map(AccountId)
names = st.text(max_size=32).filter(lambda text: len(text.encode()) <= 32)
values = st.integers(-(2**63), 2**63 - 1) | st.binary(min_size=32, max_size=32)
OF_FIELD: dict[str, st.SearchStrategy[Any]] = {
    "quorum": st.integers(1, 2**32 - 1).map(lambda n: Quorum(count=n))
    | st.integers(0, 2**128 - 1).map(lambda n: Quorum(stake=Planck(n))),
    "slash": st.builds(SlashTerms, perbills, perbills, perbills, perbills),
    "arbiter": st.sampled_from(Arbiter) | some_accounts,
    "coupling": st.sampled_from(Coupling),
    "attest_by": st.sampled_from(Tally),
    "governance": st.sampled_from(Governance)
    | st.builds(MembersVote, perbills, perbills, u32s, u32s),
    "admission": st.sampled_from(Admission) | st.builds(Vouched, u32s),
    "training": st.dictionaries(names, values, max_size=16),
}
OF_TYPE = {"int": u32s, "Planck": u128s, "Perbill": perbills}
any_terms = st.builds(
    Terms,
    **{
        field.name: OF_FIELD.get(field.name, OF_TYPE.get(str(field.type), u32s))
        for field in fields(Terms)
    }
    | {"max_examples": u64s},
)


@settings(max_examples=100, deadline=None)
@given(any_terms)
def test_what_is_written_is_read_again(terms: Terms) -> None:
    data = encode_terms(terms)
    assert decode_terms(data) == terms
    assert encode_terms(decode_terms(data)) == data


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_are_other_terms(data: st.DataObject) -> None:
    """Of no terms are there two forms: else two hashes would be of the same terms."""
    good = with_part()
    place = data.draw(st.integers(0, len(good) - 1))
    byte = data.draw(st.integers(0, 255).filter(lambda value: value != good[place]))
    changed = good[:place] + bytes([byte]) + good[place + 1 :]
    try:
        terms = decode_terms(changed)
    except EncodingError:
        return
    assert terms != TERMS
    assert encode_terms(terms) == changed
