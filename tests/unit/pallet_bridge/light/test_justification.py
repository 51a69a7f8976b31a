from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from pallet_bridge.errors.proofs import ProofRefused
from pallet_bridge.light.authorities import AuthoritySet, next_set, read_authorities
from pallet_bridge.light.final import AUTHORITIES, read_proof
from pallet_bridge.light.justification import Justification, VotedBlock, verify
from tests.unit.pallet_bridge.light.recorded import FIRST, LAST, RECORD, SECOND, header, of_set
from tests.unit.pallet_bridge.light.signing import FOUR, SET, Authority, chain, commit, target_of

REAL = [of_set(0), of_set(1), LAST]


def real_sets() -> list[AuthoritySet]:
    shown = next(
        answer for asked, answer in RECORD["answers"].items() if AUTHORITIES.hex() in asked
    )
    stored = read_proof(header(RECORD["genesis"]), shown).get(AUTHORITIES)
    assert stored is not None
    sets = [read_authorities(0, stored)]
    for justification in REAL[:2]:
        block = header("0x" + Justification.decode(justification).target.hash.hex())
        after = next_set(sets[-1], block)
        assert after is not None
        sets.append(after)
    return sets


SETS = real_sets()


def test_a_real_network_proves_its_blocks_over_two_changes() -> None:
    assert [len(one.weights) for one in SETS] == [4, 3, 4]
    assert [one.threshold for one in SETS] == [3, 3, 3]
    found = [verify(Justification.decode(data), one) for data, one in zip(REAL, SETS, strict=True)]
    assert [one.number for one in found[:2]] == [FIRST, SECOND]
    assert "0x" + found[2].hash.hex() == RECORD["final"]


@pytest.mark.parametrize("data", REAL)
def test_a_justification_is_written_as_it_was_read(data: bytes) -> None:
    assert Justification.decode(data).encode() == data


@pytest.mark.parametrize("number", range(3))
def test_a_set_of_another_number_is_refused(number: int) -> None:
    for other in range(4):
        if other != number:
            stale = AuthoritySet(other, SETS[number].weights)
            with pytest.raises(ProofRefused, match="signature"):
                verify(Justification.decode(REAL[number]), stale)


@given(number=st.sampled_from(range(3)), data=st.data(), flipped=st.integers(1, 255))
def test_any_other_byte_is_refused(number: int, data: st.DataObject, flipped: int) -> None:
    raw = bytearray(REAL[number])
    raw[data.draw(st.integers(0, len(raw) - 1))] ^= flipped
    with pytest.raises(ProofRefused):
        verify(Justification.decode(bytes(raw)), SETS[number])


@given(number=st.sampled_from(range(3)), data=st.data())
def test_a_part_of_the_bytes_is_refused(number: int, data: st.DataObject) -> None:
    end = data.draw(st.integers(0, len(REAL[number]) - 1))
    with pytest.raises(ProofRefused):
        Justification.decode(REAL[number][:end])


def test_one_vote_less_than_enough_is_refused() -> None:
    real = Justification.decode(REAL[1])
    assert len(real.precommits) == SETS[1].threshold
    with pytest.raises(ProofRefused, match="weigh 2, authority set 1 needs 3"):
        verify(replace(real, precommits=real.precommits[:-1]), SETS[1])


def test_one_vote_twice_counts_once() -> None:
    real = Justification.decode(REAL[1])
    twice = (*real.precommits[:2], real.precommits[0])
    with pytest.raises(ProofRefused, match="weigh 2"):
        verify(replace(real, precommits=twice), SETS[1])


def test_real_votes_for_another_block_are_refused() -> None:
    real = Justification.decode(REAL[0])
    forged = VotedBlock(b"\x66" * 32, real.target.number)
    with pytest.raises(ProofRefused, match="for other blocks"):
        verify(replace(real, target=forged), SETS[0])
    votes = tuple(replace(vote, target=forged) for vote in real.precommits)
    with pytest.raises(ProofRefused, match="signature"):
        verify(replace(real, target=forged, precommits=votes), SETS[0])


def test_keys_that_are_no_authorities_make_no_fork_final() -> None:
    fork = chain(1)[0]
    votes = [one.vote(target_of(fork)) for one in FOUR]
    assert verify(commit(fork, votes), SET) == target_of(fork)
    with pytest.raises(ProofRefused, match="is no authority of set 0"):
        verify(commit(fork, votes), SETS[0])


