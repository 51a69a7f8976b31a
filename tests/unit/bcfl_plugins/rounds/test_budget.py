"""A run's rounds are paid for before they are trained."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from bcfl_plugins import RunInfo
from bcfl_plugins.errors import EscrowTooSmall
from bcfl_plugins.rounds.budget import ensure_funded, keep_funded, lacking
from pallet_bridge import calls
from pallet_bridge.types import UNIT, Planck
from tests.unit.bcfl_plugins.plugins.one_round import session_of

if TYPE_CHECKING:
    from pathlib import Path

    from bcfl_plugins.session.services import ChainServices
    from pallet_bridge.types import Terms

pytestmark = pytest.mark.slow

REWARD = 7 * UNIT
PAID = 3
"""Rounds that are paid for when the federation is made."""

FEW = {"terms.fund_rounds": PAID, "terms.round_reward": "7 UNIT", "on_chain_error": "fail"}


def terms_of(chain: ChainServices) -> Terms:
    return chain.client.terms(chain.federation)


def test_an_embedded_chains_coordinator_pays_for_all_rounds_of_the_run(tmp_path: Path) -> None:
    with session_of(tmp_path, **FEW) as session:
        chain = session.services.chain
        assert chain is not None
        terms = terms_of(chain)
        assert lacking(chain, terms, PAID + 4) > 3 * REWARD
        session.hooks.run_started(RunInfo(5, PAID + 4))
        assert lacking(chain, terms, PAID + 4) == 0
        assert lacking(chain, terms, PAID + 5) == REWARD
        head = chain.client.head().number
        session.hooks.run_started(RunInfo(5, PAID))
        assert chain.client.head().number == head, "what is there need not be paid again"


def test_elsewhere_a_run_that_is_not_paid_for_is_refused_with_what_is_missing(
    tmp_path: Path,
) -> None:
    with session_of(tmp_path, **FEW) as session:
        chain = session.services.chain
        assert chain is not None
        shared, terms = replace(chain, embedded=False), terms_of(chain)
        missing = lacking(chain, terms, PAID + 2)
        with pytest.raises(EscrowTooSmall, match=r"federation fund .* or train fewer") as error:
            ensure_funded(shared, terms, PAID + 2)
        assert (error.value.federation, error.value.rounds) == (chain.federation, PAID + 2)
        chain.send(calls.fund(chain.federation, Planck(missing - 1)))
        with pytest.raises(EscrowTooSmall):
            ensure_funded(shared, terms, PAID + 2)
        least = chain.client.prices().existence
        assert lacking(chain, terms, PAID + 2) == least, "no smaller payment is taken"
        chain.send(calls.fund(chain.federation, least))
        ensure_funded(shared, terms, PAID + 2)


def test_a_loop_that_does_not_say_how_long_it_is_goes_on(tmp_path: Path) -> None:
    with session_of(tmp_path, **{**FEW, "terms.fund_rounds": 0}) as session:
        chain = session.services.chain
        assert chain is not None
        terms = terms_of(chain)
        keep_funded(replace(chain, embedded=False), terms)
        assert lacking(chain, terms, 1) > 0
        keep_funded(chain, terms)
        assert lacking(chain, terms, 1) == 0


def test_seats_and_points_need_no_escrow(tmp_path: Path) -> None:
    with session_of(tmp_path, **{**FEW, "terms.round_reward": 0}) as session:
        chain = session.services.chain
        assert chain is not None
        ensure_funded(replace(chain, embedded=False), terms_of(chain), 10**9)
