from __future__ import annotations

from dataclasses import fields

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge.testing.terms import DEVELOPMENT
from pallet_bridge.types import PERBILL_ONE, Admission, Governance, Terms


def test_the_terms_of_tests_stand_in_nobodys_way() -> None:
    assert DEVELOPMENT.admission is Admission.OPEN
    assert DEVELOPMENT.governance is Governance.COORDINATOR
    assert (DEVELOPMENT.max_share, DEVELOPMENT.max_vote_share) == (PERBILL_ONE, PERBILL_ONE)
    free = (
        *("max_per_organisation", "max_examples", "coordinator_bond", "misconduct", "silence"),
        *("aging_blocks", "lock_blocks", "tenure_rounds", "vesting_rounds", "strike_cut"),
    )
    assert {getattr(DEVELOPMENT, name) for name in free} == {0}


def test_otherwise_they_are_those_of_a_config_that_says_nothing() -> None:
    written = terms_of(TermsConfig())
    differing = {
        field.name
        for field in fields(Terms)
        if getattr(written, field.name) != getattr(DEVELOPMENT, field.name)
    }
    assert differing == {
        *("admission", "governance", "max_share", "coordinator_bond", "misconduct", "silence"),
        *("aging_blocks", "max_vote_share", "tenure_rounds", "vesting_rounds", "strike_cut"),
        *("strikes_to_slash", "strike_decay_rounds", "slash"),
    }