def test_weight_decides_and_not_the_number_of_keys() -> None:
    block = chain(1)[0]
    weights = dict(zip((one.key for one in FOUR), (7, 1, 1, 1), strict=True))
    heavy = AuthoritySet(0, weights)
    assert heavy.threshold == 7
    assert verify(commit(block, [FOUR[0].vote(target_of(block))]), heavy)
    with pytest.raises(ProofRefused, match="weigh 3"):
        verify(commit(block, [one.vote(target_of(block)) for one in FOUR[1:]]), heavy)


def test_votes_for_later_blocks_count_with_the_headers_in_between() -> None:
    low, middle, high = chain(3)
    votes = [FOUR[0].vote(target_of(low)), FOUR[1].vote(target_of(middle))]
    votes.append(FOUR[2].vote(target_of(high)))
    assert verify(commit(low, votes, middle, high), SET) == target_of(low)
    with pytest.raises(ProofRefused, match="weigh 2"):
        verify(commit(middle, votes, middle, high), SET)
    with pytest.raises(ProofRefused, match="no headers lead"):
        verify(commit(low, votes, high), SET)
    stray = chain(1, salt=b"\1")[0]
    with pytest.raises(ProofRefused, match="no vote needs"):
        verify(commit(low, votes, middle, high, stray), SET)
    with pytest.raises(ProofRefused, match="stands twice"):
        verify(commit(low, votes, middle, high, high), SET)


def test_a_header_of_a_fork_leads_nowhere() -> None:
    low, middle = chain(2)
    other = replace(middle, parent_hash=b"\x13" * 32)
    votes = [one.vote(target_of(low)) for one in FOUR[:2]]
    votes.append(FOUR[2].vote(target_of(other)))
    with pytest.raises(ProofRefused, match="no headers lead"):
        verify(commit(low, votes, other), SET)


def test_a_vote_with_a_wrong_number_is_refused() -> None:
    low, middle = chain(2)
    votes = [one.vote(target_of(low)) for one in FOUR[:3]]
    wrong = [*votes, FOUR[3].vote(VotedBlock(middle.hash, middle.number + 1))]
    with pytest.raises(ProofRefused, match="no headers lead"):
        verify(commit(low, wrong, middle), SET)


def test_who_votes_for_two_blocks_counts_once() -> None:
    low, left = chain(2)
    right = replace(left, state_root=b"\x07" * 32)
    both = [FOUR[0].vote(target_of(left)), FOUR[0].vote(target_of(right))]
    rest = [one.vote(target_of(low)) for one in FOUR[1:3]]
    assert verify(commit(low, [*both, *rest], left, right), SET) == target_of(low)
    with pytest.raises(ProofRefused, match="weigh 2"):
        verify(commit(low, [*both, rest[0]], left, right), SET)
    third = replace(left, state_root=b"\x08" * 32)
    more = [*both, FOUR[0].vote(target_of(third)), *rest]
    with pytest.raises(ProofRefused, match="more than two blocks"):
        verify(commit(low, more, left, right, third), SET)


def test_a_round_or_set_that_was_not_signed_is_refused() -> None:
    block = chain(1)[0]
    for changed in ({"set_id": 1}, {"round_": 10}):
        votes = [one.vote(target_of(block), **changed) for one in FOUR]
        with pytest.raises(ProofRefused, match="signature"):
            verify(commit(block, votes), SET)


def test_no_votes_are_no_proof() -> None:
    with pytest.raises(ProofRefused, match="no votes"):
        verify(commit(chain(1)[0], []), SET)


def test_a_stranger_among_enough_votes_is_refused() -> None:
    block = chain(1)[0]
    votes = [one.vote(target_of(block)) for one in (*FOUR, Authority(9))]
    with pytest.raises(ProofRefused, match="is no authority"):
        verify(commit(block, votes), SET)


def test_a_block_has_one_number() -> None:
    low = chain(1)[0]
    votes = [one.vote(target_of(low)) for one in FOUR[:3]]
    far = replace(low, parent_hash=low.hash, number=low.number + 2)
    with pytest.raises(ProofRefused, match="two numbers"):
        verify(commit(low, [*votes, FOUR[3].vote(target_of(far))], far), SET)
    twice = FOUR[3].vote(VotedBlock(low.hash, low.number + 1))
    with pytest.raises(ProofRefused, match="two numbers"):
        verify(commit(low, [*votes, twice]), SET)
