from __future__ import annotations

from bcfl_plugins.config.terms import TermsConfig, terms_of
from pallet_bridge.testing.terms import DEVELOPMENT


def test_a_chain_under_test_has_the_terms_of_a_config_that_says_nothing() -> None:
    assert terms_of(TermsConfig()) == DEVELOPMENT
