"""Fees that a federation pays, and keys that cannot move money: on both chains."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.client import connect
from pallet_bridge.errors import TransactionRefused
from pallet_bridge.errors.scopes import KeyRestricted
from pallet_bridge.keys import Signer
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing import DEVELOPMENT
from pallet_bridge.types import UNIT, Admission, KeyScope, Planck

if TYPE_CHECKING:
    from tests.conformance.conftest import Target

TERMS = replace(DEVELOPMENT, admission=Admission.INVITED)
ALICE, DAVE = Signer.from_uri("//Alice"), Signer.from_uri("//Dave")


def test_a_member_without_money_and_a_key_without_power(target: Target) -> None:
    poor = Signer.from_uri("//Poor")
    with connect(target.url) as chain:
        chain.execute(calls.create_federation(TERMS, bytes(32)), ALICE)
        number = chain.next_federation() - 1
        chain.execute(calls.invite(number, poor.account, b"", 0), ALICE)
        chain.execute(calls.fund_fees(number, Planck(UNIT)), ALICE)
        stake = Planck(TERMS.min_stake + chain.prices().existence)
        chain.execute(calls.transfer(poor.account, stake), ALICE)

        joined = chain.execute(calls.join(number, TERMS.min_stake, hash_of_terms(TERMS)), poor)
        assert any(one.name == "FeeSponsored" for one in joined.events)
        assert chain.balance(poor.account).free == chain.prices().existence
        with pytest.raises(TransactionRefused, match="pay some fees"):
            chain.execute(calls.seal(number, 0), poor)

        chain.execute(calls.transfer(poor.account, Planck(2 * UNIT)), ALICE)
        chain.execute(calls.restrict(DAVE.account, KeyScope.NODE), poor)
        free = chain.balance(poor.account).free
        with pytest.raises(KeyRestricted) as refused:
            chain.execute(calls.transfer(ALICE.account, Planck(UNIT)), poor)
        assert (refused.value.scope, refused.value.account) == ("node", str(poor.account))
        assert chain.balance(poor.account).free == free
        out = calls.in_name_of(poor.account, calls.unbond(number, TERMS.min_stake))
        receipt = chain.execute(out, DAVE)
        (left,) = (one for one in receipt.events if one.name == "Unbonding")
        assert left.account() == poor.account
