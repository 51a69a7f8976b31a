from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from pallet_bridge import calls
from pallet_bridge.terms_codec import hash_of_terms
from pallet_bridge.testing.machine.accounts import TERMS, signers
from pallet_bridge.testing.machine.ledger import read_ledger
from pallet_bridge.testing.machine.reader import LedgerReader
from pallet_bridge.types import UNIT, Planck
from tests.unit.pallet_bridge.testing.machine.conftest import committed

if TYPE_CHECKING:
    from pallet_bridge.client.embedded import EmbeddedClient


def test_reading_only_what_changed_is_reading_all(client: EmbeddedClient) -> None:
    founder, member, other, *_ = signers()
    accounts = [signer.account for signer in signers()]
    reader = LedgerReader(client, 0)
    reader.read(accounts)
    steps = (
        (calls.join(0, Planck(20 * UNIT), hash_of_terms(TERMS[0])), other),
        (committed(client, other, b"\2" * 32), other),
        (calls.unbond(0, Planck(UNIT)), member),
        (calls.abort(0, 0), founder),
        (calls.create_federation(TERMS[3], bytes(32)), other),
        (calls.join(1, Planck(9 * UNIT), hash_of_terms(TERMS[3])), member),
        (calls.propose(1, TERMS[3]), member),
        (calls.set_terms(0, TERMS[2]), founder),
        (calls.register_attester(0, bytes(32)), member),
        (calls.open_round(0, bytes(32)), founder),
    )
    for call, signer in steps:
        client.execute(call, signer)
        again = reader.read(accounts)
        assert replace(again, storage={}) == read_ledger(client, accounts, 0)
        assert len(again.storage) > len(accounts)
