"""The terms of a new federation, as a run config writes them."""

from __future__ import annotations

import pytest

from bcfl_plugins import BcflConfig, ConfigError
from bcfl_plugins.config.tables import reference
from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge.terms_codec import decode_terms, encode_terms
from pallet_bridge.types import UNIT, Admission, MembersVote, Terms, Vouched


def read(**keys: object) -> Terms:
    written = {f"bcfl.terms.{name}": value for name, value in keys.items()}
    return terms_of(BcflConfig.from_run_config(written).terms)


def test_by_default_the_members_decide_and_nobody_comes_uninvited() -> None:
    terms = read()
    assert isinstance(terms.governance, MembersVote)
    assert terms.admission is Admission.INVITED
    assert (terms.notice_blocks, terms.unbonding_blocks) == (100, 100)
    assert (terms.max_share, terms.max_vote_share) == (500_000_000, 400_000_000)
    assert (terms.coordinator_bond, terms.misconduct) == (100 * UNIT, 500_000_000)
    assert (terms.silence, terms.strike_cut) == (10_000_000, 40_000_000)
    assert (terms.aging_blocks, terms.lock_blocks) == (100, 0)
    assert (terms.tenure_rounds, terms.vesting_rounds) == (5, 16)
    assert (terms.strikes_to_slash, terms.strike_decay_rounds) == (8, 3)
    assert (terms.slash.outlier_base, terms.slash.cap) == (350_000_000, 500_000_000)
    assert (terms.max_per_organisation, terms.max_examples) == (0, 0)
    assert decode_terms(encode_terms(terms)) == terms


@pytest.mark.parametrize(
    ("keys", "admission"),
    [
        ({"admission": "open"}, Admission.OPEN),
        ({"admission": "invited", "vouchers": 5}, Admission.INVITED),
        ({"admission": "vouched"}, Vouched(2)),
        ({"admission": "vouched", "vouchers": 5}, Vouched(5)),
    ],
)
def test_admission_is_a_word_and_a_number(
    keys: dict[str, object], admission: Admission | Vouched
) -> None:
    assert read(**keys).admission == admission


@pytest.mark.parametrize(
    ("keys", "says"),
    [
        ({"admission": "invite"}, r"admission is 'invite'; did you mean 'invited'\?"),
        ({"vouchers": 17}, r"vouchers is 17; it must be 1 to 16"),
        ({"vesting_rounds": 33}, r"vesting_rounds is 33; it must be 0 to 32"),
        ({"max_share": "101 %"}, r"max_share is '101 %'; a fraction is at most 100 %"),
    ],
)
def test_what_the_pallet_would_refuse_is_refused_by_name(
    keys: dict[str, object], says: str
) -> None:
    with pytest.raises(ConfigError, match=rf"bcfl\.terms\.{says}"):
        read(**keys)


@pytest.mark.parametrize(("unbonding", "notice"), [(101, 100), (300, 299)])
def test_a_notice_that_is_shorter_than_unbonding_is_refused(unbonding: int, notice: int) -> None:
    with pytest.raises(ConfigError, match=rf"set notice_blocks to {unbonding} or more"):
        read(unbonding_blocks=unbonding, notice_blocks=notice)
    assert read(unbonding_blocks=unbonding, notice_blocks=unbonding).notice_blocks == unbonding


def test_every_key_but_those_of_a_form_is_a_field_of_the_terms() -> None:
    written = set(TermsConfig.__slots__)
    forms = {"vouchers", "quorum_stake", "fund_rounds", "vote_quorum", "vote_threshold"}
    forms |= {"voting_blocks", "delay_blocks", "equivocation", "mismatch", "outlier_base", "cap"}
    assert written - forms == set(Terms.__slots__) - {"slash", "training"}


def test_a_number_that_the_chain_has_no_room_for_is_refused_by_name() -> None:
    """An encoder's own word says which number it was, not which key."""
    for name, kind, _, _ in reference(TermsConfig):
        if kind.startswith(("int", "amount")):
            too_much = 2**128 if kind == "amount" else 2**64
            with pytest.raises(ConfigError, match=rf"bcfl\.terms\.{name}"):
                read(**{name: too_much})
    assert encode_terms(read(quorum=2**32 - 1, max_participants=2**32 - 1))
    assert encode_terms(read(min_stake=2**128 - 1))
