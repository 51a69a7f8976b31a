"""Bytes of ours after their era, and after their account ended: refused by both chains alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from pallet_bridge import calls
from pallet_bridge.calls import Call
from pallet_bridge.client.node import NodeClient
from pallet_bridge.errors import AccountInUse, TransactionRefused
from pallet_bridge.keys import Signer
from pallet_bridge.run.outbox import Outbox
from pallet_bridge.run.outbox_file import OutboxFile
from pallet_bridge.types import UNIT, AccountId, Planck

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.conformance.conftest import Target

EVE = Signer.from_uri("//Eve")
WAIT = 120.0


@pytest.fixture
def chain(target: Target) -> Iterator[NodeClient]:
    with NodeClient(target.url, era_blocks=8) as client:
        yield client


@pytest.mark.slow
def test_an_outbox_signs_again_what_its_era_left_behind(chain: NodeClient, tmp_path: Path) -> None:
    purse = AccountId(b"\x11" * 32)
    pay = calls.transfer(purse, Planck(UNIT))
    path = tmp_path / "outbox.jsonl"
    file = OutboxFile(path, chain.genesis_hash)
    signed = chain.sign(pay, EVE)
    assert signed.era is not None
    file.signed(file.add(pay, "coordinator"), signed, signed.era.birth.number)
    chain.wait_until_block(signed.era.last, timeout=WAIT)
    with pytest.raises(TransactionRefused) as refused:
        chain.send(signed)
    assert refused.value.code == 1010
    # the first where the era has just ended, the second a block or more after that
    assert refused.value.data in (
        "Transaction has an ancient birth block",
        "Transaction has a bad signature",
    )
    Outbox(chain, path, {"coordinator": EVE}).confirm(timeout=WAIT)
    assert OutboxFile(path, chain.genesis_hash).pending() == []
    assert chain.balance(purse).free == UNIT


@pytest.mark.slow
def test_an_account_that_ends_and_comes_back_pays_once(chain: NodeClient, target: Target) -> None:
    guest, purse = Signer.from_uri("//Guest"), AccountId(b"\x12" * 32)
    chain.execute(calls.transfer(guest.account, Planck(30 * UNIT)), EVE, timeout=WAIT)
    signed = chain.sign(calls.transfer(purse, Planck(UNIT)), guest)
    chain.send(signed).wait(WAIT)
    leave = Call(
        "Balances", "transfer_all", {"dest": "0x" + EVE.account.raw.hex(), "keep_alive": False}
    )
    if not target.embedded:  # a network makes no blocks on demand, so the client does not wait
        with pytest.raises(AccountInUse) as early:
            chain.submit(leave, guest)
        chain.wait_until_block(early.value.until, timeout=WAIT)
    chain.execute(leave, guest, timeout=WAIT)
    chain.execute(calls.transfer(guest.account, Planck(30 * UNIT)), EVE, timeout=WAIT)
    assert chain.nonce(guest.account) > signed.nonce
    with pytest.raises(TransactionRefused):
        chain.send(signed)
    assert chain.balance(purse).free == UNIT
